"""`quanheng supervise`: what it says, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quanheng.cli.main import main


def supervise(*words: object) -> int:
    return main(["supervise", *map(str, words), "--workers", "1"])


def test_json_is_one_object_and_nothing_else(
    small_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert supervise(small_lake, "--out", tmp_path / "out", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"]["meters"] == 120
    assert Path(said["report"]).is_file()


@pytest.mark.parametrize(("lang", "word"), [("zh", "预期错换份额"), ("en", "expected false share")])
def test_the_summary_says_what_was_decided(
    small_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str, word: str
) -> None:
    assert supervise(small_lake, "--out", tmp_path / "out", "--lang", lang) == 0
    assert word in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--alpha", "0"),
        ("--alpha", "1.5"),
        ("--alpha", "nan"),
        ("--budget", "0"),
        ("--scheduler", "tcp://nowhere:1"),
        ("--costs", "nowhere.toml"),
    ],
)
def test_an_option_out_of_its_range_is_refused(
    small_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert supervise(small_lake, "--out", tmp_path / "out", option, value) == 2
    said = capsys.readouterr().err
    assert value in said or option in said
    assert "Traceback" not in said
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_no_lake_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lake").mkdir()
    assert supervise(tmp_path / "lake", "--out", tmp_path / "out") == 2
    assert "is no lake" in capsys.readouterr().err
    assert not (tmp_path / "out.partial").exists()


def test_an_out_that_exists_is_refused(
    small_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert supervise(small_lake, "--out", tmp_path) == 2
    assert "exists and is left untouched" in capsys.readouterr().err
