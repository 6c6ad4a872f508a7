"""A city of areas, and the folder it becomes."""

from __future__ import annotations

import argparse
import filecmp
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quanheng.cli import simulate as command
from quanheng.ground import errors
from quanheng.work.simulate.city import simulate_city, write_city
from quanheng.work.simulate.faults import parse_faults
from quanheng.work.simulate.world import World

SMALL = World(meters=12, days=8)


def files_of(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["simulate", *words])
    return int(args.run(args))


def test_area_is_the_same_in_a_city_of_any_size():
    few, many = (list(simulate_city(SMALL, areas=n, seed=5)) for n in (2, 4))
    for one, two in zip(few, many, strict=False):
        assert one.truth.meter == two.truth.meter
        assert np.array_equal(one.readings.curves.energy, two.readings.curves.energy)
        assert np.array_equal(one.readings.curves.voltage, two.readings.curves.voltage)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    world = World(meters=12, days=8, faults=parse_faults(["swap", "theft", "missing:0.1"]))
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        write_city(world, tmp_path / name, areas=3, seed=seed)
    files = files_of(tmp_path / "one")
    assert files == files_of(tmp_path / "two")
    _, differing, failed = filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", files, shallow=False)
    assert not differing
    assert not failed
    assert not filecmp.cmp(tmp_path / "one/truth.parquet", tmp_path / "three/truth.parquet", shallow=False)


def test_truth_names_every_meter_of_the_lake(tmp_path):
    write_city(SMALL, tmp_path / "city", areas=3, seed=1)
    truth = pq.read_table(tmp_path / "city/truth.parquet")
    meters = pq.read_table(tmp_path / "city/lake/meters.parquet")
    assert truth.column_names[:6] == ["meter", "area", "error", "kind", "true_area", "kwh_day"]
    assert truth["meter"].to_pylist() == meters["meter"].to_pylist()
    assert truth["area"].to_pylist() == meters["area"].to_pylist()


def test_swapped_meters_stand_in_each_other_s_area_with_their_own_readings():
    plain = list(simulate_city(SMALL, areas=3, seed=2))
    swapped = list(simulate_city(World(meters=12, days=8, faults=parse_faults(["swap"])), areas=3, seed=2))
    i, j = (area.truth.kind.index("foreign") for area in swapped[:2])
    assert swapped[0].truth.true_area[i] == swapped[1].readings.area.area
    assert swapped[1].truth.true_area[j] == swapped[0].readings.area.area
    assert swapped[0].truth.meter == plain[0].truth.meter
    here, there = swapped[0].readings.registers.meter[i], plain[1].readings.registers.meter[j]
    assert np.array_equal(here, there)
    assert swapped[0].truth.error[i] == plain[1].truth.error[j]
    row = int(np.flatnonzero(swapped[0].readings.curves.meter == i)[0])
    theirs = int(np.flatnonzero(plain[1].readings.curves.meter == j)[0])
    assert np.array_equal(swapped[0].readings.curves.voltage[row], plain[1].readings.curves.voltage[theirs])
    assert swapped[0].readings.curves.phase[row] == plain[1].readings.curves.phase[theirs]
    assert set(swapped[2].truth.kind) == {"ok"}  # the last of an odd number has no partner
    assert np.array_equal(swapped[0].readings.registers.master, plain[0].readings.registers.master)


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
def test_city_is_written_with_the_readings_asked_for(tmp_path, data):
    assert run(str(tmp_path / "city"), "--areas", "2", "--meters", "9", "--days", "4", "--data", data) == 0
    folders = {path.name for path in (tmp_path / "city/lake").iterdir() if path.is_dir()}
    assert folders == {"readings", data} - ({"registers"} if data == "registers" else set())


def test_water_city_is_buildings_of_twenty(tmp_path):
    assert run(str(tmp_path / "city"), "--areas", "2", "--days", "4", "--utility", "water") == 0
    meters = pq.read_table(tmp_path / "city/lake/meters.parquet")
    assert meters.num_rows == 40
    assert set(meters["mpe"].to_pylist()) == {0.05}


def test_empty_folder_is_taken(tmp_path):
    out = tmp_path / "city"
    out.mkdir()
    write_city(SMALL, out, areas=1, seed=1)
    assert (out / "truth.parquet").exists()


def test_folder_with_something_in_it_is_left_untouched(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(errors.BadOutput, match=tmp_path.name):
        write_city(SMALL, tmp_path, areas=1, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_interrupted_city_leaves_nothing_that_looks_whole(tmp_path):
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_city(SMALL, tmp_path / "city", areas=2, seed=1, on_area=stop)
    assert list(tmp_path.iterdir()) == []


def test_file_in_the_place_of_the_parent_folder_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.BadOutput):
        write_city(SMALL, tmp_path / "file/city", areas=1, seed=1)


@pytest.mark.parametrize(
    "words",
    [
        ("--areas", "0"),
        ("--meters", "0"),
        ("--days", "-3"),
        ("--seed", "-1"),
        ("--fault", "lightning"),
        ("--fault", "missing"),
        ("--utility", "water", "--data", "curves"),
    ],
)
def test_command_line_at_fault_is_named_and_nothing_is_written(tmp_path, words):
    with pytest.raises(errors.Fault, match=words[-1].lstrip("-") if words[0] == "--fault" else words[-2]):
        run(str(tmp_path / "city"), *words)
    assert list(tmp_path.iterdir()) == []
