"""What households, shops and empty dwellings draw: a stochastic model of our own, with nobody's data in it.

A load is base + activity + appliances. Appliances run at times drawn from the household's own hours, so that
two households share little in a quarter-hour; weather, weekends and the season move all of them together from
day to day; each has its own habits, its periods of more or less presence, and its absences. Levels and
correlations follow what was measured on real households (docs/methods/simulate.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Index = NDArray[np.intp]

QUARTERS = 96
HOUSEHOLD, VACANT, SHOP = 0, 1, 2
HOLIDAYS = {(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 8))}  # month, day
HOURS = np.arange(QUARTERS) / 4
HABITS = ((7.0, 1.2, 0.6), (12.5, 2.5, 0.5), (19.5, 2.2, 1.0), (0.0, 12.0, 1.2))  # hour, spread, weight
TABLE = 512  # resolution of the inverse distribution of an appliance's hour


@dataclass(frozen=True)
class Weather:
    """What all areas of a city share from day to day; both (days,)."""

    temperature: Float  # °C, mean of the day
    spirit: Float  # what else moves people together: light, markets, examinations; sd 1
    rest: NDArray[np.bool_]  # weekend or public holiday


@dataclass(frozen=True)
class Loads:
    """The loads of one area: a row for each single-phase meter and three for each three-phase one."""

    kind: Index  # (n,) HOUSEHOLD, VACANT, SHOP
    meter: Index  # (r,) the meter of the row
    phase: Index  # (r,) 0, 1, 2
    power: Single  # (r, 96·days) kW, mean of the quarter-hour


def draw_weather(start: date, days: int, rng: np.random.Generator) -> Weather:
    """A temperate year: cold in January, hot in July, spells of some days."""
    day = start.timetuple().tm_yday + np.arange(days)
    season = 16.0 - 12.5 * np.cos(2 * np.pi * (day - 22) / 365.25)
    dates = [start + timedelta(days=k) for k in range(days)]
    rest = np.array([each.weekday() >= 5 or (each.month, each.day) in HOLIDAYS for each in dates])
    temperature = season + _persistent(rng, (1, days), memory=0.8, sd=4.2)[0]
    return Weather(temperature, _persistent(rng, (1, days), memory=0.5, sd=1.0)[0], rest)


def draw_loads(meters: int, weather: Weather, rng: np.random.Generator) -> Loads:
    """Loads of an area: 5 % vacant, 4 % three-phase shops, the rest households of 5 kWh/day (median)."""
    kind = rng.choice([HOUSEHOLD, VACANT, SHOP], size=meters, p=[0.91, 0.05, 0.04])
    meter = np.repeat(np.arange(meters), np.where(kind == SHOP, 3, 1))
    phase = np.where(kind[meter] == SHOP, np.arange(len(meter)) - np.searchsorted(meter, meter), 0)
    phase = np.where(kind[meter] == SHOP, phase, rng.integers(0, 3, len(meter)))
    presence, climate = _day_factors(kind, weather, rng)
    power = _appliances(kind[meter], presence[meter] * climate[meter], weather.rest, rng)
    power += _activity(kind[meter], presence[meter] * climate[meter], weather.rest, rng)
    power /= power.mean(axis=(1, 2), keepdims=True)
    base = rng.beta(1.5, 8.5, len(meter)).astype(np.float32)[:, None, None]
    standby = (0.6 + 0.4 * np.minimum(presence, 1.0))[meter, :, None].astype(np.float32)
    power *= 1 - base
    power += base * standby
    level = _levels(kind, rng)[meter] * _shares(kind, meter, rng) / 24.0
    power *= (level / power.mean(axis=(1, 2)))[:, None, None].astype(np.float32)
    idle = kind[meter] == VACANT
    power[idle] = level[idle, None, None]
    np.minimum(
        power, np.where(kind == SHOP, 18.0, 9.0).astype(np.float32)[meter, None, None], out=power
    )  # the fuse
    return Loads(kind, meter, phase, power.reshape(len(meter), -1))


def daily_energy(loads: Loads) -> Float:
    """(n,) kWh a day of each meter."""
    kw = loads.power.mean(axis=1, dtype=np.float64)
    return np.bincount(loads.meter, weights=kw).astype(np.float64) * 24


def _levels(kind: Index, rng: np.random.Generator) -> Float:
    """(n,) kWh a day. A vacant dwelling draws nothing or the standby of one device."""
    n = len(kind)
    household = 5.0 * np.exp(0.65 * rng.standard_normal(n))
    shop = 18.0 * np.exp(0.5 * rng.standard_normal(n))
    standby = np.where(rng.random(n) < 0.3, 0.0, 0.024 * rng.uniform(0.2, 4.0, n))
    return np.choose(kind, [household, standby, shop])


def _shares(kind: Index, meter: Index, rng: np.random.Generator) -> Float:
    """(r,) share of a row in its meter's energy: a shop's phases are not equally loaded."""
    weight = np.where(kind[meter] == SHOP, rng.gamma(6.0, 1.0, len(meter)), 1.0)
    return np.asarray(weight / np.bincount(meter, weight)[meter])


def _day_factors(kind: Index, weather: Weather, rng: np.random.Generator) -> tuple[Float, Float]:
    """(n, days) presence (mean near 1; 0.03 in absences) and (n, days) response to the weather."""
    n, days = len(kind), len(weather.rest)
    # 1 weather: heating below 16 °C and cooling above 24 °C, each household by its own measure
    cold, heat = np.maximum(16 - weather.temperature, 0), np.maximum(weather.temperature - 24, 0)
    spirit = np.exp(rng.normal(0.08, 0.04, (n, 1)) * weather.spirit)
    climate = 1 + rng.gamma(3.0, 0.022, (n, 1)) * cold + rng.gamma(1.3, 0.05, (n, 1)) * heat
    # 2 weekends: most households are more at home, some away, many shops closed
    rest = np.where(kind == SHOP, rng.choice([1.0, 0.15, 1.2], n), np.exp(rng.normal(0.08, 0.18, n)))
    # 3 the week's own pattern, a persistent mood, and regimes of weeks (a guest, a new job)
    weekday = np.exp(0.07 * rng.standard_normal((n, 7)))[:, np.arange(days) % 7]
    mood = np.exp(_persistent(rng, (n, days), memory=0.75, sd=1.0) * rng.lognormal(np.log(0.09), 0.5, (n, 1)))
    regime = np.exp(0.12 * np.sign(_persistent(rng, (n, days), memory=0.96, sd=1.0)))
    presence = np.where(weather.rest, rest[:, None], 1.0) * weekday * mood * regime
    # 4 absences of days to weeks, some two a year
    presence[_absent(n, days, rng)] = 0.03
    return presence, climate * spirit


def _absent(n: int, days: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n, days): away from home."""
    leaves = rng.random((n, days)) < 2.0 / 365
    left = np.zeros((n, days), dtype=bool)
    for meter, day in zip(*np.nonzero(leaves), strict=True):
        left[meter, day : day + 2 + int(rng.exponential(6.0))] = True
    return left


