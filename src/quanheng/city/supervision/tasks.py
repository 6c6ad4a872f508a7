"""What supervision has done in the background, and what it asks of the clock."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from quanheng.city.audit.actions import SYSTEM, Actor
from quanheng.city.queue.clock import on_clock
from quanheng.city.queue.tasks import Work, ask, task
from quanheng.city.supervision.actions import cycles, lakes, orders, recomputing, sealing
from quanheng.city.supervision.models import Cycle, Lake, Recomputation
from quanheng.ground.errors import Fault


def actor_of(work: Work) -> Actor:
    """Who asked for a task."""
    return work.task.asked_by or SYSTEM


@task(cycles.TASK)
def run_cycle(work: Work) -> dict[str, Any]:
    """Compute and index a cycle, or what is left of it."""
    cycle = Cycle.objects.select_related("lake", "previous").get(pk=work.task.arguments["cycle"])
    done = cycles.run(cycle, work.progress)
    if sealing.possible():
        ask(sealing.TASK, {"cycle": done.pk}, work.task.asked_by)
    return {"run": done.run}


@task(sealing.TASK)
def seal(work: Work) -> None:
    """Sign a run and enter it into the log."""
    sealing.seal(actor_of(work), Cycle.objects.get(pk=work.task.arguments["cycle"]))


@task("supervision.look at lake")
def look(work: Work) -> None:
    """Check a lake that somebody points to."""
    lake = Lake.objects.get(pk=work.task.arguments["lake"])
    lakes.look(actor_of(work), lake, lambda done, total: work.progress("check", done, total))
    _told(lake)


@task("supervision.assemble lake")
def assemble(work: Work) -> None:
    """Make a lake of what was handed in."""
    lake = Lake.objects.get(pk=work.task.arguments["lake"])
    _told(lakes.assemble(actor_of(work), lake, lambda done, total: work.progress("check", done, total)))


def _told(lake: Lake) -> None:
    if lake.fault:
        raise Fault(lake.fault)


@task(recomputing.TASK)
def recompute(work: Work) -> dict[str, Any]:
    """Compute a cycle or an area again and keep the answer."""
    asked = Recomputation.objects.select_related("cycle", "by").get(pk=work.task.arguments["recomputation"])
    return {"answer": recomputing.run(asked).answer}


@on_clock
def due() -> None:
    """Ask for the cycles that are due; let orders expire."""
    today = timezone.localdate()
    cycles.ask_what_is_due(today)
    orders.expire(today)
