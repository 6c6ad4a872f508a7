"""Gather rows that lie in any order by area: one pass into buckets, then each bucket is sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from quanheng.readings.lake import schema
from quanheng.readings.lake.files import Stamp, check_unchanged, stamp, unreadable
from quanheng.readings.lake.partition import RowGroup
from quanheng.readings.lake.rows import FILE, ROW, Origin, check_lists, list_columns
from quanheng.readings.lake.tables import MINUTES_PER_DAY, Tables, row_groups
from quanheng.readings.lake.write import VALUES_PER_ROW_GROUP, TableWriter

VALUES_PER_BUCKET = 1 << 24  # list elements that are sorted in memory at once
MOST_BUCKETS = 256  # files open at once
VALUES_PER_BATCH = 1 << 20
ENDS = [(FILE, pa.string()), (ROW, pa.int64())]


def gather(
    lake: Path, scratch: Path, held: Sequence[RowGroup], tables: Tables, rank: NDArray[np.int64]
) -> list[RowGroup]:
    """Write all rows to `scratch`, by rank of their area, with columns that say where they stood.

    rank: position of each row of `tables.areas`. Returns the row groups of the new files. Raises BadLake for
    lists of wrong length, and files that are damaged or change.
    """
    result = []
    for folder in schema.FOLDERS:
        mine = [each for each in held if each.folder == folder]
        if mine:
            result += _gather_folder(lake, scratch, folder, mine, tables, rank)
    return result


def _gather_folder(
    lake: Path, scratch: Path, folder: str, held: Sequence[RowGroup], tables: Tables, rank: NDArray[np.int64]
) -> list[RowGroup]:
    # 1 rows go to buckets by the rank of their area  2 each bucket is sorted and written as Parquet
    columns = pa.schema([*schema.FOLDERS[folder], *(pa.field(*each) for each in ENDS)])
    values = sum(each.values for each in held)
    buckets = min(MOST_BUCKETS, 1 + values // VALUES_PER_BUCKET, len(rank))
    ids = tables.areas.column("area").combine_chunks()
    (scratch / folder).mkdir()
    paths = [scratch / folder / f"bucket-{each:03d}.arrow" for each in range(buckets)]
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    writers = [pa.ipc.new_file(str(path), columns, options=options) for path in paths]
    for batch in _batches(lake, folder, held, columns):
        bucket = rank[_areas(batch, ids)] * buckets // len(rank)
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange(buckets + 1))
        for number in np.unique(bucket):
            chosen = order[edges[number] : edges[number + 1]]
            writers[number].write_table(batch.take(pa.array(chosen)))
    for writer in writers:
        writer.close()
    return [group for path in paths for group in _sort_bucket(scratch, folder, path, columns, ids, rank)]


def _batches(lake: Path, folder: str, held: Sequence[RowGroup], columns: pa.Schema) -> Iterator[pa.Table]:
    rows: dict[Stamp, int] = {}
    for file in dict.fromkeys(each.file for each in held):
        check_unchanged(lake, file)
        opened = pq.ParquetFile(lake / file.file, buffer_size=1 << 20)
        total = max(1, opened.metadata.num_rows)
        size = max(
            1, VALUES_PER_BATCH * total // max(1, sum(each.values for each in held if each.file == file))
        )
        names = [each.name for each in schema.FOLDERS[folder] if each.name in opened.schema_arrow.names]
        rows[file] = 0
        try:
            for batch in opened.iter_batches(size, columns=names, use_threads=False):
                table = pa.table(batch)
                check_lists(folder, table, Origin(file.file, rows[file] + np.arange(len(table))))
                yield _with_ends(table, columns, file.file, rows[file])
                rows[file] += len(table)
        except (pa.ArrowException, OSError, ValueError) as error:
            check_unchanged(lake, file)
            raise unreadable(file.file, error) from error
        check_unchanged(lake, file)


def _with_ends(table: pa.Table, columns: pa.Schema, file: str, first: int) -> pa.Table:
    rows = len(table)
    if "step_minutes" in columns.names and "step_minutes" not in table.column_names:
        table = table.append_column("step_minutes", pa.repeat(pa.scalar(MINUTES_PER_DAY, pa.int32()), rows))
    table = table.append_column(FILE, pa.repeat(pa.scalar(file), rows))
    table = table.append_column(ROW, pa.array(first + np.arange(rows)))
    return table.select(columns.names).cast(columns)


def _sort_bucket(
    scratch: Path, folder: str, path: Path, columns: pa.Schema, ids: pa.Array, rank: NDArray[np.int64]
) -> list[RowGroup]:
    """Sort a bucket by area into a Parquet file in row groups of whole areas."""
    table = pa.ipc.open_file(str(path)).read_all()
    path.unlink()
    area = _areas(table, ids)
    order = np.argsort(rank[area], kind="stable")
    table, area = table.take(pa.array(order)), area[order]
    edges = np.flatnonzero(np.r_[True, area[1:] != area[:-1], True]) if len(area) else np.zeros(1, np.intp)
    target = path.with_suffix(".parquet")
    writer = TableWriter(target, columns, VALUES_PER_ROW_GROUP)
    sizes = [_values(folder, table.slice(first, last - first)) for first, last in pairwise(edges)]
    for (first, last), size in zip(pairwise(edges), sizes, strict=True):
        writer.add(table.slice(first, last - first), size)
    writer.close()
    return row_groups(scratch, folder, stamp(scratch, f"{folder}/{target.name}"), area)


def _values(folder: str, table: pa.Table) -> int:
    return sum(pc.sum(pc.list_value_length(table.column(name))).as_py() or 0 for name in list_columns(folder))


def _areas(table: pa.Table, ids: pa.Array) -> NDArray[np.int64]:
    return np.asarray(pc.index_in(table.column("area"), value_set=ids).to_numpy(), np.int64)
