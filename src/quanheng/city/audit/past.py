"""What a table said at an earlier event: the present rows, with every later act undone.

Rows are never deleted and every act records what was before, so no copy of the past is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import models

from quanheng.city.audit.actions import name_of
from quanheng.city.audit.models import Event, Recorded


def last_event() -> int:
    """The latest event: what is known now. 0 where nothing ever happened."""
    found: int | None = Event.objects.aggregate(last=models.Max("id"))["last"]
    return found or 0


def known_at(at: datetime) -> int:
    """The latest event at or before a time; 0 where there was none."""
    found: int | None = Event.objects.filter(at__lte=at).aggregate(last=models.Max("id"))["last"]
    return found or 0


def as_of(model: type[Recorded], last: int, names: Sequence[str], **where: Any) -> Iterator[dict[str, Any]]:
    """The rows of a table as they stood right after the event `last`, by id: {"id", name: value, …}.

    names: attribute names of concrete fields ("party_id" for a reference). where: narrows the rows, by fields that are
    never changed.
    """
    before = _before(model, last)
    fields = {field.attname: field for field in model._meta.concrete_fields}
    rows = model._default_manager.filter(**where).order_by("pk")
    for row in rows.values("id", "event_id", *names).iterator(10_000):
        if row.pop("event_id") <= last:
            yield row
        elif (old := before.get(row["id"])) and old["event_id"] <= last:
            yield {"id": row["id"], **{name: _read(fields[name], old) for name in names}}


def one_as_of(row: Recorded, last: int, names: Sequence[str]) -> dict[str, Any] | None:
    """The same of one row, by its own events alone; None where it was added later. row: as the table has it now."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    told, at = {name: getattr(row, name) for name in names}, row.event_id
    while at > last:
        event = Event.objects.get(pk=at)
        before = event.before if event.subject == name_of(row) else (event.before or {}).get(name_of(row))
        if before is None:
            return None
        told, at = {name: _read(fields[name], before) for name in names}, before["event_id"]
    return told


def _before(model: type[Recorded], last: int) -> dict[int, dict[str, Any]]:
    """Rows that were changed after the event, as they were before the first such change."""
    label = f"{model._meta.label_lower}:"
    found: dict[int, dict[str, Any]] = {}
    later = Event.objects.filter(pk__gt=last).order_by("pk")
    for subject, before in later.values_list("subject", "before").iterator(1_000):
        if before is None:
            continue
        if subject.startswith(label):
            found.setdefault(int(subject.removeprefix(label)), before)
        elif not subject:  # an import: every row by its name
            for name, row in before.items():
                if name.startswith(label):
                    found.setdefault(int(name.removeprefix(label)), row)
    return found


def _read(field: models.Field[Any, Any], row: dict[str, Any]) -> Any:
    """A field of a recorded row; one that is younger than the record has its default."""
    return field.to_python(row[field.attname]) if field.attname in row else field.get_default()
