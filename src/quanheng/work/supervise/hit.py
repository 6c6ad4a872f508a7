"""Verdicts behind master meters: what has to be decided again when a master, or a standard above it, was wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quanheng.evidence.bundle import NAME, read_bundle
from quanheng.ground.digest import sha256_file
from quanheng.ground.errors import BadLake, BadOutput

AREAS = "areas.parquet"


@dataclass(frozen=True)
class Hit:
    """A verdict of a run, and the master meter through which it is hit."""

    meter: str
    area: str
    master: str
    verdict: str
    reason: str


def verdicts_behind(out: Path, masters: Collection[str]) -> list[Hit]:
    """Verdicts of a run in areas whose master meter is one of these. Raises BadOutput."""
    areas = _columns_of(out, AREAS, ["area", "master_meter"])
    master = {row["area"]: row["master_meter"] for row in areas.to_pylist() if row["master_meter"] in masters}
    table = _columns_of(out, "verdicts.parquet", ["meter", "area", "verdict", "reason"])
    found = table.filter(pc.is_in(table["area"], pa.array(list(master), pa.string())))
    return [
        Hit(row["meter"], row["area"], master[row["area"]], row["verdict"], row["reason"])
        for row in found.to_pylist()
    ]


def check_lake_of(out: Path, lake: Path) -> None:
    """Raises BadLake unless a run was made of the areas of this lake."""
    try:
        now = sha256_file(lake / AREAS)
    except OSError as error:
        raise BadLake(f"{lake}/{AREAS}：读不出来：{error.strerror} / cannot be read") from error
    if read_bundle(out / NAME).inputs.get(AREAS) != now:
        raise BadLake(f"{lake}：不是 {out} 那次运行的数据湖 / is not the lake of the run {out}")


def _columns_of(out: Path, name: str, columns: list[str]) -> pa.Table:
    if not (out / name).is_file():
        raise BadOutput(
            f"{out}：不是一次运行的结果，没有 {name} / {out}: is no result of a run, it holds no {name}"
        )
    try:
        return pq.read_table(out / name, columns=columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadOutput(f"{out}/{name}：读不出来：{error} / cannot be read") from error
