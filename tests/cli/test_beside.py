"""A process beside another is kept running, and ends with it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quanheng.cli.beside import Beside


def until(true: Callable[[], bool]) -> bool:
    """Whether something comes true within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def writes(path: Path, then: str) -> list[str]:
    """A program that adds a line to a file."""
    return [sys.executable, "-c", f"open({str(path)!r}, 'a').write('x\\n')\n{then}"]


def count(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_what_ends_is_started_again_with_growing_pauses_and_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Beside(writes(tmp_path / "begun", "raise SystemExit(3)"), least=0.01, most=0.04):
        assert until(lambda: count(tmp_path / "begun") >= 4)
    said = capfd.readouterr().err
    assert "0.01 s" in said
    assert "0.04 s" in said


def test_what_was_killed_is_started_again(tmp_path: Path) -> None:
    with Beside(writes(tmp_path / "begun", "import time; time.sleep(60)"), least=0.01) as kept:
        assert until(lambda: count(tmp_path / "begun") == 1)
        assert kept.process
        kept.process.kill()
        assert until(lambda: count(tmp_path / "begun") == 2)


def test_it_ends_with_the_block_and_is_not_started_again(tmp_path: Path) -> None:
    with Beside(writes(tmp_path / "begun", "import time; time.sleep(60)"), least=0.01) as kept:
        assert until(lambda: count(tmp_path / "begun") == 1)
    assert kept.process and kept.process.poll() is not None
    time.sleep(0.1)
    assert count(tmp_path / "begun") == 1


def test_a_forked_process_that_leaves_the_block_ends_nothing(tmp_path: Path) -> None:
    with Beside(writes(tmp_path / "begun", "import time; time.sleep(60)"), least=0.01) as kept:
        assert until(lambda: count(tmp_path / "begun") == 1)
        child = os.fork()
        if child == 0:
            kept.__exit__()
            os._exit(0)
        os.waitpid(child, 0)
        assert kept.process and kept.process.poll() is None
