"""Orders that follow from how an area stands: its meters, its bookings, its clocks and readings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quanheng.work.supervise.costs import Costs
from quanheng.work.supervise.topology import Correction

LOOK = ("model", "master", "resolution", "voltage")  # unrepaired, somebody has to go and look at the master


@dataclass(frozen=True)
class Row:
    """An order before it is ranked."""

    kind: str
    meter: int  # row of the verdicts; −1: of the area as a whole
    area: int  # row of the areas
    benefit: float
    reason: str | None  # None: that of the verdict
    to_area: str | None = None
    energy: float | None = None  # kWh or m³ registered too much, where the verdict does not tell
    energy_u: float | None = None
    weight: float | None = None
    since: str | None = None
    kwh_day: float | None = None


def area_orders(
    verdicts: pa.Table, areas: pa.Table, corrections: Sequence[Correction], costs: Costs
) -> list[Row]:
    """Corrections of bookings, then what each troubled area needs."""
    of_area = {area: k for k, area in enumerate(areas["area"].to_pylist())}
    rows = correction_orders(verdicts, areas, of_area, corrections, costs)
    corrected = {r.area for r in rows}
    troubled = np.flatnonzero(pc.not_equal(areas["health"], "ok").to_numpy().astype(bool))
    for k, area in zip(troubled.tolist(), areas.take(pa.array(troubled)).to_pylist(), strict=True):
        facts = json.loads(area["detail"]) if area["detail"] else {}
        gain = costs.verdict * (0 if area["repaired"] else area["meters"]) - costs.visit
        rows += unmetered_orders(k, area, facts, gain, costs)
        if "clock" in facts or area["health"] == "clock":
            rows += clock_orders(k, area, facts, gain, verdicts, costs)
        if "readings" in facts or area["health"] == "readings":
            unread = len((facts.get("readings") or {}).get("unread") or ())
            some = costs.verdict * unread - costs.visit if area["repaired"] else gain
            rows.append(Row("re_read", -1, k, some, "area:readings"))
        if area["health"] == "topology" and not area["repaired"] and k not in corrected:
            rows.append(Row("data_correction", -1, k, gain, "area:topology"))
        if area["health"] in LOOK and not area["repaired"]:
            rows.append(Row("field_check", -1, k, gain, f"area:{area['health']}"))
    return rows


def correction_orders(
    verdicts: pa.Table,
    areas: pa.Table,
    of_area: Mapping[str, int],
    corrections: Sequence[Correction],
    costs: Costs,
) -> list[Row]:
    """Meters that are booked in one area and stand in another."""
    names = pa.array([c.meter for c in corrections], pa.string())
    at = pc.index_in(names, verdicts["meter"].combine_chunks()).to_pylist()
    size = areas["meters"].to_pylist()
    rows = []
    for correction, meter in zip(corrections, at, strict=True):
        if meter is None:
            continue
        k = of_area[correction.from_area]
        other = of_area.get(correction.to_area) if correction.to_area else None
        again = size[k] + (size[other] if other is not None else 0)
        gain = costs.verdict * again - costs.visit
        rows.append(Row("data_correction", meter, k, gain, "meter:foreign", to_area=correction.to_area))
    return rows


def lost_flows(area: Mapping[str, Any]) -> dict[str, tuple[float, int, float]]:
    """By stopped meter of an area: kWh a day that it no longer counts, on how many days, and the uncertainty."""
    facts = json.loads(area["detail"]) if area["detail"] else {}
    flows: dict[str, tuple[float, int, float]] = {}
    for flow in facts.get("unmetered") or ():
        if meter := flow.get("stopped"):
            kwh, days, u = flows.get(meter, (0.0, 0, 0.0))
            u = float(np.hypot(u, flow.get("kwh_day_u") or 0.0))
            flows[meter] = (kwh + float(flow["kwh_day"]), max(days, len(flow.get("days") or ())), u)
    return flows


def unmetered_orders(
    k: int, area: Mapping[str, Any], facts: Mapping[str, Any], gain: float, costs: Costs
) -> list[Row]:
    """Energy that passes the master and no meter, unless a stopped meter explains it."""
    flows = [f for f in facts.get("unmetered") or () if not f.get("stopped")]
    if not flows:
        return []
    kwh = sum(float(f["kwh_day"]) for f in flows)
    lost = sum(float(f["kwh_day"]) * len(f.get("days") or ()) for f in flows)
    u = float(np.hypot.reduce([(f.get("kwh_day_u") or 0.0) * len(f.get("days") or ()) for f in flows]))
    value = costs.theft_found * kwh * 365 * costs.theft_years * costs.price(area["utility"])
    since = min(str(f["since"]) for f in flows)
    return [
        Row(
            "theft",
            -1,
            k,
            value + gain,
            "area:unmetered",
            energy=-lost or None,
            energy_u=u or None,
            since=since,
            kwh_day=kwh,
        )
    ]


def clock_orders(
    k: int, area: Mapping[str, Any], facts: Mapping[str, Any], gain: float, verdicts: pa.Table, costs: Costs
) -> list[Row]:
    """The clocks of single meters, or of all of them."""
    late = facts.get("clock") or {"*": 0.0}
    if "*" in late:
        return [Row("clock", -1, k, gain, "area:clock")]
    at = pc.index_in(pa.array(sorted(late), pa.string()), verdicts["meter"].combine_chunks()).to_pylist()
    one = costs.verdict - costs.visit
    return [Row("clock", m, k, max(one, gain), "area:clock") for m in at if m is not None]
