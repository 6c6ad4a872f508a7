"""A small lake that was judged once, and the small city whose meters it holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.people import actions as people
from quanheng.city.supervision.actions import cycles, lakes, orders
from quanheng.city.supervision.models import Cycle, Lake
from quanheng.work.supervise.cycle import Choices, Hands, supervise

Judge = Callable[[], Cycle]


@pytest.fixture(scope="session")
def judged_run(small_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over the small lake."""
    out = tmp_path_factory.mktemp("run") / "out"
    supervise(small_lake, out, Choices(), Hands())
    return out


@pytest.fixture
def lake(small: SmallCity, small_lake: Path) -> Lake:
    """The small lake, pointed to; north and south are called as two of its districts are."""
    for district, name in ((small.north, "东城区"), (small.south, "西城区")):
        district.name = name
        people.keep(SYSTEM, district)
    for each in ("runs", "deliveries", "photos", "lakes/handed-in"):
        shutil.rmtree(settings.HOME / each, ignore_errors=True)
    folder = settings.HOME / "lakes" / "grid"
    if not folder.exists():
        shutil.copytree(small_lake, folder)
    made = lakes.point(SYSTEM, name="grid", title="供电", folder="lakes/grid", owner=small.power)
    return lakes.look(SYSTEM, made)


@pytest.fixture
def cycle(lake: Lake, judged_run: Path) -> Cycle:
    """The first cycle over it."""
    return cycles.run_now(SYSTEM, lake, given=judged_run)


@pytest.fixture
def issued(cycle: Cycle) -> Cycle:
    """All that the first cycle proposes, issued."""
    orders.issue_all(SYSTEM, cycle, deadline=timezone.localdate() + timedelta(days=14))
    return cycle
