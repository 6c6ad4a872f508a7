"""Verdicts behind master meters: what has to be decided again when a master, or a standard above it, was wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quanheng.ground.errors import BadLake, BadOutput


@dataclass(frozen=True)
class Hit:
    """A verdict of a run, and the master meter through which it is hit."""

    meter: str
    area: str
    master: str
    verdict: str
    reason: str

    def said(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.meter}  {self.area}  {self.verdict} {self.reason}  ← {self.master}"


def verdicts_behind(lake: Path, out: Path, masters: Collection[str]) -> list[Hit]:
    """Verdicts of a run in areas whose master meter is one of these. Raises BadLake, BadOutput."""
    try:
        areas = pq.read_table(lake / "areas.parquet", columns=["area", "master"])
    except (OSError, pa.ArrowException) as error:
        raise BadLake(f"{lake}/areas.parquet：读不出来：{error} / cannot be read") from error
    master = {row["area"]: row["master"] for row in areas.to_pylist() if row["master"] in masters}
    try:
        table = pq.read_table(out / "verdicts.parquet", columns=["meter", "area", "verdict", "reason"])
    except (OSError, pa.ArrowException) as error:
        raise BadOutput(f"{out}/verdicts.parquet：读不出来：{error} / cannot be read") from error
    found = table.filter(pc.is_in(table["area"], pa.array(list(master), pa.string())))
    return [
        Hit(row["meter"], row["area"], master[row["area"]], row["verdict"], row["reason"])
        for row in found.to_pylist()
    ]
