"""What a recall hits in supervision: verdicts behind master meters, and the orders that rest on them.

The office of certificates asks through its shelf of callables (apps.ready), with the instruments that a recall hits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from quanheng.city.audit import actions as audit
from quanheng.city.certificates.actions.recall import Beyond
from quanheng.city.supervision.actions import orders
from quanheng.city.supervision.models import Order, OrderState, Verdict

DAYS = 30  # until what was reopened is due
BATCH = 5_000
NAMES = 500  # of one statement


@dataclass(frozen=True)
class Hit:
    """Verdicts and orders that a recall hits."""

    verdicts: tuple[int, ...]
    orders: tuple[int, ...]


def hit_by(masters: Collection[str], since: date) -> Hit:
    """Verdicts of cycles that ended on or after a day in areas whose master meter is one of these, and their orders.

    masters: codes of instruments; those that are no master meters hit nothing. A master meter enters every verdict of
    its area through its gain and the uncertainty of its certificate.
    """
    verdicts: list[int] = []
    found: list[int] = []
    names = sorted(set(masters))
    for start in range(0, len(names), NAMES):
        behind = {"area__master__in": names[start : start + NAMES], "cycle__indexed__date__gte": since}
        verdicts += Verdict.objects.filter(**behind).order_by("pk").values_list("pk", flat=True)
        raised = Order.objects.filter(**behind).exclude(state__in=[OrderState.PROPOSED, OrderState.LAPSED])
        found += raised.order_by("pk").values_list("pk", flat=True)
    return Hit(tuple(verdicts), tuple(found))


def reopen(actor: audit.Actor, hit: Hit, why: str) -> tuple[int, int]:
    """Mark the verdicts as in question and reopen the orders: (verdicts, orders) that were not marked so before.

    why: by which standard. The next cycle judges anew, once the master's certificate in the lake is right.
    """
    deadline = timezone.localdate() + timedelta(days=DAYS)
    why, marked, reopened = why[:120], 0, 0
    with transaction.atomic():
        for start in range(0, len(hit.verdicts), BATCH):
            some = hit.verdicts[start : start + BATCH]
            rows = [row for row in Verdict.objects.filter(pk__in=some) if row.recalled != why]
            for each in rows:
                each.recalled = why
            if rows:
                audit.write_all(actor, "supervision.recall verdicts", rows, {"why": why})
            marked += len(rows)
        for start in range(0, len(hit.orders), BATCH):
            raised = Order.objects.select_for_update().filter(pk__in=hit.orders[start : start + BATCH])
            reopened += orders.reopen_all(
                actor, [row for row in raised if row.recalled != why], why, deadline=deadline
            )
    return marked, reopened


def beyond(codes: Sequence[str], since: date) -> list[Beyond]:
    """What the page of a recall tells of supervision."""
    hit = hit_by(codes, since)
    told = ((_("判定"), "verdicts-list", len(hit.verdicts)), (_("工单"), "orders-list", len(hit.orders)))
    return [Beyond(title, reverse(address), count) for title, address, count in told if count]


def reopen_by(actor: audit.Actor, codes: Sequence[str], since: date, why: str) -> None:
    """What a confirmed recall opens again in supervision."""
    reopen(actor, hit_by(codes, since), why)
