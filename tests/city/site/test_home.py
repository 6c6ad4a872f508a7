"""The home page: first what somebody came for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.frame.roles import Role
from quanheng.city.site import cards

As = Callable[[str], Client]


def shown_cards(browser: Client) -> list[str]:
    """Keys of the cards on a home page, in their order."""
    page = browser.get("/").content.decode()
    return [each.split('"')[0] for each in page.split('id="card-')[1:]]


@pytest.mark.parametrize(
    ("who", "first"),
    [("city", "indicators"), ("north", "orders"), ("institute", "jobs"),
     ("power", "orders"), ("factory", "instruments-overdue"), ("auditor", "recompute"), ("", "verify")],
)  # fmt: skip
def test_everybody_finds_first_what_he_came_for(as_user: As, who: str, first: str) -> None:
    assert shown_cards(as_user(who))[0] == first


@pytest.mark.parametrize("who", ["city", "north", "institute", "power", "factory", "auditor", ""])
def test_nobody_is_shown_a_card_of_another_role(as_user: As, small: SmallCity, who: str) -> None:
    role = small.users[who].role if who else Role.PUBLIC.value
    assert set(shown_cards(as_user(who))) == {each.key for each in cards.CARDS if role in each.see}


def test_every_card_that_comes_first_is_on_the_shelf() -> None:
    keys = [each.key for each in cards.CARDS]
    assert len(keys) == len(set(keys))
    for role, first in cards.FIRST.items():
        for key in first:
            assert role in cards.CARDS[keys.index(key)].see, (role, key)
    assert set(cards.FIRST) == set(Role)


def test_a_card_lists_what_is_longest_overdue_and_only_what_is_the_viewers(
    as_user: As, small: SmallCity
) -> None:
    today = timezone.localdate()
    for n in range(7):
        small.instrument(f"E-{n}", small.power, small.north, due=today - timedelta(days=1 + n))
    small.instrument("E-soon", small.power, small.north, due=today + timedelta(days=1))
    small.instrument("E-fine", small.power, small.north, due=date(2099, 1, 1))
    small.instrument("S-1", small.water, small.south, due=date(2000, 1, 1))
    page = as_user("north").get("/").content.decode()
    assert '<span class="figure bad">7</span>' in page
    assert [code for code in (f"E-{n}" for n in range(7)) if code in page] == [
        "E-2",
        "E-3",
        "E-4",
        "E-5",
        "E-6",
    ]
    assert page.index("E-6") < page.index("E-2")
    assert "S-1" not in page and "E-fine" not in page


def test_the_home_page_asks_as_much_of_the_database_however_much_there_is(
    as_user: As, small: SmallCity
) -> None:
    browser, asked = as_user("city"), []
    browser.get("/")  # what is asked once and kept
    for n in range(2):
        for k in range(6 + 20 * n):
            small.instrument(f"E-{n}-{k}", small.power, small.north, due=date(2020, 1, 1))
        with CaptureQueriesContext(connection) as queries:
            browser.get("/")
        asked.append(len(queries))
    assert asked[0] == asked[1] < 30
