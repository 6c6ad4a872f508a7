"""An electricity area: loads on a four-wire network, what its meters show, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

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
from quanheng.work.simulate.loads import HOUSEHOLD, QUARTERS, Loads, Weather, draw_hours, draw_loads
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
    """Freeze clocks of the meters, and of the master in the last place: s late on the first day, and s a day."""

    offset: Float
    drift: Float

    def late(self, k: int, steps: int) -> Float:
        """(steps + 1,) seconds by which the freezes of clock k come late; never more than a day."""
        late = self.offset[k] + self.drift[k] * np.arange(steps + 1) / QUARTERS
        return np.clip(late, -MOST_LATE, MOST_LATE)


@dataclass(frozen=True)
class Counted:
    """Registers in steps since the first freeze, at every quarter-hour: meter (r, Q + 1), master (3, Q + 1)."""

    meter: Float
    master: Float


def build_electricity(
    world: World, *, area: str, rng: np.random.Generator, ill: np.random.Generator, weather: Weather
) -> SimulatedArea:
    """One electricity area as its meters hold it. Faults draw from `ill`: all else is the same without them."""
    # 1 loads, thief  2 network and its power flow  3 meters and how they change  4 clocks and the master
    # 5 registers  6 booking  7 curves
    loads = draw_loads(world.meters, weather, rng)
    thief = _draw_thief(world, ill)
    busbar = draw_busbar(world.days * QUARTERS, rng)
    solved = _solve(loads, busbar, thief, rng, ill)
    lots = draw_lots(world, METERS, rng)
    kwh_day = np.bincount(loads.meter, 24 * loads.power.mean(axis=1, dtype=np.float64))
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
        registers=_registers(world, loads, counted, changes, rng, ill),
        terms=None,
        curves=None,
    )
    if world.data != "registers":
        readings = replace(readings, curves=_curves(world, loads, counted, busbar, solved, rng))
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
) -> Counted:
    """What meters and master count of the true flow, as their clocks freeze it."""
    steps = loads.power.shape[1]
    uneven = draw_unevenness(rng, (len(loads.meter), steps + 1))
    first = rng.random(len(loads.meter) + len(PHASES))
    changed = {change.meter: change for change in changes}
    meter = np.empty((len(loads.meter), steps + 1))
    for row, m in enumerate(loads.meter):
        energy = loads.power[row] * np.float32(0.25 * (1 + error[m]))
        if m in changed:
            energy[changed[m].at :] *= (1 + changed[m].error) / (1 + error[m])
        late = clocks.late(m, steps)
        meter[row] = frozen_registers(
            energy, late=late, uneven=uneven[row], step=METERS.step, first=first[row]
        )
    through, evenness = _through_master(loads, solved, thief, _fixed_loss(world, loads, rng), uneven)
    through *= 1 + gain[:, None]
    late = clocks.late(world.meters, steps)
    master = [
        frozen_registers(
            through[p], late=late, uneven=evenness[p], step=_master_step(world), first=first[p - 3]
        )
        for p in range(len(PHASES))
    ]
    return Counted(meter, np.stack(master))


def _fixed_loss(world: World, loads: Loads, rng: np.random.Generator) -> Float:
    """(3, days) kW that passes no meter: voltage circuits, the concentrator, leakage; day noise and a drift."""
    circuits = 0.7e-3 * np.bincount(loads.phase, minlength=len(PHASES))
    rest = rng.uniform(6e-3, 14e-3) / len(PHASES)
    noise = 0.05 if world.fault("noisy_fixed") else 0.01
    drift = np.cumsum(rng.normal(0, 0.0015, world.days))
    wander = 1 + drift + noise * rng.standard_normal(world.days)
    return np.outer(circuits + rest, np.maximum(wander, 0.2))


def _through_master(
    loads: Loads, solved: Solved, thief: Thief | None, fixed: Float, uneven: Single
) -> tuple[Float, Float]:
    """True energy (3, Q) kWh through the master's phases, and its unevenness (3, Q + 1) at the freezes."""
    drawn, moment = np.zeros((2, len(PHASES), loads.power.shape[1]))
    lost = np.repeat(fixed, QUARTERS, axis=1)
    for row, p in enumerate(loads.phase):
        drawn[p] += loads.power[row]
        moment[p] += loads.power[row] * uneven[row, :-1]
        lost[p] += solved.loss[row]
    ratio = np.divide(moment, drawn, out=np.ones_like(drawn), where=drawn > 0)
    if thief is not None:
        lost[thief.phase] += thief.power + solved.loss[-1]
    return 0.25 * (drawn + lost), np.concatenate([ratio, ratio[:, -1:]], axis=1)


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
    counted: Counted,
    changes: tuple[Change, ...],
    rng: np.random.Generator,
    ill: np.random.Generator,
) -> Registers:
    """Daily freezes: the same registers at midnight. A meter's register is the sum of its phases'."""
    meter = np.zeros((world.meters, world.days + 1))
    np.add.at(meter, loads.meter, counted.meter[:, ::QUARTERS])
    master = counted.master[:, ::QUARTERS].sum(axis=0)
    master += rng.integers(10_000_000, 60_000_000)
    exchanged = {
        change.meter: (change.at // QUARTERS + 1, counted.meter[loads.meter == change.meter, change.at].sum())
        for change in changes
        if change.fault == "exchanged"
    }
    standing = from_before(world, meter, exchanged=exchanged, rng=rng, ill=ill)
    return Registers(world.start, 1440, standing, np.asarray(master))


def _curves(
    world: World,
    loads: Loads,
    counted: Counted,
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
        energy=_differences(counted.meter),
        voltage=voltage,
        master_phase=PHASES,
        master_energy=_differences(counted.master),
        master_voltage=master_voltage,
    )


def _differences(register: Float) -> Single:
    return np.subtract(register[:, 1:], register[:, :-1], dtype=np.float32, casting="same_kind")


def _theft_event(area: str, thief: Thief | None) -> tuple[Event, ...]:
    if thief is None:
        return ()
    return (Event(area, "theft", None, PHASES[thief.phase], thief.since, thief.kwh_day),)
