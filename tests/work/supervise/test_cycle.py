"""The cycle from end to end: the same bytes whoever computes, whole or not there, and what it refuses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from quanheng.evidence.bundle import digest_files, files_of, read_bundle
from quanheng.ground.errors import BadLake, BadOutput
from quanheng.work.supervise import cycle
from quanheng.work.supervise.cycle import Choices, Hands, supervise

SHARED = Path(__file__).resolve().parents[3] / "../shared"
VERDICTS = {
    "meter": pa.string(),
    "area": pa.string(),
    "error": pa.float64(),
    "u": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "p_out": pa.float64(),
    "verdict": pa.string(),
    "reason": pa.string(),
    "since": pa.date32(),
    "days_needed": pa.int32(),
    "kwh_day": pa.float64(),
}


def contents(folder: Path) -> dict[str, str]:
    return digest_files(folder, files_of(folder))


@pytest.fixture(scope="module")
def whole(small_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of a run in one process."""
    out = tmp_path_factory.mktemp("run") / "out"
    supervise(small_lake, out, Choices(), Hands())
    return out


@pytest.fixture
def lake(small_lake: Path, tmp_path: Path) -> Path:
    """A lake that a test may harm."""
    return Path(shutil.copytree(small_lake, tmp_path / "lake"))


@pytest.mark.parametrize("hands", [Hands(2), Hands(2, "dask")], ids=["two processes", "dask"])
def test_every_file_is_the_same_whoever_computes(
    small_lake: Path, whole: Path, tmp_path: Path, hands: Hands
) -> None:
    supervise(small_lake, tmp_path / "out", Choices(), hands)
    assert contents(tmp_path / "out") == contents(whole)
    assert not (tmp_path / "out.partial").exists()


def test_a_killed_run_is_continued_to_the_same_bytes(small_lake: Path, whole: Path, tmp_path: Path) -> None:
    out, first = tmp_path / "out", tmp_path / "out.partial" / "assess" / "000000.part"
    command = [sys.executable, "-m", "quanheng.cli.main", "supervise", str(small_lake), "--out", str(out)]
    run = subprocess.Popen([*command, "--workers", "1"], stderr=subprocess.DEVNULL)
    while not first.exists() and run.poll() is None:
        time.sleep(0.002)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not out.exists()
    steps: list[tuple[str, int]] = []
    supervise(small_lake, out, Choices(), Hands(), progress=lambda step, done, _: steps.append((step, done)))
    assert steps[0][0] == "assess"
    assert steps[0][1] >= 1
    assert contents(out) == contents(whole)


