"""Which rows a worker reads by itself: a run of areas, with the row groups that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quanheng.readings.lake.files import Stamp

LARGEST_ROW_GROUP = 1 << 25  # list elements that may be decoded at once
LARGEST_MIXED = 1 << 26  # list elements of a partition in row groups that several areas share
SMALL_LAKE = 1 << 24  # list elements that may be decoded more than once without a thought


@dataclass(frozen=True)
class RowGroup:
    """A row group of readings, terms or curves, and which areas it holds."""

    folder: str
    file: Stamp
    number: int  # in its file
    first_row: int  # row of the file that comes first
    values: int  # list elements
    areas: NDArray[np.int64]  # which areas have rows in it, as rows of the areas table


@dataclass(frozen=True)
class Piece:
    """A row group as a partition sees it."""

    folder: str
    file: Stamp
    number: int
    first_row: int
    first: int  # first and last area of the partition that it serves
    last: int


@dataclass(frozen=True)
class Partition:
    """A run of areas that one worker reads by itself; it can be pickled and needs nothing else."""

    index: int
    root: str  # folder of the files seen from the lake: "", or the temporary folder of gathered rows
    gathered: bool  # rows carry the file and row where they stood in the lake
    areas: pa.Table  # columns of areas.parquet
    meters: pa.Table  # columns of meters.parquet but area; sorted by area as in `areas`, then by id
    sizes: tuple[int, ...]  # meters of each area
    pieces: tuple[Piece, ...]

    @property
    def area_ids(self) -> tuple[str, ...]:
        return tuple(self.areas.column("area").to_pylist())

    @property
    def n_meters(self) -> int:
        return sum(self.sizes)

    def __getstate__(self) -> dict[str, Any]:
        # a pickled slice would carry the buffers of the whole table
        return {**self.__dict__, "areas": _to_bytes(self.areas), "meters": _to_bytes(self.meters)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, _from_bytes(value) if name in ("areas", "meters") else value)


def cuts(
    order: NDArray[np.int64], sizes: NDArray[np.int64], groups: Sequence[RowGroup], meters: int
) -> list[int]:
    """Where areas in the given order are cut into runs of about `meters` meters: [0, …, number of areas].

    A cut prefers a place that no row group spans, and waits for one until the run is twice as long.
    """
    rank = ranks(order)
    spans = np.zeros(len(order) + 1, np.int64)
    for each in groups:
        here = rank[each.areas]
        spans[here.min() + 1] += 1
        spans[here.max() + 1] -= 1
    spanned = np.cumsum(spans) > 0
    places, run = [0], 0
    for position, size in enumerate(sizes[order]):
        if run >= 2 * meters or (run >= meters and not spanned[position]):
            places.append(position)
            run = 0
        run += max(1, int(size))
    return [*places, len(order)]


def ranks(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each area in the order."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def pieces(order: NDArray[np.int64], places: Sequence[int], groups: Sequence[RowGroup]) -> list[list[Piece]]:
    """For each run of areas the row groups that hold its rows, in the order of files."""
    rank = ranks(order)
    edges = np.asarray(places[1:-1], np.int64)
    result: list[list[Piece]] = [[] for _ in places[1:]]
    for each in groups:
        here = np.sort(rank[each.areas])
        run = np.searchsorted(edges, here, side="right")
        starts = np.flatnonzero(np.r_[True, run[1:] != run[:-1]])
        for start, stop in zip(starts, [*starts[1:], len(run)], strict=True):
            at = places[run[start]]
            piece = Piece(
                each.folder,
                each.file,
                each.number,
                each.first_row,
                int(here[start] - at),
                int(here[stop - 1] - at),
            )
            result[run[start]].append(piece)
    return result


def streams(
    order: NDArray[np.int64], sizes: NDArray[np.int64], groups: Sequence[RowGroup], meters: int
) -> bool:
    """Whether partitions in this order can be read alone: little is decoded twice, little kept for long."""
    if any(each.values > LARGEST_ROW_GROUP for each in groups):
        return False
    values = {(each.file, each.number): each.values for each in groups}
    parts = pieces(order, cuts(order, sizes, groups, meters), groups)
    mixed = [sum(values[p.file, p.number] for p in part if p.first != p.last) for part in parts]
    decoded = sum(values[p.file, p.number] for part in parts for p in part)
    return max(mixed, default=0) <= LARGEST_MIXED and decoded <= 2 * sum(values.values()) + SMALL_LAKE


def _to_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _from_bytes(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.BufferReader(data)).read_all()
