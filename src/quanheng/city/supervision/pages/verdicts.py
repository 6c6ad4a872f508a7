"""Pages of verdicts: the list, and all that is known of one."""

from __future__ import annotations

import base64
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import District
from quanheng.city.register.listing import number
from quanheng.city.supervision import places, who, wording
from quanheng.city.supervision.listing import chosen, rows_of
from quanheng.city.supervision.models import Cycle, FieldCheck, Order, Outcome, Utility, Verdict
from quanheng.city.supervision.pages.cycles import paper
from quanheng.evidence.bundle import NAME, PROOF, read_bundle
from quanheng.ground.errors import BadLake, NotShown
from quanheng.ground.paper.drawing import document
from quanheng.work.supervise.explain import Explanation, explain
from quanheng.work.supervise.pages import meter as page_of_meter
from quanheng.work.supervise.pages import plots
from quanheng.work.supervise.pages.markup import number as figure
from quanheng.work.supervise.pages.markup import percent

WIDE = 640  # px of a chart


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    """Verdicts of one cycle, or of one meter in all cycles."""
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    done = (
        Cycle.objects.visible_to(viewer).filter(indexed__isnull=False).select_related("lake").order_by("-pk")
    )
    asked = number(request.GET.get("cycle"))
    cycle = done.filter(pk=asked).first() if asked is not None else done.first()
    found: QuerySet[Any] = (
        Verdict.objects.visible_to(viewer).filter(cycle=cycle).select_related("area", "district")
    )
    found = chosen(
        request, found, outcome="outcome", district="district_id", utility="utility", q="meter__prefix"
    )
    page = rows_of(request, found)
    context = {
        "cycle": cycle,
        "cycles": done[:30],
        "page": page,
        "rows": [
            (each, wording.signed(each.error), percent(each.p_out, 1), wording.reason(each))
            for each in page.rows
        ],
        "outcomes": Outcome.choices,
        "utilities": Utility.choices,
        "districts": District.objects.all(),
        "asked": request.GET,
        "screening": wording.said(wording.screening),
    }
    rows_only = request.headers.get("HX-Target") == "rows"
    return render(
        request, "supervision/verdict_rows.html" if rows_only else "supervision/verdicts.html", context
    )


def picture(svg: str) -> str:
    """An SVG as the address of a picture, so that the page needs no further request and no style of its own."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _found(request: HttpRequest, pk: int) -> tuple[Any, Verdict]:
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    rows = Verdict.objects.visible_to(viewer).select_related(
        "cycle__lake", "area", "district", "instrument", "owner"
    )
    return viewer, get_object_or_404(rows, pk=pk)


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is known of one meter's verdict, down to the digests that prove it."""
    viewer, row = _found(request, pk)
    out = places.run(row.cycle_id) / "out"
    try:
        explained, missing = explain(row.meter, out, places.lake(row.cycle.folder)), ""
    except (NotShown, BadLake) as error:  # the lake has gone on since, or is gone
        explained, missing = None, str(error)
    bundle = read_bundle(out / NAME)
    context = {
        "verdict": row,
        "reason": wording.reason(row),
        "facts": _facts(row, explained),
        "explained": explained,
        "missing": missing,
        "posterior": _posterior(explained) if explained and explained.curve else None,
        "residual": _residual(explained) if explained and explained.residual else None,
        "spread": _spread(explained) if explained and explained.residual else None,
        "outlook": _outlook(row, explained),
        "master": Instrument.objects.visible_to(viewer).filter(code=row.area.master).first(),
        "master_u": percent(row.area.master_u, 2),
        "master_mpe": percent(row.area.master_mpe, 2),
        "area": wording.health(row.area),
        "run": bundle.digest,
        "inputs": sorted(bundle.inputs.items()),
        "sealed": (out / PROOF).exists(),
        "orders": Order.objects.visible_to(viewer).filter(meter=row.meter).order_by("-pk")[:20],
        "checks": FieldCheck.objects.visible_to(viewer)
        .filter(meter=row.meter)
        .select_related("by")
        .order_by("-at")[:20],
        "others": _others(viewer, row),
        "screening": wording.said(wording.screening),
        "may_check": viewer.role in who.CHECK,
        "may_keep": viewer.role in who.SEE_NEIGHBOURS,
    }
    return render(request, "supervision/verdict.html", context)


def _outlook(row: Verdict, e: Explanation | None) -> str:
    if row.outcome == Outcome.REPLACE:
        return _("到现场核查即可证实或推翻；查到的，下一周期会用。")
    return wording.said(e.outlook) if e else ""


def _checks(viewer: Any, row: Verdict) -> Any:
    seen = FieldCheck.objects.visible_to(viewer).filter(meter=row.meter)
    return seen.select_related("by").order_by("-at")[:20]


def _others(viewer: Any, row: Verdict) -> list[tuple[Verdict, str, str, str]]:
    same = Verdict.objects.visible_to(viewer).filter(meter=row.meter).select_related("cycle")
    return [
        (each, wording.signed(each.error), wording.interval(each), percent(each.p_out, 1))
        for each in same.order_by("-pk")[:12]
    ]


def _facts(row: Verdict, e: Explanation | None) -> dict[str, str]:
    unit = "m³" if row.utility in ("water", "gas") else "kWh"
    facts = {
        "error": wording.signed(row.error),
        "interval": wording.interval(row),
        "u": percent(row.u, 2),
        "p_out": percent(row.p_out, 2),
        "mpe": percent(row.mpe, 2),
        "energy": f"{figure(row.kwh_day, 2)} {unit}",
    }
    if e is not None:
        p = e.prior
        facts |= {
            "days": str(e.days),
            "likelihood": f"N({percent(e.location, 3)}, {percent(e.scale, 3)})",
            "prior": f"{percent(1 - p.share, 2)} N({percent(p.mean, 2)}, {percent(p.spike, 2)}) + "
            f"{percent(p.share, 2)} N({percent(p.mean, 2)}, {percent(p.slab, 2)})",
            "loss": "–" if e.line_loss is None else f"{figure(e.line_loss, 3)} {unit}",
            "neighbour": f"{e.neighbour} (r = {figure(e.correlation, 2)})" if e.neighbour else "–",
            "alike": ", ".join(f"{name} (r = {figure(r, 2)})" for name, r in e.alike) or "–",
            "batch": e.batch or "–",
            "maker": e.maker or "–",
            "verified": str(e.verified or "–"),
            "lot": f"{wording.signed(e.lot['mean'])} ± {percent(2 * (e.lot['u'] or 0), 2)}" if e.lot else "–",
        }
    return facts


def _posterior(e: Explanation) -> str:
    assert e.curve is not None
    chart = plots.posterior_chart(e.curve.error, e.curve.posterior, e.curve.prior, e.mpe, WIDE)
    return picture(document(chart))


def _residual(e: Explanation) -> str:
    assert e.residual is not None
    chart = plots.residual_chart(e.residual.start, e.residual.explained, e.residual.if_right, WIDE)
    return picture(document(chart))


def _spread(e: Explanation) -> tuple[str, str]:
    assert e.residual is not None
    now, then = page_of_meter.spread(e.residual)
    return figure(now, 2), figure(then, 2)


@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of `quanheng explain --html`: one file to keep, in both languages."""
    viewer, row = _found(request, pk)
    check_role(viewer, who.SEE_NEIGHBOURS)
    explained = explain(row.meter, places.run(row.cycle_id) / "out", places.lake(row.cycle.folder))
    return paper(page_of_meter.write(explained))
