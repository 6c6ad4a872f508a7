"""Steps of the institute's day, for tests that begin after them."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from quanheng.city.certificates.actions import issue, jobs, results
from quanheng.city.certificates.models import Certificate, Job, JobState
from quanheng.city.instruments.models import Instrument
from quanheng.city.queue import worker

Bench = Any


def today() -> date:
    return timezone.localdate()


def signed_in(user: Any) -> Client:
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.force_login(user)
    return browser


def received(bench: Bench, code: str = "E-1", **changes: Any) -> Job:
    row = Instrument.objects.filter(code=code).first() or bench.small.instrument(
        code,
        bench.small.power,
        bench.small.north,
        maker="[样例] 仪表厂",
        model="M-energy",
        serial="1",
        type_approval="PA-energy",
    )
    facts = {
        "procedure": "JJG 596-2012", "accuracy": "1 级", "promised": today() + timedelta(days=10), "on": today()
    } | changes  # fmt: skip
    return jobs.receive(bench.verifier, row, facts.pop("standards", [bench.standard]), **facts)


def read(nominal: str, error: float = 0.001) -> results.Read:
    at = float(nominal)
    indications = tuple(f"{at * (1 + error) + n * 1e-5:.5f}" for n in range(3))
    return results.Read(nominal, indications, (nominal,) * 3, "23.1", "45")


def measured(bench: Bench, job: Job, error: float = 0.001) -> None:
    jobs.measure(bench.verifier, job, [read(each, error) for each in ("0.1", "1", "5")], on=today())


def issued(bench: Bench, code: str = "E-1", error: float = 0.001) -> Certificate:
    job = received(bench, code)
    measured(bench, job, error)
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())
    worker.work(threading.Event(), once=True)
    job.refresh_from_db()
    assert job.state == JobState.ISSUED, job.refusal
    assert job.certificate is not None
    return job.certificate


def checked(bench: Bench, code: str, error: float = 0.001) -> Job:
    job = received(bench, code)
    measured(bench, job, error)
    jobs.check(bench.checker, job, on=today())
    job.refresh_from_db()
    return job
