"""What is to be refunded or collected by an order: by the screening, and by what was measured on site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from quanheng.city.audit.past import known_at, one_as_of
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
    """By what was measured on site, over half the time since the verification that held when the order was made.

    Whatever the ledger is told afterwards changes nothing: whose meter it is keeps the ledger. A measurement of the
    authority or of an institute goes before the owner's own; of those the latest. None where nothing was measured, or
    the ledger did not know when the meter had been verified.
    """
    measured = order.checks.filter(error__isnull=False, u__isnull=False).order_by("-at", "-pk")
    check = measured.by_others().first() or measured.first()
    verdict = order.verdict
    verified = _verified(order)
    if check is None or verdict is None or verdict.kwh_day is None or verified is None:
        return None
    assert check.error is not None and check.u is not None
    days = float(settled_days(max(0, (timezone.localdate(check.at) - verified).days)))
    energy, u = overcharged(verdict.kwh_day * days, check.error, check.u)
    return Settlement(check, float(energy), float(u), days)


def _verified(order: Order) -> date | None:
    """The day of the last verification, as the ledger told it when the cycle proposed the order."""
    instrument = order.verdict.instrument if order.verdict else None
    if instrument is None or order.cycle.indexed is None:
        return None
    told = one_as_of(instrument, known_at(order.cycle.indexed), ["verified"])
    return told["verified"] if told else None
