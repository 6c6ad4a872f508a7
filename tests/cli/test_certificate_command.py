"""`quanheng certificate show`: what a certificate says, with all the digits it has."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from evidence.proof_world import WRITTEN, World
from quanheng.cli import main
from quanheng.evidence.formats.dcc import writing


def shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], **changes: object) -> str:
    """What is said of a certificate whose points were changed."""
    content = WRITTEN[World().good()[0].data]
    points = tuple(dataclasses.replace(each, **changes) for each in content.points)  # type: ignore[arg-type]
    path = tmp_path / "c.xml"
    path.write_bytes(writing.write(dataclasses.replace(content, points=points)))
    assert main.main(["certificate", "show", str(path)]) == 0
    return capsys.readouterr().out


def test_a_value_is_shown_as_far_as_its_uncertainty_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = shown(tmp_path, capsys, value=-0.19, expanded_uncertainty=0.049, coverage_factor=1.96)
    assert "−0.190" in told
    assert "U = 0.049" in told
    assert "k = 1.96" in told


def test_no_digit_of_a_long_value_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(tmp_path, capsys, value=50_000_838.0, expanded_uncertainty=93.0)
    assert "50000838" in told
