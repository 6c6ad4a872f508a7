"""A budget in an Excel workbook, to the tree of keys that the same budget has in TOML, and to the cell of each key."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from quanheng.work.budget import layout
from quanheng.work.budget.budget_file import Path, dotted
from quanheng.work.budget.errors import BadBudget, Wrong
from quanheng.work.budget.grid import Grid, grids_of
from quanheng.work.budget.layout import CHOICES, Column, Layout
from quanheng.work.budget.statement import nearest

Cell = tuple[int, int]  # row and column, from 0
Record = Mapping[str, Cell]  # of one row, by key


@dataclass
class Reading:
    """The tree as it grows, the cell of every key that has or could have one, and the faults of the sheets."""

    grids: Mapping[str, Grid]  # by the English name of their layout
    wrongs: list[Wrong]
    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)

    def wrong(self, grid: Grid, cell: Cell, message: str) -> None:
        self.wrongs.append(Wrong(grid.place(*cell), message))

    def put(self, path: Path, grid: Grid, cell: Cell, kind: str) -> None:
        """One key: its cell in any case, its value if there is one."""
        self.places[path] = grid.place(*cell)
        value = grid.value(*cell)
        if value is not None:
            set_at(self.tree, path, meant(value, kind))


def set_at(tree: Any, path: Path, value: Any) -> None:
    """Set a key of nested tables and lists, which are made as needed; lists grow by one."""
    for key, following in pairwise(path):
        if isinstance(tree, list) and key == len(tree):
            tree.append({})
        elif isinstance(tree, dict):
            tree.setdefault(key, [] if isinstance(following, int) else {})
        tree = tree[key]
    if isinstance(tree, list):
        tree.append(value)
    else:
        tree[path[-1]] = value


def meant(value: Any, kind: str) -> Any:
    """As TOML would have it: what is text stays text if it looks like a number; of a choice, the word that counts."""
    if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.15g}"
    if kind == "number" and value in (layout.INFINITY, "inf"):
        return math.inf
    if kind in CHOICES and isinstance(value, str):
        return CHOICES[kind].get(value, value)
    return value


def read(data: bytes, file: str) -> tuple[dict[str, Any], Callable[[Path], str]]:
    """The tree of keys, and the place of each. BadBudget for what is no workbook, or has cells where none belong.

    1 cells of each sheet  2 settings  3 outputs  4 inputs, their complex values and readings  5 what refers to them
    """
    wrongs: list[Wrong] = []
    reading = Reading(grids_of(data, file, wrongs), wrongs)
    read_settings(reading)
    read_tables(reading, layout.OUTPUTS, "outputs")
    read_inputs(reading)
    read_complex(reading)
    read_readings(reading)
    read_correlations(reading)
    read_tables(reading, layout.CONFORMITY, "conformity")
    if wrongs:
        raise BadBudget(file, wrongs)
    return reading.tree, lambda path: place_of(path, reading.places)


def place_of(path: Path, places: Mapping[Path, str]) -> str:
    """The cell of a key, or of what stands nearest above it."""
    above = path
    while above and above not in places:
        above = above[:-1]
    return places[above] if above else dotted(path)


# ---- settings ----------------------------------------------------------------------------------------------------


def read_settings(reading: Reading) -> None:
    """One key in each row: label, value, note."""
    grid = reading.grids.get(layout.SETTINGS.english)
    if grid is None:
        return
    reading.places[("monte_carlo",)] = grid.title
    for row in range(1, len(grid.rows)):
        label = grid.value(row, 0)
        if label is None:
            if grid.value(row, 1) is not None:
                reading.wrong(grid, (row, 0), "这一行没有键 / this row has no key")
            continue
        column = named(layout.SETTINGS, label)
        if column is None:
            zh, en = nearest(str(label), layout.SETTINGS.keys)
            reading.wrong(grid, (row, 0), f"没有这个键“{label}”{zh} / there is no key {str(label)!r}{en}")
            continue
        path: Path = (
            (column.key,) if column.key in ("title", "title.en", "coverage") else ("monte_carlo", column.key)
        )
        if path in reading.places:
            reading.wrong(grid, (row, 0), f"{column.key} 写了两次 / {column.key} stands twice")
        reading.put(path, grid, (row, 1), column.kind)


def named(sheet: Layout, header: Any) -> Column | None:
    """The column that a header names: by its key, which stands last."""
    words = str(header).split()
    return next((each for each in sheet.columns if words and each.key == words[-1]), None)


# ---- rows of tables ----------------------------------------------------------------------------------------------


def records(reading: Reading, sheet: Layout) -> Iterator[tuple[Grid, Record]]:
    """The rows below the header that hold anything, as cells by key. Foreign headers and values are noted."""
    grid = reading.grids.get(sheet.english)
    if grid is None:
        return
    columns = headers(reading, grid, sheet)
    for row in range(1, len(grid.rows)):
        for column, value in enumerate(grid.rows[row]):
            if value is not None and grid.value(0, column) is None:
                reading.wrong(grid, (row, column), "这一列没有表头 / this column has no header")
        record = {key: (row, column) for key, column in columns.items()}
        if any(grid.value(*cell) is not None for key, cell in record.items() if key != layout.NOTE.key):
            yield grid, record


def headers(reading: Reading, grid: Grid, sheet: Layout) -> dict[str, int]:
    """Where each key has its column."""
    found: dict[str, int] = {}
    for place, header in enumerate(grid.rows[0] if grid.rows else ()):
        column = None if header is None else named(sheet, header)
        if header is not None and column is None:
            zh, en = nearest(str(header).split()[-1], sheet.keys)
            reading.wrong(
                grid, (0, place), f"没有这一列“{header}”{zh} / there is no column {str(header)!r}{en}"
            )
        elif column is not None and column.key in found:
            reading.wrong(grid, (0, place), f"{column.key} 有两列 / there are two columns {column.key}")
        elif column is not None:
            found[column.key] = place
    if sheet.columns[0].key not in found and grid.rows:
        missing = sheet.columns[0].header
        reading.wrong(grid, (0, 0), f"缺少列“{missing}” / the column {missing!r} is missing")
        return {}
    return found


def put_record(
    reading: Reading, grid: Grid, record: Record, sheet: Layout, path: Path, skip: int = 1
) -> None:
    """The cells of a row as keys of one table; its first columns, which name it, are left out."""
    for column in sheet.columns[skip:]:
        if column.key in record and column.key != layout.NOTE.key:
            reading.put((*path, column.key), grid, record[column.key], column.kind)


def name_in(reading: Reading, grid: Grid, cell: Cell) -> str | None:
    """The name in a cell, noted where it is missing."""
    value = grid.value(*cell)
    if value is None:
        reading.wrong(grid, cell, "缺少名称 / the name is missing")
        return None
    return str(meant(value, "text"))


def read_tables(reading: Reading, sheet: Layout, group: str) -> None:
    """A table for each row, named in the first column."""
    if sheet.english in reading.grids:
        reading.places[(group,)] = reading.grids[sheet.english].title
    for grid, record in records(reading, sheet):
        cell = record[sheet.columns[0].key]
        name = name_in(reading, grid, cell)
        if name is None or not new(reading, grid, cell, (group, name)):
            continue
        put_record(reading, grid, record, sheet, (group, name))


def new(reading: Reading, grid: Grid, cell: Cell, path: Path) -> bool:
    """Begin a table, unless there is one of that name already."""
    if path in reading.places:
        name = path[-1]
        reading.wrong(grid, cell, f"“{name}”已在 {reading.places[path]} / {name!r} stands there already")
        return False
    reading.places[path] = grid.place(*cell)
    set_at(reading.tree, path, {})
    return True


def read_inputs(reading: Reading) -> None:
    """An input in each row; where `effect` is filled, one of the effects of the input named there or above."""
    if layout.INPUTS.english in reading.grids:
        reading.places[("inputs",)] = reading.grids[layout.INPUTS.english].title
    last: str | None = None
    for grid, record in records(reading, layout.INPUTS):
        effect = record.get("effect")
        listed = effect is not None and grid.value(*effect) is not None
        if listed and grid.value(*record["name"]) is None and last is not None:
            name: str | None = last
        else:
            name = name_in(reading, grid, record["name"])
        if name is None:
            continue
        path: Path = ("inputs", name)
        if listed and effect is not None:
            put_effect(reading, grid, record, effect, path)
        elif new(reading, grid, record["name"], path):
            put_record(reading, grid, record, layout.INPUTS, path, skip=2)
        last = name


def put_effect(reading: Reading, grid: Grid, record: Record, effect: Cell, path: Path) -> None:
    """One effect of an input that stands above."""
    if path not in reading.places:
        reading.wrong(
            grid,
            record["name"],
            f"“{path[-1]}”的影响须在该输入量的行之后 / effects of {path[-1]!r} stand below the row of that input",
        )
        return
    listed = input_table(reading, path).get("effects", [])
    place: Path = (*path, "effects", len(listed))
    reading.put((*place, "name"), grid, effect, "text")
    reading.places[place] = grid.place(*effect)
    put_record(reading, grid, record, layout.INPUTS, place, skip=2)


def input_table(reading: Reading, path: Path) -> dict[str, Any]:
    table: dict[str, Any] = reading.tree["inputs"][path[-1]]
    return table


def owner(reading: Reading, grid: Grid, cell: Cell, key: str) -> Path | None:
    """The input that a complex value or a column of readings is of: it has a row, and has none yet."""
    name = name_in(reading, grid, cell)
    if name is None:
        return None
    path: Path = ("inputs", name)
    if path not in reading.places:
        title = layout.INPUTS.title
        reading.wrong(grid, cell, f"“{name}”在“{title}”中没有行 / {name!r} has no row in {title!r}")
        return None
    if key in input_table(reading, path):
        reading.wrong(
            grid,
            cell,
            f"“{name}”的 {key} 已在 {reading.places[*path, key]} / {key} of {name!r} stands there already",
        )
        return None
    return path


def read_complex(reading: Reading) -> None:
    """The complex value of an input in each row."""
    for grid, record in records(reading, layout.COMPLEX):
        path = owner(reading, grid, record["name"], "value")
        if path is not None:
            reading.places[*path, "value"] = grid.place(*record["name"])
            set_at(reading.tree, (*path, "value"), {})
            put_record(reading, grid, record, layout.COMPLEX, (*path, "value"))


def read_readings(reading: Reading) -> None:
    """The readings of an input in each column, below its name. Empty cells are no readings."""
    grid = reading.grids.get(layout.READINGS.english)
    if grid is None:
        return
    for column in range(max((len(row) for row in grid.rows), default=0)):
        filled = [row for row in range(1, len(grid.rows)) if grid.value(row, column) is not None]
        if not filled and grid.value(0, column) is None:
            continue
        path = owner(reading, grid, (0, column), "readings")
        if path is None:
            continue
        reading.places[*path, "readings"] = grid.place(0, column)
        set_at(reading.tree, (*path, "readings"), [])
        for index, row in enumerate(filled):
            reading.put((*path, "readings", index), grid, (row, column), "number")


def read_correlations(reading: Reading) -> None:
    """Two inputs and r in each row."""
    for index, (grid, record) in enumerate(records(reading, layout.CORRELATIONS)):
        path: Path = ("correlation", index)
        reading.places[path] = reading.places[*path, "between"] = grid.place(*record["a"])
        pair = [grid.value(*record[key]) for key in ("a", "b") if key in record]
        set_at(reading.tree, (*path, "between"), [str(each) for each in pair if each is not None])
        put_record(reading, grid, record, layout.CORRELATIONS, path, skip=2)