def draw_hours(kind: Index, rng: np.random.Generator) -> Float:
    """(r, 2, 96) density over the quarters of a working day and of a day of rest, mean 1.

    Habits lie near morning, noon and evening, and one anywhere; half of them are others on a day of rest.
    """
    rows = len(kind)
    density = np.full((rows, 2, QUARTERS), 0.15)
    for hour, spread, weight in HABITS:
        size = weight * rng.gamma(1.5, 1.0, (rows, 1))
        working = rng.normal(hour, spread, (rows, 1))
        resting = np.where(rng.random((rows, 1)) < 0.5, working, rng.normal(hour + 1, spread, (rows, 1)))
        for day, centre in enumerate((working, resting)):
            width = rng.uniform(0.5, 3.0, (rows, 1))
            apart = (HOURS - centre + 12) % 24 - 12
            density[:, day] += size / width * np.exp(-0.5 * (apart / width) ** 2)
    opening, closing = rng.uniform(7, 10, (rows, 1)), rng.uniform(18, 23, (rows, 1))
    trading = np.where((opening <= HOURS) & (closing > HOURS), 1.0, 0.08)
    density = np.where((kind == SHOP)[:, None, None], trading[:, None], density)
    return np.asarray(density / density.mean(axis=2, keepdims=True))


def _appliances(kind: Index, factor: Float, rest: NDArray[np.bool_], rng: np.random.Generator) -> Single:
    """(r, days, 96) appliances that start at the household's own hours, in any unit."""
    rows, days = len(factor), factor.shape[1]
    density = draw_hours(kind, rng)
    clock = _inverse(density)
    # 1 how many starts on each day, 2 when, 3 how long, 4 how strong; 5 add up starts less ends
    often = rng.gamma(4.0, 2.5, rows)[:, None]
    starts = np.asarray(rng.poisson(often * factor))
    row, day = (np.repeat(i.ravel(), starts.ravel()) for i in np.indices(starts.shape))
    begin = day * QUARTERS + clock[row, rest[day].astype(np.intp), rng.integers(0, TABLE, len(row))]
    length = rng.geometric(1 / rng.uniform(1.0, 4.0, rows)[row])
    strength = rng.lognormal(0.0, 0.9, len(row))
    steps = days * QUARTERS
    end = np.minimum(begin + length, steps - 1)
    power = np.empty((rows, steps), dtype=np.float32)
    last = np.cumsum(starts.sum(axis=1))
    for k, (first, past) in enumerate(zip(np.append(0, last), last, strict=False)):
        change = np.bincount(begin[first:past], strength[first:past], minlength=steps)
        change -= np.bincount(end[first:past], strength[first:past], minlength=steps)
        np.maximum(np.cumsum(change), 0.0, out=power[k], casting="same_kind")
    return power.reshape(rows, days, QUARTERS)


def _activity(kind: Index, factor: Float, rest: NDArray[np.bool_], rng: np.random.Generator) -> Single:
    """(r, days, 96) light, cooking and screens: the hours of the household times short noise, any unit."""
    rows, days = factor.shape
    shape = draw_hours(kind, rng).astype(np.float32)
    noise = rng.standard_exponential((rows, days * QUARTERS), dtype=np.float32)
    noise[:, 1:] += noise[:, :-1]
    power = noise.reshape(rows, days, QUARTERS)
    power *= factor.astype(np.float32)[:, :, None]
    power[:, ~rest] *= shape[:, None, 0]
    power[:, rest] *= shape[:, None, 1]
    power *= np.float32(1.5)
    return power


def _inverse(density: Float) -> Index:
    """(r, 2, TABLE) quarter at each level of the cumulative density."""
    cumulative = np.cumsum(density / QUARTERS, axis=2)
    level = (np.arange(TABLE) + 0.5) / TABLE
    flat = cumulative.reshape(-1, QUARTERS)
    found = np.stack([np.searchsorted(row, level) for row in flat])
    return np.minimum(found, QUARTERS - 1).reshape(len(density), 2, TABLE)


def _persistent(rng: np.random.Generator, shape: tuple[int, int], *, memory: float, sd: float) -> Float:
    """AR(1) along the second axis, stationary from the first day on."""
    noise = rng.standard_normal(shape)
    noise[:, 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(sd * lfilter([1.0], [1.0, -memory], noise, axis=1))
