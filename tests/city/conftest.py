"""One small city for all tests of the offices: two districts, an institute, two utilities, an enterprise, and users."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import translation
from lifted import lift_guards
from small_city import SmallCity, credit_code

from quanheng.city.audit import guard
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.frame.roles import Role
from quanheng.city.people import actions as people
from quanheng.city.people.models import District, Party, PartyKind, User

LIFTED = {"lifted": False}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server of the tests' own: the address of an empty database of that name."""
    pgserver = pytest.importorskip("pgserver", reason="no PostgreSQL: pip install pgserver")
    logging.getLogger("pgserver").disabled = True  # it speaks once more at the very end, when nobody listens
    # not below pytest's own folder: the server runs as a user of its own where we are root, and could not enter it
    with tempfile.TemporaryDirectory(prefix="quanheng-postgresql-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")

        def database(name: str) -> str:
            server.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.psql(f'CREATE DATABASE "{name}"')
            return urlsplit(server.get_uri())._replace(path=f"/{name}").geturl()

        yield database
        server.cleanup()


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """A page that a test read in English leaves its language to the thread: the next test begins without."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def guards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests with real transactions end by emptying the tables, which the guards refuse: they are lifted for that."""
    marker = request.node.get_closest_marker("django_db")
    real = "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))
    if real:
        request.getfixturevalue("transactional_db")
    elif "db" in request.fixturenames or marker:
        request.getfixturevalue("db")
    if LIFTED["lifted"] and (real or "db" in request.fixturenames):
        guard.put_in_place()
        LIFTED["lifted"] = False
    yield
    if real:
        lift_guards()
        LIFTED["lifted"] = True


@pytest.fixture
def small(db: None) -> SmallCity:
    """The small city."""
    north = District(code="990101", name="北城区", name_english="North")
    south = District(code="990102", name="南城区", name_english="South")
    for each in (north, south):
        people.keep(SYSTEM, each)
    parties = [
        Party(code=credit_code(n), kind=kind, name=name, name_english=english, district=district)
        for n, (kind, name, english, district) in enumerate(
            (
                (PartyKind.INSTITUTE, "样例市计量院", "City Institute", north),
                (PartyKind.UTILITY, "样例供电公司", "Power Company", north),
                (PartyKind.UTILITY, "样例供水公司", "Water Company", south),
                (PartyKind.ENTERPRISE, "样例仪表厂", "Instrument Factory", south),
            )
        )
    ]
    for party in parties:
        people.keep(SYSTEM, party)
    institute, power, water, factory = parties
    users = {
        name: User.objects.create_user(name, "an honest password", role, **facts)
        for name, role, facts in (
            ("city", Role.CITY, {}),
            ("north", Role.DISTRICT, {"district": north}),
            ("south", Role.DISTRICT, {"district": south}),
            ("institute", Role.INSTITUTE, {"party": institute}),
            ("power", Role.UTILITY, {"party": power}),
            ("water", Role.UTILITY, {"party": water}),
            ("factory", Role.ENTERPRISE, {"party": factory}),
            ("auditor", Role.AUDITOR, {}),
        )
    }
    return SmallCity(north, south, institute, power, water, factory, users)


@pytest.fixture
def as_user(small: SmallCity) -> Callable[[str], Client]:
    """A browser of a user, by name; "" for a stranger."""

    def client(name: str) -> Client:
        browser = Client(headers={"Accept-Language": "zh-CN"})
        if name:
            browser.force_login(small.users[name])
        return browser

    return client
