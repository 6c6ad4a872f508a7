"""No parser crashes, hangs or swells, whatever the bytes: each ends with a value or with one of our own errors."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated
from parsers import PARSERS, Parser

HERE = Path(__file__).parent
LONGEST = timedelta(seconds=5)  # of one call; good files take milliseconds
QUICK, DEEP = 30, 1000  # examples of a parser
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

chances = st.randoms(use_true_random=False)
every_parser = pytest.mark.parametrize("parser", PARSERS.values(), ids=list(PARSERS))


def run(*words: str, folder: Path) -> None:
    """A program of this folder ends well.

    A shell stands between: Linux hands a process's peak of memory on to what it executes, so the program would be
    blamed for all that the tests before it took.
    """
    places = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, *words],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": places},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def read_damaged(parser: Parser, chance: random.Random) -> None:
    with contextlib.suppress(*parser.refuses):
        parser.read(parser.mend(mutated(chance, parser.samples())))


@every_parser
def test_a_good_file_is_read(parser: Parser) -> None:
    for sample in parser.samples():
        parser.read(parser.mend(sample))


@every_parser
@settings(max_examples=QUICK, deadline=LONGEST, derandomize=True, suppress_health_check=SLOW)
@given(chances)
def test_a_damaged_file_ends_in_a_value_or_in_our_own_error(parser: Parser, chance: random.Random) -> None:
    read_damaged(parser, chance)


@pytest.mark.drill
@every_parser
@settings(max_examples=DEEP, deadline=LONGEST, suppress_health_check=SLOW)
@given(chances)
def test_many_damaged_files_end_in_a_value_or_in_our_own_error(parser: Parser, chance: random.Random) -> None:
    read_damaged(parser, chance)


@pytest.mark.drill
def test_no_damaged_file_takes_more_than_a_quarter_of_a_gigabyte(tmp_path: Path) -> None:
    run(str(HERE / "bounded.py"), folder=tmp_path)


@pytest.mark.drill
@pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed (it has no wheel for this machine)"
)
def test_a_fuzzer_that_follows_coverage_finds_no_crash(tmp_path: Path) -> None:
    program = str(HERE / "atheris_all.py")
    run(program, f"{tmp_path}/", "-max_total_time=120", "-rss_limit_mb=2048", folder=tmp_path)
