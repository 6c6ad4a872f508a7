"""The tree of keys of a budget, as a workbook that reads back as the same tree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from quanheng.ground.workbook import workbook_bytes
from quanheng.work.budget import layout
from quanheng.work.budget.layout import CHOICES, Column, Layout

LAST_ROW = 1000  # as far as the lists to choose from reach
HEAD = PatternFill("solid", fgColor="DDE6EE")
LISTS_ROW = 3  # of the notes, where the words to choose from begin
LISTS = ("distribution", "rule", "interval")
WIDTHS = {
    "model": 48,
    "title": 24,
    "title.en": 24,
    "source": 28,
    "effect": 24,
    "distribution": 28,
    "note": 28,
}
Row = Mapping[str, Any]


def write(tree: Mapping[str, Any]) -> bytes:
    """The workbook of a budget. The same tree gives the same bytes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheets = {each.english: book.create_sheet(each.title) for each in layout.SHEETS}
    write_settings(sheets["Settings"], tree)
    rows = {
        layout.OUTPUTS: ({"name": name, **each} for name, each in tree.get("outputs", {}).items()),
        layout.INPUTS: input_rows(tree.get("inputs", {})),
        layout.CORRELATIONS: correlation_rows(tree.get("correlation", [])),
        layout.COMPLEX: complex_rows(tree.get("inputs", {})),
        layout.CONFORMITY: ({"output": name, **each} for name, each in tree.get("conformity", {}).items()),
    }
    for sheet, each in rows.items():
        write_rows(sheets[sheet.english], sheet, each)
    write_readings(sheets["Readings"], tree.get("inputs", {}))
    write_notes(sheets["Notes"])
    return workbook_bytes(book)


def put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """One cell. Text stays text: no = begins a formula; a number has all its digits, which openpyxl would cut to 16."""
    match value:
        case None:
            return
        case bool() | str():
            text, kind = value, "b" if isinstance(value, bool) else "s"
        case _:
            text, kind = (layout.INFINITY, "s") if value == math.inf else (repr(value), "n")
    sheet.cell(row, column, text).data_type = kind


def head(sheet: Worksheet, titles: Sequence[str]) -> None:
    """The first row."""
    for index, title in enumerate(titles, 1):
        put(sheet, 1, index, title)
        cell = sheet.cell(1, index)
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"


def choice(value: Any, column: Column) -> Any:
    """A word as the list to choose from shows it."""
    shown = {word: text for text, word in CHOICES.get(column.kind, {}).items()}
    return shown.get(value, value) if isinstance(value, str) else value


def offer(sheet: Worksheet, column: Column, cells: str) -> None:
    """A list to choose from, where the column has one."""
    if column.kind not in CHOICES:
        return
    letter = get_column_letter(LISTS.index(column.kind) + 1)
    last = LISTS_ROW + len(CHOICES[column.kind]) - 1
    formula = f"'{layout.NOTES.title}'!${letter}${LISTS_ROW}:${letter}${last}"
    listed = DataValidation(type="list", formula1=formula, allow_blank=True)
    sheet.add_data_validation(listed)
    listed.add(cells)


# ---- sheets ------------------------------------------------------------------------------------------------------


def write_settings(sheet: Worksheet, tree: Mapping[str, Any]) -> None:
    """A key in each row."""
    head(sheet, ["键 key", "值 value", "说明 note"])
    title = tree.get("title")
    both = title if isinstance(title, Mapping) else {"zh": title}
    said = {"title": both.get("zh"), "title.en": both.get("en"), **tree, **tree.get("monte_carlo", {})}
    said["title"] = both.get("zh")
    for row, column in enumerate(layout.SETTINGS.columns, 2):
        put(sheet, row, 1, column.header)
        put(sheet, row, 2, choice(said.get(column.key), column))
        put(sheet, row, 3, column.takes)
        offer(sheet, column, f"B{row}")
    for letter, width in zip("ABC", (24, 40, 40), strict=True):
        sheet.column_dimensions[letter].width = width


def write_rows(sheet: Worksheet, wanted: Layout, rows: Iterator[Row]) -> None:
    """A header, and the rows by their keys."""
    head(sheet, [column.header for column in wanted.columns])
    for index, column in enumerate(wanted.columns, 1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = WIDTHS.get(column.key, 14)
        offer(sheet, column, f"{letter}2:{letter}{LAST_ROW}")
    for number, row in enumerate(rows, 2):
        for index, column in enumerate(wanted.columns, 1):
            put(sheet, number, index, choice(row.get(column.key), column))


def input_rows(inputs: Mapping[str, Row]) -> Iterator[Row]:
    """A row for each input, and one for each of its effects. Complex values stand in a sheet of their own."""
    for name, table in inputs.items():
        value = table.get("value")
        yield {**table, "name": name, "value": None if isinstance(value, Mapping) else value}
        for effect in table.get("effects", []):
            yield {**effect, "name": name, "effect": effect.get("name")}


def correlation_rows(correlations: Sequence[Row]) -> Iterator[Row]:
    for each in correlations:
        a, b = each["between"]
        yield {"a": a, "b": b, "r": each["r"]}


def complex_rows(inputs: Mapping[str, Row]) -> Iterator[Row]:
    for name, table in inputs.items():
        if isinstance(table.get("value"), Mapping):
            yield {"name": name, **table["value"]}


def write_readings(sheet: Worksheet, inputs: Mapping[str, Row]) -> None:
    """A column for each input that has readings."""
    given = {name: table["readings"] for name, table in inputs.items() if "readings" in table}
    head(sheet, list(given))
    for index, readings in enumerate(given.values(), 1):
        for number, each in enumerate(readings, 2):
            put(sheet, number, index, each)


def write_notes(sheet: Worksheet) -> None:
    """What each column takes, and the lists to choose from. Not read."""
    put(sheet, 1, 1, "可选的词 / words to choose from")
    for index, kind in enumerate(LISTS, 1):
        put(sheet, LISTS_ROW - 1, index, kind)
        for row, text in enumerate(CHOICES[kind], LISTS_ROW):
            put(sheet, row, index, text)
        sheet.column_dimensions[get_column_letter(index)].width = 30
    row = LISTS_ROW + max(len(CHOICES[kind]) for kind in LISTS) + 1
    put(sheet, row, 1, "各列 / the columns")
    for each in layout.SHEETS:
        for column in each.columns:
            row += 1
            put(sheet, row, 1, each.title)
            put(sheet, row, 2, column.header)
            put(sheet, row, 3, column.takes)
    row += 1
    put(sheet, row, 1, layout.READINGS.title)
    put(sheet, row, 3, "首行为输入量的名称，其下为读数 / the name of an input on top, its readings below")
