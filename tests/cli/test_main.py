"""The command line as a whole: status, messages for people, and how fast it answers."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time

import pytest

from quanheng.cli.main import JOBS, main

COMMAND = [sys.executable, "-m", "quanheng.cli.main"]


def test_help_names_every_job_at_once() -> None:
    begun = time.perf_counter()
    answer = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert time.perf_counter() - begun < 1.0
    assert all(name in answer.stdout for name in JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_every_job_answers_to_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"quanheng {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", JOBS)
def test_every_job_is_a_file_beside_main(name: str) -> None:
    job = importlib.import_module(f"quanheng.cli.{name}")
    assert callable(job.add_parser)


def test_version_is_said() -> None:
    answer = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("quanheng ")


@pytest.mark.parametrize("line", [[], ["nothing"], ["supervise"]])
def test_a_wrong_command_line_ends_with_2(line: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2


def test_a_reader_that_leaves_is_no_error() -> None:
    shell = subprocess.run(
        f"{sys.executable} -m quanheng.cli.main supervise --help | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in shell.stderr
