"""A certificate is corrected once at a time, and only one stands in the end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from at_the_bench import Bench, issued, measured, signed_in, today

from quanheng.city.certificates.actions import issue, jobs, standing
from quanheng.city.certificates.models import Certificate, Job
from quanheng.city.queue import worker
from quanheng.ground.errors import Fault


def asked(bench: Bench, row: Certificate) -> Any:
    return signed_in(bench.verifier).post(
        f"/certificates/{row.pk}/act/", {"how": "correct", "why": "漏写一位"}
    )


def page(bench: Bench, row: Certificate) -> str:
    return signed_in(bench.verifier).get(f"/certificates/{row.pk}/act/").content.decode()


def checked_again(bench: Bench, row: Certificate) -> Job:
    assert asked(bench, row).status_code == 302
    job = Job.objects.get(corrects=row)
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    job.refresh_from_db()
    return job


def corrected(bench: Bench, row: Certificate) -> Certificate:
    job = checked_again(bench, row)
    issue.ask_for(bench.signatory, job, on=today())
    worker.work(threading.Event(), once=True)
    job.refresh_from_db()
    assert job.certificate is not None, job.refusal
    return job.certificate


def test_what_is_superseded_is_not_corrected_again(bench: Bench) -> None:
    old = issued(bench)
    new = corrected(bench, old)
    answer = asked(bench, old)
    assert answer.status_code == 422
    assert new.number in answer.content.decode()
    assert Certificate.objects.filter(item="E-1", standing="in force").get() == new


def test_its_page_leads_to_what_stands_in_its_place_by_however_many_corrections(bench: Bench) -> None:
    old = issued(bench)
    last = corrected(bench, corrected(bench, old))
    assert f'href="/certificates/{last.pk}/act/"' in page(bench, old)
    assert 'value="correct"' not in page(bench, old)
    assert last.number == f"{old.number}-R2"


def test_what_is_revoked_is_neither_offered_for_correction_nor_corrected(bench: Bench) -> None:
    row = issued(bench)
    standing.revoke(bench.small.users["city"], row, "读数伪造", on=today())
    assert 'value="correct"' not in page(bench, row)
    assert asked(bench, row).status_code == 422
    assert not Job.objects.filter(corrects=row).exists()


def test_what_is_suspended_may_be_corrected(bench: Bench) -> None:
    row = issued(bench)
    standing.decide(bench.small.users["city"], row, "suspend", "待查", on=today())
    assert 'value="correct"' in page(bench, row)
    assert asked(bench, row).status_code == 302


def test_a_correction_under_way_is_shown_in_the_place_of_another(bench: Bench) -> None:
    row = issued(bench)
    asked(bench, row)
    job = Job.objects.get(corrects=row)
    assert f'href="/jobs/{job.pk}/"' in page(bench, row)
    assert 'value="correct"' not in page(bench, row)


def test_a_correction_that_was_given_back_hinders_no_other(bench: Bench) -> None:
    row = issued(bench)
    asked(bench, row)
    jobs.give_back(bench.verifier, Job.objects.get(corrects=row), "误建")
    assert asked(bench, row).status_code == 302


def test_a_correction_of_what_was_revoked_meanwhile_is_not_signed(bench: Bench) -> None:
    row = issued(bench)
    job = checked_again(bench, row)
    standing.revoke(bench.small.users["city"], row, "读数伪造", on=today())
    with pytest.raises(Fault, match="不能再更正"):
        issue.ask_for(bench.signatory, Job.objects.get(pk=job.pk), on=today())
