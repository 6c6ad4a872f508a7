"""An electricity area: loads on a four-wire network, what its meters show, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import AreaReadings, Curves, Registers
from quanheng.work.simulate.booking import (
    MasterType,
    MeterType,
    book_area,
    book_meters,
    change_events,
    draw_lots,
    from_before,
    tell_truth,
)
from quanheng.work.simulate.faults import Change, draw_changes, draw_theft
from quanheng.work.simulate.loads import (
    HOUSEHOLD,
    QUARTERS,
    Loads,
    Weather,
    daily_energy,
    draw_hours,
    draw_loads,
)
from quanheng.work.simulate.metering import draw_unevenness, frozen_registers, shown_voltages
from quanheng.work.simulate.network import Solved, draw_busbar, draw_feeder, solve_area, stretch
from quanheng.work.simulate.world import Event, SimulatedArea, World

Float = NDArray[np.float64]
Single = NDArray[np.float32]

PHASES = ("A", "B", "C")
METERS = MeterType(
    step=0.01, mpe=0.02, sound_sd=0.003, faulty=(0.02, 0.10), bad_lot_mean=-0.012, bad_lot_sd=0.006
)
MASTER = MasterType(step=0.008, mpe=0.005, u=0.002)  # four decimals times a CT of 80
COARSE_STEP = 0.8  # kWh: two decimals times 80
MOST_LATE = 86400.0  # s
VOLTAGE_GAIN_SD = 0.003
THIEF_TANGENT = 0.3


@dataclass(frozen=True)
class Thief:
    """Unmetered consumption in one phase. power (Q,): kW."""

    power: Single
    phase: int
    since: date
    kwh_day: float


@dataclass(frozen=True)
class Clocks:
    """Freeze clocks of the meters, the master's last: s late on the first day, and s a day."""

    offset: Float
    drift: Float

    def late(self, k: int, steps: int) -> Float:
        """(steps + 1,) seconds by which the freezes of clock k come late; never more than a day."""
        late = self.offset[k] + self.drift[k] * np.arange(steps + 1) / QUARTERS
        return np.asarray(np.clip(late, -MOST_LATE, MOST_LATE))


@dataclass(frozen=True)
class Counted:
    """What r rows have counted, in whole steps: up to each midnight, and in each quarter-hour."""

    midnight: Float  # (r, days + 1)
    energy: Single  # (r, Q)


def build_electricity(
    world: World, *, area: str, rng: np.random.Generator, ill: np.random.Generator, weather: Weather
) -> SimulatedArea:
    """One electricity area as its meters hold it. Faults draw from `ill`: all else stays the same."""
    # 1 loads, thief  2 network and its power flow  3 meters and how they change  4 clocks and the master
    # 5 registers  6 booking  7 curves
    loads = draw_loads(world.meters, weather, rng)
    thief = _draw_thief(world, ill)
    busbar = draw_busbar(world.days * QUARTERS, rng)
    solved = _solve(loads, busbar, thief, rng, ill)
    lots = draw_lots(world, METERS, rng)
    kwh_day = daily_energy(loads)
    changes = draw_changes(
        world.faults,
        error=lots.error,
        kwh_day=kwh_day,
        steps=world.days * QUARTERS,
        per_day=QUARTERS,
        sound_sd=METERS.sound_sd,
        rng=ill,
    )
    clocks = _draw_clocks(world, rng)
    gain = rng.normal(0, MASTER.u) + rng.normal(0, MASTER.u / 4, len(PHASES))
    counted = _count(world, loads, solved, thief, lots.error, changes, clocks, gain, rng)
    meters = book_meters(area, METERS, lots.lot, _phases(loads))
    readings = AreaReadings(
        area=book_area(world, area, MASTER, _master_step(world), rng),
        meters=meters,
        registers=_registers(world, loads, *counted, changes, rng, ill),
        terms=None,
        curves=None,
    )
    if world.data != "registers":
        readings = replace(readings, curves=_curves(world, loads, *counted, busbar, solved, rng))
    return SimulatedArea(
        readings=readings,
        truth=tell_truth(
            world,
            meters,
            area=area,
            lots=lots,
            changes=changes,
            kwh_day=kwh_day,
            clock=clocks.offset[:-1],
            per_day=QUARTERS,
        ),
        events=_theft_event(area, thief)
        + change_events(world, meters, area=area, changes=changes, kwh_day=kwh_day, per_day=QUARTERS),
        true_loss=solved.loss[: len(loads.meter)] * np.float32(0.25),
        master_gain=gain,
        master_clock=float(clocks.offset[-1]),
    )


