"""Sheets of raw readings (.xlsx, .csv), a pair a row. Every cell at fault is named, and a faulty sheet is not taken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from quanheng.city.certificates.actions.results import Read
from quanheng.city.register import sheets
from quanheng.ground.errors import BadTable

LARGEST = 2 * 1024 * 1024  # bytes
ROWS = 20_000
HEADINGS = ("nominal", "indication", "reference", "temperature", "humidity")
TOLD = 100  # faults that are told one by one
LONGEST = 40  # characters of a cell that is told


@dataclass(frozen=True)
class Misread:
    """A cell at fault: where it is ("B7"), what stands there, what would be right."""

    cell: str
    found: str
    right: str


class BadReadings(BadTable):
    """A sheet with cells at fault: the first of them, and how many more there are."""

    def __init__(self, faults: Sequence[Misread]) -> None:
        super().__init__(_("%(n)d 格有误；一个读数也没有取用。") % {"n": len(faults)})
        self.faults, self.further = tuple(faults[:TOLD]), max(0, len(faults) - TOLD)


def read_sheet(name: str, data: bytes) -> list[Read]:
    """Readings of a sheet, by point in the order of its rows; texts as they stand there.

    Columns: nominal, indication, reference, temperature, humidity; columns with headings of their own may follow.
    Raises BadTable: too large, no sheet, no readings; BadReadings: every cell at fault.
    """
    if len(data) > LARGEST:
        raise BadTable(_("大于 %(n)d MB") % {"n": LARGEST // 2**20})
    rows = [[_text(cell) for cell in row] for row in islice(sheets.lines(name, data), ROWS + 1)]
    if len(rows) > ROWS:
        raise BadTable(_("多于 %(n)d 行；请分成几个文件") % {"n": ROWS})
    head, lines = (rows[0], rows[1:]) if rows else ([], [])
    if faults := list(_misread_head(head)):
        raise BadReadings(faults)
    points: dict[float, list[list[str]]] = {}
    for n, row in enumerate(lines, 2):
        if not any(row):
            continue
        cells = row[: len(HEADINGS)] + [""] * (len(HEADINGS) - len(row))
        wrong = [*_misread_cells(n, cells), *_misread_beyond(n, row, head)]
        if not wrong:
            points.setdefault(float(cells[0]), []).append(cells)
        faults += wrong
    if faults:
        raise BadReadings(faults)
    if not points:
        raise BadTable(_("没有读数"))
    return [_read(there) for there in points.values()]


def _read(rows: Sequence[Sequence[str]]) -> Read:
    """Readings of one point. Conditions that did not change are told once."""
    nominals, indications, references, temperatures, humidities = zip(*rows, strict=True)
    conditions = (told[0] if len(set(told)) == 1 else " ".join(told) for told in (temperatures, humidities))
    return Read(nominals[0], indications, references, *conditions)


def _misread(n: int, column: int, found: str, right: str) -> Misread:
    return Misread(f"{get_column_letter(column + 1)}{n}", found[:LONGEST], right)


def _misread_head(head: Sequence[str]) -> Iterator[Misread]:
    for column, right in enumerate(HEADINGS):
        found = head[column] if column < len(head) else ""
        if found.lower() != right:
            yield _misread(1, column, found, right)


def _misread_cells(n: int, cells: Sequence[str]) -> Iterator[Misread]:
    for column, text in enumerate(cells):
        if not _is_number(text):
            yield _misread(n, column, text, _meant(text))


def _meant(text: str) -> str:
    point = text.replace(",", ".").replace("，", ".")
    if point != text and _is_number(point):
        return _("小数点写作点：%(number)s") % {"number": point}
    return _("一个数，不带单位，如 1.002")


def _misread_beyond(n: int, row: Sequence[str], head: Sequence[str]) -> Iterator[Misread]:
    """Cells under no heading: a decimal comma in a CSV file makes two cells of one number."""
    for column in range(len(HEADINGS), len(row)):
        if row[column] and not (column < len(head) and head[column]):
            yield _misread(n, column, row[column], _("空；这一列没有表头"))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _text(cell: object) -> str:
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell).strip()
