"""A lake as plain columns, to be written whole, damaged or shuffled."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.readings.lake import schema

Columns = dict[str, list[Any]]
DAY = date(2025, 1, 1)
SCHEMAS = {"areas": schema.AREAS, "meters": schema.METERS, **schema.FOLDERS}


def sound_lake() -> dict[str, Columns]:
    """Two areas of two meters with three freezes, one day of terms and of curves."""
    areas, meters = ["a1", "a2"], ["m1", "m2", "m3", "m4"]
    ids, booked = ["m1", "m2", "M1", "m3", "m4", "M2"], ["a1"] * 3 + ["a2"] * 3
    return {
        "areas": {
            "area": areas, "utility": ["electricity"] * 2, "district": ["玄武区"] * 2, "master": ["M1", "M2"],
            "master_resolution": [0.8, 0.8], "master_mpe": [0.005] * 2, "master_u": [0.002] * 2,
        },
        "meters": {
            "meter": meters, "area": ["a1", "a1", "a2", "a2"], "phase": ["A", "B", None, "ABC"],
            "mpe": [0.02] * 4, "resolution": [0.01] * 4, "batch": ["B1", None, "B1", "B2"],
            "maker": ["厂"] * 4, "verified": [date(2020, 1, 1), None, date(2021, 2, 3), None],
        },
        "readings": {
            "meter": [*ids], "area": [*booked], "start": [DAY] * 6, "step_minutes": [1440] * 6,
            "register": [[10 * k, 10 * k + 5, 10 * k + 9] for k in range(6)],
        },
        "terms": {
            "meter": [*ids], "area": [*booked], "phase": ["A", "B", "A", None, "C", "A"], "start": [DAY] * 6,
            "step_minutes": [720] * 6, "energy": [[100, 200]] * 6,
            "loss": [[0.5, 0.25]] * 2 + [None] + [[0.5, None]] * 3,
            "cross": [[1.0, 2.0]] * 2 + [None] * 4, "power": [[1.0, 2.0, 3.0]] * 6,
        },
        "curves": {
            "meter": [*ids], "area": [*booked], "phase": ["A", "B", "A", None, "C", "A"], "start": [DAY] * 6,
            "energy": [list(range(96))] * 5 + [[None, *range(95)]], "voltage": [[2300] * 96] * 5 + [None],
        },
    }  # fmt: skip


def write_lake(folder: Path, columns: dict[str, Columns], *, row_group: int = 1000) -> Path:
    """Write the columns as the files of a lake."""
    folder.mkdir(exist_ok=True)
    for name, each in columns.items():
        if name in schema.FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        write_table(folder / file_of(name), table_of(name, each), row_group=row_group)
    return folder


def file_of(name: str) -> str:
    return f"{name}/part-0.parquet" if name in schema.FOLDERS else f"{name}.parquet"


def table_of(name: str, columns: Columns) -> pa.Table:
    """A table with the contract's types; columns that the contract does not know keep their own."""
    known = SCHEMAS[name]
    return pa.table(
        {
            key: pa.array(values, known.field(key).type if key in known.names else None)
            for key, values in columns.items()
        }
    )


def write_table(path: Path, table: pa.Table, *, row_group: int = 1000) -> None:
    pq.write_table(table, path, row_group_size=row_group)
