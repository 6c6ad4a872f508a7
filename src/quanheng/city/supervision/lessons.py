"""What field checks say of a cycle: how often it was right, and how much it missed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from quanheng.city.supervision import places
from quanheng.city.supervision.models import Cycle, FieldCheck
from quanheng.work.supervise.checks import Check
from quanheng.work.supervise.learn import lessons


def of_cycle(cycle: Cycle) -> dict[str, Any]:
    """Precision, recall and risk from the checks of a cycle's verdicts so far, as `quanheng learn` has them."""
    rows = FieldCheck.objects.filter(cycle=cycle).that_count().order_by("at", "id")
    checks = [
        Check(each.meter, timezone.localdate(each.at), each.error, each.u, each.found, each.note)
        for each in rows
    ]
    return lessons(places.run(cycle.pk) / "out", checks)
