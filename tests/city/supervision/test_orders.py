"""Orders: issued, done, objected to, expired; each step by whom it is for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from small_city import SmallCity, credit_code

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.people import actions as people
from quanheng.city.people.actions import make_token
from quanheng.city.people.models import Party, PartyKind
from quanheng.city.supervision.actions import checks, cycles, orders
from quanheng.city.supervision.models import Cycle, FieldCheck, Kind, Objection, Order, OrderState
from quanheng.evidence import proof_file
from quanheng.evidence.document import BUNDLE, ORDER
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db
SOON = (timezone.localdate() + timedelta(days=10)).isoformat()


@pytest.fixture
def order(issued: Cycle) -> Order:
    """The order to replace a meter, given to the power company."""
    return Order.objects.get(kind=Kind.REPLACE_TREND)


def step(as_user: As, who: str, order: Order, move: str, **given: object) -> int:
    """One step on the page of an order; its status."""
    order.refresh_from_db()
    facts = {"held": order.event_id, **given}
    return int(as_user(who).post(f"/supervision/orders/{order.pk}/{move}/", facts).status_code)


def found(small: SmallCity, order: Order, who: str = "power", /, **facts: object) -> None:
    """A field check of the order's meter."""
    given = {
        "uuid": str(uuid4()), "meter": order.meter, "at": datetime.now(UTC).isoformat(), "seal": "intact",
        "found": "out_of_tolerance", "points": [{"load": "Ib", "error": 0.1, "U": 0.004}], "order": order.pk, **facts,
    }  # fmt: skip
    checks.record(small.users[who], checks.read(given))


def test_the_city_issues_what_a_cycle_proposes(as_user: As, small: SmallCity, cycle: Cycle) -> None:
    answer = as_user("city").post(
        f"/supervision/cycles/{cycle.pk}/issue/",
        {"most": 5, "deadline": SOON, "kind": ["replace_trend", "sample_check"]},
    )
    assert answer.status_code == 302
    given = Order.objects.filter(state=OrderState.ISSUED)
    assert given.count() == 5
    assert {each.assignee for each in given if each.kind == Kind.REPLACE_TREND} == {small.power}
    assert {each.assignee for each in given if each.kind == Kind.SAMPLE_CHECK} == {None}
    assert list(given.order_by("rank").values_list("rank", flat=True)) == sorted(
        given.values_list("rank", flat=True)
    )


def test_a_meter_with_an_open_order_gets_no_second_one(issued: Cycle) -> None:
    again = cycles.run_now(SYSTEM, issued.lake)
    proposed = again.orders.count()
    assert orders.issue_all(SYSTEM, again, deadline=timezone.localdate()) == (0, proposed)


def test_a_district_issues_its_own_alone(as_user: As, small: SmallCity, cycle: Cycle) -> None:
    as_user("north").post(f"/supervision/cycles/{cycle.pk}/issue/", {"most": 1000, "deadline": SOON})
    given = Order.objects.filter(state=OrderState.ISSUED)
    assert given
    assert {each.district for each in given} == {small.north}


def test_a_random_check_is_never_given_to_whose_meter_it_is(
    as_user: As, small: SmallCity, cycle: Cycle
) -> None:
    given = {"most": 1000, "deadline": SOON, "assignee": small.power.pk}
    as_user("city").post(f"/supervision/cycles/{cycle.pk}/issue/", given)
    assert {each.assignee for each in Order.objects.filter(kind=Kind.SAMPLE_CHECK)} == {None}
    sample = Order.objects.filter(kind=Kind.SAMPLE_CHECK).earliest("pk")
    orders.expire(timezone.localdate() + timedelta(days=15))
    assert step(as_user, "city", sample, "issue", deadline=SOON, assignee=small.power.pk) == 400
    assert step(as_user, "city", sample, "issue", deadline=SOON, assignee=small.institute.pk) == 302


def test_the_owner_does_not_answer_a_random_check_of_his_meter(
    as_user: As, small: SmallCity, issued: Cycle
) -> None:
    sample = Order.objects.filter(kind=Kind.SAMPLE_CHECK, owner=small.power).earliest("pk")
    good = {"found": "ok", "points": [{"load": "Ib", "error": 0.001, "U": 0.004}]}
    with pytest.raises(Fault, match="随机抽检，不由计量单位自己核查"):
        found(small, sample, **good)
    found(small, sample, order=None, **good)
    assert FieldCheck.objects.get().order is None
    page = as_user("power").get(f"/supervision/orders/{sample.pk}/").content.decode()
    assert "填写现场核查" not in page
    assert step(as_user, "city", sample, "accept") == 302
    assert step(as_user, "city", sample, "done") == 400
    found(small, sample, "city", **good)
    assert step(as_user, "city", sample, "done") == 302


