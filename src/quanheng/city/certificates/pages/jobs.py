"""The institute's day as pages: work in hand, receiving, readings, results, checking, issuing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quanheng.city.audit.actions import history
from quanheng.city.certificates import forms, reading_sheets
from quanheng.city.certificates.actions import entitled, issue, jobs, results
from quanheng.city.certificates.models import IN_HAND, Entry, Job, JobState, Used
from quanheng.city.certificates.reading_sheets import BadReadings
from quanheng.city.frame.language import in_english
from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.city.instruments import labels
from quanheng.city.instruments.due import place_of
from quanheng.city.people.models import User
from quanheng.city.queue.models import UNDER_WAY, Task
from quanheng.city.register.listing import number
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import QuanhengError
from quanheng.work.budget import tables
from quanheng.work.budget.tables import BUDGET_HEAD
from quanheng.work.verify.points import printed

SEES = frozenset({Role.CITY, Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE, Role.AUDITOR})
INSTITUTE = frozenset({Role.INSTITUTE})
LISTED = 200


def _seen(request: HttpRequest, pk: int) -> tuple[Any, Job]:
    viewer = viewer_of(request)
    check_role(viewer, SEES)
    rows = Job.objects.visible_to(viewer).select_related("instrument", "institute", "certificate", "corrects")
    return viewer, get_object_or_404(rows, pk=pk)


def _user(request: HttpRequest) -> User:
    viewer = viewer_of(request)
    check_role(viewer, INSTITUTE)
    if not isinstance(viewer, User):
        raise PermissionDenied
    return viewer


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Work in hand, what was promised first on top; or what is done. A search looks at all of it."""
    viewer = viewer_of(request)
    check_role(viewer, SEES)
    state, text = request.GET.get("state", ""), request.GET.get("q", "").strip()[: forms.SCANNED]
    rows = Job.objects.visible_to(viewer).select_related("instrument", "institute")
    if state in JobState.values:
        rows = rows.filter(state=state)
    elif not text:
        rows = rows.filter(state__in=IN_HAND)
    if text:
        rows = rows.filter(Q(code=labels.code_of(text)) | Q(number=text))
    if (place := place_of(request.GET.get("after", ""))) and place[0]:
        rows = rows.filter(Q(promised=place[0], pk__gt=place[1]) | Q(promised__gt=place[0]))
    found = list(rows.order_by("promised", "id")[: LISTED + 1])
    following = request.GET.copy()
    if len(found) > LISTED:
        following["after"] = f"{found[LISTED - 1].promised},{found[LISTED - 1].pk}"
    context = {
        "jobs": found[:LISTED],
        "next": f"?{following.urlencode()}" if len(found) > LISTED else "",
        "states": [(code, label, code == state) for code, label in JobState.choices],
        "q": text,
        "may_receive": viewer.role in INSTITUTE,
        "may_sign": viewer.role in INSTITUTE and state == JobState.CHECKED,
        "today": timezone.localdate(),
    }
    return render(request, "certificates/jobs.html", context)


@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Receive an instrument."""
    actor = _user(request)
    given = request.POST if request.method == "POST" else None
    form = forms.ReceiveForm(actor.party_id, given, initial={"instrument": request.GET.get("instrument", "")})
    if form.is_valid():
        facts = dict(form.cleaned_data)
        instrument, standards = facts.pop("instrument"), list(facts.pop("standards"))
        try:
            job = jobs.receive(actor, instrument, standards, on=timezone.localdate(), **facts)
        except QuanhengError as error:
            form.add_error(None, str(error))
        else:
            return redirect("job", job.pk)
    return render(request, "certificates/receive.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A job: what was received, read, found, and what may be done next."""
    viewer, job = _seen(request, pk)
    if "HX-Request" in request.headers and job.state == JobState.ISSUING:
        return HttpResponse(status=204)  # the page asks whether it is issued: not yet
    computed, fault = [], ""
    try:
        computed = results.compute(job)
    except QuanhengError as error:
        fault = str(error)
    context = {
        "job": job,
        "method": results.method_of(job.procedure),
        "used": Used.objects.filter(job=job).select_related("standard", "certificate"),
        "computed": [(each, *printed(each.result)) for each in computed],
        "fault": fault,
        "withdrawable": _withdrawable(viewer, job),
        "withdrawn": job.entries.exclude(withdrawn="").select_related("by"),
        "replaced": job.entries.filter(replaced_by__isnull=False).select_related("by", "replaced_by"),
        "mine": viewer.role in INSTITUTE and viewer.party_id == job.institute_id,
        "events": history(job),
        "why": forms.WhyForm(),
    }
    return render(request, "certificates/job.html", context)


def _withdrawable(viewer: Any, job: Job) -> list[Entry]:
    """Points that a viewer may take back: his own, while they can be entered."""
    if job.state not in jobs.AT_THE_BENCH:
        return []
    return [each for each in results.current(job) if each.by_id == getattr(viewer, "pk", None)]


