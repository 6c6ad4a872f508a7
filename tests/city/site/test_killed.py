"""kill -9 in the middle: nothing that was acknowledged is lost, nothing is half written."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from inside_site import PASSWORD
from own_site import OwnSite, Served, kill

from quanheng.work.supervise.cycle import Choices, Hands, supervise

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(
        "QUANHENG_TEST_DATABASE" in os.environ, reason="these sites have databases of their own"
    ),
]
ROWS = 3000


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> OwnSite:
    """A small city on either database."""
    address = request.getfixturevalue("postgresql")("killed") if request.param == "postgresql" else ""
    made = OwnSite(tmp_path / "home", address)
    made.inside("fill")
    return made


def being_written(site: OwnSite) -> bool:
    """Whether a transaction that has written is open."""
    if "QUANHENG_DATABASE" in site.environment:
        import psycopg

        with psycopg.connect(site.environment["QUANHENG_DATABASE"]) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_xid IS NOT NULL"
            ).fetchone()
            return bool(found and found[0])
    connection = sqlite3.connect(site.home / "quanheng.sqlite3", timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def wait_until(holds: Callable[[], bool]) -> None:
    """Look until it is so."""
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.parametrize("later", [0.0, 0.5])
def test_an_import_is_written_as_a_whole_or_not_at_all(site: OwnSite, later: float) -> None:
    sheet = site.inside("sheet", ROWS).encode()
    with site.served("--no-worker") as served:
        reader = served.reader("city", PASSWORD)
        checked = reader.post("/instruments/import/", {}, sheet=sheet)
        asking = threading.Thread(target=lambda: quietly(reader.post, checked + "write/", {}))
        asking.start()
        # a session is written in a moment, a sheet is not
        wait_until(lambda: being_written(site) and (time.sleep(0.1) or being_written(site)))
        time.sleep(later)
        kill(served.process)
        asking.join()
    found = site.inside("imported")
    assert found in ([0, 0, "ready"], [ROWS, 1, "written"])
    with site.served("--no-worker") as served:
        reader = served.reader("city", PASSWORD)
        reader.post(checked + "write/", {})
        reader.post(checked + "write/", {})  # asked for twice, it is written once
    assert site.inside("imported") == [ROWS, 1, "written"]


def quietly(act: Callable[..., Any], *words: Any) -> Any:
    """Ask somebody who may be killed meanwhile."""
    try:
        return act(*words)
    except (OSError, ValueError, HTTPException):
        return None


def test_an_order_that_was_acknowledged_is_kept_and_none_is_half_changed(
    site: OwnSite, small_lake: Path
) -> None:
    numbers, token = site.inside("orders", small_lake)
    acknowledged: list[tuple[int, str, int]] = []
    for seed in range(3):
        drawn = random.Random(seed)
        with site.served("--no-worker") as served:
            asking = [
                threading.Thread(
                    target=object_and_withdraw, args=(served, token, numbers[k::4], acknowledged)
                )
                for k in range(4)
            ]
            before = len(acknowledged)
            for each in asking:
                each.start()
            wait_until(lambda enough=before + 10: len(acknowledged) > enough)
            time.sleep(drawn.uniform(0.0, 0.3))
            kill(served.process)
            for each in asking:
                each.join()
        assert site.inside("orders_whole", json.dumps(acknowledged)) == len(acknowledged)
    assert len(acknowledged) > 30


def object_and_withdraw(
    served: Served, token: str, numbers: list[int], acknowledged: list[tuple[int, str, int]]
) -> None:
    """Change orders until nobody answers; what was acknowledged: order, step, its event."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(path: str, facts: dict[str, Any] | None = None) -> Any:
        data = json.dumps(facts).encode() if facts else None
        asked = urllib.request.Request(f"{served.address}/api/supervision/orders/{path}", data, headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    try:
        while True:
            for number in numbers:
                order = ask(str(number))
                step = "withdraw" if order["state"] == "objected" else "object"
                order = ask(f"{number}/{step}", {"held": order["held"], "text": "the reading is not ours"})
                acknowledged.append((number, step, order["held"]))
    except urllib.error.HTTPError:
        raise
    except (OSError, ValueError, HTTPException):
        return


def test_a_worker_that_is_killed_again_and_again_leaves_the_result_of_one_that_was_not(
    site: OwnSite, small_lake: Path, tmp_path: Path
) -> None:
    supervise(small_lake, tmp_path / "out", Choices(), Hands())
    folder = site.home / "runs" / str(site.inside("ask_for_cycle", small_lake))
    moments = (
        lambda: (folder / "out.partial").exists(),
        lambda: any(folder.glob("out.partial/assess/*")),
        # the index is written in one transaction
        lambda: (folder / "out").exists() and being_written(site),
    )
    for reached in moments:
        kill_when(reached, begin_worker(site))
        assert site.inside("indexed") == [0, 0, 0]
        time.sleep(2.5)  # the lease ends
    process = begin_worker(site)
    assert process.wait(timeout=300) == 0
    verdicts, orders, events = site.inside("indexed")
    assert (verdicts, events) == (120, 1)
    assert orders == site.inside("proposed", tmp_path / "out")
    assert (folder / "out/run.json").read_bytes() == (tmp_path / "out/run.json").read_bytes()
    assert site.inside("task") == ["done", 4]


def kill_when(reached: Callable[[], bool], worker: Any) -> None:
    """Kill a worker at a moment: it alone, its helpers have to notice."""
    wait_until(lambda: reached() or worker.poll() is not None)
    assert worker.poll() is None, "it was over before it was killed"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def begin_worker(site: OwnSite) -> Any:
    """A worker whose lease is short, so that the test need not wait for half a minute."""
    short = (
        "import sys; from datetime import timedelta; from quanheng.cli.site import set_up; set_up();"
        "from quanheng.city.queue import tasks; tasks.LEASE = timedelta(seconds=2);"
        "from quanheng.cli.main import main; sys.exit(main(['worker', '--once']))"
    )
    return site.begin("-c", short)
