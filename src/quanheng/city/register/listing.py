"""A page of a register: what a viewer may see, that fits filters and search, a page at a time.

Pages follow one another by id, so that page 20,000 costs what page 1 costs. What is searched for is compared by its
beginning, field by field, each by its index: an OR over fields would scan the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from quanheng.city.register.cells import labels_of
from quanheng.city.register.declaration import Register, register_of

PAGE = 50
MOST = 500  # records on a page of the API
COUNTED = 10_000  # a larger number of records is told as "more than"
FOUND = 1_000  # matches of a search that are looked at


class Prefix(models.Lookup):
    """Begins with a text, by the index of the column: a range on SQLite, LIKE with its index on PostgreSQL."""

    lookup_name = "prefix"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """LIKE on PostgreSQL, for which Django makes an index of its own."""
        left, params = self.process_lhs(compiler, connection)
        escaped = str(self.rhs).replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        return f"{left} LIKE %s", [*params, escaped + "%"]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """A range: SQLite's LIKE knows no case and so no index."""
        left, params = self.process_lhs(compiler, connection)
        return f"({left} >= %s AND {left} < %s)", [*params, self.rhs, *params, f"{self.rhs}\U0010ffff"]


models.CharField.register_lookup(Prefix)


def number(text: str | None) -> int | None:
    """A whole number that an id may be, else None."""
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 19 else None


@dataclass(frozen=True)
class Page:
    """Some records, and where they stand."""

    rows: list[Any]
    after: int | None  # id to continue behind; None: these are the last
    count: int  # of all that fit, counted up to COUNTED
    more: bool  # there are more than were counted


def page(
    register: Register, viewer: Any, asked: Mapping[str, str], *, after: int = 0, limit: int = PAGE
) -> Page:
    """The records that fit `asked` (q: search; names of filters), by id, behind the id `after`."""
    fitting = fitting_records(register, viewer, asked)
    rows = list(fitting.filter(pk__gt=after).order_by("pk")[: limit + 1])
    count = fitting.order_by().values("pk")[: COUNTED + 1].count()
    last = rows[limit - 1].pk if len(rows) > limit else None
    return Page(rows[:limit], last, min(count, COUNTED), count > COUNTED)


def fitting_records(register: Register, viewer: Any, asked: Mapping[str, str]) -> models.QuerySet[Any]:
    """All records that a viewer may see and that fit. A filter that makes no sense fits nothing."""
    fitting = register.visible(viewer)
    for name in register.filters:
        if text := asked.get(name, "").strip():
            fitting = _filtered(register, fitting, name, text)
    if text := asked.get("q", "").strip():
        fitting = fitting.filter(pk__in=_matches(register, text[:100]))
    return fitting


def _filtered(
    register: Register, fitting: models.QuerySet[Any], name: str, text: str
) -> models.QuerySet[Any]:
    field = register.field(name)
    if isinstance(field, models.ForeignKey):
        return (
            fitting.filter(**{f"{name}_id": int(text)})
            if text.isdecimal() and len(text) < 19
            else fitting.none()
        )
    labels = labels_of(tuple(field.flatchoices)) if field.choices else {"1": True, "0": False}
    return fitting.filter(**{name: labels[text]}) if text in labels else fitting.none()


def _matches(register: Register, text: str) -> list[int]:
    found: set[int] = set()
    if "\0" in text:  # PostgreSQL has no such texts
        return []
    manager = register.model._default_manager
    for name in register.search:
        begins = manager.filter(**{f"{name}__prefix": text}).order_by(name).values_list("pk", flat=True)
        found.update(begins[:FOUND])
    return sorted(found)


@dataclass(frozen=True)
class Filter:
    """A filter as the list offers it."""

    name: str
    title: str
    options: list[tuple[str, str]]
    chosen: str


SELECTABLE = 300  # options of one filter


def filters(register: Register, viewer: Any, asked: Mapping[str, str]) -> list[Filter]:
    """The filters of a list, with what may be chosen."""
    offered = []
    for name in register.filters:
        field = register.field(name)
        if isinstance(field, models.ForeignKey):
            model = field.related_model
            assert isinstance(model, type)
            other = register_of(model)
            rows = other.visible(viewer) if other else model._default_manager.all()
            options = [(str(each.pk), str(each)) for each in rows[:SELECTABLE]]
        elif field.choices:
            options = [(str(code), str(label)) for code, label in field.flatchoices]
        else:
            options = [("1", _("是")), ("0", _("否"))]
        offered.append(Filter(name, str(field.verbose_name), options, asked.get(name, "")))
    return offered
