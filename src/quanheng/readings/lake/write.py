"""Write a lake: areas are handed in one by one and leave as row groups that stream back at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from quanheng.ground.errors import BadOutput
from quanheng.ground.files import publish
from quanheng.readings.batch import AreaReadings, Curves, Registers, Terms
from quanheng.readings.lake import schema

VALUES_PER_ROW_GROUP = 1 << 20  # about 14 areas of 200 meters and 366 daily registers; one area of curves
ROW_GROUPS_PER_FILE = 256
METERS_PER_STRIPE = (
    2000  # then the row groups of all folders end at the same area, so that workers can cut there
)
LARGEST = float(2**63 - 1024)  # the largest float64 that an int64 holds


class LakeWriter:
    """Write areas to the new lake `folder`.

        with LakeWriter(folder) as lake:
            lake.add(readings)

    Durable: everything is written to a hidden folder beside `folder`, each file and the folder are synced,
    then the folder is renamed; after an exception nothing is left. The same areas in the same order give the
    same bytes. Memory: one row group of each kind of file.

    Raises BadOutput if `folder` exists or cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hidden = new_hidden_folder(folder)
        self._areas = TableWriter(self._hidden / "areas.parquet", schema.AREAS)
        self._meters = TableWriter(self._hidden / "meters.parquet", schema.METERS)
        self._meters_in_stripe = 0
        self._rows = {name: RowsWriter(self._hidden / name, each) for name, each in schema.FOLDERS.items()}

    def add(self, readings: AreaReadings) -> None:
        """Append one area with its meters and all that was read of them."""
        self._areas.add(area_table(readings), 1)
        self._meters.add(meter_table(readings), len(readings.meters))
        if readings.registers is not None:
            self._rows["readings"].add(register_table(readings, readings.registers))
        if readings.terms is not None:
            self._rows["terms"].add(term_table(readings, readings.terms))
        if readings.curves is not None:
            self._rows["curves"].add(curve_table(readings, readings.curves))
        self._meters_in_stripe += len(readings.meters)
        if self._meters_in_stripe >= METERS_PER_STRIPE:
            self._meters_in_stripe = 0
            for rows in self._rows.values():
                rows.flush()

    def __enter__(self) -> LakeWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._areas.close()
            self._meters.close()
            for rows in self._rows.values():
                rows.close()
            if kind is None:
                publish(self._hidden, self.folder)
        finally:
            shutil.rmtree(self._hidden, ignore_errors=True)


class TableWriter:
    """One Parquet file, written a row group at a time; the file appears even if it has no rows."""

    def __init__(self, path: Path, columns: pa.Schema, limit: int = 1 << 16) -> None:
        self._writer = pq.ParquetWriter(path, columns, **_encodings(columns))
        self._columns = columns
        self._limit = limit  # size at which a row group is full
        self._waiting: list[pa.Table] = []
        self._size = 0
        self.row_groups = 0

    def add(self, table: pa.Table, size: int) -> None:
        """Append rows of the given size; the unit of size is that of the limit."""
        if self._waiting and self._size + size > self._limit:
            self.flush()
        self._waiting.append(table)
        self._size += size

    def close(self) -> None:
        self.flush()
        self._writer.close()

    def flush(self) -> None:
        """End the row group."""
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table, row_group_size=max(1, len(table)))
        self._waiting, self._size = [], 0
        self.row_groups += 1


class RowsWriter:
    """A folder of part files for readings, terms or curves; no rows, no folder."""

    def __init__(self, folder: Path, columns: pa.Schema) -> None:
        self._folder = folder
        self._columns = columns
        self._file: TableWriter | None = None
        self._parts = 0

    def add(self, table: pa.Table) -> None:
        """Append the rows of one area."""
        if self._file is None:
            self._folder.mkdir(exist_ok=True)
            path = self._folder / f"part-{self._parts:05d}.parquet"
            self._file = TableWriter(path, self._columns, VALUES_PER_ROW_GROUP)
            self._parts += 1
        lists = [table.column(each.name) for each in self._columns if pa.types.is_list(each.type)]
        self._file.add(table, sum(len(chunk.values) for column in lists for chunk in column.chunks))
        if self._file.row_groups >= ROW_GROUPS_PER_FILE:
            self.close()

    def flush(self) -> None:
        """End the row group."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def area_table(readings: AreaReadings) -> pa.Table:
    area = readings.area
    return pa.Table.from_pylist([{name: getattr(area, name) for name in schema.AREAS.names}], schema.AREAS)


def meter_table(readings: AreaReadings) -> pa.Table:
    meters = readings.meters
    columns = {name: getattr(meters, name) for name in schema.METERS.names if name != "area"}
    columns["area"] = [readings.area.area] * len(meters)
    return pa.table(columns, schema=schema.METERS)


def register_table(readings: AreaReadings, registers: Registers) -> pa.Table:
    """Rows of the meters, then the master's."""
    ids = [*readings.meters.meter, readings.area.master]
    steps = np.vstack([registers.meter, registers.master])
    return _table(
        schema.READINGS,
        readings,
        meter=ids,
        start=[registers.start] * len(ids),
        step_minutes=np.full(len(ids), registers.step_minutes, np.int32),
        register=_integers(steps, pa.int64()),
    )


