"""The tables of supervision, where Django looks for them."""

from __future__ import annotations

from quanheng.city.supervision.models.cycles import (
    NAME,
    Area,
    Cycle,
    Delivery,
    Lake,
    Outcome,
    Recomputation,
    Schedule,
    Utility,
    Verdict,
)
from quanheng.city.supervision.models.orders import (
    ENDED,
    OPEN,
    Ending,
    FieldCheck,
    Found,
    Kind,
    Objection,
    Order,
    OrderState,
    Seal,
)

__all__ = (
    "ENDED", "NAME", "OPEN", "Area", "Cycle", "Delivery", "Ending", "FieldCheck", "Found", "Kind", "Lake", "Objection",
    "Order", "OrderState", "Outcome", "Recomputation", "Schedule", "Seal", "Utility", "Verdict",
)  # fmt: skip
