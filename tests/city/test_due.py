"""The due list and labels, as people use them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import CatalogueEntry, Instrument, Mode, Purpose, Regime, Status

As = Callable[[str], Client]


@pytest.fixture
def meters(small: SmallCity) -> dict[str, Instrument]:
    """Meters whose dates lie around today, by code."""
    today = timezone.localdate()
    dates = {
        "YESTERDAY": -1,
        "LONG-AGO": -400,
        "TODAY": 0,
        "IN-30": 30,
        "IN-31": 31,
        "IN-90": 90,
        "IN-91": 91,
    }
    found = {
        code: small.instrument(code, small.power, small.north, due=today + timedelta(days=days))
        for code, days in dates.items()
    }
    found["WATER"] = small.instrument("WATER", small.water, small.south, due=today - timedelta(days=9))
    found["STOPPED"] = small.instrument(
        "STOPPED", small.power, small.north, due=today - timedelta(days=9), status=Status.STOPPED
    )
    return found


def listed(browser: Client, query: str = "") -> list[str]:
    """Codes on a page of the list, in its order."""
    page = browser.get(f"/due/?{query}").content.decode()
    return re.findall(r'<th scope="row"><a href="/instruments/\d+/">([^<]+)</a>', page)


def test_the_longest_overdue_comes_first_and_what_is_not_in_use_is_left_out(
    meters: object, as_user: As
) -> None:
    assert listed(as_user("city")) == ["LONG-AGO", "WATER", "YESTERDAY"]


@pytest.mark.parametrize(("when", "codes"), [("30", ["TODAY", "IN-30"]), ("90", ["IN-31", "IN-90"])])
def test_the_day_of_the_due_date_is_still_in_date(
    when: str, codes: list[str], meters: object, as_user: As
) -> None:
    assert listed(as_user("city"), f"when={when}") == codes


@pytest.mark.parametrize(
    ("who", "codes"), [("water", ["WATER"]), ("north", ["LONG-AGO", "YESTERDAY"]), ("factory", [])]
)
def test_everybody_sees_what_is_his(who: str, codes: list[str], meters: object, as_user: As) -> None:
    assert listed(as_user(who)) == codes


def test_strangers_see_nothing_of_it(meters: dict[str, Instrument], as_user: As) -> None:
    pk = meters["TODAY"].pk
    for place in ("/due/", "/due/export.xlsx", "/labels/", f"/labels/{pk}/"):
        assert as_user("").get(place).status_code in (302, 403)


@pytest.mark.parametrize(
    ("mode", "regime", "seen"),
    [
        (Mode.PERIODIC, Regime.VERIFICATION, True),
        (Mode.ONCE_UNTIL_WRONG, Regime.VERIFICATION, False),
        (Mode.PERIODIC, Regime.APPROVAL, False),
    ],
)
def test_what_is_to_be_verified_again_and_has_no_date_is_told(
    mode: Mode, regime: Regime, seen: bool, small: SmallCity, as_user: As
) -> None:
    entry = CatalogueEntry(
        code="T-1", version="t", category="t", name="t", regime=regime, mode=mode, since=timezone.localdate()
    )
    instruments.keep(SYSTEM, entry)
    small.instrument("NO-DATE", small.power, small.north, entry=entry)
    assert listed(as_user("city"), "when=undated") == (["NO-DATE"] if seen else [])


def test_pages_follow_one_another_by_date(small: SmallCity, as_user: As) -> None:
    today = timezone.localdate()
    rows = [
        Instrument(
            code=f"E{n:03d}", name="电能表", user=small.power, district=small.north,
            due=today - timedelta(days=1 + n % 7),
        )
        for n in range(120)
    ]  # fmt: skip
    instruments.keep_all(SYSTEM, rows, {})
    browser, query, seen = as_user("power"), "", []
    for _ in range(3):
        seen += listed(browser, query)
        following = re.search(
            r'rel="next" href="/due/\?([^"]+)"', browser.get(f"/due/?{query}").content.decode()
        )
        query = following[1].replace("&amp;", "&") if following else ""
    assert query == ""
    assert seen == [each.code for each in sorted(rows, key=lambda each: (each.due, each.code))]


@pytest.mark.parametrize("name", ["样例供水", "water"])
def test_a_user_is_found_by_the_beginning_of_either_name(name: str, meters: object, as_user: As) -> None:
    assert listed(as_user("city"), f"user={name}") == ["WATER"]


def test_groups_lead_to_what_they_count(meters: object, as_user: As) -> None:
    browser = as_user("city")
    page = browser.get("/due/").content.decode()
    groups = re.findall(r'href="/due/\?([^"]+)">([^<]+)</a></th><td class="number">(\d+)', page)
    assert {name: int(n) for _, name, n in groups} == {
        "北城区": 2, "南城区": 1, "样例供电公司": 2, "样例供水公司": 1,
    }  # fmt: skip
    for query, _, n in groups:
        assert len(listed(browser, query.replace("&amp;", "&"))) == int(n)


@pytest.mark.parametrize("query", ["when=x", "district=x", "after=x,1", "after=2020-13-01,1", "purpose=x"])
def test_what_makes_no_sense_is_left_out(query: str, meters: object, as_user: As) -> None:
    assert listed(as_user("city"), query) == ["LONG-AGO", "WATER", "YESTERDAY"]


def test_a_page_asks_no_more_for_more_rows(
    small: SmallCity, as_user: As, django_assert_max_num_queries: Callable[..., object]
) -> None:
    today = timezone.localdate()
    for n in range(20):
        small.instrument(f"E{n}", small.power, small.north, due=today - timedelta(days=n + 1))
    browser = as_user("city")
    browser.get("/due/")
    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        assert len(listed(browser)) == 20


def test_the_sheet_holds_the_list(meters: object, as_user: As) -> None:
    answer = as_user("power").get("/due/export.xlsx?when=overdue")
    rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["器具编码", "LONG-AGO", "YESTERDAY"]


def test_a_label_leads_to_the_public_answer_and_names_no_user(
    meters: dict[str, Instrument], as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quanheng.city.instruments import labels

    said: list[str] = []
    make = labels.segno.make
    monkeypatch.setattr(labels.segno, "make", lambda text, **more: said.append(text) or make(text, **more))
    page = as_user("power").get(f"/labels/{meters['TODAY'].pk}/").content.decode()
    labelled = page[page.index('<ul class="labels">') :]
    assert "TODAY" in labelled
    assert "<svg" in labelled
    assert "样例供电公司" not in labelled
    place = urlsplit(said[0])
    assert parse_qs(place.query) == {"code": ["TODAY"]}
    assert "TODAY" in as_user("").get(f"{place.path}?{place.query}").content.decode()


def test_labels_are_of_what_the_ledger_shows(meters: object, as_user: As) -> None:
    page = as_user("city").get("/labels/?q=IN-3").content.decode()
    assert page.count("<svg") == 2
    assert as_user("water").get("/labels/?q=IN-3").content.decode().count("<svg") == 0


def test_an_instrument_that_the_public_cannot_ask_after_has_no_code(small: SmallCity, as_user: As) -> None:
    own = small.instrument("OWN", small.power, small.north, purpose=Purpose.OTHER)
    page = as_user("power").get(f"/labels/{own.pk}/").content.decode()
    assert "OWN" in page
    assert "<svg" not in page


def test_a_code_of_an_instrument_is_never_markup(small: SmallCity, as_user: As) -> None:
    odd = small.instrument('<b>"&', small.power, small.north)
    page = as_user("power").get(f"/labels/{odd.pk}/").content.decode()
    assert "<b>" not in page
