"""Findings and verdicts as Arrow tables: what workers hand back, and what a run writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.work.supervise.findings import Assessment, MeterFindings, TopologySuspect

METER_PART = pa.schema(
    [
        ("kwh_day", pa.float64()),
        ("days", pa.int32()),
        ("location", pa.float64()),
        ("scale", pa.float64()),
        ("status", pa.string()),
        ("since", pa.date32()),
        ("change", pa.float64()),
        ("neighbour", pa.int32()),  # place in the area; −1 = none
        ("correlation", pa.float64()),
    ]
)
AREA_PART = pa.schema(
    [
        ("area", pa.string()),
        ("health", pa.string()),
        ("repaired", pa.bool_()),
        ("residual_kwh", pa.float64()),
        ("loss_kwh", pa.float64()),
        ("read_rate", pa.float64()),
        ("meters", pa.int32()),
        ("days", pa.int32()),
        ("data", pa.string()),
        ("detail", pa.string()),
        ("foreign", pa.list_(pa.struct([("meter", pa.string()), ("evidence", pa.float64())]))),
        ("start", pa.date32()),
        ("master", pa.list_(pa.float32())),
        ("metered", pa.list_(pa.float32())),
        ("residual", pa.list_(pa.float32())),
    ]
)
SUSPECT_PART = pa.schema(
    [
        ("area", pa.string()),
        ("phase", pa.string()),
        ("start", pa.date32()),
        ("weights", pa.list_(pa.float64())),
        ("chi_square", pa.float64()),
        ("precision", pa.large_binary()),
    ]
)
AREAS = (
    "area", "health", "repaired", "residual_kwh", "loss_kwh", "read_rate", "meters", "days", "data", "detail",
)  # fmt: skip
BALANCE = ("area", "start", "master", "metered", "residual")


def pack(assessments: Sequence[Assessment]) -> bytes:
    """What a worker found of its areas: three tables, one after the other in Arrow's stream format."""
    meters = [meter_table(each.meters) for each in assessments]
    areas = [area_row(each) for each in assessments]
    suspects = [suspect_row(suspect) for each in assessments for suspect in each.suspects]
    found = (
        pa.concat_tables(meters).combine_chunks(),
        pa.Table.from_pylist(areas, AREA_PART),
        pa.Table.from_pylist(suspects, SUSPECT_PART),
    )
    return b"".join(to_stream(table) for table in found)


def to_stream(table: pa.Table) -> bytes:
    """A table in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def mapped(file: Path) -> pa.Table:
    """A table that `to_stream` wrote, not loaded but mapped: its buffers are pages of the file."""
    return pa.ipc.open_stream(pa.memory_map(str(file))).read_all()


def unpack(file: Path) -> tuple[pa.Table, pa.Table]:
    """Meters and areas of one partition, as `pack` wrote them; the suspects behind them are not loaded."""
    with pa.OSFile(str(file)) as source:
        meters, areas = (pa.ipc.open_stream(source).read_all() for _ in range(2))
    return meters, areas


def unpack_suspects(file: Path) -> tuple[pa.Table, pa.Table]:
    """Areas and suspects of one partition; the suspects' matrices stay in the mapped file."""
    with pa.memory_map(str(file)) as source:
        _, areas, suspects = (pa.ipc.open_stream(source).read_all() for _ in range(3))
    return areas, suspects


def meter_table(found: MeterFindings) -> pa.Table:
    """The columns of METER_PART; ids are left out, for the lake holds them in the same order."""
    place = {meter: k for k, meter in enumerate(found.meter)}
    return pa.table(
        {
            "kwh_day": found.kwh_day,
            "days": found.days.astype(np.int32),
            "location": found.location,
            "scale": found.scale,
            "status": list(found.status),
            "since": list(found.since),
            "change": found.change,
            "neighbour": [place.get(meter, -1) for meter in found.neighbour],
            "correlation": found.correlation,
        },
        schema=METER_PART,
    )


def area_row(assessment: Assessment) -> dict[str, Any]:
    """One row of AREA_PART."""
    found = assessment.finding
    return {
        "area": found.area,
        "health": found.health,
        "repaired": found.repaired,
        "residual_kwh": number(found.residual_kwh),
        "loss_kwh": number(found.loss_kwh),
        "read_rate": number(found.read_rate),
        "meters": found.meters,
        "days": found.days,
        "data": found.data,
        "detail": detail_text(found.causes, found.detail),
        "foreign": [{"meter": meter, "evidence": nats} for meter, nats in assessment.foreign],
        "start": found.start,
        "master": single(found.master_day),
        "metered": single(found.metered_day),
        "residual": single(found.residual_day),
    }


def detail_text(causes: Sequence[str], facts: dict[str, Any]) -> str:
    """The facts behind each cause, the most important first, as JSON; `""` where there is none."""
    if not causes:
        return ""
    return json.dumps(sayable({cause: facts.get(cause, {}) for cause in causes}), ensure_ascii=False)


def sayable(value: Any) -> Any:
    """A value that JSON can say: plain numbers, null for what is not finite."""
    match value:
        case dict():
            return {str(k): sayable(v) for k, v in value.items()}
        case list() | tuple():
            return [sayable(v) for v in value]
        case np.generic():
            return sayable(value.item())
        case float():
            return number(value)
        case _:
            return value


def number(value: float) -> float | None:
    """A finite number, or null."""
    return float(value) if np.isfinite(value) else None


def single(values: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Array:
    """float32 with nulls for NaN."""
    return pa.array(values.astype(np.float32), from_pandas=True)


def suspect_row(suspect: TopologySuspect) -> dict[str, Any]:
    """One row of SUSPECT_PART."""
    return {
        "area": suspect.area,
        "phase": suspect.phase,
        "start": suspect.start,
        "weights": suspect.weights,
        "chi_square": suspect.chi_square,
        "precision": suspect.precision.astype("<f4").tobytes(),
    }


def suspects_of(table: pa.Table) -> Iterator[TopologySuspect]:
    """The suspects that a table of SUSPECT_PART holds; their matrices are views of its buffers."""
    few = table.drop_columns(["precision"]).to_pylist()
    for row, precision in zip(few, table["precision"], strict=True):
        weights = np.array(row["weights"])
        matrix = np.frombuffer(precision.as_buffer(), "<f4").reshape(len(weights), len(weights))
        yield TopologySuspect(row["area"], row["phase"], row["start"], weights, row["chi_square"], matrix)


def write_table(path: Path, table: pa.Table, rows: int = 1 << 17) -> None:
    """Write Parquet whose bytes depend on the table alone: no metadata, fixed compression and row groups."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table.replace_schema_metadata(None), path, compression="zstd", row_group_size=rows, store_schema=False
    )
