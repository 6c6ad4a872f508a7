"""Open a lake: everything that can be known without decoding the lists is checked before a run begins."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.ground.errors import BadLake
from quanheng.readings.lake import schema
from quanheng.readings.lake.files import Stamp, changed, digest, list_files
from quanheng.readings.lake.gather import gather
from quanheng.readings.lake.partition import Partition, RowGroup, cuts, pieces, ranks, streams
from quanheng.readings.lake.tables import Tables, read_keys, read_tables

METERS_PER_PARTITION = 2000


@dataclass(frozen=True)
class Lake:
    """An opened lake, its areas in the order in which they stream. Close it, or use it in a `with`."""

    path: Path
    root: Path  # folder of the rows: the lake, or the temporary folder in which they were gathered by area
    files: tuple[Stamp, ...]  # of the lake, relative to it
    areas: pa.Table  # columns of areas.parquet
    meters: pa.Table  # columns of meters.parquet but area; by area, then by id
    sizes: NDArray[np.int64]  # (areas,) number of meters
    row_groups: tuple[RowGroup, ...]
    scratch: tempfile.TemporaryDirectory[str] | None

    @property
    def n_areas(self) -> int:
        return len(self.areas)

    @property
    def n_meters(self) -> int:
        return len(self.meters)

    @property
    def sorted_by_area(self) -> bool:
        """Whether the lake streams as it lies."""
        return self.scratch is None

    def holds(self, folder: str) -> NDArray[np.bool_]:
        """(areas,) which areas have rows in `readings`, `terms` or `curves`."""
        found = np.zeros(self.n_areas, np.bool_)
        for each in self.row_groups:
            if each.folder == folder:
                found[each.areas] = True
        return found

    def partitions(self, meters: int = METERS_PER_PARTITION) -> tuple[Partition, ...]:
        """Runs of areas with about that many meters each; they depend on the lake and `meters` alone."""
        order = np.arange(self.n_areas)
        places = cuts(order, self.sizes, self.row_groups, meters)
        return self._cut(places)

    def partition_of(self, area: str) -> Partition:
        """The partition that holds one area alone. Raises BadLake if the lake does not know it."""
        position = pc.index(self.areas.column("area"), area).as_py()
        if position < 0:
            raise BadLake(
                f"{self.path}/areas.parquet：没有台区 {area!r} / {self.path}/areas.parquet: no area {area!r}"
            )
        return self._cut([0, position, position + 1, self.n_areas])[1]

    def _cut(self, places: list[int]) -> tuple[Partition, ...]:
        held = pieces(np.arange(self.n_areas), places, self.row_groups)
        first = np.r_[0, np.cumsum(self.sizes)]
        return tuple(
            Partition(
                index,
                "" if self.sorted_by_area else str(self.root),
                not self.sorted_by_area,
                self.areas.slice(start, stop - start),
                self.meters.slice(first[start], first[stop] - first[start]),
                tuple(self.sizes[start:stop].tolist()),
                tuple(held[index]),
            )
            for index, (start, stop) in enumerate(pairwise(places))
        )

    def close(self) -> None:
        """Remove the temporary folder, if there was one."""
        if self.scratch is not None:
            self.scratch.cleanup()

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_lake(path: Path, *, say: Callable[[str], None] | None = None) -> Lake:
    """Open and check a lake; `say` gets a word when its rows must first be gathered by area.

    Raises BadLake (file, column, row named) for everything that the contract refuses and that can be seen
    without decoding lists; the lengths of lists are checked where areas are read.
    """
    # 1 the files, their size and date  2 areas and meters  3 keys of all rows  4 an order that streams
    # 5 where there is none, the rows are gathered by area in a temporary folder
    files = list_files(path)
    tables = read_tables(path, files[0], files[1])
    held: list[RowGroup] = []
    for folder in schema.FOLDERS:
        mine = [each for each in files if each.file.startswith(f"{folder}/")]
        held += read_keys(path, folder, mine, tables)
    if not any(each.folder == "readings" for each in held):
        raise BadLake(
            f"{path}/readings：没有任何读数；readings/*.parquet 应有每块表的行"
            f" / {path}/readings: there are no readings; readings/*.parquet should hold rows of each meter"
        )
    for arrange in (_by_id, _by_appearance):
        order = arrange(tables, held)
        if streams(order, _sizes(tables), held, METERS_PER_PARTITION):
            return _lake(path, path, files, tables, order, held, None)
    return _gathered(path, files, tables, held, say)


def digests(lake: Lake) -> dict[str, str]:
    """SHA-256 of every file, by its path relative to the lake. Raises BadLake if one has changed."""
    return {each.file: digest(lake.path, each) for each in lake.files}


def verify_unchanged(lake: Lake) -> None:
    """Raises BadLake if a file of the lake was changed, removed or added since it was opened."""
    for file, now in {each.file: each for each in list_files(lake.path)}.items():
        if now not in lake.files:
            raise changed(file)
    gone = {each.file for each in lake.files} - {each.file for each in list_files(lake.path)}
    if gone:
        raise changed(min(gone))


def _gathered(
    path: Path,
    files: tuple[Stamp, ...],
    tables: Tables,
    held: list[RowGroup],
    say: Callable[[str], None] | None,
) -> Lake:
    scratch = tempfile.TemporaryDirectory(prefix="quanheng-lake-")
    try:
        if say is not None:
            say(
                f"{path} 未按台区排列，先在 {scratch.name} 整理"
                f" / {path} is not sorted by area; its rows are first gathered in {scratch.name}"
            )
        order = _by_id(tables, held)
        gathered = gather(path, Path(scratch.name), held, tables, ranks(order))
        return _lake(path, Path(scratch.name), files, tables, order, gathered, scratch)
    except BaseException:
        scratch.cleanup()
        raise


def _lake(
    path: Path,
    root: Path,
    files: tuple[Stamp, ...],
    tables: Tables,
    order: NDArray[np.int64],
    held: list[RowGroup],
    scratch: tempfile.TemporaryDirectory[str] | None,
) -> Lake:
    rank = ranks(order)
    return Lake(
        path.absolute(),
        root.absolute(),
        files,
        tables.areas.take(pa.array(order)).combine_chunks(),
        _sorted_meters(tables.meters, rank[tables.area_of_meter]),
        _sizes(tables)[order],
        tuple(replace(each, areas=np.sort(rank[each.areas])) for each in held),
        scratch,
    )


def _sizes(tables: Tables) -> NDArray[np.int64]:
    return np.bincount(tables.area_of_meter, minlength=len(tables.areas)).astype(np.int64)


def _by_id(tables: Tables, held: list[RowGroup]) -> NDArray[np.int64]:
    order: NDArray[np.int64] = pc.sort_indices(tables.areas.column("area")).to_numpy().astype(np.int64)
    return order


def _by_appearance(tables: Tables, held: list[RowGroup]) -> NDArray[np.int64]:
    """Areas in the order of the row groups of readings; those without rows come last, by id."""
    by_id = _by_id(tables, held)
    rank = ranks(by_id)
    seen = [by_id[np.sort(rank[each.areas])] for each in held if each.folder == "readings"]
    every = np.concatenate([*seen, by_id])
    _, first = np.unique(every, return_index=True)
    order: NDArray[np.int64] = every[np.sort(first)]
    return order


def _sorted_meters(meters: pa.Table, area: NDArray[np.int64]) -> pa.Table:
    """By area, then by id."""
    name = meters.column("meter")
    later = np.diff(area)
    if np.all(later >= 0):
        rising = pc.greater(name[1:], name[:-1])
        if np.all(rising.to_numpy(zero_copy_only=False) | (later > 0)):
            return meters
    keys = pa.table({"area": area, "meter": name})
    order = pc.sort_indices(keys, [("area", "ascending"), ("meter", "ascending")])
    return meters.take(order).combine_chunks()
