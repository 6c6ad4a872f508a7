"""Imports: keep the sheet, check every row, show what would change, write all of it or nothing.

1 hand in: the file is kept with its digest  2 check: every row is read, nothing is written
3 a person looks at what is new, what changes, what is wrong  4 write: read again, one transaction, one event
What moved on between 2 and 4 is not written over: nobody was shown that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quanheng.city.audit.actions import said
from quanheng.city.register import cells, sheets
from quanheng.city.register.declaration import Register
from quanheng.city.register.models import Import, Stage
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import BadTable, Fault

TOLD = 200  # faults that are told one by one
SHOWN = 100  # rows of the preview
TOGETHER = 500  # rows looked up at once


@dataclass(frozen=True)
class Row:
    """A row of a sheet: the record as it would be, and what was wrong with it."""

    number: int
    record: Any
    was: Any  # the record as it is; None: new
    faults: tuple[tuple[str, str], ...]  # column, what is wrong

    @property
    def changes(self) -> list[str]:
        """Fields that would change; none of a new record."""
        if self.was is None:
            return []
        before, after = said(self.was), said(self.record)
        meta = type(self.record)._meta
        return [
            meta.get_field(name).name for name in after if name != "event_id" and before[name] != after[name]
        ]


def hand_in(register: Register, user: Any, name: str, data: bytes) -> Import:
    """Keep a sheet and check it. Raises PermissionDenied, BadTable where it is no sheet of this register."""
    if not register.may_write(user):
        raise PermissionDenied
    if len(data) > sheets.LARGEST:
        raise BadTable(_("文件大于 %(n)d MB") % {"n": sheets.LARGEST // 2**20})
    kept = Import(
        register=register.name,
        by=user,
        at=timezone.now(),
        name=name[:200],
        sheet=data,
        sha256=sha256_bytes(data),
    )
    check(register, kept)
    kept.save()
    return kept


def check(register: Register, kept: Import) -> None:
    """Read every row and say what would happen."""
    kept.new = kept.changed = kept.same = 0
    kept.faults, kept.preview, kept.versions = [], [], {}
    for row in rows(register, kept):
        for column, told in row.faults:
            if len(kept.faults) < TOLD:
                kept.faults.append([row.number, column, told])
        if row.faults:
            continue
        changes = row.changes
        if row.was is None:
            kept.new += 1
        elif changes:
            kept.changed += 1
            kept.versions[str(row.was.pk)] = row.was.event_id
        else:
            kept.same += 1
            continue
        if len(kept.preview) < SHOWN:
            shown = {
                name: [_shown(register, name, each) for each in (row.was, row.record)] for name in changes
            }
            kept.preview.append(
                [_shown(register, register.key, row.record), "changed" if shown else "new", shown]
            )
    kept.stage = Stage.FAULTY if kept.faults else Stage.READY


def _shown(register: Register, name: str, row: Any) -> str:
    return str(cells.shown(register, name, row))


def write(register: Register, kept: Import, user: Any) -> bool:
    """Write a checked sheet: all rows in one transaction, by the action of the office. Raises Fault.

    False: nothing was written, for rows have moved on since the check; the import says which. Asked for twice it is
    written once: the row of the import is locked, and its stage looked at.
    """
    if not register.may_write(user):
        raise PermissionDenied
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=kept.pk)
        if held.stage == Stage.WRITTEN:
            return True
        if held.stage != Stage.READY or held.by_id != user.pk:
            raise Fault(_("这份表不能写入：%(stage)s") % {"stage": held.get_stage_display()})
        found, moved = [], []
        for row in rows(register, held, lock=True):
            moved += [[row.number, *each] for each in row.faults or _moved_on(register, held, row)]
            if not moved and (row.was is None or row.changes):
                found.append(row.record)
        if moved:
            held.stage, held.faults = Stage.FAULTY, moved[:TOLD]
            held.save(update_fields=["stage", "faults"])
            return False
        facts = {"file": held.name, "sha256": held.sha256, "new": held.new, "changed": held.changed}
        register.keep_all(user, found, facts)
        held.stage = Stage.WRITTEN
        held.save(update_fields=["stage"])
        return True


def _moved_on(register: Register, held: Import, row: Row) -> list[tuple[str, str]]:
    """What is wrong with a row whose record is not the one that was looked at: changed meanwhile, or added."""
    if row.was is None or not row.changes or held.versions.get(str(row.was.pk)) == row.was.event_id:
        return []
    told = _("检查以后别人改过或新增了这条记录；请重新交表，看过再写入")
    return [(str(register.field(register.key).verbose_name), told)]


def rows(register: Register, kept: Import, *, lock: bool = False) -> Iterator[Row]:
    """The rows of a sheet as records, read for whoever handed it in; locked for whoever writes them."""
    reader = cells.Cells(register, kept.by)
    batch: list[tuple[int, dict[str, Any]]] = []
    seen: dict[str, int] = {}
    for numbered in sheets.read(register, kept.name, bytes(kept.sheet)):
        batch.append(numbered)
        if len(batch) == TOGETHER:
            yield from _records(register, reader, batch, seen, kept.by, lock)
            batch = []
    yield from _records(register, reader, batch, seen, kept.by, lock)


def _records(
    register: Register,
    reader: cells.Cells,
    batch: list[tuple[int, dict[str, Any]]],
    seen: dict[str, int],
    user: Any,
    lock: bool,
) -> Iterator[Row]:
    keys = [_key(register, reader, line) for _number, line in batch]
    there = register.model._default_manager.all()
    there = (there.select_for_update() if lock else there).filter(
        **{f"{register.key}__in": [key for key in keys if key]}
    )
    known = {getattr(each, register.key): each for each in there}
    mine = set(
        register.theirs(user).filter(pk__in=[each.pk for each in known.values()]).values_list("pk", flat=True)
    )
    found: list[Row] = []
    for (number, line), key in zip(batch, keys, strict=True):
        record = known.get(key)
        faults: list[tuple[str, str]] = []
        title = str(register.field(register.key).verbose_name)
        if key in seen:
            faults.append((title, _("与第 %(n)d 行相同") % {"n": seen[key]}))
        elif key:
            seen[key] = number
        if record is not None and record.pk not in mine:
            faults.append((title, _("已由别的单位登记")))
            record = None
        was = copy(record)
        record = record if record is not None else register.model()
        for name in register.fields:
            if name not in line and was is not None:
                continue
            try:
                setattr(record, name, reader.read(name, line.get(name)))
            except ValidationError as error:
                faults.append((str(register.field(name).verbose_name), " ".join(error.messages)))
        found.append(Row(number, record, was, tuple(faults)))
    sound = [row for row in found if not row.faults]
    told = dict(
        zip([row.number for row in sound], register.look_over([row.record for row in sound]), strict=True)
    )
    for row in found:
        yield row if row.faults else replace(row, faults=_whole(register, row.record, told[row.number]))


def _whole(register: Register, record: Any, told: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What the office, or the record as a whole, says against it."""
    if told:
        return tuple((str(register.field(name).verbose_name), each) for name, each in told.items())
    try:
        record.clean()
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            return (("", " ".join(error.messages)),)
        return tuple(
            (str(register.field(name).verbose_name), " ".join(each))
            for name, each in error.message_dict.items()
        )
    return ()


def _key(register: Register, reader: cells.Cells, line: dict[str, Any]) -> str:
    try:
        return str(reader.read(register.key, line.get(register.key)) or "")
    except ValidationError:
        return ""
