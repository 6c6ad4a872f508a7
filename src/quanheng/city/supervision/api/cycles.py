"""Cycles, their verdicts, and what was learnt of them on site.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from quanheng.city.register.api import one
from quanheng.city.register.paging import LARGEST_ID, Paged, page
from quanheng.city.supervision import lessons, who
from quanheng.city.supervision.actions import cycles
from quanheng.city.supervision.api.asked import asking, user_asking
from quanheng.city.supervision.models import Cycle, Lake, Outcome, Utility, Verdict
from quanheng.city.supervision.pages.cycles import state_of
from quanheng.ground.errors import Fault

router = Router()


class CycleRecord(Schema):
    """A cycle."""

    id: int
    lake: str
    state: str
    asked: datetime
    indexed: datetime | None
    alpha: float
    previous: int | None
    run: str = Field("", description="SHA-256 of run.json")
    done: int = 0
    total: int = 0
    fault: str = ""


class CyclePage(Schema):
    """Cycles, the latest first."""

    items: list[CycleRecord]
    next: int | None


class CycleGiven(Schema):
    """What a cycle is asked over."""

    lake: str = Field(max_length=40)
    alpha: float = Field(0.05, gt=0, lt=1)
    budget: int | None = Field(None, ge=1, le=1_000_000)


class VerdictRecord(Schema):
    """A verdict: a screening result until the meter was checked on site. Errors are relative."""

    id: int
    cycle: int
    meter: str
    area: str
    district: str | None
    utility: str
    outcome: str
    reason: str
    error: float | None
    u: float | None
    lower: float | None
    upper: float | None
    p_out: float | None
    mpe: float | None
    since: date | None
    recalled: str


class VerdictPage(Schema):
    """Verdicts by id."""

    items: list[VerdictRecord]
    next: int | None


class VerdictsAsked(Paged):
    """Which verdicts."""

    cycle: int | None = Field(None, ge=1, le=LARGEST_ID, description="the latest where none is named")
    outcome: Outcome | None = None
    utility: Utility | None = None
    meter: str = Field("", max_length=80, description="beginning of the meter's number")


def _cycle(each: Cycle) -> dict[str, Any]:
    task = each.task
    return {
        "id": each.pk, "lake": each.lake.name, "state": state_of(each), "asked": each.asked, "indexed": each.indexed,
        "alpha": each.alpha, "previous": each.previous_id, "run": each.run, "done": task.done if task else 0,
        "total": task.total if task else 0, "fault": task.error if task and not each.indexed else "",
    }  # fmt: skip


def _verdict(each: Verdict) -> dict[str, Any]:
    names = (
        "meter",
        "utility",
        "outcome",
        "reason",
        "error",
        "u",
        "lower",
        "upper",
        "p_out",
        "mpe",
        "since",
        "recalled",
    )
    return {
        "id": each.pk, "cycle": each.cycle_id, "area": each.area.area,
        "district": each.district.code if each.district else None, **{name: getattr(each, name) for name in names},
    }  # fmt: skip


@router.get(
    "/cycles", response=CyclePage, operation_id="supervision_cycles_list", summary="cycles, the latest first"
)
def list_cycles(request: HttpRequest, asked: Query[Paged]) -> Any:
    viewer = asking(request, who.SEE)
    found = Cycle.objects.visible_to(viewer).select_related("lake", "task")
    return page(found, asked, _cycle, latest_first=True)


@router.get(
    "/cycles/{int:pk}", response=CycleRecord, operation_id="supervision_cycles_get", summary="one cycle"
)
def get_cycle(request: HttpRequest, pk: int) -> Any:
    viewer = asking(request, who.SEE)
    return _cycle(one(Cycle.objects.visible_to(viewer).select_related("lake", "task"), pk=pk))


@router.post(
    "/cycles", response={201: CycleRecord}, operation_id="supervision_cycles_ask", summary="ask for a cycle"
)
def ask_for_cycle(request: HttpRequest, data: CycleGiven) -> Any:
    user = user_asking(request, who.RUN)
    lake = one(Lake.objects.visible_to(user), name=data.lake)
    return Status(201, _cycle(cycles.ask(user, lake, alpha=data.alpha, budget=data.budget)))


@router.get(
    "/verdicts", response=VerdictPage, operation_id="supervision_verdicts_list", summary="verdicts of a cycle"
)
def list_verdicts(request: HttpRequest, asked: Query[VerdictsAsked]) -> Any:
    viewer = asking(request, who.SEE)
    done = Cycle.objects.visible_to(viewer).filter(indexed__isnull=False)
    cycle = asked.cycle or done.order_by("-pk").values_list("pk", flat=True).first()
    found: Any = Verdict.objects.visible_to(viewer).filter(cycle_id=cycle).select_related("area", "district")
    for name in ("outcome", "utility"):
        if value := getattr(asked, name):
            found = found.filter(**{name: value})
    if asked.meter:
        found = found.filter(meter__prefix=asked.meter)
    return page(found, asked, _verdict)


@router.get(
    "/verdicts/{int:pk}",
    response=VerdictRecord,
    operation_id="supervision_verdicts_get",
    summary="one verdict",
)
def get_verdict(request: HttpRequest, pk: int) -> Any:
    viewer = asking(request, who.SEE)
    return _verdict(one(Verdict.objects.visible_to(viewer).select_related("area", "district"), pk=pk))


@router.get(
    "/cycles/{int:pk}/lessons",
    operation_id="supervision_cycles_lessons",
    summary="precision and recall so far",
)
def get_lessons(request: HttpRequest, pk: int) -> dict[str, Any]:
    viewer = asking(request, who.SEE_RATES)
    cycle = one(Cycle.objects.visible_to(viewer), pk=pk)
    if not cycle.indexed:
        raise Fault(_("这个周期还没有结果。"))
    return lessons.of_cycle(cycle)