def term_table(readings: AreaReadings, terms: Terms) -> pa.Table:
    """Rows of the meters by phase, then the master's; kWh become steps again."""
    ids = _row_ids(readings, terms.meter, terms.master_phase)
    resolution = _row_resolutions(readings, terms.meter, terms.master_phase)
    unknown = np.full(terms.master_energy.shape, np.nan)
    return _table(
        schema.TERMS,
        readings,
        meter=ids,
        phase=[*terms.phase, *terms.master_phase],
        start=[terms.start] * len(ids),
        step_minutes=np.full(len(ids), terms.step_minutes, np.int32),
        energy=_integers(np.vstack([terms.energy, terms.master_energy]) / resolution, pa.int32()),
        loss=_floats(np.vstack([terms.loss, unknown])),
        cross=_floats(np.vstack([terms.cross, unknown])),
        power=_floats(np.vstack([terms.power, terms.master_power])),
    )


def curve_table(readings: AreaReadings, curves: Curves) -> pa.Table:
    """Rows of the meters by phase, then the master's; a row without any voltage has a null list."""
    ids = _row_ids(readings, curves.meter, curves.master_phase)
    voltage = np.vstack([curves.voltage, curves.master_voltage])
    return _table(
        schema.CURVES,
        readings,
        meter=ids,
        phase=[*curves.phase, *curves.master_phase],
        start=[curves.start] * len(ids),
        energy=_integers(np.vstack([curves.energy, curves.master_energy]), pa.int32()),
        voltage=_integers(voltage * np.float32(10), pa.int32(), null_rows=True),
    )


def new_hidden_folder(folder: Path) -> Path:
    """Make the folder beside `folder` that is renamed to it in the end. Raises BadOutput."""
    if folder.exists() or folder.is_symlink():
        raise BadOutput(
            f"{folder} 已存在，不会改动它；请另选一个名字 / exists and is left untouched; choose another"
        )
    hidden = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
    except OSError as error:
        raise BadOutput(f"{folder} 无法创建 / cannot be made: {error.strerror}") from error
    return hidden


def _table(columns: pa.Schema, readings: AreaReadings, **values: object) -> pa.Table:
    rows = len(values["meter"])  # type: ignore[arg-type]
    return pa.table({**values, "area": [readings.area.area] * rows}, schema=columns)


def _row_ids(
    readings: AreaReadings, meter: NDArray[np.intp], master_phase: Sequence[str | None]
) -> list[str]:
    ids = readings.meters.meter
    return [*(ids[each] for each in meter), *(readings.area.master for _ in master_phase)]


def _row_resolutions(
    readings: AreaReadings, meter: NDArray[np.intp], master_phase: Sequence[str | None]
) -> NDArray[np.float64]:
    own = readings.meters.resolution[meter]
    return np.concatenate([own, np.full(len(master_phase), readings.area.master_resolution)])[:, None]


def _integers(values: NDArray[np.floating], kind: pa.DataType, *, null_rows: bool = False) -> pa.ListArray:
    """(r, K) to r lists of whole numbers; NaN becomes null, with `null_rows` a row of NaN a null list."""
    missing = np.isnan(values)
    whole = np.rint(np.clip(np.where(missing, 0.0, values), -LARGEST, LARGEST)).astype(np.int64)
    return _lists(pa.array(whole.ravel(), kind, mask=missing.ravel()), missing, null_rows=null_rows)


def _floats(values: NDArray[np.float64]) -> pa.ListArray:
    """(r, K) to r lists of float32; NaN becomes null, a row of NaN a null list."""
    missing = np.isnan(values)
    flat = pa.array(values.astype(np.float32).ravel(), pa.float32(), mask=missing.ravel())
    return _lists(flat, missing, null_rows=True)


def _lists(flat: pa.Array, missing: NDArray[np.bool_], *, null_rows: bool) -> pa.ListArray:
    rows, length = missing.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * length, pa.int32())
    nulls = pa.array(missing.all(axis=1)) if null_rows and length else None
    return pa.ListArray.from_arrays(offsets, flat, mask=nulls)


def _encodings(columns: pa.Schema) -> dict[str, object]:
    # Registers differ little from their neighbours: packed differences take a quarter of plain values.
    # Curves repeat few values: a dictionary with lz4 decodes twice as fast as packed differences with zstd.
    lists = {each.name: each.type.value_type for each in columns if pa.types.is_list(each.type)}
    curves = "voltage" in lists
    packed = {
        f"{name}.list.element": "DELTA_BINARY_PACKED" if pa.types.is_integer(kind) else "BYTE_STREAM_SPLIT"
        for name, kind in lists.items()
        if not curves
    }
    scalars = [each.name for each in columns if each.name not in lists]
    coded = [name for name in scalars if name not in ("meter", "master")]
    return {
        "compression": "lz4" if curves else "zstd",
        "use_dictionary": [*coded, *(f"{name}.list.element" for name in lists if curves)],
        "column_encoding": packed or None,
        "write_statistics": scalars,
    }
