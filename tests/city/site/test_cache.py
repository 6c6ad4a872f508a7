"""Caches keep what strangers are shown, and nothing that a user is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from small_city import SmallCity

As = Callable[[str], Client]
PUBLIC = [
    "/",
    "/in-date/",
    "/in-date/?code=E-1",
    "/open-data/",
    "/verify/",
    "/verify/page.html",
    "/indicators/",
    "/indicators/export.csv",
    "/indicators/public-standards/",
    "/indicators/public-standards/trend.svg",
    "/explained/",
    "/explained/fuel/",
    "/explained/decided/",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_strangers_page_is_kept_and_asked_for_by_its_tag(as_user: As, address: str) -> None:
    browser = as_user("")
    first = browser.get(address)
    assert "public" in first["Cache-Control"] and "max-age" in first["Cache-Control"]
    assert browser.head(address).status_code == 200
    assert "Set-Cookie" not in first and not first.cookies
    assert browser.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert as_user("").get(address).content == first.content


@pytest.mark.parametrize("address", PUBLIC)
def test_a_users_page_is_kept_nowhere(as_user: As, address: str) -> None:
    answer = as_user("power").get(address)
    assert "no-store" in answer["Cache-Control"] and "public" not in answer["Cache-Control"]
    assert "ETag" not in answer


def test_a_cache_tells_languages_and_visitors_apart(as_user: As) -> None:
    vary = as_user("").get("/")["Vary"]
    assert "Accept-Language" in vary and "Cookie" in vary


def test_a_stranger_chooses_his_language_without_a_token(small: SmallCity) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/language/setlang/", {"language": "en", "next": "/in-date/"})
    assert answer.headers["Location"] == "/in-date/"
    assert "Is the instrument in date?" in browser.get("/in-date/").content.decode()
