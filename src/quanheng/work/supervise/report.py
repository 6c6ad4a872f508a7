"""The report that a person reads: one page, and the balances of a large city on pages beside it."""

# 1 count the verdicts  2 read areas, orders and batches  3 choose whose balance is drawn, and on which page
# 4 write the pages beside  5 write the front page
# The caller seals the run afterwards: the same tables and facts give the same bytes.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from quanheng.ground.digest import sha256_file
from quanheng.work.supervise.pages import annex, front
from quanheng.work.supervise.pages.areas import SMALL_CITY
from quanheng.work.supervise.pages.balance import Balance
from quanheng.work.supervise.pages.cycle import Cycle, Row
from quanheng.work.supervise.pages.markup import fragment
from quanheng.work.supervise.pages.summary import lots, read_columns, summarise

TABLES = ("verdicts.parquet", "areas.parquet", "orders.parquet")
FEW = 24  # areas that all stand on the front page
FIRST = 6  # areas that stand on the front page of a larger run: the most troubled
AREA_COLUMNS = (
    "area", "district", "health", "repaired", "residual_kwh", "loss_kwh", "read_rate",
    "meters", "days", "data", "detail",
)  # fmt: skip
ORDER_COLUMNS = (
    "order", "kind", "meter", "area", "to_area", "rank", "p_out", "expected_benefit",
    "energy_kwh", "energy_u", "text_zh", "text_en",
)  # fmt: skip


def write_report(folder: Path, run: Mapping[str, Any]) -> list[Path]:
    """Write report.html, and report/*.html where one page cannot hold every balance; returns the paths.

    folder: holds verdicts, areas and orders.parquet and detail/. run: the facts of the run as run.json will
    hold them (parameters, costs, priors, inputs, outputs, changes, expected_false_share, mpe: the limits of
    error that occur); what is absent is left out.
    """
    areas = sorted(
        read_columns(folder / "areas.parquet", AREA_COLUMNS).to_pylist(),
        key=lambda row: (row["district"] or "", row["area"]),
    )
    orders = read_columns(folder / "orders.parquet", ORDER_COLUMNS).sort_by("rank").to_pylist()
    shown, beside = choose(areas, orders)
    pages = [beside[k : k + annex.AREAS_PER_PAGE] for k in range(0, len(beside), annex.AREAS_PER_PAGE)]
    written = [_write(folder / "report" / f"{k:04d}.html", html) for k, html in _annex(folder, pages, orders)]
    address = {
        row["area"]: f"report/{k:04d}.html{fragment(row['area'])}"
        for k, page in enumerate(pages, 1)
        for row in page
    }
    address |= {row["area"]: fragment(row["area"]) for row in shown}
    drawn = read_balances(folder / "detail" / "balance.parquet", {row["area"] for row in shown})
    cycle = Cycle(
        summary=summarise(folder / "verdicts.parquet"),
        areas=areas,
        orders=orders,
        lots=_lots(folder),
        figures={row["area"]: drawn[row["area"]] for row in shown if row["area"] in drawn},
        address=address,
        facts={"outputs": {name: sha256_file(folder / name) for name in TABLES}, **run},
    )
    return [_write(folder / "report.html", front.write(cycle)), *written]


def choose(areas: Sequence[Row], orders: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Whose balance stands on the front page, and whose beside it (in the order of `areas`).

    Beside stand all areas of a town; of a city, those with a fault or with an order that is no random check.
    """
    if len(areas) <= FEW:
        return list(areas), []
    best = {row["area"]: -row["rank"] for row in reversed(orders) if row["kind"] != "sample_check"}
    first = sorted(
        areas, key=lambda row: (row["health"] == "ok", bool(row["repaired"]), -best.get(row["area"], -1e9))
    )
    # one area for each cause, so that the front page shows what every fault looks like
    shown = list({row["health"]: row for row in reversed(first)}.values())[::-1]
    shown = [row for row in shown if row["health"] != "ok"][:FIRST] or first[:FIRST]
    names = {row["area"] for row in shown}
    everything = len(areas) <= SMALL_CITY
    beside = [
        row
        for row in areas
        if row["area"] not in names and (everything or row["health"] != "ok" or row["area"] in best)
    ]
    return shown, beside


def read_balances(path: Path, wanted: set[str]) -> dict[str, Balance]:
    """Daily balances of the wanted areas, read a row group at a time."""
    file = pq.ParquetFile(path)
    found: dict[str, Balance] = {}
    for group in range(file.num_row_groups):
        if len(found) == len(wanted):
            break
        found |= _balances(file, group, wanted)
    return found


def _balances(file: pq.ParquetFile, group: int, wanted: set[str]) -> dict[str, Balance]:
    names = file.read_row_group(group, columns=["area"])["area"].to_pylist()
    rows = [k for k, name in enumerate(names) if name in wanted]
    if not rows:
        return {}
    table = file.read_row_group(group).take(rows)
    master, metered, residual = (
        [np.array(v.values.to_numpy(zero_copy_only=False), dtype=float) for v in table[c]]
        for c in ("master", "metered", "residual")
    )
    start = table["start"].to_pylist()
    return {
        names[k]: Balance(start[j], master[j], metered[j], residual[j])
        for j, k in enumerate(rows)
        if start[j] is not None
    }


def _annex(folder: Path, pages: Sequence[Sequence[Row]], orders: Sequence[Row]) -> Iterator[tuple[int, str]]:
    by_area: dict[str, list[Row]] = {}
    for row in orders if pages else ():
        by_area.setdefault(row["area"], []).append(row)
    # one pass over the balances: as many pages at a time as keep memory small
    for begin in range(0, len(pages), 20):
        chunk = pages[begin : begin + 20]
        balances = read_balances(
            folder / "detail" / "balance.parquet", {row["area"] for page in chunk for row in page}
        )
        for k, page in enumerate(chunk, begin + 1):
            yield k, annex.write(k, page, balances, by_area)


def _lots(folder: Path) -> Any:
    detail = folder / "detail"
    return lots(detail / "estimates.parquet", folder / "verdicts.parquet", detail / "lots.parquet")


def _write(path: Path, html: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(html, encoding="utf-8", newline="\n")
    return path
