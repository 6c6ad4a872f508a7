"""The two small tables of a lake, areas and meters, and the keys of its rows: read whole and checked once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.readings.lake import schema
from quanheng.readings.lake.columns import check_columns, fault
from quanheng.readings.lake.files import Stamp, open_file, read_row_groups, unreadable
from quanheng.readings.lake.footer import values_of
from quanheng.readings.lake.partition import RowGroup
from quanheng.readings.lake.rows import list_columns

FIRST_DAY, LAST_DAY = -719162, 2932896  # 0001-01-01 and 9999-12-31, in days since 1970-01-01
MINUTES_PER_DAY = 1440
ROW_PHASES = ("A", "B", "C")


@dataclass(frozen=True)
class Tables:
    """Areas and meters, checked."""

    areas: pa.Table  # columns of areas.parquet
    meters: pa.Table  # columns of meters.parquet but area
    area_of_meter: NDArray[np.int64]  # row of `areas` for each row of `meters`


def read_tables(lake: Path, areas: Stamp, meters: Stamp) -> Tables:
    """Read areas.parquet and meters.parquet. Raises BadLake as the contract says."""
    area = _read_whole(lake, areas, schema.AREAS)
    meter = _read_whole(lake, meters, schema.METERS)
    _check_known(areas.file, area, ("area", "utility", "master"))
    _check_known(meters.file, meter, ("meter", "area"))
    for name in ("master_resolution", "master_mpe", "master_u"):
        _check_positive(areas.file, area, name, or_zero=name == "master_u")
    for name in ("mpe", "resolution"):
        _check_positive(meters.file, meter, name)
    _check_closed(areas.file, area, "utility", schema.UTILITIES)
    _check_closed(meters.file, meter, "phase", schema.PHASES)
    _check_once(areas.file, area, "area")
    _check_once(areas.file, area, "master")
    _check_once(meters.file, meter, "meter")
    _check_no_master(meters.file, meter, area)
    code = pc.index_in(meter.column("area"), value_set=_one(area.column("area")))
    if code.null_count:
        row = _first(pc.is_null(code))
        name = meter.column("area")[row].as_py()
        raise fault(
            meters.file,
            f"台区 {name!r} 不在 areas.parquet 里",
            f"area {name!r} is not in areas.parquet",
            row=row,
            column="area",
        )
    return Tables(area, meter.drop_columns(["area"]), code.to_numpy().astype(np.int64))


def read_keys(lake: Path, folder: str, files: Sequence[Stamp], tables: Tables) -> list[RowGroup]:
    """The row groups of one folder and the areas in each, after their keys were checked.

    Reads ids, starts and steps of every row, no lists. Raises BadLake where a row has no place in the lake.
    """
    for file in files:
        check_columns(file.file, open_file(lake, file).schema_arrow, schema.FOLDERS[folder])
    known = pa.concat_arrays([_one(tables.meters.column("meter")), _one(tables.areas.column("master"))])
    area_of_known = np.r_[tables.area_of_meter, np.arange(len(tables.areas))]
    names = [each.name for each in schema.FOLDERS[folder] if not pa.types.is_list(each.type)]
    steps = np.zeros(len(tables.areas), np.int64)
    held: list[RowGroup] = []
    for file, keys in _keys(lake, files, names):
        area = _check_keys(file.file, keys, tables, known, area_of_known)
        _check_start(file.file, keys)
        if "phase" in names:
            _check_closed(file.file, keys, "phase", ROW_PHASES)
        if "step_minutes" in names:
            _check_steps(file.file, keys, area, steps)
        held += row_groups(lake, folder, file, area)
    return held


def _keys(lake: Path, files: Sequence[Stamp], names: Sequence[str]) -> Iterator[tuple[Stamp, pa.Table]]:
    for file in files:
        groups = range(open_file(lake, file).num_row_groups)
        wanted = pa.schema([schema.TERMS.field(name) for name in names])
        yield file, _normal(_texts(read_row_groups(lake, file, groups, names), file), wanted)


def row_groups(lake: Path, folder: str, file: Stamp, area: NDArray[np.int64]) -> list[RowGroup]:
    """The row groups of a file that have rows; area: row of `areas` for each of its rows."""
    metadata = open_file(lake, file).metadata
    names = list_columns(folder)
    groups, row = [], 0
    for number, values in enumerate(_values(lake, file)):
        rows = metadata.row_group(number).num_rows
        if rows:
            listed = sum(values.get(name, 0) for name in names)
            groups.append(RowGroup(folder, file, number, row, listed, _unique(area[row : row + rows])))
        row += rows
    return groups


def _values(lake: Path, file: Stamp) -> list[dict[str, int]]:
    try:
        return values_of(lake / file.file)
    except (OSError, ValueError) as error:
        raise unreadable(file.file, error) from error


def _unique(area: NDArray[np.int64]) -> NDArray[np.int64]:
    runs = area[np.r_[True, area[1:] != area[:-1]]]
    return np.unique(runs)


def _read_whole(lake: Path, file: Stamp, wanted: pa.Schema) -> pa.Table:
    opened = open_file(lake, file)
    check_columns(file.file, opened.schema_arrow, wanted)
    return _normal(
        _texts(read_row_groups(lake, file, range(opened.num_row_groups), wanted.names), file), wanted
    )


def _texts(table: pa.Table, file: Stamp) -> pa.Table:
    """The table, whose texts are UTF-8: Parquet says so and does not see to it. Raises BadLake."""
    try:
        table.validate(full=True)
    except (pa.ArrowException, ValueError) as error:
        raise unreadable(file.file, error) from error
    return table


def _normal(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The table with exactly the wanted columns and types, each in one chunk where it fits."""
    columns = []
    for each in wanted:
        if each.name in table.column_names:
            columns.append(table.column(each.name).cast(each.type))
        else:
            columns.append(pa.chunked_array([pa.repeat(pa.scalar(MINUTES_PER_DAY, each.type), len(table))]))
    return pa.table(columns, schema=wanted).combine_chunks()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _first(mask: pa.ChunkedArray) -> int:
    """Index of the first true value."""
    return int(pc.index(mask, True).as_py())


