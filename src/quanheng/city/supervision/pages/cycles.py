"""Pages of cycles: the list, one of them while it runs and when it is done, its areas, recomputations."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.people.models import District, User
from quanheng.city.queue.models import UNDER_WAY, State
from quanheng.city.queue.tasks import ask
from quanheng.city.supervision import places, who, wording
from quanheng.city.supervision.actions import cycles, indexing, recomputing, sealing
from quanheng.city.supervision.listing import chosen, rows_of
from quanheng.city.supervision.models import Area, Cycle, Outcome, Verdict
from quanheng.evidence.bundle import PROOF
from quanheng.work.supervise.pages import words
from quanheng.work.supervise.pages.markup import percent

COUNTS = ("meters", "replace", "cleared", "undetermined")
SHOWN = 200  # meters of a comparison told one by one
META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


def paper(html: str) -> HttpResponse:
    """A page of the run's own paper, under the policy that it states itself: no request, one script by its digest."""
    stated = META.search(html)
    assert stated is not None
    policy = f"{stated[1]}; img-src data:; frame-ancestors 'none'"
    return HttpResponse(html, headers={"Content-Security-Policy": policy})


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    """The cycles, the latest first."""
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    found = Cycle.objects.visible_to(viewer).select_related("lake", "task")
    page = rows_of(request, found, latest=True)
    counts = counted(Area.objects.visible_to(viewer).filter(cycle__in=[each.pk for each in page.rows]))
    rows = [(each, state_of(each), counts.get(each.pk, {})) for each in page.rows]
    context = {"rows": rows, "page": page, "may_run": viewer.role in who.RUN}
    return render(request, "supervision/cycles.html", context)


def counted(areas: QuerySet[Any]) -> dict[int, dict[str, int]]:
    """Meters and verdicts by cycle, over the areas that a viewer sees."""
    sums = areas.values("cycle").order_by("cycle").annotate(**{name: Sum(name) for name in COUNTS})
    return {each["cycle"]: each for each in sums}


def state_of(cycle: Cycle) -> str:
    """Where a cycle is: a state of its task, or done."""
    return State.DONE.value if cycle.indexed else cycle.task.state if cycle.task else State.WAITING.value


def _found(request: HttpRequest, pk: int) -> tuple[Any, Cycle]:
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    cycles_ = Cycle.objects.visible_to(viewer).select_related("lake", "task", "previous")
    return viewer, get_object_or_404(cycles_, pk=pk)


@require_GET
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a cycle is: what its page asks for again and again."""
    viewer, cycle = _found(request, pk)
    response = render(request, "supervision/cycle_state.html", _state(viewer, cycle))
    if cycle.indexed and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


def _state(viewer: Any, cycle: Cycle) -> dict[str, Any]:
    now = state_of(cycle)
    return {
        "cycle": cycle,
        "state": now,
        "label": State(now).label,
        "going": now in UNDER_WAY,
        "may_cancel": viewer.role in who.RUN and now in UNDER_WAY,
        "may_resume": viewer.role in who.RUN and now in (State.CANCELLED, State.FAILED),
    }


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A cycle: state, counts, areas, comparison, recomputations."""
    viewer, cycle = _found(request, pk)
    areas = Area.objects.visible_to(viewer).filter(cycle=cycle).select_related("district")
    fitting = chosen(request, areas, district="district_id", health="health")
    page = rows_of(request, fitting)
    context = {
        **_state(viewer, cycle),
        "page": page,
        "rows": [(each, area_cells(each)) for each in page.rows],
        "counts": counted(areas).get(cycle.pk, {}),
        "changes": _changes(viewer, cycle),
        "districts": District.objects.all(),
        "healths": [(code, wording.said(words.cause(code).name)) for code in words.CAUSES],
        "asked": request.GET,
        "expected": percent(cycle.facts.get("expected_false_share"), 2),
        "stated": percent(cycle.facts.get("stated_false_share"), 1),
        "may_recompute": viewer.role in who.RECOMPUTE and cycle.indexed,
        "recomputations": _recomputations(viewer, cycle),
        "sealed": (places.run(cycle.pk) / "out" / PROOF).exists(),
        "may_seal": viewer.role in who.RUN and cycle.indexed,
        "may_see_report": viewer.role in who.SEE_REPORT and cycle.indexed,
        "screening": wording.said(wording.screening),
        "outcomes": Outcome.choices,
    }
    return render(request, "supervision/cycle.html", context)


