"""Why a meter was judged as it was: what the data say, what was believed, what would change the answer."""

# 1 the rows of OUT that concern the meter  2 the lake is the one that was judged  3 its readings
# 4 the posterior of its error  5 the area's residual if this meter were right  6 what would change the answer

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from quanheng.evidence.bundle import NAME, read_bundle
from quanheng.ground.digest import sha256_file
from quanheng.ground.errors import BadOutput, Fault, NotShown
from quanheng.measure.expectation_propagation import mixture
from quanheng.measure.mixture_posterior import MixturePosterior, density, error_of, mixture_posterior
from quanheng.readings.batch import Area, AreaReadings
from quanheng.readings.lake.open import Lake, open_lake
from quanheng.readings.lake.read import read_area
from quanheng.work.supervise.findings import Prior
from quanheng.work.supervise.pages import words
from quanheng.work.supervise.pages.words import Words
from quanheng.work.supervise.registers import continuous

Float = NDArray[np.float64]

ALIKE = 3  # meters of the area whose consumption is most like this one's
SEARCHED = 20_000  # ids among which a mistyped one is looked for in full


@dataclass(frozen=True)
class Curve:
    """Probability density of the relative error, before and after the data; all of shape (k,)."""

    error: Float
    prior: Float
    posterior: Float


@dataclass(frozen=True)
class Residual:
    """Unexplained energy of the area, kWh a day, and what it would be without the meter's error; (days,)."""

    start: date
    explained: Float  # with the estimated error
    if_right: Float  # the meter's estimated error taken to be 0


@dataclass(frozen=True)
class Explanation:
    """All that is known of one meter's verdict. NaN and None where the data say nothing."""

    meter: str
    verdict: str
    reason: str
    error: float  # relative
    u: float
    lower: float  # 95 %
    upper: float
    p_out: float
    mpe: float
    since: date | None
    days: int  # days that bear on the meter
    days_needed: float
    kwh_day: float
    resolution: float
    phase: str | None
    batch: str | None
    maker: str | None
    verified: date | None
    location: float  # likelihood of the correction 1/(1 + e) − 1
    scale: float
    prior: Prior
    neighbour: str
    correlation: float
    alike: tuple[tuple[str, float], ...]  # correlation of the daily energies
    line_loss: float | None  # kWh a day lost in the lines for this meter; None where the lake has no terms
    area: Area
    health: str
    repaired: bool
    lot: Mapping[str, Any] | None
    curve: Curve | None
    residual: Residual | None
    outlook: Words


def explain(meter: str, out: Path, lake: Path) -> Explanation:
    """Explain the verdict on one meter.

    out: a folder that `supervise` wrote; lake: the lake it judged. Raises BadOutput for an OUT that is none,
    Fault for a meter it does not know (naming the nearest), NotShown where the lake is not the one judged.
    """
    verdict = _row(out / "verdicts.parquet", "meter", meter)
    if verdict is None:
        raise _unknown(meter, out)
    estimate = _row(out / "detail" / "estimates.parquet", "meter", meter) or {}
    standing = _row(out / "areas.parquet", "area", verdict["area"]) or {}
    with open_lake(lake) as opened:
        check_belongs(out, opened, verdict["area"])
        readings = read_area(opened, verdict["area"], ("readings", "terms"))
    k = readings.meters.meter.index(meter)
    prior = Prior(**{name: _float(estimate.get(name), default) for name, default in vars(Prior()).items()})
    location, scale = _float(estimate.get("location")), _float(estimate.get("scale"))
    start, energy = daily_energy(readings)
    lots = out / "detail" / "lots.parquet"
    batch = readings.meters.batch[k]
    explanation = {
        name: _float(verdict[name]) for name in ("error", "u", "lower", "upper", "p_out", "kwh_day")
    }
    return Explanation(
        meter=meter,
        verdict=verdict["verdict"],
        reason=verdict["reason"],
        since=verdict["since"],
        days=int(estimate.get("days") or 0),
        days_needed=_float(verdict["days_needed"]),
        mpe=float(readings.meters.mpe[k]),
        resolution=float(readings.meters.resolution[k]),
        phase=readings.meters.phase[k],
        batch=batch,
        maker=readings.meters.maker[k],
        verified=readings.meters.verified[k],
        location=location,
        scale=scale,
        prior=prior,
        neighbour=estimate.get("neighbour") or "",
        correlation=_float(estimate.get("correlation")),
        alike=most_alike(energy, readings.meters.meter, k),
        line_loss=line_loss(readings, k),
        area=readings.area,
        health=standing.get("health") or "",
        repaired=bool(standing.get("repaired")),
        lot=_row(lots, "batch", batch) if batch is not None and lots.exists() else None,
        curve=posterior_curve(location, scale, prior, float(readings.meters.mpe[k])),
        residual=_residual(out, verdict, start, energy[k]),
        outlook=outlook(verdict),
        **explanation,
    )