def _check_known(file: str, table: pa.Table, names: Sequence[str]) -> None:
    for name in names:
        if table.column(name).null_count:
            row = _first(pc.is_null(table.column(name)))
            raise fault(file, "是空值，必须填写", "is null, must be filled in", row=row, column=name)


def _check_positive(file: str, table: pa.Table, name: str, *, or_zero: bool = False) -> None:
    value = table.column(name)
    above = pc.greater_equal(value, 0.0) if or_zero else pc.greater(value, 0.0)
    good = pc.fill_null(pc.and_(above, pc.is_finite(value)), False)
    if not pc.all(good, min_count=0).as_py():
        row = _first(pc.invert(good))
        wrong = value[row].as_py()
        zh, en = ("非负", "a number ≥ 0") if or_zero else ("正", "a number > 0")
        raise fault(
            file, f"值是 {wrong}，应为{zh}的有限数", f"is {wrong}, should be {en}", row=row, column=name
        )


def _check_closed(file: str, table: pa.Table, name: str, allowed: Sequence[str]) -> None:
    value = table.column(name)
    good = pc.or_(pc.is_null(value), pc.is_in(value, value_set=pa.array(allowed)))
    if not pc.all(good, min_count=0).as_py():
        row = _first(pc.invert(good))
        wrong, choice = value[row].as_py(), "、".join(allowed)
        raise fault(
            file,
            f"值 {wrong!r} 不认识，应为 {choice} 之一",
            f"{wrong!r} is unknown, should be one of {', '.join(allowed)}",
            row=row,
            column=name,
        )


