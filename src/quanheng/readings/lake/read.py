"""Read areas: the rows of an area become arrays over its meters, aligned in time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.readings.batch import QUARTERS_PER_DAY, Area, AreaReadings, Curves, Meters, Registers, Terms
from quanheng.readings.lake import schema
from quanheng.readings.lake.files import read_row_groups
from quanheng.readings.lake.open import Lake
from quanheng.readings.lake.partition import Partition, Piece
from quanheng.readings.lake.rows import (
    FILE,
    PHASE_ORDER,
    ROW,
    Lists,
    Origin,
    check_lists,
    list_columns,
    lists_of,
    phase_codes,
)
from quanheng.readings.lake.tables import MINUTES_PER_DAY

EPOCH = date(1970, 1, 1)
LARGEST_AREA = 1 << 26  # elements of an aligned array that is far emptier than its rows
FOLDERS = tuple(schema.FOLDERS)
Real = TypeVar("Real", np.float64, np.float32)


@dataclass(frozen=True)
class Block:
    """One decoded row group, as arrays over its rows."""

    area: NDArray[np.int64]  # position in the partition; -1 = of another partition
    meter: NDArray[np.int64]  # position in the meters of the partition; masters come after all meters
    phase: NDArray[np.int64]  # number in PHASE_ORDER
    start: NDArray[np.int64]  # days since 1970-01-01
    step: NDArray[np.int64]  # minutes
    lists: dict[str, Lists]
    origin: Origin


@dataclass(frozen=True)
class Rows:
    """Rows of one area in one block, with the line of the aligned arrays that each one fills."""

    block: Block
    row: NDArray[np.int64]  # in the block
    line: NDArray[np.int64]


def read_partition(
    path: Path, partition: Partition, folders: Collection[str] = FOLDERS
) -> Iterator[AreaReadings]:
    """Read the areas of a partition one by one, in their order; an area without rows has no registers.

    path: the lake. folders: which of readings, terms and curves to decode; the others are None.
    Holds the row groups of one area and those that it shares with its neighbours.
    Raises BadLake (file, row, column named) for lists of wrong length, rows of one meter that contradict
    each other, and a file that is damaged or changed since the lake was opened.
    """
    root = path / partition.root  # an absolute root stands by itself
    ids = _Ids(partition)
    waiting = sorted((each for each in partition.pieces if each.folder in folders), key=_first_area)
    live: list[tuple[Piece, Block]] = []
    for position, area in enumerate(partition.areas.to_pylist()):
        while waiting and waiting[0].first <= position:
            live.append((waiting[0], _decode(root, waiting.pop(0), ids, partition.gathered)))
        blocks = {name: [block for piece, block in live if piece.folder == name] for name in FOLDERS}
        yield _area_readings(
            Area(**area), _meters(partition.sizes[position], ids, position), position, ids, blocks
        )
        del blocks
        live = [(piece, block) for piece, block in live if piece.last > position]


def read_area(lake: Lake, area: str, folders: Collection[str] = FOLDERS) -> AreaReadings:
    """Read one area by its id. Raises BadLake if the lake does not know it, and as read_partition does."""
    return next(read_partition(lake.path, lake.partition_of(area), folders))


def _first_area(piece: Piece) -> int:
    return piece.first


class _Ids:
    """The meters of a partition, and where its ids stand."""

    def __init__(self, partition: Partition) -> None:
        self.first = np.r_[0, np.cumsum(partition.sizes)].astype(np.int64)  # first meter of each area
        columns = partition.meters.column_names
        self.meters = {name: _array(partition.meters.column(name)).to_numpy(False) for name in columns}
        self.areas = _array(partition.areas.column("area"))
        self.known = pa.concat_arrays(
            [_array(partition.meters.column("meter")), _array(partition.areas.column("master"))]
        )


def _array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _decode(root: Path, piece: Piece, ids: _Ids, gathered: bool) -> Block:
    names = [*schema.FOLDERS[piece.folder].names, *((FILE, ROW) if gathered else ())]
    table = read_row_groups(root, piece.file, [piece.number], names)
    rows = len(table)
    if gathered:
        origin = Origin(_array(table.column(FILE)), table.column(ROW).to_numpy())
    else:
        origin = Origin(piece.file.file, piece.first_row + np.arange(rows))
    check_lists(piece.folder, table, origin)
    step = (
        table.column("step_minutes").to_numpy() if "step_minutes" in table.column_names else MINUTES_PER_DAY
    )
    return Block(
        _index(table.column("area"), ids.areas),
        _index(table.column("meter"), ids.known),
        phase_codes(table.column("phase")) if "phase" in table.column_names else np.full(rows, 3),
        table.column("start").cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64),
        np.broadcast_to(np.asarray(step, np.int64), rows),
        {name: lists_of(table.column(name)) for name in list_columns(piece.folder)},
        origin,
    )


def _index(column: pa.ChunkedArray, known: pa.Array) -> NDArray[np.int64]:
    """Position of each id among the known ones, -1 where it is not among them."""
    found = pc.index_in(column.cast(pa.string()), value_set=known)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)


def _meters(size: int, ids: _Ids, position: int) -> Meters:
    here = slice(ids.first[position], ids.first[position] + size)
    return Meters(
        meter=tuple(ids.meters["meter"][here].tolist()),
        phase=tuple(ids.meters["phase"][here].tolist()),
        mpe=ids.meters["mpe"][here],
        resolution=ids.meters["resolution"][here],
        batch=tuple(ids.meters["batch"][here].tolist()),
        maker=tuple(ids.meters["maker"][here].tolist()),
        verified=tuple(ids.meters["verified"][here].tolist()),
    )


def _area_readings(
    area: Area, meters: Meters, position: int, ids: _Ids, blocks: dict[str, list[Block]]
) -> AreaReadings:
    rows = {name: _rows(blocks[name], position, ids, len(meters)) for name in FOLDERS}
    return AreaReadings(
        area,
        meters,
        _registers(rows["readings"], len(meters)),
        _terms(rows["terms"], meters, area),
        _curves(rows["curves"], len(meters)),
    )


def _rows(blocks: list[Block], position: int, ids: _Ids, n: int) -> list[Rows]:
    """The rows of an area that hold anything; line = meter in the area, n for the master."""
    found = []
    for block in blocks:
        length = block.lists["register" if "register" in block.lists else "energy"].length
        row = np.flatnonzero((block.area == position) & (length > 0))
        if len(row):
            found.append(Rows(block, row, np.minimum(block.meter[row] - ids.first[position], n)))
    return found


def _registers(rows: list[Rows], n: int) -> Registers | None:
    if not rows:
        return None
    span = _span(rows, "register", n + 1)
    steps = _align(rows, "register", span, n + 1, np.float64)
    return Registers(span.day, span.step, steps[:n], steps[n])


def _terms(rows: list[Rows], meters: Meters, area: Area) -> Terms | None:
    if not rows:
        return None
    n = len(meters)
    rows, line, phase = _by_phase(rows)
    span = _span(rows, "energy", len(line))
    values = {
        name: _align(rows, name, span, len(line), np.float64) for name in ("energy", "loss", "cross", "power")
    }
    own = int(np.searchsorted(line, n))  # lines of meters; the master's come after them
    values["energy"] *= np.r_[meters.resolution, area.master_resolution][line][:, None]
    return Terms(
        start=span.day,
        step_minutes=span.step,
        meter=line[:own],
        phase=phase[:own],
        energy=values["energy"][:own],
        loss=values["loss"][:own],
        cross=values["cross"][:own],
        power=values["power"][:own],
        master_phase=phase[own:],
        master_energy=values["energy"][own:],
        master_power=values["power"][own:],
    )


def _curves(rows: list[Rows], n: int) -> Curves | None:
    if not rows:
        return None
    rows, line, phase = _by_phase(rows)
    span = _span(rows, "energy", len(line))
    energy = _align(rows, "energy", span, len(line), np.float32)
    voltage = _align(rows, "voltage", span, len(line), np.float32)
    voltage /= np.float32(10)  # steps of 0.1 V
    own = int(np.searchsorted(line, n))
    return Curves(
        start=span.day,
        meter=line[:own],
        phase=phase[:own],
        energy=energy[:own],
        voltage=voltage[:own],
        master_phase=phase[own:],
        master_energy=energy[own:],
        master_voltage=voltage[own:],
    )


def _by_phase(rows: list[Rows]) -> tuple[list[Rows], NDArray[np.intp], tuple[str | None, ...]]:
    """Give each meter and phase a line of its own, in order; returns also meter and phase of each line."""
    keys = [each.line * len(PHASE_ORDER) + each.block.phase[each.row] for each in rows]
    lines = np.unique(np.concatenate(keys))
    placed = [
        Rows(each.block, each.row, np.searchsorted(lines, key)) for each, key in zip(rows, keys, strict=True)
    ]
    meter, phase = np.divmod(lines, len(PHASE_ORDER))
    return placed, meter.astype(np.intp), tuple(PHASE_ORDER[each] for each in phase)


@dataclass(frozen=True)
class _Span:
    """The common time of the rows of an area."""

    first: int  # day of element 0, in days since 1970-01-01
    step: int  # minutes
    length: int

    @property
    def day(self) -> date:
        return EPOCH + timedelta(days=self.first)

    def offset(self, start: NDArray[np.int64]) -> NDArray[np.int64]:
        """Element at which rows that start on these days begin."""
        return (start - self.first) * (MINUTES_PER_DAY // self.step)


def _span(rows: list[Rows], name: str, lines: int) -> _Span:
    """Raises BadLake if one wrong date would stretch the area beyond all that was read of it."""
    step = MINUTES_PER_DAY // QUARTERS_PER_DAY if name == "energy" and "voltage" in rows[0].block.lists else 0
    starts = [each.block.start[each.row] for each in rows]
    lengths = [each.block.lists[name].length[each.row] for each in rows]
    span = _Span(min(int(each.min()) for each in starts), step or int(rows[0].block.step[0]), 0)
    length = max(int((span.offset(start) + each).max()) for start, each in zip(starts, lengths, strict=True))
    read = sum(int(each.sum()) for each in lengths)
    if length * lines > max(LARGEST_AREA, 8 * read):
        last = max(rows, key=lambda each: int(each.block.start[each.row].max()))
        row = int(last.row[last.block.start[last.row].argmax()])
        raise last.block.origin.fault(
            row,
            f"同一台区的行相隔 {length * span.step // MINUTES_PER_DAY} 天，日期有误",
            f"the rows of its area are {length * span.step // MINUTES_PER_DAY} days apart; a date is wrong",
            "start",
        )
    return _Span(span.first, span.step, length)


def _align(rows: list[Rows], name: str, span: _Span, lines: int, kind: type[Real]) -> NDArray[Real]:
    """Lists of the rows side by side, (lines, elements); NaN where nothing was read.

    Raises BadLake where two rows of one line differ in what they both read.
    """
    aligned = np.full((lines, span.length + (name == "power")), np.nan, kind)
    for each in rows:
        lists = each.block.lists[name]
        some = lists.length[each.row] > 0
        row, line = each.row[some], each.line[some]
        if not len(row):
            continue
        at = span.offset(each.block.start[row])
        even = lists.even(row) if np.all(at == at[0]) else None
        done = even is not None and _put(aligned, line, int(at[0]), even)
        if not done and not _scatter(aligned, line, at, lists, row):
            for one in range(len(row)):
                _merge(aligned[line[one]], int(at[one]), each.block, int(row[one]), name)
    return aligned


def _put(aligned: NDArray[Real], line: NDArray[np.intp], at: int, even: NDArray[np.generic]) -> bool:
    """Put lists of one length at one time on lines that are free there; False if they are not."""
    stop = at + even.shape[1]
    where: slice | NDArray[np.intp] = line
    if np.array_equal(line, np.arange(line[0], line[0] + len(line))):
        where = slice(int(line[0]), int(line[0]) + len(line))
    elif len(np.unique(line)) < len(line):
        return False
    if not np.isnan(aligned[where, at:stop]).all():
        return False
    aligned[where, at:stop] = even
    return True


def _scatter(
    aligned: NDArray[Real],
    line: NDArray[np.intp],
    at: NDArray[np.int64],
    lists: Lists,
    row: NDArray[np.int64],
) -> bool:
    """Put lists of any length at any time where all places are free; False if some are not."""
    length = lists.length[row]
    order = np.lexsort((at, line))
    later, before = order[1:], order[:-1]
    if np.any((line[later] == line[before]) & (at[later] < at[before] + length[before])):
        return False
    element = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    where = np.repeat(line * aligned.shape[1] + at, length) + element
    flat = aligned.reshape(-1)
    if not np.isnan(flat[where]).all():
        return False
    flat[where] = lists.values[np.repeat(lists.first[row], length) + element]
    return True


def _merge(line: NDArray[Real], at: int, block: Block, row: int, name: str) -> None:
    lists = block.lists[name]
    new = lists.values[lists.first[row] : lists.first[row] + lists.length[row]].astype(line.dtype)
    old = line[at : at + len(new)]
    both = ~np.isnan(old) & ~np.isnan(new)
    if name == "power":
        # at the freeze where two rows meet each has seen only its own side
        new = np.where(both, (old + new) / 2, new)
    elif np.any(old[both] != new[both]):
        raise block.origin.fault(
            row,
            "同一电表的另一行在同一时刻有不同的值",
            "another row of the meter has a different value at the same time",
            name,
        )
    line[at : at + len(new)] = np.where(np.isnan(new), old, new)
