"""The cells of a workbook as plain rows of values, with what each sheet and cell is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from openpyxl.utils import get_column_letter

from quanheng.ground.workbook import LAST_ROW, BadWorkbook, open_with_formulas
from quanheng.work.budget import layout
from quanheng.work.budget.errors import BadBudget, Wrong
from quanheng.work.budget.layout import Layout
from quanheng.work.budget.statement import nearest

LARGEST_UNPACKED = 64 << 20  # bytes
MOST_ROWS, MOST_COLUMNS = 20_000, 1_000


@dataclass(frozen=True)
class Grid:
    """A sheet: its title and its rows, which may end early; None is an empty cell."""

    title: str
    rows: list[list[Any]]

    def value(self, row: int, column: int) -> Any:
        """What stands in a cell, counted from 0."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else None

    def place(self, row: int, column: int) -> str:
        """What people call the cell: 输入 Inputs!F7."""
        return f"{self.title}!{get_column_letter(column + 1)}{row + 1}"


def grids_of(data: bytes, file: str, wrongs: list[Wrong]) -> dict[str, Grid]:
    """The sheets of a workbook that hold a budget, by the English name of their layout. Foreign ones are noted."""
    try:
        values, formulas = open_with_formulas(data, LARGEST_UNPACKED)
    except BadWorkbook as error:
        raise BadBudget(file, [Wrong("", str(error))]) from error
    found: dict[str, Grid] = {}
    for title in values.sheetnames:
        match = layout_of(title)
        if match is None:
            zh, en = nearest(title, [each.title for each in layout.SHEETS])
            wrongs.append(Wrong(title, f"没有这个工作表{zh} / there is no such sheet{en}"))
        elif match.english in found:
            wrongs.append(Wrong(title, f"与“{found[match.english].title}”重复 / there are two of this sheet"))
        elif match is not layout.NOTES:
            try:
                rows = rows_of(values[title], formulas and formulas[title], title, wrongs)
            except Exception as error:  # whatever a damaged sheet makes the parser raise
                told = f"工作表“{title}”已损坏 / the sheet {title!r} is damaged: {error}"
                raise BadBudget(file, [Wrong("", told)]) from error
            found[match.english] = Grid(title, rows)
    for needed in (layout.OUTPUTS, layout.INPUTS):
        if needed.english not in found:
            wrongs.append(Wrong(needed.title, "缺少这个工作表 / this sheet is missing"))
    return found


def layout_of(title: str) -> Layout | None:
    """The layout of a sheet by its title in either language, or in both; sheets of notes only begin with the word."""
    words = title.casefold().split()
    for each in layout.SHEETS:
        known = {each.chinese, each.english.casefold()}
        if words and (set(words) <= known or (each is layout.NOTES and words[0] in known)):
            return each
    return None


def rows_of(sheet: Any, formulas: Any, title: str, wrongs: list[Wrong]) -> list[list[Any]]:
    """The values of a sheet. Errors, and formulas without a value, are noted."""
    grid = Grid(title, [])
    pairs = zip_longest(cells_of(sheet), cells_of(formulas), fillvalue=())
    for number, (row, with_formulas) in enumerate(pairs):
        cells: list[Any] = []
        for column, (cell, formula) in enumerate(zip_longest(row, with_formulas)):
            value = None if cell is None else cell.value
            why = fault_of(value, cell, formula)
            if why:
                wrongs.append(Wrong(grid.place(number, column), why))
            cells.append((value.strip() or None) if isinstance(value, str) else value)
        while cells and cells[-1] is None:
            cells.pop()
        beyond = number >= LAST_ROW or (cells and number >= MOST_ROWS)
        if beyond or len(cells) > MOST_COLUMNS:
            wrongs.append(Wrong(title, f"多于 {MOST_ROWS} 行或 {MOST_COLUMNS} 列 / has more rows or columns"))
            break
        if number < MOST_ROWS:
            grid.rows.append(cells)
    while grid.rows and not grid.rows[-1]:
        grid.rows.pop()
    return grid.rows


def fault_of(value: Any, cell: Any, formula: Any) -> str:
    """Why a cell cannot be read; nothing where it can."""
    if value is None and formula is not None and formula.data_type == "f":
        return (
            "公式没有存下算得的值：请在 Excel 或 LibreOffice 中打开并保存"
            " / the formula has no value stored: open and save the file in Excel or LibreOffice"
        )
    if value is not None and cell.data_type == "e":
        return f"是错误值 {value} / holds the error {value}"
    return ""


def cells_of(sheet: Any) -> Iterator[Any]:
    """Rows of cells; none of a sheet of charts."""
    if hasattr(sheet, "iter_rows"):
        yield from sheet.iter_rows()
