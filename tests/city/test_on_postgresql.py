"""The offices pass the same tests on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NESTED = "QUANHENG_TEST_DATABASE"  # set within the run that this test begins


@pytest.mark.skipif(NESTED in os.environ, reason="this is that run")
def test_the_offices_pass_their_tests_on_postgresql_too(postgresql: Callable[[str], str]) -> None:
    asked = [
        sys.executable,
        "-m",
        "pytest",
        str(HERE),
        "-q",
        "-n",
        "0",
        "-m",
        "not drill and not browser",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        asked,
        env={**environment, NESTED: postgresql("quanheng")},
        capture_output=True,
        text=True,
        timeout=580,
        cwd=HERE.parents[1],
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    print(done.stdout.strip().splitlines()[-1])
