"""Recalls as pages: what is hit, who decides, how far the work is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quanheng.city.audit.actions import history
from quanheng.city.certificates import forms
from quanheng.city.certificates.actions import recall
from quanheng.city.certificates.models import Recall, RecallState, ReverificationState
from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.city.register.listing import number
from quanheng.ground.errors import QuanhengError

SEES = frozenset({Role.CITY, Role.INSTITUTE, Role.AUDITOR})
LISTED = 200


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """All recalls, the latest first."""
    viewer = viewer_of(request)
    check_role(viewer, SEES)
    rows = Recall.objects.visible_to(viewer).select_related("certificate", "reported_by").order_by("-id")
    if (after := number(request.GET.get("after"))) is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: LISTED + 1])
    following = f"?after={found[LISTED - 1].pk}" if len(found) > LISTED else ""
    return render(request, "certificates/recalls.html", {"recalls": found[:LISTED], "next": following})


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A recall: every certificate, instrument and verdict that is hit; the city confirms or drops it."""
    viewer = viewer_of(request)
    check_role(viewer, SEES)
    found = get_object_or_404(
        Recall.objects.visible_to(viewer).select_related("certificate", "assignee"), pk=pk
    )
    if "HX-Request" in request.headers and found.state == RecallState.CONFIRMED:
        return HttpResponse(status=204)  # the page asks whether it is done: not yet
    form, fault = forms.ConfirmForm(request.POST if request.POST.get("how") == "confirm" else None), ""
    if request.method == "POST":
        try:
            if request.POST.get("how") == "drop":
                recall.drop(viewer, found, request.POST.get("why", "").strip()[:200])
                return redirect("recall", pk)
            if form.is_valid():
                given = form.cleaned_data
                recall.confirm(viewer, found, given["assignee"], given["deadline"], on=timezone.localdate())
                messages.success(request, _("已确认，正在处理。"))
                return redirect("recall", pk)
        except QuanhengError as error:
            fault = str(error)
    hits = recall.hits(found.certificate.digest, found.since)
    rows = recall.certificates_of(hits)
    by = {each.digest: each for each in hits}
    numbers = {each.digest: each.number for each in (*rows.values(), found.certificate)}
    codes = [found.certificate.item, *(row.item for row in rows.values())]
    orders = found.reverifications
    context = {
        "recall": found,
        "hits": [
            (
                rows.get(each.digest),
                each,
                " ← ".join(numbers.get(step, step[:16]) for step in recall.path(each.digest, by)[1:]),
            )
            for each in hits[:LISTED]
        ],
        "count": len(hits),
        "instruments": len({row.item for row in rows.values()}),
        "beyond": recall.beyond(codes, found.since),
        "form": form if found.state == RecallState.REPORTED and viewer.role == Role.CITY else None,
        "why": forms.WhyForm(),
        "fault": fault,
        "orders": orders.count(),
        "open": orders.filter(state=ReverificationState.OPEN).count(),
        "events": history(found),
    }
    return render(request, "certificates/recall.html", context, status=422 if fault or form.errors else 200)
