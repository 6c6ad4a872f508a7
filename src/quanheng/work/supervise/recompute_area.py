"""Compute one area of a run again: what its readings say of its meters, and what follows with the recorded priors.

The whole lake decides the priors of lots, which meters stand elsewhere, and where "replace" ends; these are taken as
recorded. `recompute` computes them again as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from quanheng.evidence.bundle import read_bundle
from quanheng.ground.errors import Fault
from quanheng.measure.expectation_propagation import Mixture
from quanheng.measure.mixture_posterior import (
    error_interval,
    error_moments,
    mixture_posterior,
    probability_out,
)
from quanheng.readings.lake.open import Lake, open_lake
from quanheng.readings.lake.read import read_partition
from quanheng.work.supervise.cycle import known_in, sound
from quanheng.work.supervise.explain import check_belongs
from quanheng.work.supervise.findings import Assessment
from quanheng.work.supervise.learn import Learned, read_learned
from quanheng.work.supervise.membership import only
from quanheng.work.supervise.recompute import ABSOLUTE, RELATIVE, choices_of

Float = NDArray[np.float64]


@dataclass(frozen=True)
class AreaComparison:
    """Meters and columns that came out otherwise, "A00000-007 scale: 0.01 → 0.02"; the worst first."""

    area: str
    compared: int  # numbers
    differing: tuple[str, ...]  # beyond the tolerance, or a word that is another
    last_bits: int  # numbers that differ within it

    @property
    def identical(self) -> bool:
        """Every number is as recorded, to the bit."""
        return not self.differing and not self.last_bits


def recompute_area(run: Path, lake: Path, area: str, *, previous: Path | None = None) -> AreaComparison:
    """Compare one area of a run with itself, computed again from the readings.

    run: OUT/run.json. Raises BadOutput, BadLake, Fault for an area that the run does not know, NotShown where the lake
    is not the one that was judged, or the run needs a previous cycle that is not at hand.
    """
    # 1 can it be computed here  2 the readings, with the meters as the run found them to stand  3 the estimate
    # 4 error and probability with the recorded priors  5 what differs
    bundle, out = read_bundle(run), run.parent
    choices_of(bundle, previous)
    learned = read_learned(previous) if previous else Learned()
    standing = pq.read_table(out / "areas.parquet", filters=[("area", "=", area)]).to_pylist()
    if not standing:
        raise Fault(f"{out}：没有台区 {area!r} / has no area {area!r}")
    with threadpool_limits(1), open_lake(lake) as opened:
        check_belongs(out, opened, area)
        found = _assessed(opened, out, area, learned)
    recorded = pq.read_table(out / "detail/estimates.parquet", filters=[("area", "=", area)])
    verdicts = pq.read_table(out / "verdicts.parquet", filters=[("area", "=", area)])
    now = {**_estimates(found), **_judged(found, recorded)}
    then = {name: recorded[name] for name in ("location", "scale", "days", "change", "correlation")}
    then |= {name: verdicts[name] for name in ("kwh_day", "error", "u", "lower", "upper", "p_out")}
    differing, bits, compared = [], 0, 0
    for name, column in then.items():
        old = np.array([np.nan if v is None else float(v) for v in column.to_pylist()])
        same = (old == now[name]) | (np.isnan(old) & np.isnan(now[name]))
        close = np.isclose(now[name], old, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
        compared += len(old)
        bits += int(np.sum(close & ~same))
        differing += [
            f"{found.meters.meter[k]} {name}: {old[k]:.6g} → {now[name][k]:.6g}"
            for k in np.flatnonzero(~close)
        ]
    if found.finding.health != standing[0]["health"]:
        differing.append(f"health: {standing[0]['health']} → {found.finding.health}")
    return AreaComparison(area, compared, tuple(differing), bits)


def _assessed(lake: Lake, out: Path, area: str, learned: Learned) -> Assessment:
    moved = pq.read_table(out / "orders.parquet", columns=["kind", "meter", "area", "to_area"])
    moved = moved.filter(pc.and_(pc.equal(moved["kind"], "data_correction"), pc.is_valid(moved["to_area"])))
    rows: list[dict[str, Any]] = moved.filter(pc.is_valid(moved["meter"])).to_pylist()
    removed = {each["meter"]: 0.0 for each in rows if each["area"] == area}
    booked = sorted({each["area"] for each in rows if each["to_area"] == area})
    joining = tuple(
        only(
            next(read_partition(lake.path, lake.partition_of(place))),
            frozenset(each["meter"] for each in rows if each["to_area"] == area and each["area"] == place),
        )
        for place in booked
    )
    partition = lake.partition_of(area)
    readings = next(read_partition(lake.path, partition))
    return sound(readings, known=known_in(partition, learned.known), removed=removed, adopted=joining)


def _estimates(found: Assessment) -> dict[str, Float]:
    meters = found.meters
    return {
        name: np.asarray(getattr(meters, name), float) for name in ("location", "scale", "days", "change")
    } | {
        "correlation": np.asarray(meters.correlation, float),
        "kwh_day": np.asarray(meters.kwh_day, float),
    }


def _judged(found: Assessment, recorded: Any) -> dict[str, Float]:
    meters = found.meters
    heard = (
        np.array([each == "ok" for each in meters.status])
        & np.isfinite(meters.location)
        & np.isfinite(meters.scale)
    )
    prior = Mixture(*(recorded[name].to_numpy().astype(float) for name in ("mean", "spike", "slab", "share")))
    posterior = mixture_posterior(
        np.where(heard, meters.location, 0.0), np.where(heard, meters.scale, 1.0), prior
    )
    error, u = error_moments(posterior)
    lower, upper = error_interval(posterior)
    columns = {
        "error": error,
        "u": u,
        "lower": lower,
        "upper": upper,
        "p_out": probability_out(posterior, meters.mpe),
    }
    return {name: np.where(heard, column, np.nan) for name, column in columns.items()}
