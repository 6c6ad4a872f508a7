"""The card of orders on the home page: what waits for whoever looks at it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.frame.cards import Shown
from quanheng.city.supervision import cards
from quanheng.city.supervision.actions import orders
from quanheng.city.supervision.models import Cycle, Order

pytestmark = pytest.mark.django_db


def card(small: SmallCity, who: str) -> Shown:
    """The card of somebody."""
    return cards.orders(small.users[who])


def test_what_is_proposed_waits_for_the_city_and_what_is_issued_for_its_assignee(
    small: SmallCity, cycle: Cycle
) -> None:
    proposed = Order.objects.count()
    assert proposed > 0
    assert (card(small, "city").figure, card(small, "power").figure) == (str(proposed), "0")


def test_an_issued_order_waits_for_whom_it_was_given_to(small: SmallCity, issued: Cycle) -> None:
    given = Order.objects.filter(state="issued", assignee=small.power).count()
    assert given > 0
    assert card(small, "power").figure == str(given)
    nowhere = Order.objects.filter(state="issued", assignee=None, district=None).count()
    assert (card(small, "water").figure, card(small, "city").figure) == ("0", str(nowhere))
    assert len(card(small, "power").lines) == min(given, 5)


def test_random_checks_of_the_authority_wait_for_the_inspector_of_the_district(
    small: SmallCity, issued: Cycle
) -> None:
    own = Order.objects.filter(assignee=None, state="issued")
    for who, district in (("north", small.north), ("south", small.south)):
        mine = own.filter(district=district)
        assert mine.count() > 0
        assert card(small, who).figure == str(mine.count())
    order = own.filter(district=small.north).earliest("pk")
    orders.act(small.users["north"], order.pk, "accept")
    assert card(small, "north").figure == str(own.filter(district=small.north).count() + 1)


def test_orders_are_found_by_who_carries_them_out(
    small: SmallCity, issued: Cycle, as_user: Callable[[str], Client]
) -> None:
    for by, assignee in (("authority", None), ("others", small.power)):
        page = as_user("city").get(f"/supervision/orders/?by={by}&cycle={issued.pk}").content.decode()
        for each in Order.objects.all():
            assert (f">{each}</a>" in page) == (each.assignee == assignee), each


def test_the_auditor_finds_the_cycles_to_compute_again(small: SmallCity, cycle: Cycle) -> None:
    [line] = cards.cycles(small.users["auditor"]).lines
    assert line.url == f"/supervision/cycles/{cycle.pk}/"
