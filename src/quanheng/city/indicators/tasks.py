"""Work of the office in the background."""

from __future__ import annotations

from datetime import date

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.indicators import actions
from quanheng.city.queue.tasks import Work, task


@task(actions.TAKE)
def take(work: Work) -> int:
    """Compute and keep all figures for a day; done twice, the second adds what has changed since."""
    return actions.take(work.task.asked_by or SYSTEM, date.fromisoformat(work.task.arguments["on"]))