def _check_once(file: str, table: pa.Table, name: str) -> None:
    value = _one(table.column(name))
    if pc.all(pc.greater(value[1:], value[:-1]), min_count=0).as_py():
        return
    first = pc.index_in(value, value_set=value).to_numpy()
    again = np.flatnonzero(first != np.arange(len(value)))
    if len(again):
        row = int(again[0])
        wrong = value[row].as_py()
        raise fault(
            file,
            f"{wrong!r} 出现了两次，先在第 {first[row] + 1} 行",
            f"{wrong!r} stands twice, first in row {first[row] + 1}",
            row=row,
            column=name,
        )


def _check_no_master(file: str, meters: pa.Table, areas: pa.Table) -> None:
    master = pc.is_in(meters.column("meter"), value_set=_one(areas.column("master")))
    if pc.any(master, min_count=0).as_py():
        row = _first(master)
        wrong = meters.column("meter")[row].as_py()
        raise fault(
            file,
            f"{wrong!r} 是总表，只写在 areas.parquet 里",
            f"{wrong!r} is a master meter and stands in areas.parquet only",
            row=row,
            column="meter",
        )


def _check_keys(
    file: str, keys: pa.Table, tables: Tables, known: pa.Array, area_of_known: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Row of `areas` for each row. Raises BadLake for ids that are unknown or stand in another area."""
    _check_known(file, keys, ("meter", "area", "start"))
    found = {
        "area": pc.index_in(keys.column("area"), value_set=_one(tables.areas.column("area"))),
        "meter": pc.index_in(keys.column("meter"), value_set=known),
    }
    for name, index in found.items():
        if index.null_count:
            row = _first(pc.is_null(index))
            wrong, table = keys.column(name)[row].as_py(), f"{name}s.parquet"
            raise fault(
                file, f"{wrong!r} 不在 {table} 里", f"{wrong!r} is not in {table}", row=row, column=name
            )
    area = np.asarray(found["area"].to_numpy(), np.int64)
    booked = area_of_known[found["meter"].to_numpy()]
    elsewhere = np.flatnonzero(area != booked)
    if len(elsewhere):
        row = int(elsewhere[0])
        meter = keys.column("meter")[row].as_py()
        right = tables.areas.column("area")[int(booked[row])].as_py()
        raise fault(
            file,
            f"电表 {meter!r} 属于台区 {right!r}",
            f"meter {meter!r} belongs to area {right!r}",
            row=row,
            column="area",
        )
    return area


def _check_start(file: str, keys: pa.Table) -> None:
    day = keys.column("start").cast(pa.int32()).to_numpy()
    wrong = np.flatnonzero((day < FIRST_DAY) | (day > LAST_DAY))
    if len(wrong):
        raise fault(
            file,
            "日期超出公元 1 至 9999 年",
            "is a date outside the years 1 to 9999",
            row=int(wrong[0]),
            column="start",
        )


def _check_steps(file: str, keys: pa.Table, area: NDArray[np.int64], steps: NDArray[np.int64]) -> None:
    """The rows of an area have one step; `steps` (areas,) is what was seen so far, 0 = nothing yet."""
    _check_known(file, keys, ("step_minutes",))
    step = keys.column("step_minutes").to_numpy().astype(np.int64)
    wrong = np.flatnonzero((step <= 0) | (MINUTES_PER_DAY % np.maximum(step, 1) != 0))
    if len(wrong):
        row = int(wrong[0])
        raise fault(
            file,
            f"值是 {step[row]}，应为能整除 1440 的分钟数",
            f"is {step[row]}, should be minutes that divide 1440",
            row=row,
            column="step_minutes",
        )
    fresh = steps[area] == 0
    steps[area[fresh]] = step[fresh]
    wrong = np.flatnonzero(steps[area] != step)
    if len(wrong):
        row = int(wrong[0])
        other = steps[area[row]]
        raise fault(
            file,
            f"值是 {step[row]}，同一台区的其他行是 {other}；一个台区的行须用同一步长",
            f"is {step[row]}, other rows of the area have {other}; the rows of an area share one step",
            row=row,
            column="step_minutes",
        )
