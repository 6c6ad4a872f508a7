"""Who may do what: docs/permissions.md says what the site answers, and nobody reaches what is not his."""

from __future__ import annotations

import pytest
from site_build import Site
from site_matrix import DOCUMENT, cell, document, let_in
from site_permissions import without_body

# one worker builds the site, once for both files
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]


def test_every_operation_has_what_it_is_asked_with() -> None:
    assert without_body() == []


def test_the_document_says_what_the_site_answers(site: Site) -> None:
    said, told = DOCUMENT.read_text("utf-8").splitlines(), document(site).splitlines()
    differing = [f"+ {line}" for line in told if line not in said] + [
        f"- {line}" for line in said if line not in told
    ]
    assert told == said, "\npython tests/city/browser/site_matrix.py --write\n" + "\n".join(differing)


def test_nobody_reaches_a_row_that_he_may_not_see(site: Site) -> None:
    trespassed = [each for each in site.answers if not each["mine"] and let_in(each)]
    assert trespassed == []
    assert sum(not each["mine"] for each in site.answers) > 300  # it was tried


def test_what_a_stranger_may_not_change_is_refused_for_who_he_is_and_not_for_what_he_sent(site: Site) -> None:
    unread = [each for each in site.answers if not each["who"] and each["name"].startswith(("POST", "PUT"))]
    assert [each["name"] for each in unread if each["status"] not in (401, 403, 404)] == []
    assert len(unread) > 10


@pytest.mark.parametrize(
    ("role", "name", "may"),
    [
        ("city", "instruments-change", "✓"),
        ("district", "instruments-record", "○"),
        ("district", "instruments-add", "–"),
        ("utility", "instruments-change", "○"),
        ("utility", "PUT /api/instruments/{pk}", "○"),
        ("auditor", "instruments-record", "✓"),
        ("auditor", "POST /api/instruments", "–"),
        ("auditor", "cycle-recompute", "✓"),
        ("utility", "order", "○"),
        ("public", "instruments-list", "–"),
        ("public", "indicators", "✓"),
        ("utility", "people-record", "○"),
    ],
)
def test_a_role_may_do_what_it_comes_for_and_no_more(site: Site, role: str, name: str, may: str) -> None:
    assert cell(site, name, role) == may
