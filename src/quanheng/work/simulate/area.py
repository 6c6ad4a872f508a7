"""A sample area: its network, its meters, what they show, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import Area, AreaReadings, Curves, Meters, Registers
from quanheng.work.simulate.loads import QUARTERS, Loads, Weather, draw_loads, draw_weather
from quanheng.work.simulate.metering import draw_unevenness, frozen_registers, shown_voltages
from quanheng.work.simulate.network import draw_busbar, draw_feeder, solve_area, stretch

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Index = NDArray[np.intp]

PHASE_NAMES = ("A", "B", "C")
METER_STEP, MASTER_STEP = 0.01, 0.008  # kWh; the master: four decimals times a CT ratio of 80
METER_MPE, MASTER_MPE, MASTER_U = 0.02, 0.005, 0.002
SOUND_SD = 0.003
MAKERS = ("甲", "乙", "丙", "丁")
DISTRICTS = ("东城区", "西城区", "南城区", "北城区")


@dataclass(frozen=True)
class World:
    """What the sample city is like."""

    meters: int
    days: int
    data: str = "curves"  # curves, terms, registers
    utility: str = "electricity"
    start: date = date(2025, 1, 1)
    bad_share: float = 0.02  # share of meters that are out of tolerance
    clock_sd: float = 30.0  # s, offset of a freeze clock
    lots: int = 10
    bad_lots: int = 0  # of these lots, how many have a mean error of −1.2 %


@dataclass(frozen=True)
class Truth:
    """What nobody knows of an area outside a simulation; columns over its meters, as in `Meters`."""

    meter: tuple[str, ...]
    area: tuple[str, ...]
    error: Float  # relative, indicated over true − 1; of a changed meter the one at the end
    kind: tuple[str, ...]  # ok, foreign, stopped, step
    true_area: tuple[str, ...]
    kwh_day: Float  # true energy per day
    since: tuple[date | None, ...]  # when the fault began
    clock: Float  # s by which its freezes come late
    lot_mean: Float  # mean error of its lot


@dataclass(frozen=True)
class SimulatedArea:
    readings: AreaReadings
    truth: Truth
    true_loss: Single  # (r, Q) kWh lost in the lines on behalf of each row of `curves`
    master_gain: Float  # (p,) relative error of the master's phases
    master_clock: float  # s


def simulate_area(
    world: World, *, area: str, rng: np.random.Generator, weather: Weather | None = None
) -> SimulatedArea:
    """One area of `world`. The same generator state gives the same area, to the bit."""
    # 1 loads  2 network and busbar  3 power flow  4 meters  5 what the master sees  6 registers and voltages
    weather = weather or draw_weather(world.start, world.days, rng)
    loads = draw_loads(world.meters, weather, rng)
    steps = world.days * QUARTERS
    busbar = draw_busbar(steps, rng)
    tangent = np.tan(np.arccos(rng.uniform(0.93, 0.99, world.meters)))[loads.meter]
    feeder = draw_feeder(loads.meter, loads.phase, rng)
    feeder = stretch(feeder, busbar, loads.power, tangent, share=rng.uniform(0.010, 0.013))
    solved = solve_area(feeder, busbar, loads.power, tangent)
    lot, error, lot_mean = _draw_errors(world, rng)
    clock = world.clock_sd * rng.standard_normal(world.meters)
    master_clock = float(world.clock_sd * rng.standard_normal())
    master_gain = rng.normal(0, MASTER_U) + rng.normal(0, MASTER_U / 4, 3)
    uneven = draw_unevenness(rng, (len(loads.meter), steps + 1))
    fixed = _fixed_loss(loads, world.days, rng)
    master_kwh, master_uneven = _at_master(loads, solved.loss, fixed, uneven)
    master_kwh *= 1 + master_gain[:, None]

    freeze = _Freezer(steps, rng)
    registers = [
        freeze(
            loads.power[row] * (0.25 * (1 + error[m])), offset=clock[m], uneven=uneven[row], step=METER_STEP
        )
        for row, m in enumerate(loads.meter)
    ]
    master = [
        freeze(master_kwh[p], offset=master_clock, uneven=master_uneven[p], step=MASTER_STEP)
        for p in range(3)
    ]
    common = rng.standard_normal((3, steps), dtype=np.float32) * np.float32(0.001)
    moment = busbar * (1 + common)
    voltage = shown_voltages(
        moment[loads.phase], solved.drop, gain=rng.normal(0, 0.003, len(loads.meter)), rng=rng, noise=0.0015
    )
    master_voltage = shown_voltages(
        moment, np.zeros_like(moment), gain=rng.normal(0, 0.003, 3), rng=rng, noise=0.0005
    )
    curves = Curves(
        start=world.start,
        meter=loads.meter,
        phase=tuple(PHASE_NAMES[p] for p in loads.phase),
        energy=np.stack([np.diff(r) for r in registers]).astype(np.float32),
        voltage=voltage,
        master_phase=PHASE_NAMES,
        master_energy=np.stack([np.diff(r) for r in master]).astype(np.float32),
        master_voltage=master_voltage,
    )
    readings = AreaReadings(
        area=Area(
            area,
            world.utility,
            DISTRICTS[int(rng.integers(len(DISTRICTS)))],
            f"{area}-M",
            MASTER_STEP,
            MASTER_MPE,
            MASTER_U,
        ),
        meters=_book(world, area, loads, lot),
        registers=_daily(world, loads, registers, master, rng),
        terms=None,
        curves=curves,
    )
    names = readings.meters.meter
    truth = Truth(
        meter=names,
        area=(area,) * world.meters,
        error=error,
        kind=("ok",) * world.meters,
        true_area=(area,) * world.meters,
        kwh_day=np.bincount(loads.meter, loads.power.mean(axis=1, dtype=np.float64) * 24),
        since=(None,) * world.meters,
        clock=clock,
        lot_mean=lot_mean,
    )
    true_loss = solved.loss
    true_loss *= np.float32(0.25)
    return SimulatedArea(readings, truth, true_loss, master_gain, master_clock)


class _Freezer:
    """Registers of one row after another, each with its own part of a step already counted."""

    def __init__(self, steps: int, rng: np.random.Generator) -> None:
        self.steps, self.rng = steps, rng

    def __call__(self, energy: NDArray[np.floating], *, offset: float, uneven: Single, step: float) -> Float:
        late = np.full(self.steps + 1, np.clip(offset, -86400.0, 86400.0))
        return frozen_registers(energy, offset=late, uneven=uneven, step=step, first=float(self.rng.random()))


def _draw_errors(world: World, rng: np.random.Generator) -> tuple[Index, Float, Float]:
    """Lot, error and the lot's mean error of each meter: an area is built with two or three lots."""
    n = world.meters
    weight = rng.dirichlet(np.full(world.lots, 0.5))
    lot = rng.choice(world.lots, n, p=weight)
    bad = lot < world.bad_lots
    mean = np.where(bad, -0.012, 0.0)
    error = mean + np.where(bad, 0.006, SOUND_SD) * rng.standard_normal(n)
    sign = np.where(rng.random(n) < 0.7, -1.0, 1.0)
    faulty = sign * rng.uniform(0.02, 0.10, n)
    return lot, np.where(rng.random(n) < world.bad_share, faulty, error), mean


