"""The due list: instruments in use that are past their verification, fall due soon, or have no date and need one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from quanheng.city.frame.cards import counted
from quanheng.city.frame.roles import STAFF, Viewer, check_role, viewer_of
from quanheng.city.instruments.models import CatalogueEntry, Instrument, Mode, Purpose, Regime, Status
from quanheng.city.instruments.registers import INSTRUMENTS
from quanheng.city.people.models import District, Party
from quanheng.city.register import sheets
from quanheng.city.register.listing import PAGE, number
from quanheng.city.register.pages import EXCEL, EXPORTED

LARGEST = 20  # groups that a table names
Query = models.QuerySet[Instrument]
# + 0: offered rows in the order of their numbers, SQLite reads all of a user instead of the index of what is due
ORDER = ("due", models.F("pk") + 0)


class When(models.TextChoices):
    """When an instrument falls due."""

    OVERDUE = "overdue", _("已超期")
    MONTH = "30", _("30 天内到期")
    QUARTER = "90", _("31 至 90 天内到期")
    UNDATED = "undated", _("应检而没有有效期")


def falling_due(viewer: Viewer, when: When, today: date) -> Query:
    """Instruments in use that a viewer may see. The day of the due date is still in date."""
    mine = Instrument.objects.visible_to(viewer).filter(status=Status.IN_USE)
    match when:
        case When.OVERDUE:
            return mine.filter(due__lt=today)
        case When.MONTH:
            return mine.filter(due__gte=today, due__lte=today + timedelta(days=30))
        case When.QUARTER:
            return mine.filter(due__gt=today + timedelta(days=30), due__lte=today + timedelta(days=90))
        case _:
            again = CatalogueEntry.objects.filter(
                regime__in=(Regime.VERIFICATION, Regime.BOTH),
                mode__in=(Mode.PERIODIC, Mode.ONCE_UNTIL_EXPIRY),
            )
            return mine.filter(due__isnull=True, entry__in=again.order_by().values("pk"))


@dataclass(frozen=True)
class Asked:
    """What an address asks for; what makes no sense is left out."""

    when: When
    district: int | None
    purpose: str
    user: str  # beginning of a name, or a credit code
    after: tuple[date | None, int] | None

    @staticmethod
    def of(query: QueryDict) -> Asked:
        """What stands in an address."""
        when, purpose, district = (query.get(name, "") for name in ("when", "purpose", "district"))
        return Asked(
            When(when) if when in When.values else When.OVERDUE,
            number(district),
            purpose if purpose in Purpose.values else "",
            query.get("user", "").strip()[:100],
            place_of(query.get("after", "")),
        )

    def among(self, rows: Query) -> Query:
        """Those of some instruments that are asked for."""
        if self.district is not None:
            rows = rows.filter(district=self.district)
        if self.purpose:
            rows = rows.filter(purpose=self.purpose)
        if self.user:
            names = models.Q(name__startswith=self.user) | models.Q(name_english__istartswith=self.user)
            meant = Party.objects.filter(models.Q(code=self.user) | names)
            rows = rows.filter(user__in=meant.order_by().values("pk"))
        return rows


def place_of(text: str) -> tuple[date | None, int] | None:
    """A place in a list that is ordered by a day, then by id: "2026-03-01,17"; None where it makes no sense."""
    day, _comma, last = text.partition(",")
    pk = number(last)
    if pk is None:
        return None
    try:
        return date.fromisoformat(day) if day else None, pk
    except ValueError:
        return None


def behind(rows: Query, place: tuple[date | None, int] | None) -> Query:
    """Those behind a place in the order of the due date."""
    if place is None:
        return rows
    day, pk = place
    if day is None:
        return rows.filter(pk__gt=pk)
    return rows.filter(models.Q(pk__gt=pk) | models.Q(due__gt=day), due__gte=day)


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """A page of the list, the longest overdue first, and whose and where they are."""
    viewer = viewer_of(request)
    check_role(viewer, STAFF)
    today, asked = timezone.localdate(), Asked.of(request.GET)
    fitting = asked.among(falling_due(viewer, asked.when, today))
    keys = behind(fitting, asked.after).order_by(*ORDER).values("pk")[: PAGE + 1]
    found = _records([each["pk"] for each in keys])
    rows = found[:PAGE]
    context = {
        "today": today,
        "asked": asked,
        "tabs": [
            (_address(request, when=each), each.label, counted(asked.among(falling_due(viewer, each, today))))
            for each in When
        ],
        "chosen": list(When).index(asked.when),
        "rows": [(each, (today - each.due).days if each.due else None) for each in rows],
        "next": _address(request, after=f"{rows[-1].due or ''},{rows[-1].pk}") if len(found) > PAGE else "",
        "purposes": Purpose.choices,
        "districts": District.objects.all(),
        "query": _kept(request).urlencode(),
        "groups": _groups(request, fitting),
    }
    return render(request, "instruments/due.html", context)


def _records(keys: list[int]) -> list[Instrument]:
    """Instruments in the order of their keys: these come from an index alone, and only a page of the table is read."""
    found = Instrument.objects.select_related("user", "district").in_bulk(keys)
    return [found[key] for key in keys]


def _kept(request: HttpRequest, **changed: str) -> QueryDict:
    """The address without its place in the list, otherwise as asked."""
    query = request.GET.copy()
    query.pop("after", None)
    for name, value in changed.items():
        query[name] = value
    return query


def _address(request: HttpRequest, **changed: str) -> str:
    return f"{reverse('due-list')}?{_kept(request, **changed).urlencode()}"


def _groups(request: HttpRequest, rows: Query) -> dict[str, list[tuple[str, Any, int]]]:
    """By district and by user: where a group leads, what it is, how many it has; the largest first. One pass."""
    districts: Counter[int] = Counter()
    users: Counter[int] = Counter()
    for district, user, n in rows.order_by().values_list("district", "user").annotate(models.Count("pk")):
        districts[district] += n
        users[user] += n
    return {
        name: [(_address(request, **{name: str(getattr(each, key))}), each, n) for each, n in largest]
        for name, key, largest in (
            ("district", "pk", _largest(District, districts)),
            ("user", "code", _largest(Party, users)),
        )
    }


def _largest(model: type[models.Model], counts: Counter[int]) -> list[tuple[Any, int]]:
    largest = counts.most_common(LARGEST)
    found = model._default_manager.in_bulk([pk for pk, _n in largest])
    return [(found[pk], n) for pk, n in largest]


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The list as a sheet, which can be imported again once the dates are new."""
    viewer = viewer_of(request)
    check_role(viewer, STAFF)
    asked = Asked.of(request.GET)
    rows = asked.among(falling_due(viewer, asked.when, timezone.localdate())).order_by(*ORDER)
    joined = [name for name in INSTRUMENTS.fields if INSTRUMENTS.field(name).is_relation]
    data = sheets.export_excel(INSTRUMENTS, rows.select_related(*joined)[:EXPORTED].iterator(2000))
    named = {"Content-Disposition": f'attachment; filename="due-{asked.when}.xlsx"'}
    return HttpResponse(data, content_type=EXCEL, headers=named)
