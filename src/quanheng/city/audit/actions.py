"""Write an event in the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from quanheng.city.audit.models import Event, Recorded
from quanheng.ground.errors import Fault
from quanheng.ground.text import unfit_within


class Actor(Protocol):
    """Whoever acts: a user, or the system."""

    @property
    def username(self) -> str: ...
    @property
    def role(self) -> str: ...


class System:
    """Acts of the clock and of background work that nobody asked for."""

    username = "system"
    role = ""


SYSTEM = System()
BATCH = 500  # rows written by one statement


def record(
    actor: Actor,
    action: str,
    subject: models.Model | None = None,
    *,
    before: Any = None,
    after: Any = None,
    at: datetime | None = None,
) -> Event:
    """The event of an act; the caller's transaction holds both. Raises RuntimeError outside a transaction, Fault for
    what cannot be kept: an event is never altered, and one that cannot be read would end every export and backup.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an event belongs into the transaction of its act")
    check_fit(after)  # what was before is as it was kept
    return Event.objects.create(
        at=at or timezone.now(),
        actor=actor.username,
        role=actor.role,
        action=action,
        subject=name_of(subject) if subject is not None else "",
        before=before,
        after=after,
    )


def save(actor: Actor, action: str, row: Recorded, **facts: Any) -> Event:
    """Write one row with its event: what it was before is read under a lock, what it is after is recorded."""
    with transaction.atomic():
        model = type(row)
        old = model._default_manager.select_for_update().filter(pk=row.pk).first() if row.pk else None
        before = said(old) if old else None
        if row.pk is None:
            # the row's name is known once it is written, and it can be written only with its event
            event = record(actor, action, before=None, after={**said(row), **facts})
            row.event = event
            row.save(force_insert=True)
            return event
        event = record(actor, action, row, before=before, after={**changes(before or {}, said(row)), **facts})
        row.event = event
        row.save()
        return event


def write_all(actor: Actor, action: str, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write many rows of one table, new and changed, with one event: what they came from, and what they were."""
    with transaction.atomic():
        for row in rows:
            check_fit([value for value in vars(row).values() if isinstance(value, str | list | dict)])
        changed = [row for row in rows if row.pk]
        event = record(actor, action, before=_before(changed), after=dict(facts))
        for row in rows:
            row.event = event
        if new := [row for row in rows if not row.pk]:
            type(new[0])._default_manager.bulk_create(new, batch_size=BATCH)
        if changed:
            model = type(changed[0])
            names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
            model._default_manager.bulk_update(changed, names, batch_size=BATCH)
        return event


def check_fit(value: Any) -> None:
    """Raises Fault where a text within cannot be kept: NUL, control characters, halves of a pair (surrogates)."""
    if told := unfit_within(value):
        raise Fault(
            f"文字中有不能保存的字符（{told}）；请去掉再提交，什么也没有记下"
            f" / a text holds a character that cannot be kept ({told}): take it out and send again, nothing was written"
        )


def _before(rows: Sequence[Recorded]) -> dict[str, Any] | None:
    if not rows:
        return None
    manager = type(rows[0])._default_manager
    keys = [row.pk for row in rows]
    found: dict[str, Any] = {}
    for start in range(0, len(keys), BATCH):
        for each in manager.select_for_update().filter(pk__in=keys[start : start + BATCH]):
            found[name_of(each)] = said(each)
    return found


def history(row: Recorded) -> list[Event]:
    """The events of a row, the latest first: those that name it, and those that wrote it among others."""
    name = name_of(row)
    found = {each.pk: each for each in Event.objects.filter(subject=name)}
    event: Event | None = found.get(row.event_id) or Event.objects.filter(pk=row.event_id).first()
    while event is not None:
        found[event.pk] = event
        before = event.before if event.subject == name else (event.before or {}).get(name)
        earlier = (before or {}).get("event_id", 0)
        event = found.get(earlier) or Event.objects.filter(pk=earlier).first()
    return [found[pk] for pk in sorted(found, reverse=True)]


def name_of(row: models.Model) -> str:
    """How events call a row."""
    return f"{row._meta.label_lower}:{row.pk}"


def said(row: models.Model) -> dict[str, Any]:
    """The fields of a row as JSON has them."""
    return {
        field.attname: plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname != "id" and not getattr(field, "secret", False)
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, as it is after."""
    return {
        name: value for name, value in after.items() if name != "event_id" and before.get(name, ...) != value
    }


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value