# ── 1 rows of OUT


def _row(path: Path, column: str, value: str) -> dict[str, Any] | None:
    """The first row of a table whose `column` is `value`, read without the rest."""
    try:
        rows = pq.read_table(path, filters=[(column, "=", value)]).to_pylist()
    except (OSError, pa.ArrowException, KeyError) as fault:
        raise BadOutput(
            f"{path.parent} 不是 quanheng supervise 的结果：读不出 {path.name}（{fault}）"
            f" / {path.parent} is no result of quanheng supervise: {path.name} cannot be read"
        ) from fault
    return rows[0] if rows else None


def _float(value: Any, default: float = float("nan")) -> float:
    return default if value is None else float(value)


def _unknown(meter: str, out: Path) -> Fault:
    near = nearest(meter, pq.read_table(out / "verdicts.parquet", columns=["meter"])["meter"])
    zh = f"；最接近的是 {'、'.join(near)}" if near else ""
    en = f"; the nearest are {', '.join(near)}" if near else ""
    return Fault(f"{out} 里没有电表 {meter!r}{zh} / {out} has no meter {meter!r}{en}")


def nearest(wanted: str, known: pa.ChunkedArray) -> list[str]:
    """Up to three ids like the wanted one. Of very many ids only those that begin like it are looked at."""
    length = len(wanted)
    while len(known) > SEARCHED and length:
        begins = known.filter(pc.starts_with(known, wanted[:length]))
        if len(begins):
            return get_close_matches(wanted, begins.slice(0, SEARCHED).to_pylist(), cutoff=0.5)
        length -= 1
    return get_close_matches(wanted, known.slice(0, SEARCHED).to_pylist(), cutoff=0.5)


# ── 2 the lake


def check_belongs(out: Path, lake: Lake, area: str) -> None:
    """Raise NotShown unless the lake is the one that was judged.

    Compared are the names of all files, and the digests of the tables and of the files that hold this area;
    `quanheng recompute` compares every digest.
    """
    judged = read_bundle(out / NAME).inputs
    files = {stamp.file for stamp in lake.files}
    known = {piece.file.file for piece in lake.partition_of(area).pieces} if lake.sorted_by_area else files
    wanted = known | {"areas.parquet", "meters.parquet"}
    changed = sorted(files ^ set(judged))
    changed += [
        name
        for name in sorted(wanted & files)
        if name in judged and judged[name] != sha256_file(lake.path / name)
    ]
    if changed:
        names = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        raise NotShown(
            f"{lake.path} 不是 {out} 所判定的数据湖，不同的文件：{names}"
            f" / {lake.path} is not the lake that {out} judged; files that differ: {names}"
        )


# ── 3 readings


