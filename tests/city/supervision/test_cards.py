"""The card of orders on the home page: what waits for whoever looks at it, and nothing else."""

from __future__ import annotations

import pytest
from small_city import SmallCity

from quanheng.city.frame.cards import Shown
from quanheng.city.supervision import cards
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
    assert (card(small, "water").figure, card(small, "city").figure) == ("0", "0")
    assert len(card(small, "power").lines) == min(given, 5)


def test_the_auditor_finds_the_cycles_to_compute_again(small: SmallCity, cycle: Cycle) -> None:
    [line] = cards.cycles(small.users["auditor"]).lines
    assert line.url == f"/supervision/cycles/{cycle.pk}/"
