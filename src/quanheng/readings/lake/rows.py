"""Decoded rows of readings, terms or curves as flat NumPy arrays, checked for what their lists must hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.ground.errors import BadLake
from quanheng.readings.batch import QUARTERS_PER_DAY
from quanheng.readings.lake import schema
from quanheng.readings.lake.columns import fault

FILE, ROW = "__file", "__row"  # columns of gathered rows: where they stood in the lake
PHASE_ORDER = ("A", "B", "C", None)  # phases are numbered in this order


@dataclass(frozen=True)
class Lists:
    """A list column: list i is values[first[i] : first[i] + length[i]]."""

    values: NDArray[np.generic]  # NaN where an element is null
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    null: NDArray[np.bool_]

    def even(self, rows: NDArray[np.int64]) -> NDArray[np.generic] | None:
        """(rows, K) view if the rows follow one another with lists of one length, else None."""
        first, length = self.first[rows], self.length[rows]
        if np.any(length != length[0]) or np.any(np.diff(first) != length[0]):
            return None
        return self.values[first[0] : first[0] + len(rows) * length[0]].reshape(len(rows), length[0])


@dataclass(frozen=True)
class Origin:
    """Where rows stand, for what a person is told."""

    file: str | pa.Array  # one file, or a file for each row
    row: NDArray[np.int64]

    def fault(self, index: int, chinese: str, english: str, column: str | None = None) -> BadLake:
        file = self.file if isinstance(self.file, str) else self.file[index].as_py()
        return fault(file, chinese, english, row=int(self.row[index]), column=column)


def lists_of(column: pa.ChunkedArray) -> Lists:
    """The lists of a column of type list, large_list or fixed_size_list."""
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.large_list(column.type.value_type))
    array = pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
    offsets = array.offsets.to_numpy().astype(np.int64)
    null = pc.is_null(array).to_numpy(zero_copy_only=False)
    length = np.where(null, 0, np.diff(offsets))
    return Lists(_numbers(array.values), offsets[:-1], length, null)


def check_lists(folder: str, table: pa.Table, origin: Origin) -> None:
    """Raises BadLake if the lists of a row disagree in length. `energy` gives it; the others may be null."""
    if folder == "readings":
        return
    length = _lengths(table.column("energy"))
    energy = np.maximum(length, 0)
    if folder == "curves":
        wrong = np.flatnonzero(energy % QUARTERS_PER_DAY)
        if len(wrong):
            row = int(wrong[0])
            raise origin.fault(
                row,
                f"有 {energy[row]} 个值，应为每天 {QUARTERS_PER_DAY} 个的整天数",
                f"has {energy[row]} elements, should be {QUARTERS_PER_DAY} for each whole day",
                "energy",
            )
        _check_length(table, origin, "voltage", energy)
        return
    for name in ("loss", "cross"):
        _check_length(table, origin, name, energy)
    _check_length(table, origin, "power", np.where(length >= 0, energy + 1, 0))


def _check_length(table: pa.Table, origin: Origin, name: str, right: NDArray[np.int64]) -> None:
    length = _lengths(table.column(name))
    wrong = np.flatnonzero((length > 0) & (length != right) | (length == 0) & (right > 1))
    if len(wrong):
        row = int(wrong[0])
        raise origin.fault(
            row,
            f"有 {length[row]} 个值，按 energy 应为 {right[row]} 个",
            f"has {length[row]} elements, should have {right[row]} to match energy",
            name,
        )


def _lengths(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Length of each list, -1 for a null list."""
    length = pc.fill_null(pc.list_value_length(column), -1).to_numpy()
    return np.asarray(length, np.int64)


def _numbers(values: pa.Array) -> NDArray[np.generic]:
    """Flat values as Arrow holds them, without a copy; with nulls as floats with NaN."""
    if values.null_count and pa.types.is_integer(values.type) and values.type.bit_width <= 32:
        values = values.cast(pa.float64())
    result: NDArray[np.generic] = values.to_numpy(zero_copy_only=False)
    if pa.types.is_floating(values.type) and np.isinf(result).any():
        return np.where(np.isinf(result), np.nan, result)  # an infinite term is no reading
    return result


def phase_codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Number of each row's phase in PHASE_ORDER."""
    code = pc.index_in(column.cast(pa.string()), value_set=pa.array(PHASE_ORDER[:3]))
    return np.asarray(pc.fill_null(code, 3).to_numpy(), np.int64)


def list_columns(folder: str) -> list[str]:
    return [each.name for each in schema.FOLDERS[folder] if pa.types.is_list(each.type)]