def _draw_thief(world: World, ill: np.random.Generator) -> Thief | None:
    amount = world.fault("theft")
    if amount is None:
        return None
    hours = draw_hours(np.array([HOUSEHOLD]), ill)[0, 0]
    power, begin = draw_theft(world.days, amount, hours, ill)
    phase = int(ill.integers(len(PHASES)))
    return Thief(power.astype(np.float32).ravel(), phase, world.start + timedelta(days=begin), amount)


def _solve(
    loads: Loads, busbar: Single, thief: Thief | None, rng: np.random.Generator, ill: np.random.Generator
) -> Solved:
    """Drops and losses of the rows of `loads`, and of the thief in the last row where there is one."""
    tangent = np.tan(np.arccos(rng.uniform(0.93, 0.99, int(loads.meter[-1]) + 1)))[loads.meter]
    feeder = draw_feeder(loads.meter, loads.phase, rng)
    feeder = stretch(feeder, busbar, loads.power, tangent, share=rng.uniform(0.010, 0.013))
    if thief is None:
        return solve_area(feeder, busbar, loads.power, tangent)
    tapped = replace(
        feeder,
        load_node=np.append(feeder.load_node, ill.choice(feeder.load_node)),
        load_phase=np.append(feeder.load_phase, thief.phase),
        service_impedance=np.append(feeder.service_impedance, 0.0),
    )
    power = np.vstack([loads.power, thief.power])
    return solve_area(tapped, busbar, power, np.append(tangent, THIEF_TANGENT))


def _draw_clocks(world: World, rng: np.random.Generator) -> Clocks:
    sd = world.fault("clock")
    offset = (world.clock_sd if sd is None else sd) * rng.standard_normal(world.meters + 1)
    return Clocks(offset, (world.fault("drift") or 0.0) * rng.standard_normal(world.meters + 1))


def _count(
    world: World,
    loads: Loads,
    solved: Solved,
    thief: Thief | None,
    error: Float,
    changes: tuple[Change, ...],
    clocks: Clocks,
    gain: Float,
    rng: np.random.Generator,
) -> tuple[Counted, Counted]:
    """What meters and master count of the true flow, as their clocks freeze it."""
    steps = loads.power.shape[1]
    meters, master = _nothing_counted(len(loads.meter), steps), _nothing_counted(len(PHASES), steps)
    through = 0.25 * np.repeat(_fixed_loss(world, loads, rng), QUARTERS, axis=1)
    if thief is not None:
        through[thief.phase] += 0.25 * (thief.power + solved.loss[-1])
    drawn, moment = np.zeros((2, len(PHASES), steps + 1))
    changed = {change.meter: change for change in changes}
    for row, (m, p) in enumerate(zip(loads.meter, loads.phase, strict=True)):
        energy = loads.power[row] * np.float32(0.25)
        uneven = draw_unevenness(rng, steps + 1)
        through[p] += energy + np.float32(0.25) * solved.loss[row]
        drawn[p, :-1] += energy
        moment[p, :-1] += energy * uneven[:-1]
        energy *= np.float32(1 + error[m])
        if m in changed:
            energy[changed[m].at :] *= (1 + changed[m].error) / (1 + error[m])
        _freeze(meters, row, energy, clocks.late(m, steps), uneven, METERS.step, rng)
    evenness = np.divide(moment, drawn, out=np.ones_like(drawn), where=drawn > 0)
    through *= 1 + gain[:, None]
    late = clocks.late(world.meters, steps)
    for p in range(len(PHASES)):
        _freeze(master, p, through[p], late, evenness[p], _master_step(world), rng)
    return meters, master