def area_cells(area: Area) -> dict[str, str]:
    """What a row of the table of areas says beside the row's own fields."""
    unit = "m³" if area.utility in ("water", "gas") else "kWh"
    return {
        "health": wording.health(area),
        "loss": "–" if area.loss is None else f"{area.loss:.2f} {unit}",
        "residual": "–" if area.residual is None else f"{area.residual:.2f} {unit}",
        "coverage": percent(area.read_rate, 1),
    }


def _recomputations(viewer: Any, cycle: Cycle) -> list[Any]:
    if viewer.role not in who.RECOMPUTE:
        return []
    return list(cycle.recomputations.select_related("by", "task").order_by("-id")[:20])


def _changes(viewer: Any, cycle: Cycle) -> list[tuple[str, int, list[Verdict]]]:
    """Beside the last cycle: meters newly to be replaced, no longer, still; of those that the viewer sees."""
    if not cycle.indexed or not cycle.previous_id:
        return []
    found = indexing.changes_of(places.run(cycle.pk) / "out")
    told = []
    for name, title in words.CHANGES.items():
        meters = found.get(name, [])
        seen = Verdict.objects.visible_to(viewer).filter(cycle=cycle)
        rows = [
            row
            for n in range(0, min(len(meters), 5000), 500)
            for row in seen.filter(meter__in=meters[n : n + 500])
        ]
        told.append((wording.said(title), len(rows), rows[:SHOWN]))
    return told


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a cycle to end."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.RUN)
    cycles.cancel(viewer, cycle)
    return redirect("cycle", pk)


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a cycle up again."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.RUN)
    cycles.resume(viewer, cycle)
    return redirect("cycle", pk)


@require_POST
def seal(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a run signed and entered into the log."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.RUN)
    sealing.check_possible()
    ask(sealing.TASK, {"cycle": cycle.pk}, viewer)
    messages.success(request, _("正在签名并登记。"))
    return redirect("cycle", pk)


@require_POST
def recompute(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a cycle or an area computed again."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.RECOMPUTE)
    assert isinstance(viewer, User)
    area = request.POST.get("area", "").strip()
    recomputing.ask(viewer, cycle, area)
    return (
        redirect("cycle-area", pk, area)
        if area and request.POST.get("back") == "area"
        else redirect("cycle", pk)
    )


@require_GET
def recomputations(request: HttpRequest, pk: int) -> HttpResponse:
    """The answers so far: what the page asks for again while one is under way."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.RECOMPUTE)
    context = {"cycle": cycle, "recomputations": _recomputations(viewer, cycle)}
    return render(request, "supervision/recomputations.html", context)


@require_GET
def area(request: HttpRequest, pk: int, area: str) -> HttpResponse:
    """An area: its balance and its meters."""
    viewer, cycle = _found(request, pk)
    row = get_object_or_404(
        Area.objects.visible_to(viewer).select_related("district", "owner"), cycle=cycle, area=area
    )
    verdicts = Verdict.objects.visible_to(viewer).filter(area=row)
    page = rows_of(request, verdicts)
    cause = words.cause(row.health)
    context = {
        "cycle": cycle,
        "area": row,
        "cells": area_cells(row),
        "meaning": wording.said(cause.meaning),
        "data": wording.said(words.DATA.get(row.data, words.Words(row.data, row.data))),
        "page": page,
        "rows": [
            (each, wording.signed(each.error), wording.interval(each), wording.reason(each))
            for each in page.rows
        ],
        "orders": row.orders.visible_to(viewer).filter(meter="").order_by("rank"),
        "master_u": percent(row.master_u, 2),
        "master_mpe": percent(row.master_mpe, 2),
        "before": _before(viewer, row),
        "may_recompute": viewer.role in who.RECOMPUTE,
        "recomputations": [each for each in _recomputations(viewer, cycle) if each.area == row.area],
        "screening": wording.said(wording.screening),
    }
    return render(request, "supervision/area.html", context)


def _before(viewer: Any, row: Area) -> list[tuple[Area, dict[str, str]]]:
    """The area in other cycles, the latest first."""
    same = Area.objects.visible_to(viewer).filter(area=row.area, cycle__lake=row.cycle.lake_id)
    return [(each, area_cells(each)) for each in same.select_related("cycle").order_by("-id")[:12]]


@require_GET
def file(request: HttpRequest, pk: int, name: str) -> HttpResponse | FileResponse:
    """The report of a run, or its bundle: what it was computed from, with every digest."""
    viewer, cycle = _found(request, pk)
    check_role(viewer, who.SEE_REPORT)
    path = places.run(cycle.pk) / "out" / name
    if not cycle.indexed or not path.is_file():
        raise Http404
    if name == "report.html":
        return paper(path.read_text("utf-8"))
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"cycle-{pk}-{name}")
