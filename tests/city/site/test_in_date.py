"""Is it in date? For anybody, without saying whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import CatalogueEntry, Mode, Purpose, Regime, Status
from quanheng.city.site import in_date
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays the day on which the examples were made, though a midnight may come between."""
    localdate = timezone.localdate

    def said(value: datetime | None = None, zone: tzinfo | None = None) -> date:
        return TODAY if value is None else localdate(value, zone)

    monkeypatch.setattr(timezone, "localdate", said)


def entry(mode: Mode) -> CatalogueEntry:
    """An entry of the catalogue."""
    row = CatalogueEntry(
        code=f"c/{mode.name}", version="c", category="电能表", name="电能表", name_english="Electricity meters",
        regime=Regime.BOTH, mode=mode, since=date(2020, 1, 1), source="test",
    )  # fmt: skip
    instruments.keep(SYSTEM, row)
    return row


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ({"due": TODAY}, "in date"),
        ({"due": TODAY - timedelta(days=1)}, "overdue"),
        ({"due": date(2099, 1, 1), "status": Status.STOPPED}, "out of use"),
        ({"due": date(2099, 1, 1), "status": Status.SCRAPPED}, "out of use"),
        ({}, "no date"),
        ({"due": date(2099, 1, 1), "purpose": Purpose.OTHER}, "unknown"),
    ],
)
def test_what_is_said_follows_from_status_and_due_date(
    as_user: As, small: SmallCity, facts: dict[str, object], standing: str
) -> None:
    small.instrument("E-1", small.power, small.north, verified=date(2020, 1, 1), **facts)
    said = as_user("").get("/api/public/in-date?code=E-1").json()
    assert said["standing"] == standing


def test_what_is_verified_once_has_no_due_date_and_is_not_overdue(small: SmallCity) -> None:
    for mode, standing in ((Mode.ONCE_UNTIL_WRONG, "verified once"), (Mode.PERIODIC, "no date")):
        small.instrument(mode.name, small.power, small.north, verified=date(2020, 1, 1), entry=entry(mode))
        assert in_date.answer(mode.name, TODAY).standing == standing


def test_neither_owner_nor_place_is_told(as_user: As, small: SmallCity) -> None:
    small.instrument(
        "E-1", small.power, small.north, place="样例路 99 号", due=date(2099, 1, 1), serial="SN-77",
        entry=entry(Mode.PERIODIC),
    )  # fmt: skip
    page = as_user("").get("/in-date/?code=E-1").content.decode()
    said = as_user("").get("/api/public/in-date?code=E-1").content.decode()
    assert "在有效期内" in page and "2099-01-01" in page
    for secret in ("样例供电公司", "样例路", "北城区", "SN-77"):
        assert secret not in page and secret not in said


def test_what_is_not_there_and_what_is_nobodys_business_are_answered_alike(
    as_user: As, small: SmallCity
) -> None:
    small.instrument("X-1", small.factory, small.south, purpose=Purpose.OTHER, due=date(2099, 1, 1))
    answers = {
        as_user("").get(f"/in-date/?code={code}").content.decode().replace(code, "")
        for code in ("X-1", "X-2")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("code", ["", "   ", "x" * 41, "\n"])
def test_a_code_that_is_none_is_explained_at_its_field(as_user: As, small: SmallCity, code: str) -> None:
    response = as_user("").get("/in-date/", {"code": code})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert as_user("").get("/api/public/in-date", {"code": code}).status_code == 422


def test_full_width_characters_of_an_input_method_are_forgiven() -> None:
    assert in_date.tidy(" Ｅ－０１ ") == "E-01"


@given(st.text())
def test_any_text_is_a_code_or_a_fault(text: str) -> None:
    try:
        assert 0 < len(in_date.tidy(text)) <= in_date.LONGEST
    except Fault as fault:
        assert "/ code of an instrument" in str(fault)


def test_who_asks_too_often_waits(as_user: As, small: SmallCity) -> None:
    browser = as_user("")
    codes = [browser.get("/in-date/?code=1", REMOTE_ADDR="192.0.2.77").status_code for _ in range(70)]
    assert codes[0] == 200 and codes[-1] == 429
    refused = browser.get("/in-date/?code=1", REMOTE_ADDR="192.0.2.77")
    assert int(refused["Retry-After"]) >= 1
    assert "public" not in refused["Cache-Control"]
    assert browser.get("/in-date/?code=1", REMOTE_ADDR="192.0.2.78").status_code == 200
