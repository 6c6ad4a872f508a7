"""kill −9 of a worker in the middle of a cycle: another one takes it up, and the bytes are the same."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ASK = """
from datetime import date
from pathlib import Path
from quanheng.cli.site import bring_up_to_date, set_up
set_up()
bring_up_to_date()
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.supervision.actions import cycles, lakes
lake = lakes.look(SYSTEM, lakes.point(SYSTEM, name="grid", title="grid", folder="lakes/grid"))
print(cycles.ask(SYSTEM, lake).pk)
"""
TELL = """
from quanheng.cli.site import set_up
set_up()
from quanheng.city.supervision.models import Cycle, Verdict
cycle = Cycle.objects.get()
print(cycle.run, cycle.task.attempts, Verdict.objects.count())
"""


@pytest.mark.drill
def test_a_killed_workers_cycle_is_run_again_with_the_same_bytes(
    small_lake: Path, judged_run: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(small_lake, home / "lakes/grid")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUANHENG_", "DJANGO_"))}
    environment["QUANHENG_HOME"] = str(home)

    def python(*arguments: str) -> str:
        done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    number = python("-c", ASK).strip()
    worker = subprocess.Popen(
        [sys.executable, "-m", "quanheng.cli.main", "worker"], env=environment, start_new_session=True
    )
    half = home / "runs" / number / "out.partial"
    try:
        deadline = time.monotonic() + 120
        while not list((half / "assess").glob("*")):
            assert time.monotonic() < deadline, "the worker did not begin"
            assert worker.poll() is None
            time.sleep(0.005)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert not (half.parent / "out").exists(), "it was quicker than the kill"
    # the lease of the killed one ends in half a minute: the clock is not waited for
    with sqlite3.connect(home / "quanheng.sqlite3") as database:
        database.execute("UPDATE queue_task SET lease_until = '2020-01-01 00:00:00' WHERE state = 'running'")
    database.close()
    python("-m", "quanheng.cli.main", "worker", "--once")
    run, attempts, verdicts = python("-c", TELL).split()
    assert (attempts, verdicts) == ("2", "120")
    again = half.parent / "out"
    assert (again / "run.json").read_bytes() == (judged_run / "run.json").read_bytes()
    for path in judged_run.rglob("*.parquet"):
        assert (again / path.relative_to(judged_run)).read_bytes() == path.read_bytes()
    assert run
    assert not half.exists()
