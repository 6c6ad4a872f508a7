"""The orders of a run as they travel: each with the verdict on its meter and the master meter of its area."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quanheng.evidence.order import Order
from quanheng.ground.errors import BadOutput

AREA = ("area", "master_meter", "master_u", "master_mpe")


def leaves(orders: pa.Table, verdicts: pa.Table, areas: pa.Table) -> Iterator[bytes]:
    """The bytes of each order, in the order of the table."""
    return (each.write() for each in orders_of(orders, verdicts, areas))


def orders_of(orders: pa.Table, verdicts: pa.Table, areas: pa.Table) -> Iterator[Order]:
    """Each order with its verdict and its area."""
    meters = pc.unique(orders["meter"].drop_null())
    concerned = verdicts.filter(pc.is_in(verdicts["meter"], meters))
    by_meter = {row["meter"]: _plain(row) for row in concerned.to_pylist()}
    by_area = {
        row["area"]: {"master": row.pop("master_meter"), **row} for row in areas.select(AREA).to_pylist()
    }
    for row in orders.to_pylist():
        yield Order(_plain(row), by_meter.get(row["meter"]), by_area.get(row["area"], {"area": row["area"]}))


def read_orders(out: Path) -> list[Order]:
    """The orders of a finished run. Raises BadOutput."""
    names = [f"{name}.parquet" for name in ("orders", "verdicts", "areas")]
    for name in names:
        if not (out / name).is_file():
            raise BadOutput(
                f"{out}：不是一次运行的结果，没有 {name} / {out}: is no result of a run, it holds no {name}"
            )
    try:
        tables = [pq.read_table(out / name) for name in names]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadOutput(
            f"{out}：不是一次运行的结果：{error} / {out}: is no result of a run: {error}"
        ) from error
    return list(orders_of(*tables))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
