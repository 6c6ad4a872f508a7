"""Small worlds for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from quanheng.work.simulate.city import write_city
from quanheng.work.simulate.faults import parse_faults
from quanheng.work.simulate.world import World

# no test is a stopwatch: a busy machine is not a fault
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six areas of 20 meters in 40 days; in each pair of areas two meters are booked to the other's area."""
    out = tmp_path_factory.mktemp("city") / "city"
    world = World(meters=20, days=40, faults=parse_faults(["swap"]))
    write_city(world, out, areas=6, seed=5)
    return out


@pytest.fixture(scope="session")
def small_lake(small_city: Path) -> Path:
    """The lake of `small_city`."""
    return small_city / "lake"
