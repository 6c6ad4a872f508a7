"""The log knows the events: whoever alters one later is found out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from lifted import lift_guards

from quanheng.city.audit import guard
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.models import Seal
from quanheng.city.certificates import tasks
from quanheng.city.certificates.actions import auditing
from quanheng.city.instruments import actions as instruments
from quanheng.city.queue.models import Task
from quanheng.cli import main

TODAY = date(2026, 11, 27)


def test_what_was_not_altered_is_the_same(bench: Any) -> None:
    assert main.main(["audit"]) == 3  # nothing is logged yet
    auditing.seal(TODAY)
    bench.small.instrument("E-1", bench.small.power, bench.small.north)
    auditing.seal(TODAY)
    assert [(each.same, each.logged) for each in auditing.check()] == [(True, True), (True, True)]
    assert main.main(["audit"]) == 0


def test_nothing_new_is_not_entered_again(bench: Any) -> None:
    assert auditing.seal(TODAY) is not None
    assert auditing.seal(TODAY) is None
    assert Seal.objects.count() == 1


@pytest.mark.parametrize(
    "how", ["UPDATE audit_event SET actor = 'nobody' WHERE id = %s", "DELETE FROM audit_event WHERE id = %s"]
)
def test_an_event_that_was_altered_or_taken_away_is_found(
    bench: Any, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = bench.small.instrument("E-1", bench.small.power, bench.small.north)
    event = row.event_id
    row.name = "电能表"
    instruments.keep(SYSTEM, row)  # no row stands on the first event any more
    auditing.seal(TODAY)
    lift_guards()  # as an owner of the tables can
    with connection.cursor() as cursor:
        cursor.execute(how, [event])
    guard.put_in_place()
    assert main.main(["audit"]) == 1
    assert "被改动" in capsys.readouterr().out


def test_a_root_that_was_never_logged_is_told(bench: Any) -> None:
    found = auditing.seal(TODAY)
    assert found is not None
    Seal.objects.filter(pk=found.pk).delete()
    Seal.objects.create(last=found.last - 1, size=1, root="0" * 64)
    assert main.main(["audit"]) == 1


def test_the_clock_asks_once_a_day(bench: Any) -> None:
    tasks.ask_for_audit()
    tasks.ask_for_audit()
    assert Task.objects.filter(kind="certificates.seal audit").count() == 1
