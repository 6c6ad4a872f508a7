"""Tasks: done once where all goes well, done again where a worker was killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from quanheng.city.queue import tasks, worker
from quanheng.city.queue.models import State, Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def done() -> Iterator[list[int]]:
    """What a task of the tests has seen."""
    seen: list[int] = []

    @tasks.task("count")
    def count(work: tasks.Work) -> int:
        seen.append(work.task.arguments["n"])
        work.progress("counting", 1, 1)
        return len(seen)

    yield seen
    del tasks.TASKS["count"]


def test_a_task_is_done_and_its_result_kept(done: list[int]) -> None:
    asked = tasks.ask("count", {"n": 3})
    assert worker.work(threading.Event(), once=True) == 1
    asked.refresh_from_db()
    assert (asked.state, asked.result, done) == (State.DONE, 1, [3])


def test_a_task_whose_worker_gave_no_sign_for_a_lease_is_run_again(done: list[int]) -> None:
    tasks.ask("count", {"n": 1})
    assert tasks.take() is not None  # and the worker is killed
    assert tasks.take() is None
    Task.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    worker.work(threading.Event(), once=True)
    assert done == [1]


def test_a_worker_that_lost_its_lease_writes_no_end(done: list[int]) -> None:
    asked = tasks.ask("count", {"n": 1})
    slow = tasks.take()
    Task.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    other = tasks.take()
    assert slow is not None
    assert other is not None
    tasks.run(slow)
    asked.refresh_from_db()
    assert asked.state == State.RUNNING
    tasks.run(other)
    asked.refresh_from_db()
    assert asked.state == State.DONE


def test_a_task_that_waits_is_cancelled_at_once(done: list[int]) -> None:
    asked = tasks.ask("count", {"n": 1})
    tasks.cancel(asked)
    assert worker.work(threading.Event(), once=True) == 0
    asked.refresh_from_db()
    assert (asked.state, done) == (State.CANCELLED, [])


def test_a_running_task_is_cancelled_at_its_next_sign(done: list[int]) -> None:
    asked = tasks.ask("count", {"n": 1})
    held = tasks.take()
    assert held is not None
    tasks.cancel(asked)
    assert tasks.run(held) == State.CANCELLED


def test_a_task_that_is_interrupted_again_and_again_is_given_up(done: list[int]) -> None:
    asked = tasks.ask("count", {"n": 1})
    Task.objects.update(attempts=tasks.MOST_ATTEMPTS)
    worker.work(threading.Event(), once=True)
    asked.refresh_from_db()
    assert (asked.state, done) == (State.FAILED, [])


def test_an_error_of_the_program_is_told_without_its_traceback() -> None:
    @tasks.task("broken")
    def broken(work: tasks.Work) -> None:
        raise KeyError("secret detail")

    asked = tasks.ask("broken", {})
    worker.work(threading.Event(), once=True)
    asked.refresh_from_db()
    del tasks.TASKS["broken"]
    assert asked.state == State.FAILED
    assert "secret detail" not in asked.error
