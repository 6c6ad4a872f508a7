"""A reason that no register could keep is refused before it is in the log, which forgets nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from at_the_bench import Bench, issued, measured, received, today

from quanheng.city.certificates import house
from quanheng.city.certificates.actions import jobs, recall, standing
from quanheng.ground.errors import Fault

BAD = "读数\0待查"


def reported(bench: Bench) -> Any:
    return recall.report(bench.verifier, bench.certificate, date(2025, 1, 1), "疑似失准", on=today())


@pytest.mark.parametrize("how", ["suspend", "revoke"])
def test_nothing_is_logged_where_the_reason_of_a_suspension_cannot_be_kept(bench: Bench, how: str) -> None:
    row = issued(bench)
    before = house.entries()
    with pytest.raises(Fault, match="U\\+0000"):
        standing.decide(bench.small.users["city"], row, how, BAD, on=today())
    row.refresh_from_db()
    assert (house.entries(), row.standing) == (before, "in force")


ACTS: dict[str, Callable[[Bench, Any], Any]] = {
    "send back": lambda bench, job: jobs.send_back(bench.checker, job, BAD),
    "give back": lambda bench, job: jobs.give_back(bench.checker, job, BAD),
    "receive": lambda bench, job: received(bench, "E-2", condition=BAD),
    "report": lambda bench, job: recall.report(
        bench.verifier, bench.certificate, today() - timedelta(days=9), BAD, on=today()
    ),
    "drop": lambda bench, job: recall.drop(bench.small.users["city"], reported(bench), BAD),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_whose_reason_cannot_be_kept_is_refused_in_words(bench: Bench, act: str) -> None:
    job = received(bench)
    measured(bench, job)
    with pytest.raises(Fault, match="控制字符"):
        ACTS[act](bench, job)
