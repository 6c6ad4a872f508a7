"""The page of events: for the auditor and the city, complete, latest first."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event

As = Callable[[str], Client]


def listed(browser: Client, address: str) -> list[int]:
    """Numbers of the events on a page."""
    return [
        int(each)
        for each in re.findall(r'<a href="/events/(\d+)/">\1</a>', browser.get(address).content.decode())
    ]


@pytest.mark.parametrize("who", ["north", "institute", "power", "factory", ""])
def test_nobody_but_auditor_and_city_sees_events(as_user: As, who: str) -> None:
    for place in ("/events/", "/events/export.csv", "/api/events"):
        assert as_user(who).get(place).status_code == 403
    assert as_user(who).get(f"/events/{Event.objects.latest('id').pk}/").status_code == 403


def test_pages_follow_one_another_without_gap(as_user: As, small: SmallCity) -> None:
    for n in range(120):
        small.instrument(f"E-{n}", small.power, small.north)
    browser, address, seen = as_user("auditor"), "/events/", []
    while address:
        page = browser.get(address).content.decode()
        seen += listed(browser, address)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = f"/events/{found[1].replace('&amp;', '&')}" if found else ""
    assert seen == list(Event.objects.order_by("-id").values_list("id", flat=True))


def test_events_are_found_by_actor_action_record_and_day(as_user: As, small: SmallCity) -> None:
    small.power.name = "新名称"
    event = audit.save(small.users["city"], "people.change party", small.power)
    browser = as_user("auditor")
    assert listed(browser, "/events/?actor=city") == [event.pk]
    assert listed(browser, "/events/?action=people.change") == [event.pk]
    assert listed(browser, f"/events/?subject=people.party:{small.power.pk}") == [event.pk]
    assert event.pk in listed(browser, "/events/?since=2020-01-01")
    assert listed(browser, "/events/?until=2020-01-01") == []
    assert listed(browser, "/events/?actor=nobody") == []


def test_an_event_says_what_was_before_and_after(as_user: As, small: SmallCity) -> None:
    small.power.name = "新名称"
    event = audit.save(small.users["city"], "people.change party", small.power)
    page = as_user("auditor").get(f"/events/{event.pk}/").content.decode()
    assert "<td>样例供电公司</td><td>新名称</td>" in page
    assert f'href="/parties/{small.power.pk}/"' in page


@pytest.mark.parametrize(
    "query", ["since=yesterday", "before=-1", "before=9999999999999999999", f"actor={'x' * 200}"]
)
def test_a_filter_that_makes_no_sense_is_explained(as_user: As, query: str) -> None:
    answer = as_user("auditor").get(f"/events/?{query}")
    assert answer.status_code == 422
    assert as_user("auditor").get("/events/9999999999999999999/").status_code == 404


def test_an_event_leads_to_the_record_that_it_made(as_user: As, small: SmallCity) -> None:
    made = small.instrument("E-1", small.power, small.north)
    page = as_user("auditor").get(f"/events/{made.event_id}/").content.decode()
    assert f'href="/instruments/{made.pk}/"' in page


def test_the_sheet_of_events_holds_those_of_the_page(as_user: As, small: SmallCity) -> None:
    small.power.name = "=1+1"
    event = audit.save(small.users["city"], "people.change party", small.power)
    answer = as_user("auditor").get("/events/export.csv?actor=city")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == [str(event.pk)]
    assert json.loads(rows[0]["after"])["name"] == "=1+1"
    assert json.loads(rows[0]["before"])["name"] == "样例供电公司"


def test_the_sheet_of_no_event_has_its_headings(as_user: As, small: SmallCity) -> None:
    answer = as_user("auditor").get("/events/export.csv?actor=nobody")
    assert b"".join(answer.streaming_content).decode("utf-8-sig").startswith("id,at,actor")  # type: ignore[attr-defined]


def test_a_filter_that_makes_no_sense_is_told_and_no_sheet(as_user: As, small: SmallCity) -> None:
    assert as_user("auditor").get("/events/export.csv?since=x").status_code == 422


def test_the_api_gives_all_events_a_page_at_a_time(as_user: As, small: SmallCity) -> None:
    browser, after, seen = as_user("auditor"), 0, []
    while after is not None:
        page = browser.get(f"/api/events?after={after}&limit=7").json()
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
    assert seen == list(Event.objects.order_by("id").values_list("id", flat=True))


@pytest.mark.parametrize("asked", ["since=0001-01-01", "until=9999-12-31"])
@pytest.mark.parametrize("place", ["/events/", "/events/export.csv"])
def test_a_day_that_no_event_can_have_is_refused_in_words(as_user: As, place: str, asked: str) -> None:
    answer = as_user("auditor").get(f"{place}?{asked}")
    assert answer.status_code == 422
    assert "1970-01-01" in answer.content.decode() or "9998-12-31" in answer.content.decode()
