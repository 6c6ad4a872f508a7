"""Versions of the catalogue of compulsory items as data: files beside this one, loaded as often as one likes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import changes, said
from quanheng.city.audit.models import Recorded
from quanheng.city.instruments import actions
from quanheng.city.instruments.models import CatalogueEntry, Cycle
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import BadTable

Row = TypeVar("Row", CatalogueEntry, Cycle)
FILES = sorted(Path(__file__).parent.glob("catalogue-*.toml"))


def load(actor: audit.Actor, path: Path) -> int:
    """Write what a file says and the catalogue does not; returns how many rows were written: 0 the second time.

    Rows that the file does not name stay as they are. Raises BadTable, which names what is wrong, and writes nothing.
    """
    try:
        data = path.read_bytes()
        told = tomllib.loads(data.decode())
        facts = {"file": path.name, "sha256": sha256_bytes(data)}
        with transaction.atomic():
            written = _write(actor, list(_entries(told)), facts)
            return written + _write(actor, list(_cycles(told)), facts)
    except OSError as error:
        raise BadTable(f"{path}：读不了 / cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTable(f"{path}：不是 TOML / is no TOML: {error}") from error
    except KeyError as error:
        raise BadTable(f"{path}：缺少 {error} / lacks {error}") from error


def _entries(told: dict[str, Any]) -> Iterator[CatalogueEntry]:
    version = told["version"]
    for key, each in told["entries"].items():
        row = _row(CatalogueEntry, f"{version}/{key}")
        row.version = version
        row.category = each["category"]
        row.name = each.get("name", each["category"])
        row.name_english = each["english"]
        row.regime, row.mode = each["regime"], each["mode"]
        _dated(row, told, each)
        yield _checked(row)


def _cycles(told: dict[str, Any]) -> Iterator[Cycle]:
    version = told["version"]
    for key, each in told["cycles"].items():
        row = _row(Cycle, f"{version}/{key}")
        entry = CatalogueEntry.objects.filter(code=f"{version}/{each['entry']}").first()
        if entry is None:
            raise BadTable(f"cycles.{key}：没有目录项 {each['entry']!r} / no entry {each['entry']!r}")
        row.entry, row.regulation, row.months = entry, each["regulation"], each["months"]
        row.applies, row.applies_english = each["applies"], each["english"]
        _dated(row, told, each)
        yield _checked(row)


def _row(model: type[Row], code: str) -> Row:
    return model._default_manager.filter(code=code).first() or model(code=code)


def _dated(row: CatalogueEntry | Cycle, told: dict[str, Any], each: dict[str, Any]) -> None:
    since, until = each.get("since", told["since"]), each.get("until", told.get("until"))
    assert isinstance(since, date)
    row.since, row.until = since, until
    row.source = each.get("source", told["source"])
    row.checked = each.get("checked", told["checked"])


def _checked(row: Row) -> Row:
    try:
        row.full_clean(exclude=["event"])
    except ValidationError as error:
        raise BadTable(f"{row.code}：{'；'.join(error.messages)}") from error
    return row


def _write(actor: audit.Actor, rows: list[Recorded], facts: dict[str, Any]) -> int:
    kept = {each.pk: said(each) for each in type(rows[0])._default_manager.all()} if rows else {}
    differing = [row for row in rows if row.pk is None or changes(kept[row.pk], said(row))]
    if differing:
        actions.keep_all(actor, differing, facts)
    return len(differing)
