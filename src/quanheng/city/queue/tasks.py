"""Declare, ask for, take and end tasks.

    1 ask  2 a worker takes the oldest that waits, or one whose lease has ended  3 it renews the lease while it is at it
    4 the end is written only by who still holds the lease
A task may be run twice (a worker was killed, or slow): every task is written so that this does not matter.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from quanheng.city.queue.models import State, Task
from quanheng.ground.errors import QuanhengError

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 5
log = logging.getLogger(__name__)


class Cancelled(Exception):  # noqa: N818 - what happened, not an error
    """Somebody asked for the task to end."""


class Lost(Exception):  # noqa: N818
    """Another worker has taken the task: this one held it too long without a sign."""


@dataclass
class Work:
    """A task in the hands of a worker."""

    task: Task
    lease: str
    renewed: datetime = field(default_factory=timezone.now)

    def progress(self, step: str, done: int, total: int) -> None:
        """Say how far it is, and keep the lease. Raises Cancelled, Lost."""
        now = timezone.now()
        if now - self.renewed < LEASE / 20 and done < total and step == self.task.step:
            return
        self.renewed, self.task.step = now, step
        mine = Task.objects.filter(pk=self.task.pk, lease=self.lease, state=State.RUNNING)
        if not mine.update(step=step[:60], done=done, total=total, lease_until=now + LEASE):
            raise Lost
        if mine.filter(cancel=True).exists():
            raise Cancelled

    def renew(self) -> None:
        """Keep the lease through a stretch that has no steps. Raises Cancelled, Lost."""
        self.progress(self.task.step, self.task.done, self.task.total)


Doing = Callable[[Work], Any]
TASKS: dict[str, Doing] = {}


def task(name: str) -> Callable[[Doing], Doing]:
    """Declare a task by its name, in an office's tasks.py."""

    def declare(doing: Doing) -> Doing:
        TASKS[name] = doing
        return doing

    return declare


def ask(kind: str, arguments: dict[str, Any], by: Any = None, *, not_before: datetime | None = None) -> Task:
    """Ask for a task, in the caller's transaction: rolled back, it was never asked for."""
    if kind not in TASKS:
        raise KeyError(kind)
    now = timezone.now()
    return Task.objects.create(
        kind=kind, arguments=arguments, asked_by=by, asked_at=now, not_before=not_before or now
    )


def take() -> Work | None:
    """Take the oldest task that is due, or whose worker has given no sign for a lease; None: there is none."""
    now = timezone.now()
    due = Q(state=State.WAITING, not_before__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        found = Task.objects.select_for_update().filter(due).order_by("id").first()
        if found is None:
            return None
        lease = uuid.uuid4().hex
        Task.objects.filter(pk=found.pk).update(
            state=State.RUNNING, lease=lease, lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    found.refresh_from_db()
    return Work(found, lease)


def run(work: Work) -> State:
    """Do a task and write its end, unless the lease was lost."""
    if work.task.attempts > MOST_ATTEMPTS:
        told = "多次中断，不再尝试 / interrupted too often, given up"
        return _end(work, State.FAILED, error=told)
    if work.task.cancel:
        return _end(work, State.CANCELLED)
    try:
        result = TASKS[work.task.kind](work)
    except Cancelled:
        return _end(work, State.CANCELLED)
    except Lost:
        log.warning("lease lost", extra={"task": work.task.pk})
        return State.RUNNING
    except QuanhengError as error:
        return _end(work, State.FAILED, error=str(error))
    except Exception:
        log.exception("task failed", extra={"task": work.task.pk, "kind": work.task.kind})
        told = "程序出错，已记入运行日志 / the program failed; the log of the worker says where"
        return _end(work, State.FAILED, error=told)
    return _end(work, State.DONE, result=result)


def cancel(task: Task) -> None:
    """Ask a task to end: at once where nobody is at it, else at its next sign."""
    Task.objects.filter(pk=task.pk, state=State.WAITING).update(
        state=State.CANCELLED, cancel=True, ended_at=timezone.now()
    )
    Task.objects.filter(pk=task.pk, state=State.RUNNING).update(cancel=True)


def _end(work: Work, state: State, *, result: Any = None, error: str = "") -> State:
    held = Task.objects.filter(pk=work.task.pk, lease=work.lease, state=State.RUNNING)
    held.update(state=state, result=result, error=error, ended_at=timezone.now(), lease_until=None)
    return state