@require_http_methods(["GET", "POST"])
def readings(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter raw readings, or hand in a sheet and look at it before it is kept."""
    actor, (_viewer, job) = _user(request), _seen(request, pk)
    entitled.check_of_institute(actor, job)
    method, entries = results.method_of(job.procedure), results.current(job)
    points, fault, misread, source, status = None, "", None, "", 200
    file = request.FILES.get("sheet")
    if request.method == "POST" and file is not None:
        data = file.read(reading_sheets.LARGEST + 1)
        try:
            read = reading_sheets.read_sheet(file.name or "", data)
            points = forms.PointForms(initial=forms.initial_points(method, entries, read))
            source = sha256_bytes(data)
        except QuanhengError as error:
            fault, status = str(error), 422
            misread = error if isinstance(error, BadReadings) else None
    elif request.method == "POST":
        points = forms.PointForms(request.POST)
        source = request.POST.get("source", "")[:64]
        if points.is_valid():
            given = [row for each in points if (row := each.read()) is not None]
            changed = _changed(given, entries)
            try:
                jobs.measure(
                    actor, job, changed, on=timezone.localdate(), why=request.POST.get("why", "").strip()[:200],
                    source=source, seen=request.POST.get("seen", ""),
                )  # fmt: skip
            except QuanhengError as error:
                fault = str(error)
            else:
                messages.success(request, _("已录入。"))
                return redirect("job", job.pk)
        status = 422
    points = points or forms.PointForms(initial=forms.initial_points(method, entries))
    context = {
        "job": job,
        "method": method,
        "points": points,
        "fault": fault,
        "misread": misread,
        "source": source,
        "again": bool(entries),
    }
    return render(request, "certificates/readings.html", context, status=status)


def _changed(given: list[results.Read], entries: list[Any]) -> list[results.Read]:
    """What differs from what stands there: a point that was left as it is, is not entered again."""
    there = {
        (e.nominal, tuple(e.indications), tuple(e.references), e.temperature, e.humidity) for e in entries
    }
    return [
        r for r in given if (r.nominal, r.indications, r.references, r.temperature, r.humidity) not in there
    ]


@require_GET
def budget(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """The uncertainty budget of a point; as a file where `?file` asks for it."""
    _viewer, job = _seen(request, pk)
    found = next((each for each in results.compute(job) if each.entry.pk == entry), None)
    if found is None:
        raise Http404
    if "file" in request.GET:
        answer = HttpResponse(found.text, content_type="application/toml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{job.number}-{found.entry.nominal}.toml"'
        return answer
    language = "en" if in_english() else "zh"
    result = found.budget.results[0]
    context = {
        "job": job,
        "found": found,
        "head": [(getattr(each, language), each.zh == each.en) for each in BUDGET_HEAD],  # is it a symbol
        "lines": [each.cells for each in tables.budget_lines(result, language)],  # type: ignore[arg-type]
        "printed": printed(found.result),
        "unit": results.method_of(job.procedure).result_unit,
    }
    return render(request, "certificates/budget.html", context)


def _stamp(request: HttpRequest) -> str:
    """The event on which the person's page stood."""
    return request.POST.get("seen", "")[:20]


def _step(request: HttpRequest, pk: int, step: Callable[[User, Job], None], done: str) -> HttpResponse:
    actor, (_viewer, job) = _user(request), _seen(request, pk)
    step(actor, job)
    messages.success(request, done)
    return redirect("job", pk)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """A second person agrees."""
    return _step(
        request,
        pk,
        lambda actor, job: jobs.check(actor, job, on=timezone.localdate(), seen=_stamp(request)),
        _("已核验。"),
    )


@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """To be measured again."""
    why = request.POST.get("why", "")[:300]
    return _step(
        request,
        pk,
        lambda actor, job: jobs.send_back(actor, job, why, seen=_stamp(request)),
        _("已退回重测。"),
    )


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A point that should not be there is taken back."""
    why, nominal = request.POST.get("why", "")[:200], request.POST.get("nominal", "")
    return _step(
        request,
        pk,
        lambda actor, job: jobs.withdraw(actor, job, nominal, why, seen=_stamp(request)),
        _("已撤回；记录还在。"),
    )


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Returned without a certificate."""
    why = request.POST.get("why", "")[:300]
    return _step(
        request, pk, lambda actor, job: jobs.give_back(actor, job, why, seen=_stamp(request)), _("已退还。")
    )


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the certificate."""
    done = _("正在签发。")
    return _step(
        request,
        pk,
        lambda actor, job: issue.ask_for(actor, job, on=timezone.localdate(), seen=_stamp(request)),
        done,
    )


@require_POST
def sign_many(request: HttpRequest) -> HttpResponse:
    """Ask for the certificates of the jobs that were ticked, each as its row stood."""
    actor = _user(request)
    wanted = {}
    for each in request.POST.getlist("job")[:LISTED]:
        key, _colon, seen = each.partition(":")
        if (pk := number(key)) is not None:
            wanted[pk] = seen[:20]
    task = issue.ask_for_all(actor, wanted, on=timezone.localdate())
    left = len(wanted) - (len(task.arguments["jobs"]) if task else 0)
    if left:
        told = _(
            "%(left)d 份没有：刚刚有人改过，已不在待签发之列，或不归您签（您检定的，您的授权不含它的）。"
        ) % {"left": left}
        messages.warning(request, told)
    if task is not None:
        return redirect("jobs-together", task.pk)
    if not wanted:
        messages.warning(request, _("没有选中受理单。"))
    return redirect(f"{reverse('jobs')}?state={JobState.CHECKED}")


@require_GET
def together(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of the jobs that were issued together: certificates, refusals and why, what is under way still."""
    viewer = viewer_of(request)
    check_role(viewer, SEES)
    task = get_object_or_404(Task, pk=pk, kind=issue.ISSUE_ALL)
    rows = Job.objects.visible_to(viewer).select_related("instrument", "certificate")
    found = list(rows.filter(pk__in=task.arguments["jobs"]).order_by("id"))
    if not found:
        raise Http404
    context = {
        "task": task,
        "jobs": found,
        "issued": sum(1 for each in found if each.certificate_id),
        "refused": sum(1 for each in found if each.refusal),
        "going": task.state in UNDER_WAY,
    }
    return render(request, "certificates/together.html", context)