def test_an_order_that_was_reopened_is_not_done_on_what_was_found_before(
    as_user: As, small: SmallCity, order: Order
) -> None:
    earlier = timezone.now() - timedelta(minutes=5)
    found(small, order, at=earlier.isoformat())
    step(as_user, "power", order, "accept")
    assert step(as_user, "power", order, "done") == 400
    found(small, order)
    assert step(as_user, "power", order, "done") == 302


def test_an_order_goes_its_way(as_user: As, small: SmallCity, order: Order) -> None:
    assert step(as_user, "power", order, "accept") == 302
    assert step(as_user, "power", order, "done") == 400  # nobody has been there
    found(small, order)
    assert step(as_user, "power", order, "done", text="已更换") == 302
    assert step(as_user, "city", order, "close") == 302
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED
    page = as_user("power").get(f"/supervision/orders/{order.pk}/").content.decode()
    for told in ("已更换", "办结", "接受", "周期提出"):
        assert told in page


def test_who_saw_an_older_state_is_refused(as_user: As, order: Order) -> None:
    held = order.event_id
    assert step(as_user, "power", order, "accept") == 302
    answer = as_user("city").post(f"/supervision/orders/{order.pk}/object/", {"held": held, "text": "不对"})
    assert answer.status_code == 400
    assert "别人刚刚改过" in answer.content.decode()


@pytest.mark.parametrize("ending", ["answer", "uphold", "withdraw"])
def test_an_objection_is_answered_upheld_or_withdrawn(as_user: As, order: Order, ending: str) -> None:
    step(as_user, "power", order, "accept")
    assert step(as_user, "power", order, "object", text="") == 400
    assert step(as_user, "power", order, "object", text="总表刚换过") == 302
    order.refresh_from_db()
    assert order.state == OrderState.OBJECTED
    assert step(as_user, "power", order, "answer", text="是的") == 403
    who = "power" if ending == "withdraw" else "city"
    assert step(as_user, who, order, ending, text="已核对台账") == 302
    order.refresh_from_db()
    assert order.state == (OrderState.UPHELD if ending == "uphold" else OrderState.ACCEPTED)
    objection = Objection.objects.get()
    assert (objection.text, objection.answer) == ("总表刚换过", "已核对台账")
    assert "总表刚换过" in as_user("city").get(f"/supervision/orders/{order.pk}/").content.decode()


def test_who_did_not_object_withdraws_nothing(as_user: As, order: Order) -> None:
    step(as_user, "power", order, "object", text="总表刚换过")
    assert step(as_user, "city", order, "withdraw") == 403


def test_what_is_late_expires_and_can_be_issued_anew(as_user: As, order: Order) -> None:
    late = orders.expire(timezone.localdate() + timedelta(days=15))
    assert late == Order.objects.filter(state=OrderState.EXPIRED).count() > 0
    assert step(as_user, "power", order, "accept") == 400
    assert step(as_user, "city", order, "issue", deadline="2020-01-01") == 400
    assert step(as_user, "city", order, "issue", deadline=SOON) == 302
    order.refresh_from_db()
    assert order.state == OrderState.ISSUED


@pytest.mark.parametrize(
    ("who", "status"),
    [("city", 403), ("auditor", 403), ("institute", 404), ("water", 404), ("factory", 404), ("", 403)],
)
def test_only_whom_it_was_given_to_accepts_an_order(as_user: As, order: Order, who: str, status: int) -> None:
    assert step(as_user, who, order, "accept") == status
    order.refresh_from_db()
    assert order.state == OrderState.ISSUED


def test_utilities_see_only_theirs_and_inspectors_their_district(
    as_user: As, small: SmallCity, issued: Cycle
) -> None:
    def rows(who: str) -> set[str]:
        page = as_user(who).get(f"/supervision/orders/?cycle={issued.pk}").content.decode()
        return {str(each) for each in Order.objects.all() if f">{each}</a>" in page}

    every = {str(each) for each in Order.objects.all()}
    north = {str(each) for each in Order.objects.filter(district=small.north)}
    assert rows("city") == rows("auditor") == rows("power") == every
    assert rows("north") == north
    assert rows("water") == rows("factory") == rows("institute") == set()


def test_a_utility_does_not_see_what_is_only_proposed(as_user: As, cycle: Cycle) -> None:
    page = as_user("power").get(f"/supervision/orders/?cycle={cycle.pk}").content.decode()
    assert "没有符合的工单" in page


def test_the_notice_speaks_both_languages(as_user: As, order: Order) -> None:
    address = f"/supervision/orders/{order.pk}/notice/"
    chinese = as_user("power").get(address).content.decode()
    assert "筛查结果" in chinese and order.meter in chinese and "仲裁检定" in chinese
    english = as_user("power").get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "You may object" in english and "screening result" in english


