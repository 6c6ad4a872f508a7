"""One small city for all tests of the offices: two districts, an institute, two utilities, an enterprise, and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from small_city import SmallCity, credit_code

from quanheng.city.audit import guard
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.frame.roles import Role
from quanheng.city.people import actions as people
from quanheng.city.people.models import District, Party, PartyKind, User

LIFTED = {"lifted": False}


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


def lift_guards() -> None:
    """Drop every trigger of the tests' database."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            drops = [f"DROP TRIGGER {name}" for (name,) in cursor.fetchall()]
        else:
            cursor.execute("SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
            drops = [f"DROP TRIGGER {name} ON {table}" for name, table in cursor.fetchall()]
        for drop in drops:
            cursor.execute(drop)


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
