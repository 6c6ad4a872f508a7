"""The columns of a lake's files, as the contract names them."""

from __future__ import annotations

import pyarrow as pa

AREAS = pa.schema(
    [
        ("area", pa.string()),
        ("utility", pa.string()),
        ("district", pa.string()),
        ("master", pa.string()),
        ("master_resolution", pa.float64()),
        ("master_mpe", pa.float64()),
        ("master_u", pa.float64()),
    ]
)

METERS = pa.schema(
    [
        ("meter", pa.string()),
        ("area", pa.string()),
        ("phase", pa.string()),
        ("mpe", pa.float64()),
        ("resolution", pa.float64()),
        ("batch", pa.string()),
        ("maker", pa.string()),
        ("verified", pa.date32()),
    ]
)

READINGS = pa.schema(
    [
        ("meter", pa.string()),
        ("area", pa.string()),
        ("start", pa.date32()),
        ("step_minutes", pa.int32()),
        ("register", pa.list_(pa.int64())),
    ]
)

TERMS = pa.schema(
    [
        ("meter", pa.string()),
        ("area", pa.string()),
        ("phase", pa.string()),
        ("start", pa.date32()),
        ("step_minutes", pa.int32()),
        ("energy", pa.list_(pa.int32())),
        ("loss", pa.list_(pa.float32())),
        ("cross", pa.list_(pa.float32())),
        ("power", pa.list_(pa.float32())),
    ]
)

CURVES = pa.schema(
    [
        ("meter", pa.string()),
        ("area", pa.string()),
        ("phase", pa.string()),
        ("start", pa.date32()),
        ("energy", pa.list_(pa.int32())),
        ("voltage", pa.list_(pa.int32())),
    ]
)

FOLDERS = {"readings": READINGS, "terms": TERMS, "curves": CURVES}
UTILITIES = ("electricity", "water", "gas", "heat")
PHASES = ("A", "B", "C", "ABC")
