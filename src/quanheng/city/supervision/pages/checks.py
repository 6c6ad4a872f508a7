"""Pages of field checks: the form on a phone, the list, how right the cycles are."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.people.models import User
from quanheng.city.register.listing import number
from quanheng.city.supervision import lessons, who
from quanheng.city.supervision.actions import checks
from quanheng.city.supervision.listing import chosen, rows_of
from quanheng.city.supervision.models import Cycle, FieldCheck, Found, Kind, Seal
from quanheng.ground.errors import Fault
from quanheng.work.supervise.pages.markup import percent

HERE = Path(__file__).resolve().parents[1] / "static/supervision"
ROWS = 3  # points of the form
COLUMNS = ("load", "error", "U")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form. Its script keeps what cannot be sent and sends it later; without the script it is a plain form."""
    viewer = viewer_of(request)
    check_role(viewer, who.CHECK)
    assert isinstance(viewer, User)
    fault, given = "", request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            made, is_new = checks.record(viewer, checks.read(_facts(request)), _photo(request))
            messages.success(request, _("已收到。") if is_new else _("早已收到，没有重复记录。"))
            return redirect("check", made.pk)
        except Fault as error:
            fault = str(error)
    context = {
        "fault": fault,
        "given": given,
        "uuid": given.get("uuid") or str(uuid4()),
        "founds": Found.choices,
        "seals": Seal.choices,
        "points": [
            (n, given.get(f"load{n}", ""), given.get(f"error{n}", ""), given.get(f"U{n}", ""))
            for n in range(ROWS)
        ],
        "photo": checks.PHOTO // 1024 // 1024,
        "now": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
    }
    return render(request, "supervision/check_form.html", context, status=422 if fault else 200)


def _facts(request: HttpRequest) -> dict[str, Any]:
    """The facts of a check from the fields of the form: percentages become ratios."""
    given = request.POST
    points = []
    for n in range(ROWS):
        texts = [given.get(f"{name}{n}", "").strip() for name in COLUMNS]
        if any(texts[1:]):
            points.append({"load": texts[0], "error": _ratio(texts[1]), "U": _ratio(texts[2])})
    at = given.get("at", "")
    zone = timezone.get_current_timezone()
    try:
        moment = timezone.datetime.fromisoformat(at)  # type: ignore[attr-defined]
        at = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    except ValueError:
        pass
    names = ("uuid", "meter", "found", "seal", "note")
    texts_of = {name: given.get(name, "") for name in names}
    return {**texts_of, "at": at, "points": points, "order": number(given.get("order"))}


def _ratio(text: str) -> float | str:
    try:
        return float(text.replace("−", "-")) / 100
    except ValueError:
        return text


def _photo(request: HttpRequest) -> bytes:
    file = request.FILES.get("photo")
    return photo_bytes(file) if file else b""


def photo_bytes(file: Any) -> bytes:
    """The bytes of a photo that was sent. Raises Fault where it is too large."""
    if file.size > checks.PHOTO:
        told = f"照片大于 {checks.PHOTO} 字节 / the photo is larger than {checks.PHOTO} bytes"
        raise Fault(told)
    data: bytes = file.read()
    return data


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the form: served from here, so that its scope is the form and nothing else."""
    script = (HERE / "check-worker.js").read_text("utf-8")
    return HttpResponse(
        script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    """Field checks, the latest first."""
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    seen = FieldCheck.objects.visible_to(viewer)
    fitting = chosen(request, seen, result="found", q="meter__prefix", cycle="cycle_id")
    page = rows_of(request, fitting.select_related("by", "verdict", "order"), latest=True)
    context = {
        "page": page,
        "rows": [(each, percent(each.error, 2, sign=True)) for each in page.rows],
        "founds": Found.choices,
        "asked": request.GET,
        "may_check": viewer.role in who.CHECK,
        "may_see_rates": viewer.role in who.SEE_RATES,
    }
    return render(request, "supervision/checks.html", context)


def _found(request: HttpRequest, pk: int) -> FieldCheck:
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    rows = FieldCheck.objects.visible_to(viewer).select_related("by", "verdict", "order", "district", "owner")
    found: FieldCheck = get_object_or_404(rows, pk=pk)
    return found


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One field check."""
    check = _found(request, pk)
    points = [
        (each["load"], percent(each["error"], 2, sign=True), percent(each["U"], 2)) for each in check.points
    ]
    return render(request, "supervision/check.html", {"check": check, "points": points})


@require_GET
def photo(request: HttpRequest, pk: int) -> FileResponse:
    """The photo of a check."""
    check = _found(request, pk)
    if not check.photo or not checks.photo_of(check).exists():
        raise Http404
    return FileResponse(checks.photo_of(check).open("rb"), content_type=check.photo_type)


@require_GET
def precision(request: HttpRequest) -> HttpResponse:
    """How right a cycle was, by what was found on site; intervals, and what they do not cover."""
    viewer = viewer_of(request)
    check_role(viewer, who.SEE_RATES)
    done = (
        Cycle.objects.visible_to(viewer).filter(indexed__isnull=False).select_related("lake").order_by("-pk")
    )
    asked = number(request.GET.get("cycle"))
    cycle = (
        get_object_or_404(done, pk=asked) if asked is not None else done.filter(checks__isnull=False).first()
    )
    found = lessons.of_cycle(cycle) if cycle else None
    context = {"cycle": cycle, "cycles": done[:30], "found": _told(found) if found else None}
    return render(request, "supervision/precision.html", context)


def _told(found: dict[str, Any]) -> dict[str, Any]:
    precision, recall, risk = found["precision"], found["recall"], found["risk"]
    labels = dict(Kind.choices)
    counts = dict(Found.choices)
    return {
        "checked": found["checked"],
        "counts": [(counts.get(code, code), n) for code, n in found["found"].items()],
        "precision": (percent(precision["share"]), span(precision["wilson"]), span(precision["jeffreys"])),
        "flagged": (precision["bad"], precision["checked"]),
        "recall": (percent(recall["share"]), span(recall["interval"]) if recall["sampled"] else "–"),
        "sampled": (recall["sampled_bad"], recall["sampled"], round(recall["stands_for"])),
        "risk": (
            percent(risk["stated"]),
            percent(risk["expected"]),
            percent(risk["realised"]),
            span(risk["jeffreys"]),
        ),
        "kinds": [
            (
                labels.get(code, code),
                each["bad"],
                each["checked"],
                percent(each["share"]),
                span(each["wilson"]),
            )
            for code, each in found["kinds"].items()
        ],
        "known": len(found["known"]),
    }


def span(interval: list[float]) -> str:
    """An interval in per cent."""
    return f"{percent(interval[0])} … {percent(interval[1])}"
