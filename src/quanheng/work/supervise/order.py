"""What people are asked to do, ranked by what a visit is expected to bring.

Expected benefit of an order, in the currency of the costs (each order is one visit). Let
    year = kwh_day · 365 · price,  size = max(E|error|, mpe),
    worth = size · year · horizon_years · (1 + harm)

    replace_trend, field_check   p_out · (worth − exchange) − visit
    replace_batch                E|error| · year · horizon_years · (1 + harm) − exchange − visit
    replace_function             year · horizon_years − exchange − visit
    theft                        theft_found · year · theft_years − visit
    data_correction, clock, re_read, field_check of an area
                                 verdict · meters that get verdicts again − visit
    sample_check                 sample + p_out · worth − visit

An undetermined meter is checked where that is positive: p_out > C_false/(C_false + C_miss), C_false = visit,
C_miss = worth − exchange − visit. Energy of an order: indicated · error/(1 + error), with standard
uncertainty indicated · u/(1 + error)²; positive where the customer paid too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.ground.digest import canonical_json, sha256_bytes
from quanheng.measure.settlement import overcharged
from quanheng.measure.statistics import normal
from quanheng.work.supervise.area_orders import Row, area_orders, lost_flows
from quanheng.work.supervise.columns import LotFinding
from quanheng.work.supervise.costs import Costs
from quanheng.work.supervise.order_words import say
from quanheng.work.supervise.sample import draw, strata
from quanheng.work.supervise.topology import Correction

Float = NDArray[np.float64]
Index = NDArray[np.intp]

BAD_LOT = 0.95
LEAST_LOT = 10
VERDICTS = ("undetermined", "cleared", "replace")
SCHEMA = pa.schema(
    [
        ("order", pa.string()),
        ("kind", pa.string()),
        ("meter", pa.string()),
        ("area", pa.string()),
        ("to_area", pa.string()),
        ("rank", pa.int64()),
        ("p_out", pa.float64()),
        ("expected_benefit", pa.float64()),
        ("reason", pa.string()),
        ("evidence", pa.string()),
        ("week", pa.int64()),
        ("energy_kwh", pa.float64()),  # m³ for water and gas
        ("energy_u", pa.float64()),
        ("text_zh", pa.string()),
        ("text_en", pa.string()),
        ("district", pa.string()),
        ("weight", pa.float64()),  # of a sample_check: how many unflagged meters it stands for
    ]
)


@dataclass(frozen=True)
class Meters:
    """Verdicts as arrays; all (N,)."""

    area: Index  # row of the areas
    error: Float
    u: Float
    p_out: Float
    kwh_day: Float
    mpe: Float  # 0 where not told
    verdict: Index  # into VERDICTS
    worth: Float  # of one unit of relative error over the horizon
    period: Float  # days of the period in which the error held; NaN where not known


def rank_orders(
    verdicts: pa.Table,
    areas: pa.Table,
    corrections: Sequence[Correction],
    lots: Sequence[LotFinding],
    costs: Costs,
    budget: int | None,
    seed: bytes,
) -> pa.Table:
    """All orders of a cycle, ranked, with the columns of SCHEMA.

    verdicts: N rows of verdicts.parquet; a column `mpe` sharpens benefits, `batch` lets bad lots be ordered.
    areas: rows of areas.parquet with utility and district; a column `start` dates the energy of errors that
    began within the period. budget: visits a week. seed: 32 bytes, the digest of the inputs.
    """
    # 1 verdicts as arrays  2 orders of single meters  3 of bad lots  4 what is left undetermined
    # 5 of areas  6 the random sample  7 rank  8 words, energy, evidence
    meters = columns(verdicts, areas, costs)
    free = np.ones(len(verdicts), dtype=bool)
    rows = function_orders(verdicts, areas, meters, costs)
    free[[r.meter for r in rows]] = False
    rows += chosen_orders("replace_trend", (meters.verdict == 2) & free, meters, costs)
    free &= meters.verdict != 2
    bad = lot_members(verdicts, lots) & free
    rows += lot_orders(bad, verdicts, meters, costs)
    free &= ~bad
    due = free & (meters.verdict == 0) & (trend_benefit(meters, costs) > 0)
    rows += chosen_orders("field_check", due, meters, costs)
    free &= ~due
    rows += area_orders(verdicts, areas, corrections, costs)
    rows += sample_orders(free, len(rows), areas, meters, costs, seed)
    return written(ranked(rows, verdicts, areas), verdicts, areas, meters, budget, seed)


def columns(verdicts: pa.Table, areas: pa.Table, costs: Costs) -> Meters:
    """The verdicts as arrays."""
    area = pc.index_in(verdicts["area"], areas["area"].combine_chunks()).to_numpy().astype(np.intp)
    price = np.array([costs.price(u) for u in areas["utility"].to_pylist()])[area]
    kwh = floats(verdicts, "kwh_day")
    worth = np.nan_to_num(kwh) * 365 * price * costs.horizon_years * (1 + costs.harm)
    verdict = pc.index_in(verdicts["verdict"], pa.array(VERDICTS)).to_numpy().astype(np.intp)
    return Meters(
        area=area,
        error=floats(verdicts, "error"),
        u=floats(verdicts, "u"),
        p_out=floats(verdicts, "p_out"),
        kwh_day=kwh,
        mpe=np.nan_to_num(floats(verdicts, "mpe")),
        verdict=verdict,
        worth=worth,
        period=days_of_error(verdicts, areas, area),
    )


def floats(table: pa.Table, name: str) -> Float:
    """A column as float64, NaN where it is null or absent."""
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=float)


def days_of_error(verdicts: pa.Table, areas: pa.Table, area: Index) -> Float:
    """(N,) days of the period from `since` on, all where it is null; NaN where the start is not told."""
    days = floats(areas, "days")[area]
    dated = pc.is_valid(verdicts["since"]).to_numpy().astype(bool)
    if not dated.any():
        return days
    since = floats_of_dates(verdicts["since"])
    start = floats_of_dates(areas["start"])[area] if "start" in areas.column_names else np.nan
    return np.where(dated, np.clip(start + days - since, 0, days), days)


def floats_of_dates(column: pa.ChunkedArray) -> Float:
    """Days since 1970, NaN for null."""
    return np.asarray(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()).to_numpy(), dtype=float)


def trend_benefit(m: Meters, costs: Costs) -> Float:
    """(N,) expected benefit of a visit to a meter that may be out; NaN where it has no verdict."""
    size = np.maximum(normal.mean_magnitude(m.error, m.u), m.mpe)
    return np.asarray(m.p_out * (size * m.worth - costs.exchange) - costs.visit)


def chosen_orders(kind: str, chosen: NDArray[np.bool_], m: Meters, costs: Costs) -> list[Row]:
    """One order for each of the chosen meters."""
    benefit = trend_benefit(m, costs)
    return [Row(kind, int(k), int(m.area[k]), float(benefit[k]), None) for k in np.flatnonzero(chosen)]


def function_orders(verdicts: pa.Table, areas: pa.Table, m: Meters, costs: Costs) -> list[Row]:
    """Meters that stopped or run backwards; what the master still sees of one tells what it no longer counts."""
    at = np.flatnonzero(pc.equal(verdicts["reason"], "meter:stopped").to_numpy().astype(bool))
    meters = verdicts["meter"].take(pa.array(at)).to_pylist()
    places = areas.take(pa.array(m.area[at])).to_pylist()
    rows = []
    for k, meter, place in zip(at, meters, places, strict=True):
        flow = lost_flows(place).get(meter)
        kwh = flow[0] if flow else max(float(np.nan_to_num(m.kwh_day[k])), 0.0)
        benefit = (
            kwh * 365 * costs.price(place["utility"]) * costs.horizon_years - costs.exchange - costs.visit
        )
        energy, u = (-flow[0] * flow[1], flow[2] * flow[1] or None) if flow else (None, None)
        place_of = int(k), int(m.area[k])
        rows.append(Row("replace_function", *place_of, benefit, "meter:stopped", energy=energy, energy_u=u))
    return rows


def lot_members(verdicts: pa.Table, lots: Sequence[LotFinding]) -> NDArray[np.bool_]:
    """(N,) meters of lots that are bad as a whole."""
    bad = [lot.batch for lot in lots if lot.p_bad >= BAD_LOT and lot.meters >= LEAST_LOT]
    if not bad or "batch" not in verdicts.column_names:
        return np.zeros(len(verdicts), dtype=bool)
    return np.asarray(pc.is_in(verdicts["batch"], pa.array(bad)).to_numpy(), dtype=bool)


def lot_orders(members: NDArray[np.bool_], verdicts: pa.Table, m: Meters, costs: Costs) -> list[Row]:
    """The members of bad lots that are not replaced on their own account."""
    at = np.flatnonzero(members)
    if len(at) == 0:
        return []
    gain = (
        np.nan_to_num(normal.mean_magnitude(m.error[at], m.u[at])) * m.worth[at]
        - costs.exchange
        - costs.visit
    )
    lot = verdicts["batch"].take(pa.array(at)).to_pylist()
    return [
        Row("replace_batch", int(k), int(m.area[k]), float(g), f"lot:{name}")
        for k, g, name in zip(at, gain, lot, strict=True)
    ]


def sample_orders(
    free: NDArray[np.bool_], visits: int, areas: pa.Table, m: Meters, costs: Costs, seed: bytes
) -> list[Row]:
    """The random sample of unflagged meters: always ordered."""
    district = np.asarray(areas["district"].combine_chunks().dictionary_encode().indices.fill_null(-1))
    stratum = strata(district.astype(np.intp)[m.area] + 1, m.verdict, m.kwh_day)
    at, weight = draw(stratum, free, m.p_out, int(np.ceil(costs.sample_share * visits)), seed)
    caught = np.nan_to_num(m.p_out * np.maximum(normal.mean_magnitude(m.error, m.u), m.mpe) * m.worth)
    gain = costs.sample + caught - costs.visit
    return [
        Row("sample_check", int(k), int(m.area[k]), float(gain[k]), "sample", weight=float(w))
        for k, w in zip(at, weight, strict=True)
    ]


def ranked(rows: Sequence[Row], verdicts: pa.Table, areas: pa.Table) -> list[tuple[Row, str | None, str]]:
    """Rows by benefit, ties by kind, area and meter; with the ids of their meter and area."""
    at = pa.array([r.meter if r.meter >= 0 else None for r in rows], pa.int64())
    meter = verdicts["meter"].take(at).to_pylist()
    area = areas["area"].take(pa.array([r.area for r in rows], pa.int64())).to_pylist()
    listed = zip(rows, meter, area, strict=True)
    return sorted(listed, key=lambda x: (-x[0].benefit, x[0].kind, x[2], x[1] or ""))


def written(
    listed: Sequence[tuple[Row, str | None, str]],
    verdicts: pa.Table,
    areas: pa.Table,
    m: Meters,
    budget: int | None,
    seed: bytes,
) -> pa.Table:
    """The orders as a table: words, energy, evidence."""
    at = pa.array([r.meter if r.meter >= 0 else None for r, _, _ in listed], pa.int64())
    found = verdicts.take(at).to_pylist() if listed else []
    places = areas.take(pa.array([r.area for r, _, _ in listed], pa.int64())).to_pylist() if listed else []
    out = []
    for k, ((row, meter, area), verdict, place) in enumerate(zip(listed, found, places, strict=True)):
        energy, u = energy_of(row, m)
        facts = {"area": plain(place)} if meter is None else {"verdict": plain(verdict)}
        reason = row.reason or verdict["reason"]
        text = say(row, {**verdict, "meter": meter, "reason": reason}, place, energy, u)
        out.append(
            {
                "order": f"W{k + 1:06d}",
                "kind": row.kind,
                "meter": meter,
                "area": area,
                "to_area": row.to_area,
                "rank": k + 1,
                "p_out": verdict["p_out"],
                "expected_benefit": row.benefit,
                "reason": reason,
                "evidence": sha256_bytes(canonical_json({**facts, "inputs": seed.hex()})),
                "week": None if budget is None else 1 + k // budget,
                "energy_kwh": energy,
                "energy_u": u,
                "text_zh": text.zh,
                "text_en": text.en,
                "district": place["district"],
                "weight": row.weight,
            }
        )
    return pa.Table.from_pylist(out, SCHEMA)


def energy_of(row: Row, m: Meters) -> tuple[float | None, float | None]:
    """Energy registered too much in the period, and its standard uncertainty; None where it is not known."""
    if row.energy is not None or row.meter < 0:
        return row.energy, row.energy_u
    k = row.meter
    indicated, scale = m.kwh_day[k] * m.period[k], 1 + m.error[k]
    if not np.isfinite(indicated * scale) or scale <= 0:
        return None, None
    energy, u = overcharged(indicated, m.error[k], m.u[k])
    return float(energy), float(u)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can say it: dates as ISO 8601, null for NaN."""
    out = {}
    for name, value in row.items():
        if isinstance(value, float):
            value = value if np.isfinite(value) else None
        out[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return out
