"""A sample area: its loads, its network, its meters, what they show, and the truth behind it."""

from __future__ import annotations

import numpy as np

from quanheng.work.simulate.electricity import simulate_electricity
from quanheng.work.simulate.loads import Weather, draw_weather
from quanheng.work.simulate.world import SimulatedArea, World


def simulate_area(
    world: World, *, area: str, rng: np.random.Generator, weather: Weather | None = None
) -> SimulatedArea:
    """One area of `world`, with a weather of its own where none is handed in.

    The same state of the generator gives the same area, to the bit. `swap` is not done here: it needs two areas.
    """
    weather = weather or draw_weather(world.start, world.days, rng)
    return simulate_electricity(world, area=area, rng=rng, weather=weather)
