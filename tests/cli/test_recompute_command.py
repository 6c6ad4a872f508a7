"""A run is computed again by anybody who holds its inputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from quanheng.cli.main import main
from quanheng.evidence.bundle import seal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city and a run over it."""
    folder = tmp_path_factory.mktemp("city")
    size = ["--areas", "2", "--meters", "8", "--days", "40", "--data", "registers"]
    assert main(["simulate", str(folder / "city"), *size]) == 0
    assert (
        main(["supervise", str(folder / "city" / "lake"), "--out", str(folder / "out"), "--workers", "1"])
        == 0
    )
    return folder


@pytest.fixture
def city(made: Path, tmp_path: Path) -> Path:
    """A copy that may be harmed."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def recomputed(city: Path, *more: str) -> int:
    return main(["recompute", str(city / "out" / "run.json"), "--lake", str(city / "city" / "lake"), *more])


def rewritten(path: Path, column: str, values: pa.Array | pa.ChunkedArray) -> None:
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, values), path)


def resealed(out: Path) -> None:
    facts = json.loads((out / "run.json").read_bytes())
    seal(out, facts)


def test_an_untouched_run_is_identical(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recomputed(made) == 0
    assert capsys.readouterr().out == "identical\n"


def test_what_was_learnt_since_does_not_matter(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meter = pq.read_table(city / "out" / "verdicts.parquet")["meter"][0].as_py()
    (city / "checks.csv").write_text(f"meter,date,error,u,found,note\n{meter},2026-03-01,0.001,0.001,ok,\n")
    assert main(["learn", str(city / "out"), str(city / "checks.csv")]) == 0
    capsys.readouterr()
    assert recomputed(city) == 0
    assert capsys.readouterr().out == "identical\n"


def test_a_changed_input_is_named_by_its_path(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = city / "city" / "lake" / "meters.parquet"
    table = pq.read_table(path)
    rewritten(path, "mpe", pc.multiply(table["mpe"], 0.01))
    assert recomputed(city) == 1
    text = capsys.readouterr().out
    assert "meters.parquet" in text and "differs" in text
    assert "areas.parquet" not in text.split("computed otherwise")[0]


def test_a_missing_input_is_named_by_its_path(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = sorted((city / "city" / "lake" / "readings").glob("*.parquet"))[0]
    gone.unlink()
    assert recomputed(city) == 1
    assert f"readings/{gone.name}" in capsys.readouterr().out


def test_a_forged_verdict_is_found_and_told(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = city / "out" / "verdicts.parquet"
    verdict = pq.read_table(path)["verdict"].to_pylist()
    rewritten(path, "verdict", pa.array(["cleared" if verdict[0] != "cleared" else "replace", *verdict[1:]]))
    assert recomputed(city, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["results"] == [{"path": "verdicts.parquet", "what": "changed"}]
    assert [v["recomputed"]["verdict"] for v in found["verdicts"]] == verdict[:1]


def test_a_forgery_that_was_sealed_again_is_still_found(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = city / "out" / "verdicts.parquet"
    verdict = pq.read_table(path)["verdict"].to_pylist()
    rewritten(path, "verdict", pa.array(["cleared" if verdict[0] != "cleared" else "replace", *verdict[1:]]))
    resealed(city / "out")
    assert recomputed(city) == 1
    assert "verdicts.parquet" in capsys.readouterr().out


def test_last_bits_are_told_and_are_no_difference(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = city / "out" / "verdicts.parquet"
    kwh = pq.read_table(path)["kwh_day"]
    rewritten(path, "kwh_day", pc.multiply(kwh, 1 + 1e-13))
    resealed(city / "out")
    assert recomputed(city) == 0
    assert "last bits" in capsys.readouterr().out


def test_a_forged_report_is_no_matter_of_last_bits(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = city / "out" / "report.html"
    path.write_bytes(path.read_bytes() + b"<p>all is well</p>")
    resealed(city / "out")
    assert recomputed(city) == 1
    assert "report.html" in capsys.readouterr().out


def test_a_forged_figure_of_the_bundle_is_found(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = city / "out" / "run.json"
    forged = {**json.loads(path.read_bytes()), "expected_false_share": 0.9}
    path.write_text(json.dumps(forged), encoding="utf-8")
    assert recomputed(city) == 1
    assert "expected_false_share" in capsys.readouterr().out


def test_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    assert main(["recompute", str(tmp_path / "run.json"), "--lake", str(tmp_path)]) == 2
    assert main(["recompute", str(tmp_path / "none.json"), "--lake", str(tmp_path)]) == 2


def test_a_run_of_another_method_cannot_be_shown(city: Path) -> None:
    path = city / "out" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "method": "another; 0"}), encoding="utf-8")
    assert recomputed(city) == 3


def test_a_run_that_began_from_another_needs_that_one(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake, first, second = (str(city / name) for name in ("city/lake", "out", "second"))
    assert main(["supervise", lake, "--out", second, "--workers", "1", "--previous", first]) == 0
    again = ["recompute", f"{second}/run.json", "--lake", lake]
    capsys.readouterr()
    assert main(again) == 3
    assert main([*again, "--previous", first]) == 0
    assert capsys.readouterr().out == "identical\n"
