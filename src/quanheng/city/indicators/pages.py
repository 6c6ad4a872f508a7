"""Pages of indicators: the table, one indicator, the map, what is entered."""

from __future__ import annotations

import csv
from datetime import date

import altair as alt
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from quanheng.city.audit.past import last_event
from quanheng.city.frame import charts
from quanheng.city.frame.cache import cached
from quanheng.city.frame.roles import READERS, Role, Viewer, check_role, viewer_of
from quanheng.city.indicators import actions, district_map, shown
from quanheng.city.indicators.catalogue import GROUPS, Indicator, indicators
from quanheng.city.indicators.census import Census, Member
from quanheng.city.indicators.compute import census
from quanheng.city.indicators.models import Entered
from quanheng.city.people import actions as people
from quanheng.city.people import outlines
from quanheng.city.people.models import District
from quanheng.city.queue.models import UNDER_WAY, Task
from quanheng.city.queue.tasks import ask
from quanheng.city.register.declaration import REGISTERS
from quanheng.ground.errors import Fault

CITY = frozenset({Role.CITY})
MISSING = 200  # members that a page lists


def day_of(request: HttpRequest) -> date | None:
    """The day that a page is asked for. Raises Fault."""
    text = request.GET.get("on", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Fault(f"on：{text[:40]!r} 应如 2026-03-01 / should be like 2026-03-01") from error


def found(key: str) -> Indicator:
    """An indicator by its key, or 404."""
    if key not in indicators():
        raise Http404
    return indicators()[key]


@require_safe
@cached(300)
def table(request: HttpRequest) -> HttpResponse:
    """All indicators with their targets."""
    may_take = viewer_of(request).role in CITY
    taken = Task.objects.filter(kind=actions.TAKE).order_by("-id").first() if may_take else None
    going = taken is not None and taken.state in UNDER_WAY
    if going and "HX-Request" in request.headers:
        return HttpResponse(status=204)  # the page asks whether they are computed: not yet
    on, rows = shown.table(day_of(request))
    groups = [
        (title, [each for each in rows if each.indicator.group == name]) for name, title in GROUPS.items()
    ]
    context = {"on": on, "groups": groups, "may_take": may_take, "going": going, "taken": taken}
    return render(request, "indicators/table.html", context)


@require_safe
@cached(300)
def export(request: HttpRequest) -> HttpResponse:
    """The table as CSV: open data."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="indicators.csv"'
    answer.write("\ufeff")
    _on, rows = shown.table(day_of(request))
    said = [shown.as_json(each) for each in rows]
    writer = csv.DictWriter(answer, list(said[0]))
    writer.writeheader()
    writer.writerows(said)
    return answer


@require_safe
@cached(300)
def one(request: HttpRequest, key: str) -> HttpResponse:
    """One indicator: what is counted, how it went, what is missing."""
    indicator, viewer = found(key), viewer_of(request)
    versions = []
    for definition in reversed(indicator.definitions):
        figures = shown.series(key, definition.version)
        values = [(each, shown.number(indicator, each)) for each in reversed(figures)]
        versions.append((definition, values))
    in_force = indicator.on(timezone.localdate()) or indicator.definitions[-1]
    context = {
        "indicator": indicator,
        "row": next(each for each in shown.table()[1] if each.indicator is indicator),
        "versions": versions,
        "drawn": any(len(values) > 1 for _definition, values in versions),
        "in_force": in_force,
        "form": EnteredForm() if in_force.entered and viewer.role in CITY else None,
        "entered": shown.entered(key) if in_force.entered and viewer.role in READERS else [],
        "may_look": viewer.role in READERS and not in_force.entered,
    }
    return render(request, "indicators/one.html", context)


@require_safe
@cached(300)
def trend(request: HttpRequest, key: str) -> HttpResponse:
    """The chart of an indicator, version by version, with its target."""
    indicator = found(key)
    scale = 100 if indicator.share else 1
    values = [
        {"on": each.on.isoformat(), "value": each.value * scale, "version": f"v{each.version}"}
        for definition in indicator.definitions
        for each in shown.series(key, definition.version)
        if each.value is not None
    ]
    unit = "%" if indicator.share else indicator.unit
    y = alt.Y("value:Q", title=unit, scale=alt.Scale(zero=not indicator.share), axis=alt.Axis(tickCount=5))
    x = alt.X("on:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelAngle=0, tickCount=6, grid=False))
    dash = alt.StrokeDash(
        "version:N", legend=alt.Legend(title=None) if len(indicator.definitions) > 1 else None
    )
    line = charts.rows(values).mark_line(point=True, color=charts.LINE).encode(x=x, y=y, strokeDash=dash)
    layers: list[alt.Chart] = [line]
    if indicator.target:
        rule = charts.rows([{"value": indicator.target[0]}]).mark_rule(color=charts.TARGET, strokeDash=[4, 4])
        layers.append(rule.encode(y=alt.Y("value:Q")))
    return charts.answer(charts.picture(alt.layer(*layers)))


@require_GET
def members(request: HttpRequest, key: str, version: int) -> HttpResponse:
    """Who does not count, as far as the viewer may see: the records behind a figure."""
    indicator, viewer = found(key), viewer_of(request)
    check_role(viewer, READERS)
    if version not in {each.version for each in indicator.definitions if not each.entered}:
        raise Http404
    on = day_of(request) or timezone.localdate()
    counted = census(indicator, version, on, last_event())
    seen = [each for each in counted.members if _sees(viewer, each)]
    listed = [each for each in seen if each.counts != counted.share]
    context = {
        "indicator": indicator,
        "version": version,
        "on": on,
        "counted": counted,
        "districts": _by_district(counted),
        "listed": [(_address(each), each) for each in listed[:MISSING]],
        "more": len(listed) - MISSING,
    }
    return render(request, "indicators/members.html", context)


def _sees(viewer: Viewer, member: Member) -> bool:
    return viewer.role != Role.DISTRICT or member.district in (None, viewer.district_id)


def _address(member: Member) -> str:
    return REGISTERS[member.register].url("record", member.pk) if member.register in REGISTERS else ""


def _by_district(counted: Census) -> list[tuple[str, int, int]]:
    sums: dict[int, list[int]] = {}
    for each in counted.members:
        if each.district is not None:
            place = sums.setdefault(each.district, [0, 0])
            place[0] += each.weight if each.counts else 0
            place[1] += each.weight
    names = {each.pk: str(each) for each in District.objects.all()}
    return [(names[pk], count, of) for pk, (count, of) in sorted(sums.items())]


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Compute all of them for today, in the background."""
    viewer = viewer_of(request)
    check_role(viewer, CITY)
    ask(actions.TAKE, {"on": timezone.localdate().isoformat()}, viewer)
    return redirect("indicators")


class EnteredForm(forms.Form):
    """A figure with its evidence."""

    on = forms.DateField(
        label=gettext_lazy("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    value = forms.FloatField(label=gettext_lazy("数值"), min_value=0)
    evidence = forms.FileField(label=gettext_lazy("凭据文件"), max_length=120)
    note = forms.CharField(label=gettext_lazy("说明"), max_length=400, required=False)


@require_POST
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Enter a figure."""
    indicator, viewer = found(key), viewer_of(request)
    check_role(viewer, CITY)
    form = EnteredForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"indicator": indicator, "form": form}
        return render(request, "indicators/enter.html", context, status=422)
    given = form.cleaned_data
    file = given["evidence"]
    actions.enter(
        viewer, key, given["on"], given["value"], evidence=file.read(actions.LARGEST + 1), name=file.name,
        note=given["note"],
    )  # fmt: skip
    messages.success(request, _("已保存。"))
    return redirect("indicator", key)


@require_GET
def evidence(request: HttpRequest, key: str, pk: int) -> FileResponse:
    """The evidence of an entered figure, as a download."""
    check_role(viewer_of(request), READERS)
    row = Entered.objects.filter(key=key, pk=pk).first()
    path = settings.HOME / "evidence" / row.evidence if row else None
    if row is None or path is None or not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=row.evidence_name)


@require_http_methods(["GET", "POST"])
def by_district(request: HttpRequest) -> HttpResponse:
    """The map: what share of the instruments is in date, district by district; the city hands in outlines."""
    viewer = viewer_of(request)
    if request.method == "POST":
        if viewer.role not in CITY:
            raise PermissionDenied
        file = request.FILES.get("outlines")
        if file is None:
            raise Fault("请选择一个文件 / please choose a file")
        n = people.outline(viewer, outlines.read(file.read(outlines.LARGEST + 1)))
        messages.success(request, _("已写入 %(n)d 个区的轮廓。") % {"n": n})
        return redirect("indicators-map")
    on = day_of(request) or timezone.localdate()
    indicator = found("verified-in-date")
    definition = indicator.on(on) or indicator.definitions[0]
    rows = _by_district(census(indicator, definition.version, on, last_event()))
    districts = list(District.objects.all())
    shares = {name: count / of for name, count, of in rows if of}
    drawn = district_map.draw(
        districts, {each.pk: shares[str(each)] for each in districts if str(each) in shares}
    )
    context = {
        "drawn": drawn,
        "rows": rows,
        "on": on,
        "indicator": indicator,
        "may_outline": viewer.role in CITY,
    }
    return render(request, "indicators/map.html", context)
