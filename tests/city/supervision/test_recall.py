"""A master meter was wrong: its verdicts are in question, its orders open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.supervision import recall
from quanheng.city.supervision.models import Cycle, Order, OrderState, Verdict

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db
LONG_AGO = date(2020, 1, 1)


def test_a_recall_hits_what_stands_behind_the_master(issued: Cycle) -> None:
    hit = recall.hit_by(["A00003-M", "SCALE-1"], LONG_AGO)
    assert {each.area.area for each in Verdict.objects.filter(pk__in=hit.verdicts)} == {"A00003"}
    assert len(hit.verdicts) == 20
    assert set(hit.orders) == set(Order.objects.filter(area__area="A00003").values_list("pk", flat=True))


def test_what_was_judged_before_the_day_is_not_hit(issued: Cycle) -> None:
    assert recall.hit_by(["A00003-M"], timezone.localdate() + timedelta(days=2)) == recall.Hit((), ())


def test_orders_that_were_closed_are_opened_again_and_verdicts_marked_once(
    as_user: As, small: SmallCity, issued: Cycle
) -> None:
    order = Order.objects.get(kind="replace_trend")
    browser = as_user("city")
    as_user("power").post(f"/supervision/orders/{order.pk}/accept/")
    browser.post(f"/supervision/orders/{order.pk}/object/", {"text": "不对"})
    browser.post(f"/supervision/orders/{order.pk}/uphold/", {"text": "是"})
    hit = recall.hit_by(["A00003-M"], LONG_AGO)
    first = recall.reopen(small.users["city"], hit, "STD-1")
    assert first == (20, len(hit.orders))
    assert recall.reopen(small.users["city"], hit, "STD-1") == (0, 0)
    order.refresh_from_db()
    assert (order.state, order.recalled) == (OrderState.ISSUED, "STD-1")
    assert "STD-1" in browser.get(f"/supervision/orders/{order.pk}/").content.decode()
    verdict = Verdict.objects.get(meter="A00003-010")
    assert "须重新判定" in browser.get(f"/supervision/verdicts/{verdict.pk}/").content.decode()
    assert not Verdict.objects.filter(recalled="STD-1").exclude(area__area="A00003").exists()


def test_the_office_of_certificates_asks_supervision(small: SmallCity, issued: Cycle) -> None:
    from quanheng.city.certificates.actions import recall as certificates

    told = {each.address: each.count for each in certificates.beyond(["A00003-M"], LONG_AGO)}
    assert told["/supervision/verdicts/"] == 20
    assert told["/supervision/orders/"] == Order.objects.filter(area__area="A00003").count()
    for again in certificates.REOPEN:
        again(small.users["city"], ["A00003-M"], LONG_AGO, "R2026-0001")
    assert Verdict.objects.filter(recalled="R2026-0001").count() == 20
