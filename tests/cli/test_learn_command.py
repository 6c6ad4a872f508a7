"""What field checks found comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quanheng.cli.main import main
from quanheng.evidence.bundle import seal


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    pq.write_table(
        pa.table({"meter": ["M1", "M2"], "verdict": ["replace", "cleared"]}), folder / "verdicts.parquet"
    )
    orders = {"kind": ["replace_trend", "sample_check"], "meter": ["M1", "M2"], "weight": [None, 1.0]}
    pq.write_table(pa.table(orders), folder / "orders.parquet")
    seal(folder, {"method": "m", "version": "0", "parameters": {}, "inputs": {}, "stated_false_share": 0.05})
    text = "meter,date,error,u,found,note\nM1,2026-03-01,-0.05,0.001,out_of_tolerance,\nM2,2026-03-02,,,ok,\n"
    (tmp_path / "checks.csv").write_text(text, encoding="utf-8")
    return folder


def test_the_summary_says_precision_recall_and_risk(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(out), str(out.parent / "checks.csv")]) == 0
    text = capsys.readouterr().out
    assert "precision of replace: 100.0 %" in text and "recall: 100.0 %" in text and "stated 5.0 %" in text


def test_the_machine_gets_one_object(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(out), str(out.parent / "checks.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "learned.json").read_bytes())


def test_a_faulty_file_is_refused(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_text("meter,date,error,u,found,note\nM1,soon,,,ok,\n", encoding="utf-8")
    assert main(["learn", str(out), str(tmp_path / "bad.csv")]) == 2
    assert "row 2, column 'date'" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    assert main(["learn", str(tmp_path), str(tmp_path / "checks.csv")]) == 2
