"""Areas of a few meters, simulated once and shared by the tests that look at them."""

from __future__ import annotations

from functools import cache

import numpy as np

from quanheng.work.simulate.city import simulate_city
from quanheng.work.simulate.faults import Fault
from quanheng.work.simulate.world import SimulatedArea, World
from quanheng.work.supervise.findings import Assessment


@cache
def city(
    *faults: Fault, areas: int = 1, meters: int = 24, days: int = 90, data: str = "terms", seed: int = 1
) -> tuple[SimulatedArea, ...]:
    world = World(meters, days, data=data, faults=faults)
    return tuple(simulate_city(world, areas=areas, seed=seed))


def area(
    *faults: Fault, meters: int = 24, days: int = 90, data: str = "terms", seed: int = 1
) -> SimulatedArea:
    return city(*faults, meters=meters, days=days, data=data, seed=seed)[0]


def scores(found: Assessment, simulated: SimulatedArea) -> np.ndarray:
    """(true − estimated correction) over its scale, of the meters that are judged."""
    heard = np.isfinite(found.meters.location)
    true = 1 / (1 + simulated.truth.error[heard]) - 1
    return (true - found.meters.location[heard]) / found.meters.scale[heard]
