"""The indicator of supervision counts what the latest cycle says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from quanheng.city.audit.past import last_event
from quanheng.city.indicators.catalogue import indicators
from quanheng.city.indicators.compute import census
from quanheng.city.supervision.models import Cycle, Verdict

pytestmark = pytest.mark.django_db


def test_meters_that_are_not_undetermined_count(cycle: Cycle) -> None:
    found = census(indicators()["supervised-decided"], 1, timezone.localdate(), last_event())
    rows = Verdict.objects.filter(cycle=cycle)
    assert found.of == rows.count() > 0
    assert found.count == rows.exclude(outcome="undetermined").count()


def test_before_the_first_cycle_there_is_nothing_to_show(cycle: Cycle) -> None:
    before = timezone.localdate() - timedelta(days=1)
    assert census(indicators()["supervised-decided"], 1, before, last_event()).value is None