@pytest.mark.parametrize(("energy", "u", "told"), [(-380.0, 215_296.0, False), (-380.0, 100.0, True)])
def test_the_notice_tells_no_figure_that_is_less_than_its_uncertainty(
    as_user: As, order: Order, energy: float, u: float, told: bool
) -> None:
    order.energy, order.energy_u = energy, u
    people.keep(SYSTEM, order)
    page = as_user("power").get(f"/supervision/orders/{order.pk}/notice/").content.decode()
    assert ("本期多计" in page) == told
    assert "的误差为" in page


def test_the_notice_tells_no_error_where_there_is_no_estimate(as_user: As, order: Order) -> None:
    verdict = order.verdict
    assert verdict is not None
    verdict.error = verdict.u = verdict.lower = verdict.upper = None
    people.keep(SYSTEM, verdict)
    page = as_user("power").get(f"/supervision/orders/{order.pk}/notice/").content.decode()
    assert "的误差为" not in page
    assert "还不能估计这块表的误差" in page


def test_the_notice_of_a_random_check_accuses_nobody(as_user: As, issued: Cycle) -> None:
    sample = Order.objects.filter(kind=Kind.SAMPLE_CHECK).first()
    assert sample is not None
    page = as_user("city").get(f"/supervision/orders/{sample.pk}/notice/").content.decode()
    assert "随机抽中" in page
    assert "本期多计" not in page


def test_an_order_travels_with_its_proof(as_user: As, order: Order) -> None:
    answer = as_user("power").get(f"/supervision/orders/{order.pk}/order.proof")
    documents = proof_file.read(answer.content).documents
    assert [each.kind for each in documents] == [ORDER, BUNDLE]
    assert json.loads(documents[0].data)["order"]["meter"] == order.meter
    assert documents[1].digest == order.cycle.run


def test_the_api_lists_gets_and_steps(small: SmallCity, order: Order) -> None:
    token = make_token(small.users["power"], "test", 1)
    call = Client(headers={"Authorization": f"Bearer {token}"})
    listed = call.get("/api/supervision/orders?kind=replace_trend").json()["items"]
    assert [each["id"] for each in listed] == [order.pk]
    one = call.get(f"/api/supervision/orders/{order.pk}").json()
    assert one["steps"] == ["accept", "object"]
    body = json.dumps({"held": one["held"]})
    stepped = call.post(f"/api/supervision/orders/{order.pk}/accept", body, content_type="application/json")
    assert stepped.json()["state"] == "accepted"
    again = call.post(f"/api/supervision/orders/{order.pk}/accept", body, content_type="application/json")
    assert again.status_code == 422
    assert (
        call.post(
            f"/api/supervision/orders/{order.pk}/fly", body, content_type="application/json"
        ).status_code
        == 404
    )
    stranger = Client(headers={"Authorization": f"Bearer {make_token(small.users['water'], 'test', 1)}"})
    assert stranger.get(f"/api/supervision/orders/{order.pk}").status_code == 404
    assert stranger.get("/api/supervision/orders").json()["items"] == []
    assert Client().get("/api/supervision/orders").status_code == 403


def test_the_api_gives_an_order_only_to_who_can_carry_it_out(small: SmallCity, order: Order) -> None:
    orders.expire(timezone.localdate() + timedelta(days=15))
    order.refresh_from_db()
    shut = Party(code=credit_code(9), kind=PartyKind.UTILITY, name="停业的公司", active=False)
    laboratory = Party(code=credit_code(8), kind=PartyKind.LABORATORY, name="实验室")
    call = Client(headers={"Authorization": f"Bearer {make_token(small.users['city'], 'test', 1)}"})
    for party in (shut, laboratory):
        people.keep(SYSTEM, party)
        body = json.dumps({"held": order.event_id, "deadline": SOON, "assignee": party.code})
        path = f"/api/supervision/orders/{order.pk}/issue"
        answer = call.post(path, body, content_type="application/json")
        assert (answer.status_code, "没有可承办的单位" in answer.json()["detail"]) == (422, True)


def test_cycles_and_verdicts_are_read_by_api(small: SmallCity, cycle: Cycle) -> None:
    call = Client(headers={"Authorization": f"Bearer {make_token(small.users['auditor'], 'test', 1)}"})
    assert call.get("/api/supervision/cycles").json()["items"][0]["run"] == cycle.run
    assert call.get(f"/api/supervision/cycles/{cycle.pk}").json()["state"] == "done"
    page = call.get("/api/supervision/verdicts?outcome=replace").json()
    assert [each["meter"] for each in page["items"]] == ["A00003-010"]
    first = call.get("/api/supervision/verdicts?limit=100").json()
    rest = call.get(f"/api/supervision/verdicts?limit=100&after={first['next']}").json()
    assert len(first["items"]) + len(rest["items"]) == 120
    assert rest["next"] is None
    assert call.post("/api/supervision/cycles", "{}", content_type="application/json").status_code in (
        403,
        422,
    )
