"""What an order refunds: by the ledger as it was when the order was made, and by what nobody altered afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from small_city import SmallCity
from test_orders import found, step

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import Instrument
from quanheng.city.supervision import settling
from quanheng.city.supervision.actions import checks, cycles, orders
from quanheng.city.supervision.models import FieldCheck, Kind, Lake, Order, OrderState
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db
METER = "A00003-010"
DAYS = 1000


def long_ago() -> date:
    """When the meter was verified, as the ledger tells it."""
    return timezone.localdate() - timedelta(days=DAYS)


def made(small: SmallCity, lake: Lake, run: Path) -> Order:
    """The order to replace the meter, issued to the power company."""
    cycle = cycles.run_now(SYSTEM, lake, given=run)
    orders.issue_all(SYSTEM, cycle, deadline=timezone.localdate() + timedelta(days=14))
    return Order.objects.get(kind=Kind.REPLACE_TREND)


@pytest.fixture
def order(small: SmallCity, lake: Lake, judged_run: Path) -> Order:
    """An order on a meter of the ledger."""
    small.instrument(METER, small.power, small.south, verified=long_ago())
    return made(small, lake, judged_run)


def settled(order: Order) -> tuple[float, float, float]:
    """Energy, its uncertainty, days."""
    found = settling.of_order(Order.objects.get(pk=order.pk))
    assert found is not None
    return found.energy, found.u, found.days


def test_what_is_to_be_refunded_is_told_with_its_uncertainty(
    as_user: As, small: SmallCity, order: Order
) -> None:
    page = as_user("city").get(f"/supervision/orders/{order.pk}/").content.decode()
    assert "26.0 ± 1.0" in page
    assert "结算天数" not in page
    found(small, order)
    page = as_user("city").get(f"/supervision/orders/{order.pk}/").content.decode()
    verdict = order.verdict
    assert verdict is not None and verdict.kwh_day is not None
    energy = verdict.kwh_day * DAYS / 2 * 0.1 / 1.1
    u2 = 2 * verdict.kwh_day * DAYS / 2 * 0.002 / 1.1**2
    assert f"{energy:.0f} ± {u2:.0f} kWh" in page


def test_a_later_verification_takes_nothing_from_the_refund(small: SmallCity, order: Order) -> None:
    found(small, order)
    before = settled(order)
    instruments.verified(SYSTEM, Instrument.objects.get(code=METER), timezone.localdate(), None)
    assert settled(order) == before
    assert before[2] == DAYS / 2


def test_the_owner_who_keeps_the_ledger_does_not_change_the_refund(
    as_user: As, small: SmallCity, order: Order
) -> None:
    found(small, order)
    before = settled(order)
    path = f"/api/instruments/{Instrument.objects.get(code=METER).pk}"
    said = as_user("power").get(path).json()
    del said["id"]
    body = json.dumps(
        {name: None if cell == "" else cell for name, cell in said.items()}
        | {"verified": timezone.localdate().isoformat()}
    )
    assert as_user("power").put(path, body, content_type="application/json").status_code == 200
    assert settled(order) == before


def test_a_date_that_the_ledger_did_not_know_is_not_settled_by(
    small: SmallCity, lake: Lake, judged_run: Path
) -> None:
    order = made(small, lake, judged_run)
    found(small, order)
    small.instrument(METER, small.power, small.south, verified=long_ago())
    assert settling.of_order(Order.objects.get(pk=order.pk)) is None


def test_what_the_authority_measured_goes_before_what_the_owner_did(small: SmallCity, order: Order) -> None:
    found(small, order, "city")
    measured = settled(order)
    found(small, order, found="tampered", points=[{"load": "Ib", "error": 0.0001, "U": 0.004}])
    assert settled(order) == measured
    assert settled(order)[0] > 0


@pytest.mark.parametrize("state", [OrderState.CLOSED, OrderState.UPHELD])
def test_an_order_that_has_ended_keeps_its_figures(
    as_user: As, small: SmallCity, order: Order, state: OrderState
) -> None:
    found(small, order)
    step(as_user, "power", order, "accept")
    if state == OrderState.CLOSED:
        step(as_user, "power", order, "done")
        step(as_user, "city", order, "close")
    else:
        step(as_user, "power", order, "object", text="总表刚换过")
        step(as_user, "city", order, "uphold", text="属实")
    order.refresh_from_db()
    assert order.state == state
    before = settled(order)
    for who in ("power", "city"):
        with pytest.raises(Fault, match="不再收核查"):
            found(small, order, who)
    found(small, order, order=None)
    assert settled(order) == before
    assert FieldCheck.objects.filter(order=None).count() == 1
    page = as_user("power").get(f"/supervision/orders/{order.pk}/").content.decode()
    assert "填写现场核查" not in page


def test_a_check_that_comes_while_the_order_is_closed_is_refused(
    small: SmallCity, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed_meanwhile(photo: bytes) -> tuple[str, str]:
        row = Order.objects.get(pk=order.pk)
        row.state = OrderState.CLOSED
        instruments.keep(SYSTEM, row)
        return "", ""

    monkeypatch.setattr(checks, "_keep_photo", closed_meanwhile)
    with pytest.raises(Fault, match="不再收核查"):
        found(small, order)
    assert not FieldCheck.objects.exists()