def _nothing_counted(rows: int, steps: int) -> Counted:
    midnight = np.zeros((rows, steps // QUARTERS + 1))
    return Counted(midnight, np.zeros((rows, steps), dtype=np.float32))


def _freeze(
    counted: Counted,
    row: int,
    energy: NDArray[np.floating[Any]],
    late: Float,
    uneven: NDArray[np.floating[Any]],
    step: float,
    rng: np.random.Generator,
) -> None:
    """Fill in a row of `counted`."""
    register = frozen_registers(energy, late=late, uneven=uneven, step=step, first=float(rng.random()))
    counted.midnight[row] = register[::QUARTERS]
    counted.energy[row] = np.diff(register)


def _fixed_loss(world: World, loads: Loads, rng: np.random.Generator) -> Float:
    """(3, days) kW that passes no meter: voltage circuits, concentrator, leakage; with noise and a drift."""
    circuits = 0.7e-3 * np.bincount(loads.phase, minlength=len(PHASES))
    rest = rng.uniform(6e-3, 14e-3) / len(PHASES)
    noise = 0.05 if world.fault("noisy_fixed") else 0.01
    drift = np.cumsum(rng.normal(0, 0.0015, world.days))
    wander = 1 + drift + noise * rng.standard_normal(world.days)
    return np.outer(circuits + rest, np.maximum(wander, 0.2))


def _master_step(world: World) -> float:
    return MASTER.step if world.fault("coarse_master") is None else COARSE_STEP


def _phases(loads: Loads) -> tuple[str, ...]:
    """Phase of each meter as it is booked."""
    wide = np.bincount(loads.meter) > 1
    first = np.searchsorted(loads.meter, np.arange(len(wide)))
    return tuple("ABC" if w else PHASES[loads.phase[row]] for w, row in zip(wide, first, strict=True))


def _registers(
    world: World,
    loads: Loads,
    meters: Counted,
    master: Counted,
    changes: tuple[Change, ...],
    rng: np.random.Generator,
    ill: np.random.Generator,
) -> Registers:
    """Daily freezes: the same registers at midnight. A meter's register is the sum of its phases'."""
    meter = np.zeros((world.meters, world.days + 1))
    np.add.at(meter, loads.meter, meters.midnight)
    exchanged = {
        change.meter: (change.at // QUARTERS + 1, _until(loads, meters, change))
        for change in changes
        if change.fault == "exchanged"
    }
    standing = from_before(world, meter, exchanged=exchanged, rng=rng, ill=ill)
    before = float(rng.integers(10_000_000, 60_000_000))
    return Registers(world.start, 1440, standing, before + master.midnight.sum(axis=0))


def _until(loads: Loads, meters: Counted, change: Change) -> float:
    """What the meter had counted when it changed, steps since the first freeze."""
    return float(meters.energy[loads.meter == change.meter, : change.at].sum(dtype=np.float64))


def _curves(
    world: World,
    loads: Loads,
    meters: Counted,
    master: Counted,
    busbar: Single,
    solved: Solved,
    rng: np.random.Generator,
) -> Curves:
    """Quarter-hours: differences of the frozen registers, and the voltages at their ends."""
    moment = busbar * (1 + np.float32(0.001) * rng.standard_normal(busbar.shape, dtype=np.float32))
    gain = VOLTAGE_GAIN_SD * rng.standard_normal(len(loads.meter) + len(PHASES))
    rows = slice(0, len(loads.meter))
    voltage = shown_voltages(moment[loads.phase], solved.drop[rows], gain=gain[rows], noise=0.0015, rng=rng)
    master_voltage = shown_voltages(moment, np.zeros_like(moment), gain=gain[-3:], noise=0.0005, rng=rng)
    return Curves(
        start=world.start,
        meter=loads.meter,
        phase=tuple(PHASES[p] for p in loads.phase),
        energy=meters.energy,
        voltage=voltage,
        master_phase=PHASES,
        master_energy=master.energy,
        master_voltage=master_voltage,
    )


def _theft_event(area: str, thief: Thief | None) -> tuple[Event, ...]:
    if thief is None:
        return ()
    return (Event(area, "theft", None, PHASES[thief.phase], thief.since, thief.kwh_day),)
