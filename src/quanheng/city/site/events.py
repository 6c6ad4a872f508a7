"""The audit's page: who did what, when, to which record, with what before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from quanheng.city.audit.models import Event, Recorded, Seal
from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.city.register import listing, sheets  # noqa: F401 - listing gives the lookup "prefix"
from quanheng.city.register.declaration import register_of
from quanheng.city.register.paging import LARGEST_ID

EVENTS_SEEN = frozenset({Role.CITY, Role.AUDITOR})
PAGE = 50
LISTED = 50  # records that a page of an event lists

DAYS = (
    MinValueValidator(date(1970, 1, 1)),
    MaxValueValidator(date(9998, 12, 31)),
)  # a midnight before and after each


class Asked(forms.Form):
    """What the list is narrowed to."""

    actor = forms.CharField(label=_("谁"), max_length=150, required=False)
    action = forms.CharField(label=_("动作（开头）"), max_length=60, required=False)
    subject = forms.CharField(label=_("对象"), max_length=120, required=False)
    since = forms.DateField(
        label=_("自"), required=False, validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    until = forms.DateField(
        label=_("至"), required=False, validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    before = forms.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, widget=forms.HiddenInput())


@dataclass(frozen=True)
class Difference:
    """A field of a record, before and after."""

    name: str
    before: Any
    after: Any


def fitting(given: dict[str, Any]) -> models.QuerySet[Event]:
    """Events that fit, the latest first."""
    found = Event.objects.order_by("-id")
    if given["actor"]:
        found = found.filter(actor=given["actor"])
    if given["action"]:
        found = found.filter(action__prefix=given["action"])
    if given["subject"]:
        found = found.filter(subject=given["subject"])
    if given["since"]:
        found = found.filter(at__gte=_midnight(given["since"]))
    if given["until"]:
        found = found.filter(at__lt=_midnight(given["until"]) + timedelta(days=1))
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """A page of events."""
    check_role(viewer_of(request), EVENTS_SEEN)
    form = Asked(request.GET)
    valid = form.is_valid()
    rows: list[Event] = []
    if valid:
        given = form.cleaned_data
        found = fitting(given)
        if given["before"]:
            found = found.filter(pk__lt=given["before"])
        rows = list(found.defer("before", "after")[: PAGE + 1])
    following = request.GET.copy()
    if len(rows) > PAGE:
        following["before"] = str(rows[PAGE - 1].pk)
    context = {
        "form": form,
        "rows": [(each, _role(each), subject_url(each.subject)) for each in rows[:PAGE]],
        "next": f"?{following.urlencode()}" if len(rows) > PAGE else "",
        "query": request.GET.urlencode(),
    }
    return render(request, "site/events.html", context, status=200 if valid else 422)


def _role(row: Event) -> str:
    return str(Role(row.role).label) if row.role in Role.values else row.role


COLUMNS = ("id", "at", "actor", "role", "action", "subject", "before", "after")


@require_safe
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The events that fit as CSV, the first first, what was before and after as JSON."""
    check_role(viewer_of(request), EVENTS_SEEN)
    form = Asked(request.GET)
    if not form.is_valid():
        return render(request, "site/events.html", {"form": form, "rows": []}, status=422)
    found = fitting(form.cleaned_data).order_by("id").iterator(2000)
    named = {"Content-Disposition": 'attachment; filename="events.csv"'}
    lines = sheets.csv_lines(COLUMNS, map(_cells, found))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=named)


def _cells(row: Event) -> list[Any]:
    told = said(row)
    for name in ("before", "after"):
        told[name] = "" if told[name] is None else json.dumps(told[name], ensure_ascii=False)
    return [told[name] for name in COLUMNS]


def said(row: Event) -> dict[str, Any]:
    """An event as the sheet and the API say it."""
    return {name: getattr(row, name) for name in COLUMNS} | {"at": row.at.isoformat()}


@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event, whole."""
    check_role(viewer_of(request), EVENTS_SEEN)
    row = Event.objects.filter(pk=pk).first() if pk <= LARGEST_ID else None
    if row is None:
        raise Http404
    context = {
        "event": row,
        "role": _role(row),
        "written": written(row),
        "seal": Seal.objects.filter(last__gte=pk, index__isnull=False).order_by("last").first(),
        "subject_url": subject_url(row.subject),
        "differences": differences(row),
        "rows": sorted(row.before) if not row.subject and isinstance(row.before, dict) else [],
    }
    return render(request, "site/event.html", context)


def written(row: Event) -> list[tuple[str, str]]:
    """Records that are as this event left them: their names, and where they stand."""
    found: list[tuple[str, str]] = []
    for model in apps.get_models():
        if issubclass(model, Recorded) and len(found) < LISTED:
            keys = model._default_manager.filter(event=row.pk).values_list("pk", flat=True)
            names = [f"{model._meta.label_lower}:{key}" for key in keys[: LISTED - len(found)]]
            found += [(name, subject_url(name)) for name in names]
    return found


def differences(row: Event) -> list[Difference]:
    """Field by field; of a record that was added, what it is; an import says what it came from."""
    before = row.before if row.subject and isinstance(row.before, dict) else {}
    after = row.after if isinstance(row.after, dict) else {}
    return [Difference(name, before.get(name), value) for name, value in after.items()]


def subject_url(subject: str) -> str:
    """Where a record stands: "instruments.instrument:17"; "" where it has no page."""
    label, _colon, key = subject.partition(":")
    if not key.isdecimal() or label.count(".") != 1:
        return ""
    try:
        register = register_of(apps.get_model(label))
    except LookupError:
        return ""
    return register.url("record", int(key)) if register else ""
