"""What an office declares of a register. docs/offices.md shows one being added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.city.audit.models import Event, Recorded
from quanheng.city.frame.roles import Role, Viewer
from quanheng.ground.errors import Fault


@dataclass(frozen=True)
class Panel:
    """A table below the facts of a record: what other tables know of it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]  # a cell is a value, or a Link
    empty: str = ""


@dataclass(frozen=True)
class Link:
    """A cell that leads somewhere."""

    url: str
    text: str


def no_panels(row: Any, viewer: Any) -> Iterable[Panel]:
    """Of a register whose records stand alone."""
    return ()


def no_links(row: Any, viewer: Any) -> Iterable[Link]:
    """Of a register whose records lead nowhere else."""
    return ()


def nothing_against(rows: Sequence[Any]) -> Sequence[Mapping[str, str]]:
    """Of a register whose records are looked over by their models alone."""
    return [{} for _row in rows]


@dataclass(frozen=True)
class Register:
    """A table as people meet it. Names of fields are the model's; titles and helps come from the model.

    Every field of `fields` stands in the form, the Excel sheet, the API; a reference is written as the key of what it
    refers to. `save` is the action of the office that writes one record, `save_all` that which writes an import.
    """

    name: str  # in addresses: /instruments/…
    model: type[Recorded]
    title: Any  # translated when shown
    lead: Any
    columns: Sequence[str]  # of the list; the first leads to the record
    fields: Sequence[str]
    key: str  # the field by which sheets, forms and the API name a record; unique
    search: Sequence[str]  # fields that are compared, by their beginnings, with what a user types; indexed
    filters: Sequence[str]  # fields with choices, or references; with an index (field, id)
    see: frozenset[Role]
    write: frozenset[Role]
    save: Callable[[Any, Any], Event]
    save_all: Callable[[Any, Sequence[Any], Mapping[str, Any]], Event]
    panels: Callable[[Any, Any], Iterable[Panel]] = no_panels
    links: Callable[[Any, Any], Iterable[Link]] = (
        no_links  # of a record; of what a list shows, where it is None
    )
    # completes records as they would be written, and says what the office has against each, by field
    look_over: Callable[[Sequence[Any]], Sequence[Mapping[str, str]]] = nothing_against
    public_fields: Sequence[str] = ()  # what strangers are shown where they may see it; none given: all

    def all_panels(self, row: Any, viewer: Any) -> Iterator[Panel]:
        """What its own office knows of a record, then what higher ones do."""
        yield from self.panels(row, viewer)
        for panels in ABOVE.get(self.name, ()):
            yield from panels(row, viewer)

    def visible(self, viewer: Any) -> models.QuerySet[Any]:
        """The records that a viewer may see, with what the list shows of their references."""
        queryset = self.model._default_manager.visible_to(viewer)  # type: ignore[attr-defined]
        joined = [name for name in self.columns if self.field(name).is_relation]
        found: models.QuerySet[Any] = queryset.select_related(*joined)
        return found

    def theirs(self, viewer: Any) -> models.QuerySet[Any]:
        """The records that a viewer may change: those the model's `writable_by` gives, else all that he may see."""
        manager: Any = self.model._default_manager
        found: models.QuerySet[Any] = getattr(manager, "writable_by", manager.visible_to)(viewer)
        return found

    def shown_to(self, viewer: Any) -> Sequence[str]:
        """The fields that a viewer is shown where he may see a record: by page, list, sheet, filter and API alike."""
        return self.public_fields if viewer.role == Role.PUBLIC and self.public_fields else self.fields

    def field(self, name: str) -> models.Field[Any, Any]:
        """A field of the model."""
        found = self.model._meta.get_field(name)
        assert isinstance(found, models.Field)
        return found

    def url(self, page: str, *args: Any) -> str:
        """Address of a page: list, add, record, change, import, export, sheet."""
        return reverse(f"{self.name}-{page}", args=args)

    def check(self, row: Any) -> None:
        """Raises ValidationError: what the office and the model have against a record as it would be, by field."""
        (told,) = self.look_over([row])
        if told:
            raise ValidationError(dict(told))
        row.full_clean(exclude=["event"])

    def keep(self, viewer: Viewer, row: Recorded) -> None:
        """Write a record by the office's action. Raises PermissionDenied, and writes nothing, where it would not be
        the viewer's to change afterwards: nobody writes what is another's. Raises ValidationError where the same was
        written between the check and now, as by a form that is sent twice."""
        try:
            with transaction.atomic():
                self.save(viewer, row)
                self._check_theirs(viewer, [row])
        except IntegrityError as error:
            if not self._taken([row]):
                raise
            told = _("刚刚已有人登记（也许是您自己，表单交了两次）。请先看看登记册。")
            raise ValidationError({self.key: told}) from error

    def keep_all(self, viewer: Viewer, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> None:
        """Write an import by the office's action. Raises PermissionDenied like `keep`, Fault where one of the records
        was registered just now."""
        try:
            with transaction.atomic():
                self.save_all(viewer, rows, facts)
                self._check_theirs(viewer, rows)
        except IntegrityError as error:
            if not self._taken([row for row in rows if not row.pk]):
                raise
            raise Fault(_("有的记录刚刚已有人登记；什么也没有写入。请重新交表。")) from error

    def _taken(self, rows: Sequence[Recorded]) -> bool:
        """Whether another record is named as one of these."""
        keys = [getattr(row, self.key) for row in rows]
        others = self.model._default_manager.exclude(pk__in=[row.pk for row in rows if row.pk])
        return any(
            others.filter(**{f"{self.key}__in": keys[n : n + 500]}).exists() for n in range(0, len(keys), 500)
        )

    def _check_theirs(self, viewer: Viewer, rows: Sequence[Recorded]) -> None:
        theirs = self.theirs(viewer)
        keys = [row.pk for row in rows]
        found = sum(theirs.filter(pk__in=keys[n : n + 500]).count() for n in range(0, len(keys), 500))
        if found < len(keys):
            raise PermissionDenied(_("不能写入别人的记录。"))

    def may_write(self, viewer: Viewer) -> bool:
        """Whether a viewer may add to and change the register."""
        return viewer.role in self.write


ABOVE: dict[str, list[Callable[[Any, Any], Iterable[Panel]]]] = {}
"""What higher offices know of the records of a register, by its name; they add to it as they start (`also`)."""
KEYS: dict[type[models.Model], str] = {}
"""The field by which each table is named in sheets and forms; filled as registers are declared (`declared`)."""
REGISTERS: dict[str, Register] = {}
"""Every register by its name, in the order of the offices."""


def also(name: str, panels: Callable[[Any, Any], Iterable[Panel]]) -> None:
    """Show panels of a higher office on the records of a register, once."""
    shown = ABOVE.setdefault(name, [])
    if panels not in shown:
        shown.append(panels)


def declared(register: Register) -> Register:
    """Put a register on the shelf."""
    REGISTERS[register.name] = register
    KEYS[register.model] = register.key
    return register


def register_of(model: type[models.Model]) -> Register | None:
    """The register whose table a model is."""
    return next((each for each in REGISTERS.values() if each.model is model), None)