def _fixed_loss(loads: Loads, days: int, rng: np.random.Generator) -> Float:
    """(3, days) kW that never passes a meter: voltage circuits, the concentrator, leakage; 1 % day noise and a drift."""
    circuits = 0.7e-3 * np.bincount(loads.phase, minlength=3)
    rest = rng.uniform(6e-3, 14e-3) / 3
    drift = np.cumsum(rng.normal(0, 0.0015, days))
    return (circuits + rest)[:, None] * (1 + drift + rng.normal(0, 0.01, days))


def _at_master(loads: Loads, loss: Single, fixed: Float, uneven: Single) -> tuple[Float, Float]:
    """Energy (3, Q) kWh through the master's phases, and its unevenness (3, Q + 1) at the freezes."""
    rows = [np.flatnonzero(loads.phase == p) for p in range(3)]
    drawn = np.stack([loads.power[i].sum(axis=0, dtype=np.float64) for i in rows])
    moment = np.stack([np.einsum("rt,rt->t", loads.power[i], uneven[i, :-1]) for i in rows])
    lost = np.stack([loss[i].sum(axis=0, dtype=np.float64) for i in rows])
    ratio = np.divide(moment, drawn, out=np.ones_like(drawn), where=drawn > 0)
    kwh = 0.25 * (drawn + lost + np.repeat(fixed, QUARTERS, axis=1))
    return kwh, np.concatenate([ratio, ratio[:, -1:]], axis=1)


def _book(world: World, area: str, loads: Loads, lot: Index) -> Meters:
    n = world.meters
    phase = np.array([PHASE_NAMES[p] for p in loads.phase], dtype=object)[
        np.searchsorted(loads.meter, np.arange(n))
    ]
    wide = np.bincount(loads.meter) == 3
    return Meters(
        meter=tuple(f"{area}-{k:03d}" for k in range(n)),
        phase=tuple("ABC" if w else p for w, p in zip(wide, phase, strict=True)),
        mpe=np.full(n, METER_MPE),
        resolution=np.full(n, METER_STEP),
        batch=tuple(f"{MAKERS[k % len(MAKERS)]}-{k:02d}" for k in lot),
        maker=tuple(f"{MAKERS[k % len(MAKERS)]}厂" for k in lot),
        verified=tuple(date(2017 + int(k) * 7 % 8, 3 + int(k) % 9, 15) for k in lot),
    )


def _daily(
    world: World, loads: Loads, registers: list[Float], master: list[Float], rng: np.random.Generator
) -> Registers:
    """Daily freezes: the same registers at midnight, from what they had counted before."""
    meter = np.zeros((world.meters, world.days + 1))
    for row, m in enumerate(loads.meter):
        meter[m] += registers[row][::QUARTERS]
    meter += rng.integers(100_000, 4_000_000, (world.meters, 1))
    total = np.sum(master, axis=0)[::QUARTERS] + rng.integers(10_000_000, 90_000_000)
    return Registers(world.start, 1440, meter, np.asarray(total))
