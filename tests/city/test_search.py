"""A search finds what a viewer may see, whatever others have that begins alike, and says where it stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.register import listing

As = Callable[[str], Client]


@pytest.fixture
def many(small: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten meters of the power company in the north, then two of the water company in the south; a search stops at 5."""
    for n in range(10):
        small.instrument(f"E-{n}", small.power, small.north, serial=f"SN{n}")
    for n in (10, 11):
        small.instrument(f"E-{n}", small.water, small.south, serial=f"SN{n}")
    monkeypatch.setattr(listing, "FOUND", 5)


@pytest.mark.parametrize("who", ["water", "south"])
@pytest.mark.parametrize("text", ["E-", "SN"])
def test_the_records_of_others_hide_none_of_ones_own(many: None, as_user: As, who: str, text: str) -> None:
    said = as_user(who).get("/api/instruments", {"q": text}).json()
    assert [each["code"] for each in said["items"]] == ["E-10", "E-11"]
    assert (said["count"], said["more"]) == (2, False)


def test_a_search_that_stopped_says_so(many: None, as_user: As) -> None:
    said = as_user("power").get("/api/instruments?q=E-").json()
    assert (said["count"], said["more"]) == (5, True)
    assert "多于 5 条" in as_user("power").get("/instruments/?q=E-").content.decode()


def test_a_search_stops_only_behind_what_fits_the_filters(many: None, as_user: As, small: SmallCity) -> None:
    said = as_user("city").get("/api/instruments", {"q": "E-", "district": small.south.pk}).json()
    assert [each["code"] for each in said["items"]] == ["E-10", "E-11"]


def test_an_export_of_a_search_holds_all_that_is_found(many: None, as_user: As) -> None:
    answer = as_user("power").get("/instruments/export.csv?q=E-")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 11


def test_a_text_that_no_record_can_hold_is_refused_in_words(many: None, as_user: As) -> None:
    for text in ("\0", "E-\x0b1"):
        answer = as_user("city").get("/api/instruments", {"q": text})
        assert answer.status_code == 400
        assert "'q'" in answer.json()["detail"]