def daily_energy(readings: AreaReadings) -> tuple[date, Float]:
    """First day and (n, days) kWh of the meters, registers made continuous; NaN where one was not read."""
    if readings.registers is None:
        return date.min, np.full((len(readings.meters), 0), np.nan)
    registers, _ = continuous(readings.registers)
    freezes = max(1440 // registers.step_minutes, 1)
    steps = np.diff(registers.meter[:, ::freezes], axis=1)
    return registers.start, steps * readings.meters.resolution[:, None]


def most_alike(energy: Float, names: tuple[str, ...], k: int) -> tuple[tuple[str, float], ...]:
    """The meters whose daily energies correlate most with those of meter k."""
    both = ~np.isnan(energy[k])
    x = energy[:, both]
    if x.shape[1] < 3:
        return ()
    centred = np.nan_to_num(
        x - np.nanmean(np.where(np.all(np.isnan(x), axis=1, keepdims=True), 0.0, x), axis=1)[:, None]
    )
    size = np.sqrt(np.sum(centred**2, axis=1))
    r = np.divide(centred @ centred[k], size * size[k], out=np.zeros(len(x)), where=size * size[k] > 0)
    r[k] = -2.0
    order = np.argsort(-np.abs(r), kind="stable")
    return tuple((names[j], float(r[j])) for j in [j for j in order if j != k][:ALIKE])


def line_loss(readings: AreaReadings, k: int) -> float | None:
    """Mean energy lost in the lines for meter k, kWh a day, from the lake's terms; None where it has none."""
    if readings.terms is None:
        return None
    rows = readings.terms.loss[readings.terms.meter == k]
    steps = 1440 / readings.terms.step_minutes
    known = ~np.isnan(rows)
    return float(rows[known].mean() * len(rows) * steps) if known.any() else None


# ── 4 and 5 the error, and the area without it


def posterior_curve(location: float, scale: float, prior: Prior, mpe: float) -> Curve | None:
    """Density of the relative error e: two Gaussians of c = 1/(1 + e) − 1, times |dc/de| = 1/(1 + e)²."""
    if not (np.isfinite(location) and np.isfinite(scale) and scale > 0):
        return None
    before = mixture(1, mean=prior.mean, spike=prior.spike, slab=prior.slab, share=prior.share)
    after = mixture_posterior(np.array([location]), np.array([scale]), before)
    centre = abs(float(error_of(np.array(location))))
    reach = max(2.2 * mpe, min(1.25 * centre + 4 * min(scale, prior.slab), 0.3))
    error = np.linspace(-reach, reach, 481)
    c, slope = error_of(error), 1.0 / (1.0 + error) ** 2
    believed = MixturePosterior(before.share, before.mean, before.spike, before.mean, before.slab)
    return Curve(error, density(c, believed) * slope, density(c, after) * slope)


def _residual(out: Path, verdict: Mapping[str, Any], start: date, energy: Float) -> Residual | None:
    row = _row(out / "detail" / "balance.parquet", "area", verdict["area"])
    if row is None or row["start"] is None or not row["residual"] or verdict["error"] is None:
        return None
    explained = np.array(row["residual"], dtype=float)
    x = np.full(len(explained), np.nan)
    shift = (start - row["start"]).days
    mine = np.arange(len(explained)) - shift
    held = (mine >= 0) & (mine < len(energy))
    x[held] = energy[mine[held]]
    if verdict["since"] is not None:
        x[: max((verdict["since"] - row["start"]).days, 0)] = 0.0
    correction = float(error_of(np.array(float(verdict["error"]))))
    return Residual(row["start"], explained, explained + correction * x)


# ── 6 what would change the answer


def outlook(verdict: Mapping[str, Any]) -> Words:
    """What would confirm or change the verdict."""
    match verdict["verdict"]:
        case "replace":
            return Words(
                "到现场核验即可证实或推翻；核验结果记入 checks.csv，由 quanheng learn 用于下一期。",
                "A check on site confirms or refutes it; enter what was found in checks.csv, and quanheng "
                "learn uses it.",
            )
        case "cleared":
            return Words(
                "无需处理；下一期会再次判定。",
                "Nothing needs to be done; the next cycle judges it again.",
            )
        case _:
            return _way_out(str(verdict["reason"]), verdict["days_needed"])


def _way_out(reason: str, days: float | None) -> Words:
    head, _, tail = reason.partition(":")
    more = f"约 {days:.0f} 天" if days is not None and np.isfinite(days) else "更多天数"
    more_en = f"some {days:.0f} more days" if days is not None and np.isfinite(days) else "more days"
    match head:
        case "load":
            return Words(
                "用电量太小，再多的天数也难以判定；只有现场核验能够回答。",
                "It consumes too little for any number of days to decide; only a check on site can tell.",
            )
        case "collinear":
            return Words(
                f"现场核验 {tail} 或本表之一，两者即可分开；或再积累{more}的数据。",
                f"A check of {tail} or of this meter tells the two apart; so may {more_en} of data.",
            )
        case "area":
            name = words.cause(tail).name
            return Words(
                f"先处理台区的问题（{name.zh}），其中的电表才能判定。",
                f"The area's trouble ({name.en}) comes first; then its meters can be judged.",
            )
        case "meter":
            state = words.METER_STATES.get(tail, Words(tail, tail))
            return Words(
                f"电表状态：{state.zh}。见针对它的工单。",
                f"State of the meter: {state.en}. See the order about it.",
            )
        case _:
            return Words(f"再积累{more}的数据即可判定。", f"With {more_en} of data it can be judged.")
