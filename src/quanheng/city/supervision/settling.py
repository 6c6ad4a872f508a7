"""What is to be refunded or collected by an order: by the screening, and by what was measured on site."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from quanheng.city.supervision.models import FieldCheck, Order
from quanheng.measure.settlement import overcharged, settled_days


@dataclass(frozen=True)
class Settlement:
    """Energy (kWh, or m³) charged too much with its standard uncertainty, and the days that are settled."""

    check: FieldCheck
    energy: float
    u: float
    days: float


def of_order(order: Order) -> Settlement | None:
    """By the latest check that measured an error, over half the time since the last verification.

    None where nothing was measured, or the ledger does not know when the meter was verified last.
    """
    measured = (
        order.checks.filter(error__isnull=False, u__isnull=False).select_related("instrument").order_by("-at")
    )
    check = measured.first()
    verdict = order.verdict
    if check is None or verdict is None or verdict.kwh_day is None:
        return None
    verified = check.instrument.verified if check.instrument else None
    if verified is None or check.error is None or check.u is None:
        return None
    days = float(settled_days(max(0, (timezone.localdate(check.at) - verified).days)))
    energy, u = overcharged(verdict.kwh_day * days, check.error, check.u)
    return Settlement(check, float(energy), float(u), days)
