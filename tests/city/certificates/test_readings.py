"""What is read at a point: refused at entry where it has no sense, taken back where it should not be there."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from at_the_bench import Bench, checked, measured, read, received, signed_in, today
from django.test import Client
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates.actions import issue, jobs, results
from quanheng.city.certificates.models import Entry, Job
from quanheng.city.people import actions as people
from quanheng.ground.errors import Fault


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"temperature": "-400"}, "应在 -100 至 100"),
        ({"temperature": "23 23 1000"}, "应在 -100 至 100"),
        ({"humidity": "450"}, "应在 0 至 100"),
        ({"humidity": "-1"}, "应在 0 至 100"),
        ({"indications": ("1", "1e308", "1")}, "算不出结果"),
        ({"references": ("1", "1e-300", "1")}, "算不出结果"),
        ({"temperature": "23\x0b"}, "控制字符"),
    ],
)
def test_readings_that_give_no_result_are_refused_and_not_kept(
    bench: Bench, changes: dict[str, Any], told: str
) -> None:
    job = received(bench)
    with pytest.raises(Fault, match=told):
        jobs.measure(bench.verifier, job, [dataclasses.replace(read("1"), **changes)], on=today())
    assert not Entry.objects.exists()


def by_api(bench: Bench, user: Any, job: Job, what: str, given: dict[str, Any]) -> Any:
    client = Client(headers={"Authorization": f"Bearer {people.make_token(user, 'bench', 1)}"})
    return client.post(f"/api/certificates/jobs/{job.number}/{what}", given, "application/json")


def test_what_the_api_refuses_is_not_kept(bench: Bench) -> None:
    job = received(bench)
    point = {
        "nominal": "1", "indications": ["1e308", "1e-300"], "references": ["1e-300", "1"], "temperature": "23",
        "humidity": "45",
    }  # fmt: skip
    assert by_api(bench, bench.verifier, job, "readings", {"points": [point]}).status_code == 422
    assert not Entry.objects.exists()


def mistyped(bench: Bench) -> Job:
    """Somebody entered 2 kWh, a point that the procedure does not ask for."""
    job = received(bench)
    measured(bench, job)
    jobs.measure(bench.verifier, job, [read("2")], on=today())
    job.refresh_from_db()
    return job


def withdrawn(user: Any, job: Job, why: str = "误录") -> Any:
    return signed_in(user).post(
        f"/jobs/{job.pk}/withdraw/", {"nominal": "2", "why": why, "seen": job.event_id}
    )


def test_a_mistyped_point_is_withdrawn_by_whoever_entered_it_and_stays_to_be_seen(bench: Bench) -> None:
    job = mistyped(bench)
    assert "撤回测量点" in signed_in(bench.verifier).get(f"/jobs/{job.pk}/").content.decode()
    assert withdrawn(bench.verifier, job).status_code == 302
    assert [each.nominal for each in results.current(job)] == ["0.1", "1", "5"]
    page = signed_in(bench.checker).get(f"/jobs/{job.pk}/").content.decode()
    assert "被撤回的测量点" in page
    assert "误录" in page
    assert page.count("<td>撤回测量点</td>") == 1  # in what happened to the job


def test_it_is_withdrawn_by_the_api(bench: Bench) -> None:
    job = mistyped(bench)
    answer = by_api(bench, bench.verifier, job, "withdraw", {"nominal": "2", "why": "误录"})
    assert [each["nominal"] for each in answer.json()["results"]] == ["0.1", "1", "5"]
    assert by_api(bench, bench.verifier, job, "withdraw", {"nominal": "2", "why": "误录"}).status_code == 422


def test_nobody_else_withdraws_a_point(bench: Bench) -> None:
    job = mistyped(bench)
    assert "撤回测量点" not in signed_in(bench.checker).get(f"/jobs/{job.pk}/").content.decode()
    assert withdrawn(bench.checker, job).status_code == 400
    assert withdrawn(bench.small.users["power"], job).status_code == 403
    assert len(results.current(job)) == 4


def test_a_point_is_withdrawn_with_a_reason_alone(bench: Bench) -> None:
    assert withdrawn(bench.verifier, mistyped(bench), why=" ").status_code == 400


def test_a_point_of_a_checked_job_is_not_withdrawn(bench: Bench) -> None:
    job = checked(bench, "E-1")
    with pytest.raises(Fault, match="不能再撤回"):
        jobs.withdraw(bench.verifier, job, "1", "误录")


def test_a_withdrawn_point_may_be_entered_again(bench: Bench) -> None:
    job = mistyped(bench)
    withdrawn(bench.verifier, job)
    jobs.measure(bench.verifier, job, [read("2")], on=today())
    assert len(results.current(job)) == 4


def test_an_entry_in_the_early_morning_is_of_that_day_here(bench: Bench) -> None:
    job = checked(bench, "E-1")
    morning = datetime.combine(today() - timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=23.5)
    assert timezone.localdate(morning) == today()  # 07:30 in Shanghai
    for each in results.current(job):
        each.at = morning
        audit.save(SYSTEM, "certificates.measure", each)
    job.signed, job.received = today(), today() - timedelta(days=5)
    assert issue.content_of(job).begun == today()
