"""Recomputations: anybody who audits may have a cycle, or an area of it, computed again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.people.models import User
from quanheng.city.queue import tasks
from quanheng.city.supervision import places
from quanheng.city.supervision.models import Cycle, Recomputation
from quanheng.evidence.bundle import NAME
from quanheng.ground.engine import cores
from quanheng.ground.errors import BadLake, Fault, NotShown
from quanheng.work.supervise.pages.comparison import words, words_of_area
from quanheng.work.supervise.recompute import recompute
from quanheng.work.supervise.recompute_area import recompute_area

TASK = "supervision.recompute"
IDENTICAL, LAST_BITS, DIFFERS, NOT_SHOWN = "identical", "last bits", "differs", "not shown"


def ask(actor: User, cycle: Cycle, area: str = "") -> Recomputation:
    """Ask for a recomputation of a cycle, or of one of its areas. Raises Fault."""
    if not cycle.indexed:
        raise Fault("这个周期还没有结果 / this cycle has no result yet")
    if area and not cycle.areas.filter(area=area).exists():
        raise Fault(f"没有台区 {area} / no area {area}")
    row = Recomputation(cycle=cycle, area=area, asked=timezone.now(), by=actor)
    with transaction.atomic():
        audit.save(actor, "supervision.ask for recomputation", row)
        row.task = tasks.ask(TASK, {"recomputation": row.pk}, actor)
        audit.save(actor, "supervision.hand over recomputation", row)
    return row


def run(asked: Recomputation) -> Recomputation:
    """Compute again and keep the answer; done twice, the answer of the first stays."""
    if asked.answer:
        return asked
    folder = places.run(asked.cycle_id)
    bundle, lake = folder / "out" / NAME, places.lake(asked.cycle.folder)
    previous = folder / "before" if asked.cycle.previous_id else None
    try:
        if asked.area:
            one = recompute_area(bundle, lake, asked.area, previous=previous)
            asked.answer = _answer(one.identical, not one.differing)
            told = words_of_area(one)
        else:
            whole = recompute(bundle, lake, previous=previous, workers=max(1, cores() - 1))
            asked.answer = _answer(whole.identical, whole.last_bits)
            told = words(whole)
    except (NotShown, BadLake) as error:
        asked.answer, told = NOT_SHOWN, [str(error)]
    asked.told = "\n".join(told)
    audit.save(asked.by, "supervision.answer recomputation", asked)
    return asked


def _answer(identical: bool, close: bool) -> str:
    return IDENTICAL if identical else LAST_BITS if close else DIFFERS
