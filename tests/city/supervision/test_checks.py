"""Field checks: kept once, refused whole, learnt from."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.people.actions import make_token
from quanheng.city.supervision import places
from quanheng.city.supervision.actions import checks, cycles
from quanheng.city.supervision.models import Cycle, FieldCheck, Kind, Order
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db
BAD = "A00003-010"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 100


def facts(meter: str = BAD, **more: Any) -> dict[str, Any]:
    """A field check as the API takes it."""
    return {
        "uuid": str(uuid4()), "meter": meter, "at": datetime.now(UTC).isoformat(), "found": "out_of_tolerance",
        "seal": "intact", "points": [{"load": "Ib", "error": 0.102, "U": 0.004}], **more,
    }  # fmt: skip


def send(browser: Client, given: dict[str, Any], photo: bytes = b"") -> Any:
    """Hand a check in by the API, as the script of the form does."""
    data: dict[str, Any] = {"check": json.dumps(given)}
    if photo:
        data["photo"] = io.BytesIO(photo)
    return browser.post("/api/supervision/checks", data)


def test_a_check_that_is_sent_twice_is_kept_once(as_user: As, issued: Cycle) -> None:
    given = facts()
    first, second = send(as_user("power"), given, JPEG), send(as_user("power"), given, JPEG)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    row = FieldCheck.objects.get()
    assert (row.error, row.u, row.cycle) == (0.102, 0.002, issued)
    assert row.order == Order.objects.get(kind=Kind.REPLACE_TREND)
    assert (places.home() / "photos" / row.photo).read_bytes() == JPEG
    answer = as_user("power").get(f"/supervision/checks/{row.pk}/photo/")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert b"".join(answer.streaming_content) == JPEG  # type: ignore[attr-defined]
    answer.close()


def test_a_uuid_of_somebody_elses_check_is_refused(as_user: As, issued: Cycle) -> None:
    given = facts()
    send(as_user("power"), given)
    assert send(as_user("city"), given).status_code == 422


def test_a_check_is_sent_by_who_made_it(as_user: As, issued: Cycle) -> None:
    assert send(as_user("city"), facts(by="power")).status_code == 403
    assert send(as_user("power"), facts(by="power")).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"uuid": "1"}, "UUID"),
        ({"meter": "nowhere"}, "没有您可见的表"),
        ({"meter": ""}, "表号"),
        ({"meter": "a\0"}, "表号"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2020-01-01T00:00:00+08:00"}, "过去一年"),
        ({"at": "2126-01-01T00:00:00+08:00"}, "过去一年"),
        ({"found": "fine"}, "found"),
        ({"seal": None}, "seal"),
        ({"points": [{"error": 3, "U": 0.1}]}, "points 1"),
        ({"points": [{"error": 0.1, "U": 0}]}, "points 1"),
        ({"points": "many"}, "points"),
        ({"points": [None]}, "points 1"),
        ({"found": "ok"}, "矛盾"),
        ({"points": [{"load": "Ib", "error": 0.001, "U": 0.004}]}, "矛盾"),
        ({"points": [{"load": "\ud800", "error": 0.1, "U": 0.004}]}, "points 1，load"),
        ({"points": [{"load": "a\0", "error": 0.1, "U": 0.004}]}, "points 1，load"),
        ({"points": [{"load": "a" * 41, "error": 0.1, "U": 0.004}]}, "points 1，load"),
        ({"points": [{"error": 10**400, "U": 0.1}]}, "points 1"),
        ({"note": "字" * 501}, "note：应为文字，至多 500 字"),
        ({"note": "a\0"}, "note"),
        ({"note": "\x1b[2J"}, "note"),
        ({"note": ["a"]}, "note"),
        ({"meter": "\ud800"}, "表号"),
        ({"order": 10**9}, "order"),
        ({"order": "x"}, "order"),
    ],
)
def test_what_is_wrong_with_a_check_is_told_and_nothing_is_kept(
    as_user: As, issued: Cycle, wrong: dict[str, Any], told: str
) -> None:
    answer = send(as_user("power"), facts(**wrong))
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert not FieldCheck.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 10_000, "null", "1"])
def test_what_is_no_check_is_told(as_user: As, issued: Cycle, text: str) -> None:
    answer = as_user("power").post("/api/supervision/checks", {"check": text})
    assert answer.status_code == 422


@pytest.mark.parametrize("photo", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ", b"RIFF0000AVI "])
def test_a_photo_is_a_photo(as_user: As, issued: Cycle, photo: bytes) -> None:
    assert send(as_user("power"), facts(), photo).status_code == 422
    assert not FieldCheck.objects.exists()


def test_a_photo_has_its_limit(as_user: As, issued: Cycle) -> None:
    answer = send(as_user("power"), facts(), JPEG + bytes(checks.PHOTO))
    assert answer.status_code == 422
    assert "大于" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("city", 201),
        ("power", 201),
        ("institute", 201),
        ("auditor", 403),
        ("factory", 403),
        ("water", 422),
        ("", 403),
    ],
)
def test_who_may_hand_in_a_check(as_user: As, issued: Cycle, who: str, status: int) -> None:
    assert send(as_user(who), facts()).status_code == status


def test_the_form_works_without_its_script(as_user: As, issued: Cycle) -> None:
    page = as_user("power").get(f"/supervision/checks/new/?meter={BAD}").content.decode()
    assert f'value="{BAD}"' in page
    given = {
        "uuid": str(uuid4()), "meter": BAD, "at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "seal": "intact",
        "found": "out_of_tolerance", "load0": "Ib", "error0": "10.2", "U0": "0.4", "note": "表箱潮湿",
    }  # fmt: skip
    answer = as_user("power").post("/supervision/checks/new/", given)
    row = FieldCheck.objects.get()
    assert answer.headers["Location"] == f"/supervision/checks/{row.pk}/"
    assert row.error == pytest.approx(0.102)
    assert "表箱潮湿" in as_user("city").get(f"/supervision/checks/{row.pk}/").content.decode()
    refused = as_user("power").post(
        "/supervision/checks/new/", {**given, "uuid": str(uuid4()), "error0": "ten"}
    )
    assert refused.status_code == 422
    assert "points 1" in refused.content.decode()


def test_a_note_is_counted_as_the_form_counts_it(as_user: As, issued: Cycle) -> None:
    note = "\r\n".join(["字" * 99] * 5) + "字"  # 500 as the form counts them, 504 as they come
    assert send(as_user("power"), facts(note=note)).status_code == 201
    assert FieldCheck.objects.get().note == note.replace("\r\n", "\n")


def test_checks_are_seen_by_whom_they_concern(as_user: As, issued: Cycle) -> None:
    send(as_user("institute"), facts())
    row = FieldCheck.objects.get()
    for who, status in (("city", 200), ("auditor", 200), ("power", 200), ("institute", 200), ("water", 404)):
        assert as_user(who).get(f"/supervision/checks/{row.pk}/").status_code == status


def test_no_check_gives_no_figure_and_not_zero(as_user: As, issued: Cycle) -> None:
    assert "无法表明，不是零" in as_user("city").get("/supervision/checks/precision/").content.decode()


def test_precision_and_recall_follow_from_what_was_found(
    as_user: As, small: SmallCity, issued: Cycle
) -> None:
    send(as_user("power"), facts())
    for order in Order.objects.filter(kind=Kind.SAMPLE_CHECK):
        found = facts(order.meter, found="ok", points=[{"load": "Ib", "error": 0.001, "U": 0.002}])
        assert send(as_user("city"), found).status_code == 201
    sampled = Order.objects.filter(kind=Kind.SAMPLE_CHECK).count()
    assert sampled > 10
    page = as_user("city").get("/supervision/checks/precision/").content.decode()
    assert "100.0" in page
    assert "(1/1)" in page
    assert f"随机抽检 {sampled} 块，不合格 0" in page
    for who, status in (("auditor", 200), ("north", 200), ("power", 403), ("", 403)):
        assert as_user(who).get("/supervision/checks/precision/").status_code == status
    call = Client(headers={"Authorization": f"Bearer {make_token(small.users['city'], 'test', 1)}"})
    assert call.get(f"/api/supervision/cycles/{issued.pk}/lessons").json()["precision"]["bad"] == 1


def test_what_the_owner_finds_at_meters_drawn_at_random_counts_for_nothing(
    as_user: As, issued: Cycle
) -> None:
    for order in Order.objects.filter(kind=Kind.SAMPLE_CHECK):
        found = facts(order.meter, found="ok", points=[{"load": "Ib", "error": 0.001, "U": 0.002}])
        assert send(as_user("power"), found).status_code == 201
    told = as_user("city").get(f"/api/supervision/cycles/{issued.pk}/lessons").json()
    assert (told["checked"], told["recall"]["sampled"]) == (0, 0)
    cycles.run_now(SYSTEM, issued.lake)
    assert not (places.run(Cycle.objects.latest("pk").pk) / "before/learned.json").exists()
    sample = Order.objects.filter(kind=Kind.SAMPLE_CHECK, cycle=issued).earliest("pk")
    good = facts(sample.meter, found="ok", points=[{"load": "Ib", "error": 0.001, "U": 0.002}])
    assert send(as_user("city"), good).status_code == 201
    told = as_user("city").get(f"/api/supervision/cycles/{issued.pk}/lessons").json()
    assert told["recall"]["sampled"] == 1


def test_the_next_cycle_learns_and_can_still_be_computed_again(small: SmallCity, issued: Cycle) -> None:
    from quanheng.city.supervision.actions import recomputing

    order = Order.objects.filter(kind=Kind.SAMPLE_CHECK).order_by("rank").first()
    assert order is not None
    first = order.verdict
    assert first is not None and first.error is not None and first.u is not None
    good = facts(order.meter, found="ok", points=[{"load": "Ib", "error": first.error, "U": first.u / 2}])
    checks.record(small.users["city"], checks.read(good))
    second = cycles.run_now(SYSTEM, issued.lake)
    before = places.run(second.pk) / "before"
    assert list(json.loads((before / "learned.json").read_bytes())["known"]) == [order.meter]
    verdict = second.verdicts.get(meter=order.meter)
    assert verdict.u is not None
    assert verdict.u < first.u / 2
    # a check that comes later is for the next cycle, and takes nothing from this one
    checks.record(small.users["city"], checks.read({**good, "uuid": str(uuid4())}))
    asked = recomputing.run(recomputing.ask(small.users["auditor"], second))
    assert (asked.answer, asked.told) == (recomputing.IDENTICAL, "identical")
    area = recomputing.run(recomputing.ask(small.users["auditor"], second, verdict.area.area))
    assert area.answer == recomputing.IDENTICAL
    assert not (settings.HOME / "runs" / str(issued.pk) / "out/learned.json").exists()


def test_a_bad_meter_of_long_ago_is_not_known_any_more(small: SmallCity, issued: Cycle) -> None:
    checks.record(small.users["power"], checks.read(facts()))
    cycles.run_now(SYSTEM, issued.lake)
    third = cycles.run_now(SYSTEM, issued.lake)
    assert not (places.run(third.pk) / "before/learned.json").exists()


def test_a_clock_that_is_a_little_fast_is_no_fault(small: SmallCity, issued: Cycle) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    checks.record(small.users["power"], checks.read(facts(at=soon)))
    with pytest.raises(Fault, match="过去一年"):
        late = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        checks.record(small.users["power"], checks.read(facts(at=late)))
