"""Verdicts: found, filtered, shown with all that they rest on, to whom they concern."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from small_city import SmallCity

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.supervision.actions import cycles
from quanheng.city.supervision.models import Area, Cycle, Verdict

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db
BAD = "A00003-010"  # the one that the cycle wants replaced


def test_verdicts_are_filtered_and_searched(as_user: As, cycle: Cycle) -> None:
    page = as_user("city").get("/supervision/verdicts/?outcome=replace").content.decode()
    assert BAD in page
    assert "A00000-000" not in page
    page = as_user("city").get("/supervision/verdicts/?q=A00000-00").content.decode()
    assert "A00000-000" in page
    assert BAD not in page


@pytest.mark.parametrize("query", ["district=x", "outcome=maybe", "cycle=99999", "q=%25", "after=x"])
def test_a_filter_that_makes_no_sense_is_no_error(as_user: As, cycle: Cycle, query: str) -> None:
    assert as_user("city").get(f"/supervision/verdicts/?{query}").status_code == 200


def test_a_list_takes_few_statements(
    as_user: As, cycle: Cycle, django_assert_max_num_queries: Callable[..., object]
) -> None:
    browser = as_user("city")
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        assert browser.get("/supervision/verdicts/").status_code == 200
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        assert browser.get(f"/supervision/cycles/{cycle.pk}/").status_code == 200


def test_the_page_of_a_meter_shows_what_its_verdict_rests_on(as_user: As, cycle: Cycle) -> None:
    row = Verdict.objects.get(meter=BAD)
    page = as_user("city").get(f"/supervision/verdicts/{row.pk}/").content.decode()
    assert page.count("data:image/svg+xml;base64,") == 2
    for told in ("+10.17", "筛查结果", cycle.run, "A00003-M", "后验分布", "似然", "areas.parquet"):
        assert told in page
    english = as_user("city").get(f"/supervision/verdicts/{row.pk}/", headers={"Accept-Language": "en"})
    assert "A remote verdict is a screening result" in english.content.decode()


def test_the_sheet_of_a_meter_states_its_own_policy(as_user: As, cycle: Cycle) -> None:
    row = Verdict.objects.get(meter=BAD)
    answer = as_user("city").get(f"/supervision/verdicts/{row.pk}/sheet.html")
    assert answer.status_code == 200
    assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]


def test_without_its_lake_a_verdict_is_shown_and_its_grounds_are_not(as_user: As, cycle: Cycle) -> None:
    row = Verdict.objects.get(meter=BAD)
    lake = settings.HOME / "lakes/grid"
    hidden = lake.with_name("hidden")
    lake.rename(hidden)
    try:
        page = as_user("city").get(f"/supervision/verdicts/{row.pk}/").content.decode()
    finally:
        hidden.rename(lake)
    assert "依据无法表明" in page
    assert "+10.17" in page
    assert "data:image/svg+xml" not in page


def seen_by(as_user: As, who: str) -> set[str]:
    """Areas whose meters somebody finds in the list of verdicts."""
    found: set[str] = set()
    for area in Area.objects.values_list("area", flat=True):
        answer = as_user(who).get(f"/supervision/verdicts/?q={area}-")
        if f"{area}-00" in answer.content.decode():
            found.add(area)
    return found


def test_everybody_sees_his_own_verdicts(
    as_user: As, small: SmallCity, lake: object, judged_run: object
) -> None:
    # one meter of the grid is the factory's, by the ledger
    small.instrument("A00001-001", small.factory, small.south)
    cycle = cycles.run_now(SYSTEM, lake, given=judged_run)  # type: ignore[arg-type]
    everything = {f"A0000{n}" for n in range(6)}
    assert seen_by(as_user, "city") == seen_by(as_user, "auditor") == seen_by(as_user, "power") == everything
    assert seen_by(as_user, "water") == set()
    north = set(Area.objects.filter(district=small.north).values_list("area", flat=True))
    assert north
    assert seen_by(as_user, "north") == north
    row = Verdict.objects.get(meter="A00001-001")
    assert as_user("factory").get("/supervision/verdicts/").content.decode().count("A00001-001</a>") == 1
    page = as_user("factory").get(f"/supervision/verdicts/{row.pk}/")
    assert page.status_code == 200
    assert "用电相似" not in page.content.decode()  # names of others' meters
    assert as_user("factory").get(f"/supervision/verdicts/{row.pk}/sheet.html").status_code == 403
    other = Verdict.objects.get(meter=BAD)
    for who in ("water", "factory", "north" if "A00003" not in north else "south"):
        assert as_user(who).get(f"/supervision/verdicts/{other.pk}/").status_code == 404
    assert as_user("water").get(f"/supervision/cycles/{cycle.pk}/").status_code == 404
    assert as_user("").get("/supervision/verdicts/").status_code == 403


def test_counts_are_of_what_one_sees(as_user: As, small: SmallCity, cycle: Cycle) -> None:
    mine = sum(Area.objects.filter(district=small.north).values_list("meters", flat=True))
    page = as_user("north").get("/supervision/cycles/").content.decode()
    assert f'<td class="number">{mine}</td>' in page
    assert '<td class="number">120</td>' not in page


def test_the_page_of_an_instrument_says_how_it_was_judged(
    as_user: As, cycle: Cycle, small: SmallCity
) -> None:
    row = Verdict.objects.get(cycle=cycle, meter=BAD)
    row.instrument = small.instrument(BAD, small.power, small.north)
    audit.save(SYSTEM, "test.link", row)
    page = as_user("city").get(f"/instruments/{row.instrument.pk}/").content.decode()
    assert f'href="/supervision/verdicts/{row.pk}/"' in page
    assert "以现场核查为准" in page
