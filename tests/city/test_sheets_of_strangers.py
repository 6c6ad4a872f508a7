"""Sheets that somebody hands in end in rows or in words, whatever their bytes."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from evidence.fuzz.mutations import mutated, packed, unpacked
from quanheng.city.certificates import reading_sheets
from quanheng.city.register import sheets
from quanheng.city.register.declaration import REGISTERS
from quanheng.ground.errors import BadTable

LONGEST = timedelta(seconds=5)  # of one sheet; good ones take milliseconds
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # openpyxl writes when it saved
READINGS = [
    ("nominal", "indication", "reference", "temperature", "humidity"),
    (1, 1.002, 1.0, 23, 50),
    (5, 5.01, 5, 23, 50),
]
LEDGER = [
    ("器具编码", "器具名称", "使用单位", "使用地点所在区"),
    ("E-1", "单相电能表", "91000000000000000X", "330101"),
    ("E-2", "水表", "91000000000000000X", "330102"),
]


@cache
def workbook(rows: tuple[tuple[object, ...], ...]) -> dict[str, bytes]:
    """Parts of a workbook, the same at any time."""
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return {name: CLOCK.sub(b"2026-01-01T00:00:00Z", part) for name, part in unpacked(out.getvalue()).items()}


def damaged(chance: random.Random, rows: list[tuple[object, ...]]) -> tuple[str, bytes]:
    """A file of these rows, of either kind, damaged as a whole or in one of its parts."""
    parts = workbook(tuple(rows))
    match chance.randrange(3):
        case 0:
            text = "\n".join(",".join(map(str, row)) for row in rows)
            return "a.csv", mutated(chance, [text.encode(), text.encode("gb18030")])
        case 1:
            return "a.xlsx", mutated(chance, [packed(parts)])
    part = chance.choice(sorted(parts))
    return "a.xlsx", packed(parts | {part: mutated(chance, [parts[part]])})


def ledger(name: str, data: bytes) -> object:
    return list(sheets.read(REGISTERS["instruments"], name, data))


READERS = pytest.mark.parametrize(
    ("read", "rows"), [(ledger, LEDGER), (reading_sheets.read_sheet, READINGS)], ids=["ledger", "readings"]
)
Read = Callable[[str, bytes], object]


def refused_or_read(read: Read, rows: list[tuple[object, ...]], chance: random.Random) -> None:
    with suppress(BadTable):
        read(*damaged(chance, rows))


@READERS
def test_a_good_sheet_is_read(read: Read, rows: list[tuple[object, ...]]) -> None:
    read("a.xlsx", packed(workbook(tuple(rows))))


@READERS
@settings(max_examples=100, deadline=LONGEST, derandomize=True, suppress_health_check=SLOW)
@given(chance=st.randoms(use_true_random=False))
def test_a_damaged_sheet_is_read_or_refused(
    read: Read, rows: list[tuple[object, ...]], chance: random.Random
) -> None:
    refused_or_read(read, rows, chance)


@pytest.mark.drill
@READERS
@settings(max_examples=3000, deadline=LONGEST, suppress_health_check=SLOW)
@given(chance=st.randoms(use_true_random=False))
def test_many_damaged_sheets_are_read_or_refused(
    read: Read, rows: list[tuple[object, ...]], chance: random.Random
) -> None:
    refused_or_read(read, rows, chance)
