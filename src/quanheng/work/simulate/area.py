"""A sample area: its loads, its network, its meters, what they show, and the truth behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quanheng.readings.reduce import reduce_to_terms
from quanheng.work.simulate.buildings import build_building
from quanheng.work.simulate.electricity import build_electricity
from quanheng.work.simulate.loads import Weather, draw_weather
from quanheng.work.simulate.lost import lose
from quanheng.work.simulate.world import SimulatedArea, World


def simulate_area(
    world: World, *, area: str, rng: np.random.Generator, weather: Weather | None = None
) -> SimulatedArea:
    """One area of `world`, with a weather of its own where none is handed in.

    The same generator gives the same area, to the bit. `swap` is not done here: it needs two areas.
    """
    ill, way = rng.spawn(2)
    weather = weather or draw_weather(world.start, world.days, rng)
    return deliver(world, build_area(world, area=area, rng=rng, ill=ill, weather=weather), way)


def build_area(
    world: World, *, area: str, rng: np.random.Generator, ill: np.random.Generator, weather: Weather
) -> SimulatedArea:
    """The area as its meters hold it, before anything is reduced, or lost on the way."""
    build = build_electricity if world.utility == "electricity" else build_building
    return build(world, area=area, rng=rng, ill=ill, weather=weather)


def deliver(world: World, built: SimulatedArea, way: np.random.Generator) -> SimulatedArea:
    """The area as it arrives: reduced to terms where the world asks for them, less the lost packets."""
    readings = built.readings
    if world.data == "terms" and readings.curves is not None:
        readings = replace(readings, terms=reduce_to_terms(readings, world.step_minutes), curves=None)
    return replace(built, readings=lose(world, readings, way))
