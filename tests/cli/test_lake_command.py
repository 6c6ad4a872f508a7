"""`quanheng lake check` and `quanheng lake reduce`, as a person or a program meets them."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quanheng.cli import lake as command
from quanheng.ground.errors import BadLake, BadOutput, Fault
from quanheng.readings.batch import Area, AreaReadings, Curves, Meters, Registers
from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.read import read_area
from quanheng.readings.lake.write import LakeWriter
from quanheng.readings.reduce import reduce_to_terms

DAY = date(2025, 1, 1)
REFERENCE = Path(__file__).resolve().parents[2] / "../shared/data/lake"


def area(name: str, meter: list[list[float]], master: list[float], *, curves: bool = False) -> AreaReadings:
    n = len(meter)
    meters = Meters(
        tuple(f"{name}-{k}" for k in range(n)), ("A",) * n, np.full(n, 0.02), np.full(n, 0.01),
        (None,) * n, (None,) * n, (None,) * n,
    )  # fmt: skip
    energy = np.random.default_rng(1).integers(0, 50, (n + 1, 96)).astype(np.float32)
    volts = np.full((n + 1, 96), 230, np.float32)
    shape = Curves(
        DAY, np.arange(n), ("A",) * n, energy[:n], volts[:n] - 1, ("A",), energy[n:] * n, volts[n:]
    )
    registers = Registers(DAY, 1440, np.array(meter), np.array(master))
    about = Area(name, "electricity", "玄武区", f"{name}-M", 0.01, 0.005, 0.002)
    return AreaReadings(about, meters, registers, None, shape if curves else None)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    nan = float("nan")
    with LakeWriter(tmp_path / "lake") as writer:
        writer.add(area("fine", [[1, 2], [3, 4]], [4, 6], curves=True))
        writer.add(area("odd", [[9, 5], [nan, nan], [99990, 20]], [nan, nan]))
        writer.add(area("one", [[1, 2]], [4, nan]))
    return tmp_path / "lake"


def quanheng_lake(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["lake", *map(str, words)])
    return int(args.run(args))


def test_check_counts_and_names_what_is_odd(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quanheng_lake("check", lake, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["areas"], found["meters"], found["days"]) == (3, 6, 1)
    assert (found["freezes"], found["read"]) == (18, 13)
    assert found["data"] == {"curves": 1, "registers": 2}
    assert {kind: note["first"] for kind, note in found["notes"].items()} == {
        "no_rows": [], "no_master": ["odd"], "few_meters": ["one"], "few_days": ["fine", "odd", "one"],
        "never_read": ["odd-1"], "backwards": ["odd-0"], "rollover": ["odd-2"],
    }  # fmt: skip


def test_check_speaks_chinese_first_and_english_when_asked(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng_lake("check", lake) == 0
    assert "采集率  72.22 %" in capsys.readouterr().out
    assert quanheng_lake("check", lake, "--lang", "en") == 0
    english = capsys.readouterr().out
    assert "read rate  72.22 %" in english and "meters never read  1: 'odd-1'" in english


def test_check_refuses_a_lake_that_breaks_its_contract(lake: Path) -> None:
    (lake / "meters.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadLake, match=r"meters\.parquet") as caught:
        quanheng_lake("check", lake)
    assert caught.value.status == 2


def test_reduce_turns_curves_into_terms_and_keeps_the_rest(lake: Path, tmp_path: Path) -> None:
    assert quanheng_lake("reduce", lake, "--out", tmp_path / "out", "--hours", "6") == 0
    for name in ("areas.parquet", "meters.parquet", "readings/part-00000.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (lake / name).read_bytes()
    with open_lake(lake) as before, open_lake(tmp_path / "out") as after:
        right = reduce_to_terms(read_area(before, "fine"), 360)
        found = read_area(after, "fine")
        assert found.terms is not None and found.curves is None and found.terms.step_minutes == 360
        assert np.allclose(found.terms.energy, right.energy) and np.allclose(found.terms.loss, right.loss)
        assert read_area(after, "odd").terms is None
        with pytest.raises(Fault, match="no curves"):
            quanheng_lake("reduce", tmp_path / "out", "--out", tmp_path / "again")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lake", "out"]


def test_reduce_leaves_an_existing_folder_alone(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadOutput, match="exists"):
        quanheng_lake("reduce", lake, "--out", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("hours", ["0", "-6", "0.1", "5", "48", "nan", "inf"])
def test_reduce_refuses_a_step_that_does_not_divide_a_day(lake: Path, tmp_path: Path, hours: str) -> None:
    with pytest.raises(Fault, match="--hours"):
        quanheng_lake("reduce", lake, "--out", tmp_path / "out", "--hours", hours)


@pytest.mark.reference
def test_check_finds_the_reference_lake_whole(capsys: pytest.CaptureFixture[str]) -> None:
    if not REFERENCE.exists():
        pytest.skip(f"no reference data at {REFERENCE}")
    assert quanheng_lake("check", REFERENCE, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["areas"], found["meters"], found["days"], found["read_rate"]) == (4, 400, 120, 1.0)
