"""A folder as the cycle leaves it, invented from a seed: what the pages are developed and tested on."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.evidence.bundle import FORMAT, NAME
from quanheng.readings.lake.schema import AREAS, METERS, READINGS

START = date(2025, 1, 1)
CAUSES = (
    "topology", "unmetered", "clock", "readings", "resolution", "voltage", "master",
    "too_few_days", "empty", "model",
)  # fmt: skip
RUN = {"format": FORMAT, "method": "energy balance", "version": "0", "parameters": {}, "outputs": {}}
DISTRICTS = ("城东", "城南", "临江", "高新", "北湖", "西山", "新港", "古镇")


def write_out(
    folder: Path, *, areas: int = 24, meters: int = 40, days: int = 120, seed: int = 1, changes: bool = True
) -> dict[str, Any]:
    """Write verdicts, areas, orders and detail into `folder`; returns the facts of the run."""
    rng = np.random.default_rng(seed)
    (folder / "detail").mkdir(parents=True, exist_ok=True)
    area_rows, balance = _areas(rng, areas, meters, days)
    verdicts, estimates = _verdicts(rng, area_rows, meters, days)
    orders = _orders(verdicts, area_rows)
    _write(folder / "areas.parquet", area_rows)
    _write(folder / "verdicts.parquet", verdicts, {"since": pa.date32()})
    _write(folder / "orders.parquet", orders)
    _write(folder / "detail" / "balance.parquet", balance)
    _write(folder / "detail" / "estimates.parquet", estimates)
    _write(folder / "detail" / "lots.parquet", _lots(rng, estimates))
    return _facts(folder, verdicts, area_rows, orders, changes)


def write_lake(lake: Path, out: Path, *, seed: int = 1) -> None:
    """A lake of registers that the `out` of `write_out` could have judged; its digests go to out/run.json."""
    rng = np.random.default_rng(seed)
    verdicts, areas = pq.read_table(out / "verdicts.parquet"), pq.read_table(out / "areas.parquet")
    estimates = pq.read_table(out / "detail" / "estimates.parquet")
    names, ids = areas["area"].to_pylist(), verdicts["meter"].to_pylist()
    days = areas["days"][0].as_py()
    (lake / "readings").mkdir(parents=True)
    _table(
        lake / "areas.parquet",
        AREAS,
        area=names,
        utility=["electricity"] * len(names),
        district=areas["district"].to_pylist(),
        master=[f"Z{n}" for n in names],
        master_resolution=[0.008] * len(names),
        master_mpe=[0.005] * len(names),
        master_u=[0.002] * len(names),
    )
    _table(
        lake / "meters.parquet",
        METERS,
        meter=ids,
        area=verdicts["area"].to_pylist(),
        phase=["ABC"[k % 3] for k in range(len(ids))],
        mpe=[0.02] * len(ids),
        resolution=[0.01] * len(ids),
        batch=estimates["batch"].to_pylist(),
        maker=["甲"] * len(ids),
        verified=[date(2020, 5, 1)] * len(ids),
    )
    daily = 100 * verdicts["kwh_day"].to_numpy()[:, None] * rng.uniform(0.5, 1.5, (len(ids), days))
    registers = np.concatenate((np.zeros((len(ids), 1)), np.cumsum(np.rint(daily), axis=1)), axis=1).astype(
        np.int64
    )
    for name in names:  # masters follow their meters, so that the lake streams
        mine = [k for k, area in enumerate(verdicts["area"].to_pylist()) if area == name]
        rows = [*registers[mine], (registers[mine].sum(axis=0) * 1.2).astype(np.int64)]
        _table(
            lake / "readings" / f"{name}.parquet",
            READINGS,
            meter=[*(ids[k] for k in mine), f"Z{name}"],
            area=[name] * len(rows),
            start=[START] * len(rows),
            step_minutes=[1440] * len(rows),
            register=rows,
        )
    inputs = {
        str(f.relative_to(lake)): hashlib.sha256(f.read_bytes()).hexdigest() for f in lake.rglob("*.parquet")
    }
    (out / NAME).write_text(json.dumps({**RUN, "inputs": inputs}), encoding="utf-8")


def _table(path: Path, schema: pa.Schema, **columns: Any) -> None:
    pq.write_table(pa.table(columns, schema=schema), path)


def _write(path: Path, columns: dict[str, Any], types: dict[str, pa.DataType] | None = None) -> None:
    arrays = {k: pa.array(v, (types or {}).get(k)) for k, v in columns.items()}
    pq.write_table(pa.table(arrays), path, row_group_size=1 << 16)


def _areas(
    rng: np.random.Generator, areas: int, meters: int, days: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    sick = rng.random(areas) < 0.15
    health = [CAUSES[int(rng.integers(len(CAUSES)))] if s else "ok" for s in sick]
    health[: min(len(CAUSES), areas // 2)] = CAUSES[: min(len(CAUSES), areas // 2)]
    repaired = [h in ("topology", "unmetered", "clock", "readings") and rng.random() < 0.6 for h in health]
    t = np.arange(days)
    season = 1 + 0.25 * np.cos(2 * np.pi * (t - 15) / 365.0)
    master, metered, residual = [], [], []
    for k in range(areas):
        m = meters * 5.0 * season * (1 + 0.05 * rng.standard_normal(days))
        r = 0.35 * rng.standard_normal(days)
        if health[k] == "unmetered":
            r = r + np.where(t > days // 2, 8.0, 0.0)
        if health[k] == "readings":
            m[days // 3 : days // 3 + 6] = np.nan
        master.append(m.astype(np.float32))
        metered.append((0.988 * m - r).astype(np.float32))
        residual.append(r.astype(np.float32))
    names = [f"A{k:05d}" for k in range(areas)]
    return (
        {
            "area": names,
            "district": [DISTRICTS[k * len(DISTRICTS) // areas] for k in range(areas)],
            "health": health,
            "repaired": repaired,
            "residual_kwh": [float(np.nanstd(r)) for r in residual],
            "loss_kwh": [float(0.012 * np.nanmean(m)) for m in master],
            "read_rate": np.where(np.array(health) == "readings", 0.93, 0.9995),
            "meters": [meters] * areas,
            "days": [days] * areas,
            "data": ["curves", "terms", "registers"] * (areas // 3) + ["curves"] * (areas % 3),
            "detail": [
                "" if h == "ok" else json.dumps({h: {"kwh_day": 8.0, "since": "2025-03-02"}}) for h in health
            ],
        },
        {
            "area": names,
            "start": [START] * areas,
            "master": master,
            "metered": metered,
            "residual": residual,
        },
    )


def _verdicts(
    rng: np.random.Generator, areas: dict[str, Any], meters: int, days: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    n = len(areas["area"]) * meters
    name = [f"M{k:07d}" for k in range(n)]
    area = np.repeat(np.array(areas["area"]), meters)
    health = np.repeat(np.array(areas["health"]), meters)
    judged = (health == "ok") | np.repeat(np.array(areas["repaired"]), meters)
    batch = np.array([f"LOT-{int(b):02d}" for b in rng.integers(0, 14, n)])
    bad = rng.random(n) < 0.02
    true = np.where(bad, rng.uniform(0.025, 0.1, n) * np.where(rng.random(n) < 0.7, -1, 1), 0)
    true = true + 0.003 * rng.standard_normal(n) + np.where(batch == "LOT-03", -0.011, 0.0)
    kwh = rng.lognormal(np.log(5), 0.9, n)
    u = np.clip(0.012 / np.sqrt(kwh), 0.0015, 0.05)
    location = 1 / (1 + true + u * rng.standard_normal(n)) - 1
    error = true + 0.5 * u * rng.standard_normal(n)
    p_out = np.where(bad, 0.97, 0.002)
    outcome = np.where(p_out > 0.5, "replace", np.where(u < 0.005, "cleared", "undetermined"))
    outcome = np.where(judged, outcome, "undetermined")
    reason = np.where(outcome != "undetermined", "ok", np.where(kwh < 1, "load", "days"))
    reason = np.where(judged, reason, np.char.add("area:", health)).astype(object)
    twins = np.flatnonzero((reason == "days") & (rng.random(n) < 0.1))
    for k in twins:
        reason[k] = f"collinear:{name[k - 1]}"
    since = np.where(bad & (rng.random(n) < 0.3), 40, -1)
    null = ~judged
    verdicts = {
        "meter": name,
        "area": area.tolist(),
        "error": _null(error, null),
        "u": _null(u, null),
        "lower": _null(error - 1.96 * u, null),
        "upper": _null(error + 1.96 * u, null),
        "p_out": _null(p_out, null),
        "verdict": outcome.tolist(),
        "reason": list(reason),
        "since": [
            START + timedelta(days=int(s)) if s >= 0 and j else None
            for s, j in zip(since, judged, strict=True)
        ],
        "days_needed": [
            int(d) if r == "days" else None for d, r in zip(rng.integers(20, 300, n), reason, strict=True)
        ],
        "kwh_day": kwh,
    }
    estimates = {
        "meter": name,
        "area": area.tolist(),
        "batch": batch.tolist(),
        "location": np.where(judged, location, np.nan),
        "scale": np.where(judged, u, np.nan),
        "days": [days] * n,
        "neighbour": [name[k - 1] if k else "" for k in range(n)],
        "correlation": rng.uniform(-0.6, 0.1, n),
        "spike": [0.004] * n,
        "slab": [0.055] * n,
        "share": [0.02] * n,
        "mean": [0.0] * n,
    }
    return verdicts, estimates


def _null(values: np.ndarray, null: np.ndarray) -> list[float | None]:
    return [None if gone else float(v) for v, gone in zip(values, null, strict=True)]


def _orders(verdicts: dict[str, Any], areas: dict[str, Any]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []

    def order(kind: str, meter: str | None, area: str, p: float | None, benefit: float, reason: str) -> None:
        kwh = None if p is None else -120.0
        rows.append(
            {
                "order": f"W{len(rows) + 1:06d}",
                "kind": kind,
                "meter": meter,
                "area": area,
                "to_area": "A00001" if kind == "data_correction" else None,
                "rank": len(rows) + 1,
                "p_out": p,
                "expected_benefit": benefit,
                "reason": reason,
                "evidence": "sha256:" + hashlib.sha256(f"{kind}{meter}{area}".encode()).hexdigest(),
                "energy_kwh": kwh,
                "energy_u": None if kwh is None else 15.0,
                "week": len(rows) // 40 + 1,
                "text_zh": f"到现场核查 {meter or area}。远程判定为筛查结果，须经现场核验。",
                "text_en": f"Check {meter or area} on site. A remote verdict is a screening result until "
                "then.",
            }
        )

    for k, outcome in enumerate(verdicts["verdict"]):
        if outcome == "replace":
            order(
                "replace_trend",
                verdicts["meter"][k],
                verdicts["area"][k],
                verdicts["p_out"][k],
                900.0 - k % 700,
                "ok",
            )
    kinds = {"topology": "data_correction", "unmetered": "theft", "clock": "clock", "readings": "re_read"}
    for k, health in enumerate(areas["health"]):
        if health in kinds:
            order(kinds[health], None, areas["area"][k], None, 150.0, f"area:{health}")
    for k in range(0, len(verdicts["meter"]), max(1, len(verdicts["meter"]) // 12)):
        order("sample_check", verdicts["meter"][k], verdicts["area"][k], 0.002, 5.0, "ok")
    return {name: [r[name] for r in rows] for name in rows[0]}


def _lots(rng: np.random.Generator, estimates: dict[str, Any]) -> dict[str, Any]:
    batches = sorted(set(estimates["batch"]))
    return {
        "batch": batches,
        "meters": [estimates["batch"].count(b) for b in batches],
        "mean": [-0.011 if b == "LOT-03" else float(0.0005 * rng.standard_normal()) for b in batches],
        "u": [0.0006] * len(batches),
        "share": [0.09 if b == "LOT-03" else 0.02 for b in batches],
        "p_bad": [0.998 if b == "LOT-03" else 0.01 for b in batches],
    }


def _facts(
    folder: Path, verdicts: dict[str, Any], areas: dict[str, Any], orders: dict[str, Any], changes: bool
) -> dict[str, Any]:
    outcome = verdicts["verdict"]
    facts: dict[str, Any] = {
        "method": "spike-and-slab energy balance",
        "version": "0.1.0",
        "parameters": {"alpha": 0.05, "workers": 2},
        "seeds": {"sample": "4f1c"},
        "inputs": {"areas.parquet": "sha256:" + "1a" * 32, "meters.parquet": "sha256:" + "2b" * 32},
        "counts": {v: outcome.count(v) for v in ("replace", "cleared", "undetermined")},
        "stated_false_share": 0.05,
        "expected_false_share": 0.031,
        "costs": {"visit": 60.0, "exchange": 150.0, "price": 0.5, "harm": 2.0},
        "priors": {"electricity": {"spike": 0.004, "slab": 0.055, "share": 0.02, "mean": 0.0}},
    }
    if changes:
        facts["changes"] = {
            "new": verdicts["meter"][:3],
            "gone": verdicts["meter"][5:7],
            "confirmed": verdicts["meter"][9:12],
        }
    return facts
