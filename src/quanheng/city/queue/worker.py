"""The worker: takes tasks, one after the other, until it is asked to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone

from quanheng.city.queue import tasks
from quanheng.city.queue.models import Task

PAUSE = 1.0  # seconds between looks where nothing is due
log = logging.getLogger(__name__)


def work(stop: threading.Event, *, once: bool = False, on_idle: Callable[[], None] | None = None) -> int:
    """Run tasks until `stop` is set, or with `once` until none is due; returns how many ended.

    on_idle: called where nothing is due, e.g. to ask for what the clock asks for.
    """
    ended = 0
    while not stop.is_set():
        _sign()
        if not connection.in_atomic_block:  # it is where a test holds the transaction
            close_old_connections()
        held = tasks.take()
        if held is None:
            if once:
                return ended
            if on_idle:
                on_idle()
            stop.wait(PAUSE)
            continue
        with _kept(held):
            state = tasks.run(held)
        log.info("task", extra={"task": held.task.pk, "kind": held.task.kind, "state": str(state)})
        ended += 1
    return ended


def _sign() -> None:
    """Say that a worker lives: the time of a file in QUANHENG_HOME."""
    (settings.HOME / "worker.alive").touch()


def alive() -> float | None:
    """When a worker gave its last sign, POSIX time; None: never."""
    path = settings.HOME / "worker.alive"
    return path.stat().st_mtime if path.exists() else None


class _kept:  # noqa: N801 - reads as a word where it is used
    """A thread that renews the lease while a task is at a stretch without steps."""

    def __init__(self, held: tasks.Work) -> None:
        self.held, self.over = held, threading.Event()
        self.thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _renew(self) -> None:
        while not self.over.wait(tasks.LEASE.total_seconds() / 3):
            _sign()
            Task.objects.filter(pk=self.held.task.pk, lease=self.held.lease).update(
                lease_until=timezone.now() + tasks.LEASE
            )
        connection.close()
