"""Jobs and recalls are found whatever their state, and none is cut off."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from at_the_bench import Bench, issued, received, signed_in, today

from quanheng.city.certificates.actions import recall
from quanheng.city.certificates.models import Job
from quanheng.city.certificates.pages import jobs, recalls


def test_a_search_finds_what_was_issued_already(bench: Bench) -> None:
    job = Job.objects.get(certificate=issued(bench))
    browser = signed_in(bench.verifier)
    for text in (job.number, job.code, f"https://a.example/in-date/?code={job.code}"):
        assert f"/jobs/{job.pk}/" in browser.get("/jobs/", {"q": text}).content.decode()
    assert f"/jobs/{job.pk}/" not in browser.get("/jobs/").content.decode()


def test_jobs_follow_one_another_by_pages_without_gap(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LISTED", 2)
    days = (9, 3, 3, 3, 7)
    made = [received(bench, f"E-{n}", promised=today() + timedelta(days=k)) for n, k in enumerate(days)]
    browser, address, seen = signed_in(bench.verifier), "/jobs/", []
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r">(J\d{4}-\d{6})</a>", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/jobs/" + following[1].replace("&amp;", "&") if following else ""
    assert seen == [each.number for each in sorted(made, key=lambda each: (each.promised, each.pk))]


def test_a_place_that_makes_no_sense_is_the_beginning(bench: Bench) -> None:
    job = received(bench)
    for after in ("x", ",1", "2026-01-01,x", "9999-99-99,1"):
        assert job.number in signed_in(bench.verifier).get("/jobs/", {"after": after}).content.decode()


def test_recalls_have_a_next_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalls, "LISTED", 1)
    made = [
        recall.report(bench.verifier, bench.certificate, date(2025, 1, 1), f"疑似 {n}", on=today())
        for n in range(2)
    ]
    browser = signed_in(bench.verifier)
    assert f'href="?after={made[1].pk}"' in browser.get("/recalls/").content.decode()
    assert made[0].number in browser.get(f"/recalls/?after={made[1].pk}").content.decode()
