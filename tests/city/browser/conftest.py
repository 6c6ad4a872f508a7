"""The site with the sample city, built once for all that walk through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from site_build import Site, build, served, simulate


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city."""
    return simulate(tmp_path_factory.mktemp("sample") / "city")


@pytest.fixture(scope="session")
def site(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site on SQLite."""
    return build(city, tmp_path_factory.mktemp("home"))


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Where it is served."""
    with served(site) as where:
        yield where
