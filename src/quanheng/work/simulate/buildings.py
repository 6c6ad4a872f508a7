"""Water, gas and heat: a building's meters behind a master, with leakage in place of line loss.

Registers only, once a day. A flow meter's error depends on the flow: below its transitional flow it indicates
too little, so that a customer who draws little has another error than the same meter on a busy pipe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from quanheng.readings.batch import AreaReadings, Registers
from quanheng.work.simulate.booking import (
    Lots,
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
from quanheng.work.simulate.loads import Weather
from quanheng.work.simulate.world import Event, SimulatedArea, World

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Supply:
    """One utility; level in m³ (heat: kWh)."""

    meters: MeterType
    master: MasterType
    level: float  # median use of a dwelling per day
    cold: float  # growth of the use per °C below 16, relative
    low_flow: float  # part of the level below which meters indicate too little
    leakage: float  # most leakage, relative to the use; heat loses it through the pipe's walls
    theft: float  # usual theft per day


SUPPLIES = {
    "water": Supply(
        MeterType(
            step=0.001, mpe=0.05, sound_sd=0.01, faulty=(0.06, 0.20), bad_lot_mean=-0.03, bad_lot_sd=0.015
        ),
        MasterType(step=0.001, mpe=0.02, u=0.005),
        level=0.35,
        cold=0.0,
        low_flow=0.08,
        leakage=0.03,
        theft=0.5,
    ),
    "gas": Supply(
        MeterType(
            step=0.001, mpe=0.03, sound_sd=0.01, faulty=(0.06, 0.20), bad_lot_mean=-0.018, bad_lot_sd=0.01
        ),
        MasterType(step=0.001, mpe=0.02, u=0.005),
        level=0.8,
        cold=0.06,
        low_flow=0.05,
        leakage=0.01,
        theft=1.0,
    ),
    "heat": Supply(
        MeterType(
            step=0.1, mpe=0.05, sound_sd=0.01, faulty=(0.06, 0.20), bad_lot_mean=-0.03, bad_lot_sd=0.015
        ),
        MasterType(step=0.1, mpe=0.03, u=0.005),
        level=12.0,
        cold=0.25,
        low_flow=0.05,
        leakage=0.03,
        theft=10.0,
    ),
}


def build_building(
    world: World, *, area: str, rng: np.random.Generator, ill: np.random.Generator, weather: Weather
) -> SimulatedArea:
    """One building as its meters hold it. Faults draw from `ill`: all else stays the same."""
    # 1 use, leakage, theft  2 meters and how they change  3 clocks and the master  4 registers  5 booking
    supply = SUPPLIES[world.utility]
    use = _draw_use(world, supply, weather, rng)
    use_day = use.mean(axis=1)
    leak = _draw_leakage(world, supply, use, rng)
    stolen, theft = _draw_theft(world, supply, area, ill)
    lots = draw_lots(world, supply.meters, rng)
    missed = _missed(supply, use, rng)
    lots = replace(lots, error=lots.error - (missed * use).mean(axis=1) / use_day)
    changes = draw_changes(
        world.faults,
        error=lots.error,
        kwh_day=use_day,
        steps=world.days,
        per_day=1,
        sound_sd=supply.meters.sound_sd,
        rng=ill,
    )
    clock = _draw_clock(world, rng)
    gain = rng.normal(0, supply.master.u, 1)
    step = supply.master.step * (1.0 if world.fault("coarse_master") is None else 100.0)
    through = np.vstack([use, use.sum(axis=0) + leak + stolen])
    seen = through * np.vstack([_response(use, lots, missed, changes), np.full((1, world.days), 1 + gain[0])])
    steps = np.append(np.full(world.meters, supply.meters.step), step)
    counted = _count(seen, clock, steps, rng)
    master = counted[-1] + float(rng.integers(1_000_000, 60_000_000))
    meters = book_meters(area, supply.meters, lots.lot, (None,) * world.meters)
    exchanged = {c.meter: (c.at + 1, counted[c.meter, c.at]) for c in changes if c.fault == "exchanged"}
    standing = from_before(world, counted[:-1], exchanged=exchanged, rng=rng, ill=ill)
    readings = AreaReadings(
        area=book_area(world, area, supply.master, step, rng),
        meters=meters,
        registers=Registers(world.start, 1440, standing, master),
        terms=None,
        curves=None,
    )
    return SimulatedArea(
        readings=readings,
        truth=tell_truth(
            world,
            meters,
            area=area,
            lots=lots,
            changes=changes,
            kwh_day=use_day,
            clock=clock[:-1, 0],
            per_day=1,
        ),
        events=theft + change_events(world, meters, area=area, changes=changes, kwh_day=use_day, per_day=1),
        true_loss=np.zeros((0, 0), dtype=np.float32),
        master_gain=gain,
        master_clock=float(clock[-1, 0]),
    )


def _draw_use(world: World, supply: Supply, weather: Weather, rng: np.random.Generator) -> Float:
    """(n, days) true use: lognormal levels, weekends, moods, absences; 5 % of the dwellings are vacant."""
    n, days = world.meters, world.days
    level = supply.level * np.exp(0.55 * rng.standard_normal((n, 1)))
    season = 1 + supply.cold * rng.gamma(4.0, 0.25, (n, 1)) * np.maximum(16 - weather.temperature, 0)
    rest = np.where(weather.rest, np.exp(rng.normal(0.1, 0.2, (n, 1))), 1.0)
    mood = rng.standard_normal((n, days))
    mood[:, 1:] *= np.sqrt(1 - 0.5**2)
    mood = np.exp(0.2 * lfilter([1.0], [1.0, -0.5], mood, axis=1))
    bursts = rng.gamma(6.0, 1 / 6.0, (n, days))  # washing days, baths
    use = level * season * rest * mood * bursts
    for meter, day in zip(*np.nonzero(rng.random((n, days)) < 2.0 / 365), strict=True):
        use[meter, day : day + 2 + int(rng.exponential(6.0))] *= 0.02
    use[rng.random(n) < 0.05] *= 0.004
    return use


def _draw_leakage(world: World, supply: Supply, use: Float, rng: np.random.Generator) -> Float:
    """(days,) a constant with a slow drift and 1 % day noise."""
    noise = 0.01 if world.fault("noisy_fixed") is None else 0.05
    constant = rng.uniform(0.2, 1.0) * supply.leakage * use.sum(axis=0).mean()
    drift = 1 + np.cumsum(rng.normal(0, 0.003, world.days)) + noise * rng.standard_normal(world.days)
    return np.asarray(constant * np.clip(drift, 0.2, 1.5))


def _draw_theft(
    world: World, supply: Supply, area: str, ill: np.random.Generator
) -> tuple[Float, tuple[Event, ...]]:
    amount = world.fault("theft", usual=supply.theft)
    if amount is None:
        return np.zeros(world.days), ()
    power, begin = draw_theft(world.days, amount, np.ones(1), ill)
    since = world.start + timedelta(days=begin)
    return 24 * power[:, 0], (Event(area, "theft", None, None, since, amount),)


def _missed(supply: Supply, use: Float, rng: np.random.Generator) -> Float:
    """(n, days) share of the use that passes at too low a flow to be counted: large on days of little use."""
    depth = np.abs(rng.normal(0, 0.02, (len(use), 1)))
    low = supply.low_flow * supply.level
    return np.asarray(depth * low / (low + use))


def _response(use: Float, lots: Lots, missed: Float, changes: tuple[Change, ...]) -> Float:
    """(n, days) indicated over true. `lots.error` is the meter's error over all of its use."""
    usual = (missed * use).mean(axis=1) / use.mean(axis=1)
    error = np.repeat((lots.error + usual)[:, None], use.shape[1], axis=1)
    for change in changes:
        error[change.meter, change.at :] = change.error + usual[change.meter] * (change.fault != "stopped")
    response = 1 + error - missed
    for change in changes:
        if change.fault == "stopped":
            response[change.meter, change.at :] = 0.0
    return np.asarray(response)


def _draw_clock(world: World, rng: np.random.Generator) -> Float:
    """(n + 1, days + 1) s by which freezes come late; the master's clock in the last row."""
    sd, drift = world.fault("clock"), world.fault("drift") or 0.0
    offset = (world.clock_sd if sd is None else sd) * rng.standard_normal((world.meters + 1, 1))
    late = offset + drift * rng.standard_normal((world.meters + 1, 1)) * np.arange(world.days + 1)
    return np.clip(late, -86400.0, 86400.0)


def _count(seen: Float, late: Float, step: Float, rng: np.random.Generator) -> Float:
    """(n + 1, days + 1) registers in whole steps. Less flows at midnight than by day."""
    flow = np.concatenate([seen, seen[:, -1:]], axis=1) / 86400
    moved = np.clip(0.3 * late, -80000.0, 80000.0) * flow * rng.gamma(2.0, 0.5, flow.shape)
    register = np.concatenate([np.zeros((len(seen), 1)), np.cumsum(seen, axis=1)], axis=1) + moved
    register = np.maximum.accumulate(register - register[:, :1], axis=1)
    return np.asarray(np.floor(register / step[:, None] + rng.random((len(seen), 1))))