def test_results_of_other_choices_are_not_continued(small_lake: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        supervise(small_lake, tmp_path / "out", Choices(), Hands(), progress=interrupt_after_one)
    said: list[str] = []
    supervise(small_lake, tmp_path / "out", Choices(alpha=0.2), Hands(), say=said.append)
    assert any("starting anew" in word for word in said)
    assert read_bundle(tmp_path / "out" / "run.json").parameters["alpha"] == 0.2


def interrupt_after_one(step: str, done: int, total: int) -> None:
    if done == 1:
        raise KeyboardInterrupt


def test_verdicts_have_the_columns_of_the_contract_and_a_row_for_every_meter(
    small_lake: Path, whole: Path
) -> None:
    verdicts = pq.read_table(whole / "verdicts.parquet")
    assert dict(zip(verdicts.schema.names, verdicts.schema.types, strict=True)) == VERDICTS
    booked = pq.read_table(small_lake / "meters.parquet")["meter"].to_pylist()
    assert sorted(verdicts["meter"].to_pylist()) == sorted(booked)


def test_numbers_are_null_where_a_meter_was_not_judged(whole: Path) -> None:
    verdicts = pq.read_table(whole / "verdicts.parquet")
    hidden = verdicts.filter(pc.match_substring_regex(verdicts["reason"], "^(area|meter):"))
    for name in ("error", "u", "lower", "upper", "p_out"):
        assert hidden[name].null_count == len(hidden)
    judged = verdicts.filter(pc.equal(verdicts["reason"], "ok"))
    assert judged["p_out"].null_count == 0


def test_swapped_meters_are_named_with_their_true_areas(small_city: Path, whole: Path) -> None:
    truth = pq.read_table(small_city / "truth.parquet")
    swapped = truth.filter(pc.equal(truth["kind"], "foreign"))
    orders = pq.read_table(whole / "orders.parquet")
    corrections = orders.filter(pc.equal(orders["kind"], "data_correction"))
    named = dict(zip(corrections["meter"].to_pylist(), corrections["to_area"].to_pylist(), strict=True))
    true = dict(zip(swapped["meter"].to_pylist(), swapped["true_area"].to_pylist(), strict=True))
    found = [meter for meter in true if named.get(meter) == true[meter]]
    assert len(found) >= len(true) - 1  # a vacant flat weighs nothing in any balance


def test_the_bundle_names_the_digest_of_every_file(small_lake: Path, whole: Path) -> None:
    bundle = read_bundle(whole / "run.json")
    assert bundle.inputs == contents(small_lake)
    assert set(bundle.outputs) == set(files_of(whole)) - {"run.json"}


def test_an_out_that_exists_is_left_untouched(small_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(BadOutput, match="exists"):
        supervise(small_lake, tmp_path / "out", Choices(), Hands())
    assert contents(tmp_path) == {"out/mine": contents(tmp_path / "out")["mine"]}


def test_an_out_inside_the_lake_is_refused(lake: Path) -> None:
    before = contents(lake)
    with pytest.raises(BadOutput, match="only read"):
        supervise(lake, lake / "out", Choices(), Hands())
    assert contents(lake) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_out_that_cannot_be_written_is_refused(small_lake: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadOutput, match="cannot be written"):
        supervise(small_lake, tmp_path / "out", Choices(), Hands())


def test_a_folder_of_somebody_elses_in_the_place_of_the_work_is_refused(
    small_lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "mine").write_text("mine")
    with pytest.raises(BadOutput, match="no unfinished run"):
        supervise(small_lake, tmp_path / "out", Choices(), Hands())
    assert (tmp_path / "out.partial" / "mine").read_text() == "mine"


def test_a_lake_that_changes_while_it_is_read_is_refused(lake: Path, tmp_path: Path) -> None:
    def change(step: str, done: int, total: int) -> None:
        meters = lake / "meters.parquet"
        os.utime(meters, ns=(1, time.time_ns()))

    with pytest.raises(BadLake, match="changed while it was read"):
        supervise(lake, tmp_path / "out", Choices(), Hands(), progress=change)
    assert not (tmp_path / "out").exists()


def test_an_area_whose_numbers_break_the_algebra_does_not_end_the_run(
    small_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sane = cycle.assess

    def broken(readings, **given):  # type: ignore[no-untyped-def]
        if readings.area.area.endswith("1"):
            raise ValueError("array must not contain infs or NaNs")
        return sane(readings, **given)

    monkeypatch.setattr(cycle, "assess", broken)
    supervise(small_lake, tmp_path / "out", Choices(), Hands())
    areas = pq.read_table(tmp_path / "out" / "areas.parquet")
    assert areas["health"].to_pylist()[1] == "model"
    verdicts = pq.read_table(tmp_path / "out" / "verdicts.parquet")
    assert "area:model" in verdicts["reason"].to_pylist()


@pytest.mark.reference
def test_the_reference_lake_runs_from_end_to_end(tmp_path: Path) -> None:
    lake, truth = SHARED / "data" / "lake", SHARED / "data" / "lake-truth.parquet"
    if not lake.exists():
        pytest.skip("no reference data beside the project")
    supervise(lake, tmp_path / "out", Choices(), Hands())
    verdicts = pq.read_table(tmp_path / "out" / "verdicts.parquet", columns=["meter", "verdict"])
    both = verdicts.join(pq.read_table(truth), "meter")
    replaced = both.filter(pc.equal(both["verdict"], "replace"))
    assert len(replaced) > 0
    wrong = pc.less(pc.abs(replaced["error"]), 0.02).to_pylist()
    assert sum(wrong) <= max(1, len(wrong) // 10)
