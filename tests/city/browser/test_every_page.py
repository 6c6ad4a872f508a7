"""Every page of the site, as everybody who may see it sees it: in a real browser, in both languages, also on a phone.

A new page is walked to by itself; one whose address has parameters needs a line in site_addresses.WITH.
"""

from __future__ import annotations

from typing import Any

import pytest
from site_addresses import ONLY_AFTER, PAPERS, without_example
from site_browser import CHROMIUM, Reader, chromium
from site_build import Site
from site_matrix import ROLES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]  # one worker builds the site
with_browser = pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed: no page is tried in a browser"
)


def test_every_address_with_parameters_has_its_example() -> None:
    assert_none(without_example())


def test_every_page_is_there_for_somebody_and_no_answer_is_an_error(site: Site) -> None:
    assert_none([each for each in site.answers if each["status"] >= 500])
    answered: dict[str, set[int]] = {}
    for each in site.answers:
        answered.setdefault(each["name"], set()).add(each["status"])
    nobody = [
        name
        for _table, rows in site.rows.items()
        for name, *_ in rows
        if not answered.get(name, set()) & {200, 201, 302, 400, 409, 422} and name not in ONLY_AFTER
    ]
    assert_none([f"{name}: no row of the sample city leads there, or nobody may see it" for name in nobody])


@with_browser
def test_every_page_opens_without_fault(site: Site, address: str) -> None:
    """Each once: languages in turn, as the first who may see it."""
    visits = [(each, ("zh", "en")[n % 2]) for n, each in enumerate(once(site))]
    assert_none(walk(site, address, visits))


@with_browser
@pytest.mark.drill
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_without_fault_in_every_role(
    site: Site, address: str, role: str, language: str
) -> None:
    who = next(name for name, its in site.roles.items() if its == role)
    assert_none(walk(site, address, [(each, language) for each in site.seen() if each["who"] == who]))


@with_browser
@pytest.mark.drill
def test_every_page_can_be_read_in_the_dark(site: Site, address: str) -> None:
    assert_none(walk(site, address, [(each, "zh") for each in once(site)], color_scheme="dark"))


def once(site: Site) -> list[dict[str, Any]]:
    """Every page, as the first who may see it."""
    return list({each["name"]: each for each in reversed(site.seen())}.values())[::-1]


def assert_none(faults: list[Any]) -> None:
    """Fails with one fault a line."""
    assert not faults, "\n" + "\n".join(map(str, faults))


def walk(site: Site, address: str, visits: list[tuple[dict[str, Any], str]], **more: Any) -> list[str]:
    """The faults of some pages."""
    faults = []
    with chromium() as browser:
        readers: dict[tuple[str, str], Reader] = {}
        for visit, language in sorted(visits, key=lambda each: (each[0]["who"], each[1])):
            key = (visit["who"], language)
            if key not in readers:
                readers[key] = Reader(browser, address, site.sessions.get(visit["who"], ""), language, **more)
            told = readers[key].faults_of(visit["path"], site.words, paper=visit["name"] in PAPERS)
            faults += [f"{visit['who'] or 'stranger'} {each}" for each in told]
    return faults
