"""A page of a register: what a viewer may see, that fits filters and search, a page at a time.

Pages follow one another by id, so that page 20,000 costs what page 1 costs. What is searched for is compared by its
beginning, field by field, each by its index: an OR over fields would scan the table. A large register whose viewers see
parts of it has an index for each part and searched field (`searched`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
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


def searched(*pairs: tuple[str, str]) -> list[models.Index]:
    """Indexes by which a part of a register is searched: (what a viewer sees by, searched field)."""
    return [
        models.Index(fields=[*pair], opclasses=["", "varchar_pattern_ops"], name=f"searched_{'_'.join(pair)}")
        for pair in pairs
    ]


def number(text: str | None) -> int | None:
    """A whole number that an id may be, else None."""
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 19 else None


@dataclass(frozen=True)
class Page:
    """Some records, and where they stand."""

    rows: list[Any]
    after: int | None  # id to continue behind; None: these are the last
    count: int  # of all that fit, counted up to COUNTED; of a search, up to FOUND for each searched field
    more: bool  # there are more than were counted


def page(
    register: Register, viewer: Any, asked: Mapping[str, str], *, after: int = 0, limit: int = PAGE
) -> Page:
    """The records that fit `asked` (q: search; names of filters), by id, behind the id `after`."""
    fitting = _seen(register, viewer, asked)
    if text := _text(asked):
        keys, more = _matches(register, fitting, text)
        fitting, count = fitting.filter(pk__in=keys), len(keys)
    else:
        count = fitting.order_by().values("pk")[: COUNTED + 1].count()
        count, more = min(count, COUNTED), count > COUNTED
    rows = list(fitting.filter(pk__gt=after).order_by("pk")[: limit + 1])
    last = rows[limit - 1].pk if len(rows) > limit else None
    return Page(rows[:limit], last, count, more)


def fitting_records(register: Register, viewer: Any, asked: Mapping[str, str]) -> models.QuerySet[Any]:
    """All records that a viewer may see and that fit, however many; a search may read all of them."""
    fitting = _seen(register, viewer, asked)
    if text := _text(asked):
        begins = [models.Q(**{f"{name}__prefix": text}) for name in register.search]
        return fitting.filter(reduce(or_, begins))
    return fitting


def _seen(register: Register, viewer: Any, asked: Mapping[str, str]) -> models.QuerySet[Any]:
    """The records that a viewer may see and that fit the filters. One that makes no sense fits nothing."""
    fitting, shown = register.visible(viewer), register.shown_to(viewer)
    for name in register.filters:
        if name not in shown:
            continue
        if text := asked.get(name, "").strip():
            fitting = _filtered(register, fitting, name, text)
    return fitting


def _text(asked: Mapping[str, str]) -> str:
    return asked.get("q", "").strip()[:100]


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


def _matches(register: Register, fitting: models.QuerySet[Any], text: str) -> tuple[list[int], bool]:
    """The first records that begin with a text, in the order of each searched field; and whether there are more."""
    found: set[int] = set()
    more = False
    for name in register.search:
        begins = fitting.filter(**{f"{name}__prefix": text}).order_by(name).values_list("pk", flat=True)
        keys = list(begins[: FOUND + 1])
        more = more or len(keys) > FOUND
        found.update(keys[:FOUND])
    return sorted(found), more


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
    for name in [each for each in register.filters if each in register.shown_to(viewer)]:
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
