"""The books: which meters an area has, of which lots, with what registers, and what is true of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import Area, Meters
from quanheng.work.simulate.faults import Change
from quanheng.work.simulate.world import Event, Truth, World

Float = NDArray[np.float64]
Index = NDArray[np.intp]

MAKERS = ("甲厂", "乙厂", "丙厂", "丁厂")
DISTRICTS = ("东城区", "西城区", "南城区", "北城区")
REGISTER_SPAN = 10.0**8  # steps: six digits and two decimals
ROLLING = 0.1  # share of registers that roll over where the fault is on


@dataclass(frozen=True)
class MeterType:
    """Meters of one utility. step in kWh or m³; all errors relative."""

    step: float
    mpe: float
    sound_sd: float
    faulty: tuple[float, float]  # least and most |error| of one out of tolerance
    bad_lot_mean: float
    bad_lot_sd: float


@dataclass(frozen=True)
class MasterType:
    step: float  # kWh or m³
    mpe: float  # relative
    u: float  # standard uncertainty of its gain, relative


@dataclass(frozen=True)
class Lots:
    """Lot, error and mean error of the lot of each meter, all (n,)."""

    lot: Index
    error: Float
    mean: Float


def draw_lots(world: World, kind: MeterType, rng: np.random.Generator) -> Lots:
    """An area is built with two or three lots. Of the faulty meters 70 % indicate too little."""
    n = world.meters
    lot = rng.choice(world.lots, n, p=rng.dirichlet(np.full(world.lots, 0.5)))
    bad = lot < world.bad_lots
    mean = np.where(bad, kind.bad_lot_mean, 0.0)
    error = mean + np.where(bad, kind.bad_lot_sd, kind.sound_sd) * rng.standard_normal(n)
    sign = np.where(rng.random(n) < 0.7, -1.0, 1.0)
    faulty = sign * rng.uniform(*kind.faulty, n)
    return Lots(lot, np.where(rng.random(n) < world.bad_share, faulty, error), mean)


def book_area(world: World, area: str, master: MasterType, step: float, rng: np.random.Generator) -> Area:
    """`step` is the resolution of the master as it is read, which may be coarser than it could be."""
    district = DISTRICTS[int(rng.integers(len(DISTRICTS)))]
    return Area(area, world.utility, district, f"{area}-M", step, master.mpe, master.u)


def book_meters(area: str, kind: MeterType, lot: Index, phase: tuple[str | None, ...]) -> Meters:
    """Meters are numbered in the order of the columns, so that this is the order of their ids."""
    n = len(lot)
    digits = max(3, len(str(n - 1)))
    maker = [MAKERS[k % len(MAKERS)] for k in lot]
    return Meters(
        meter=tuple(f"{area}-{k:0{digits}d}" for k in range(n)),
        phase=phase,
        mpe=np.full(n, kind.mpe),
        resolution=np.full(n, kind.step),
        batch=tuple(f"{m[0]}-{k:02d}" for m, k in zip(maker, lot, strict=True)),
        maker=tuple(maker),
        verified=tuple(date(2018 + int(k) * 5 % 7, 1 + int(k) * 3 % 12, 15) for k in lot),
    )


def from_before(
    world: World,
    register: Float,
    *,
    exchanged: Mapping[int, tuple[int, float]],
    rng: np.random.Generator,
    ill: np.random.Generator,
) -> Float:
    """Registers (n, K) as they stand, from what they counted since the first freeze, in steps.

    Each has counted for years before; with `rollover` one in ten is about to pass its last digit.
    `exchanged`: by meter, the first freeze of the new meter and the count at which it began from 0.
    """
    n = len(register)
    before = rng.integers(100_000, 4_000_000, n).astype(float)
    if world.fault("rollover") is not None:
        rolling = ill.permutation(n)[: max(1, round(ROLLING * n))]
        before[rolling] = REGISTER_SPAN - np.floor(
            ill.uniform(0.1, 0.9, len(rolling)) * register[rolling, -1]
        )
    standing = register + before[:, None]
    for meter, (freeze, count) in exchanged.items():
        standing[meter, freeze:] = register[meter, freeze:] - count
    return np.asarray(standing % REGISTER_SPAN)


def tell_truth(
    world: World,
    meters: Meters,
    *,
    area: str,
    lots: Lots,
    changes: tuple[Change, ...],
    kwh_day: Float,
    clock: Float,
    per_day: int,
) -> Truth:
    """The error of a changed meter is the one at the end; an exchanged one is sound (`ok`) again."""
    n = len(meters)
    error, kind, since = lots.error.copy(), ["ok"] * n, [None] * n
    when: list[date | None] = list(since)
    for change in changes:
        error[change.meter] = change.error
        if change.fault != "exchanged":
            kind[change.meter] = change.fault
            when[change.meter] = world.start + timedelta(days=change.at // per_day)
    return Truth(
        meter=meters.meter,
        area=(area,) * n,
        error=error,
        kind=tuple(kind),
        true_area=(area,) * n,
        kwh_day=kwh_day,
        since=tuple(when),
        clock=clock,
        lot_mean=lots.mean,
    )


def change_events(
    world: World, meters: Meters, *, area: str, changes: tuple[Change, ...], kwh_day: Float, per_day: int
) -> tuple[Event, ...]:
    return tuple(
        Event(
            area,
            change.fault,
            meters.meter[change.meter],
            meters.phase[change.meter],
            world.start + timedelta(days=change.at // per_day),
            float(kwh_day[change.meter]),
        )
        for change in changes
    )
