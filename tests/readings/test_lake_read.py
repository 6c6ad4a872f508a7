"""What a lake reads back as: the same areas however its rows lie, and nothing invented."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from comparing import all_same, read_all, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_lakes import DAY, Columns, file_of, sound_lake, table_of, write_lake, write_table

from quanheng.ground.errors import BadOutput
from quanheng.readings.batch import Area, AreaReadings, Curves, Meters, Registers, Terms
from quanheng.readings.lake import gather as gathering
from quanheng.readings.lake import open as opening
from quanheng.readings.lake import partition as partitioning
from quanheng.readings.lake import schema
from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.read import read_area, read_partition
from quanheng.readings.lake.write import LakeWriter


def city(areas: int = 6, meters: int = 4, days: int = 3, seed: int = 1) -> list[AreaReadings]:
    """Areas of all kinds of data with missing values, as a reader yields them."""
    return [
        _area(f"台区{number:02d}", meters, days, np.random.default_rng([seed, number]))
        for number in range(areas)
    ]


def _area(name: str, n: int, days: int, rng: np.random.Generator) -> AreaReadings:
    def holes(values: Any) -> Any:
        return np.where(rng.random(values.shape) < 0.1, np.nan, values)

    def curve(rows: int, low: int, high: int) -> Any:
        return holes(rng.integers(low, high, (rows, 96 * days)).astype(np.float32))

    meters = Meters(
        meter=tuple(f"{name}-{k}" for k in range(n)),
        phase=tuple(("A", "B", None, "ABC")[k % 4] for k in range(n)),
        mpe=np.full(n, 0.02),
        resolution=np.full(n, 0.25),
        batch=tuple(None if k % 2 else "批1" for k in range(n)),
        maker=("厂",) * n,
        verified=tuple(None if k % 3 else DAY for k in range(n)),
    )
    energy, phases = rng.integers(0, 99, (n + 1, 4 * days)), ("A", "B", None, "C", "A")[:n]
    tenth = np.float32(10)
    return AreaReadings(
        Area(name, "electricity", "玄武区", f"{name}-总", 0.5, 0.005, 0.002),
        meters,
        Registers(DAY, 1440, holes(rng.integers(0, 10**6, (n, days + 1)) * 1.0), np.arange(days + 1.0)),
        Terms(
            DAY, 360, np.arange(n), phases, energy[:n] * 0.25, holes(rng.integers(0, 9, (n, 4 * days)) * 0.5),
            np.full((n, 4 * days), np.nan), holes(rng.integers(0, 9, (n, 4 * days + 1)) * 0.5),
            ("A",), energy[n:] * 0.5, np.ones((1, 4 * days + 1)),
        ),
        Curves(
            DAY, np.arange(n), phases, curve(n, 0, 99), curve(n, 2000, 2500) / tenth,
            ("A", "B"), curve(2, 0, 999), curve(2, 2000, 2500) / tenth,
        ),
    )  # fmt: skip


def write_city(folder: Path, areas: list[AreaReadings]) -> Path:
    with LakeWriter(folder) as lake:
        for each in areas:
            lake.add(each)
    return folder


def scatter(source: Path, folder: Path, files: int, row_group: int, seed: int) -> Path:
    """The same lake with all rows in another order, in several files."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for name in ("areas", "meters"):
        table = pq.read_table(source / f"{name}.parquet")
        write_table(folder / f"{name}.parquet", table.take(rng.permutation(len(table))))
    for name in schema.FOLDERS:
        (folder / name).mkdir()
        table = pa.concat_tables([pq.read_table(each) for each in sorted((source / name).glob("*.parquet"))])
        table = table.take(rng.permutation(len(table)))
        edges = np.sort(rng.integers(0, len(table) + 1, files - 1))
        for number, (first, last) in enumerate(zip([0, *edges], [*edges, len(table)], strict=True)):
            write_table(
                folder / name / f"{number}.parquet", table.slice(first, last - first), row_group=row_group
            )
    return folder


@pytest.fixture(scope="module")
def sorted_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_city(tmp_path_factory.mktemp("city") / "lake", city())


def test_what_is_written_reads_back(sorted_city: Path) -> None:
    with open_lake(sorted_city) as lake:
        assert lake.sorted_by_area and lake.n_areas == 6 and lake.n_meters == 24
        assert all(lake.holds(name).all() for name in schema.FOLDERS)
        assert all_same(read_all(lake), city())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.integers(1, 4),
    row_group=st.sampled_from([1, 7, 1000]),
    seed=st.integers(0, 99),
    gather=st.booleans(),
)
def test_rows_in_any_order_and_any_number_of_files_read_back_alike(
    sorted_city: Path,
    tmp_path_factory: pytest.TempPathFactory,
    files: int,
    row_group: int,
    seed: int,
    gather: bool,
) -> None:
    folder = scatter(sorted_city, tmp_path_factory.mktemp("scattered") / "lake", files, row_group, seed)
    with pytest.MonkeyPatch.context() as patch:
        if gather:
            patch.setattr(opening, "streams", lambda *_: False)
            patch.setattr(gathering, "VALUES_PER_BUCKET", 500)
        with open_lake(folder) as lake:
            assert lake.sorted_by_area != gather
            assert all_same(read_all(lake), city())
            assert all_same(read_all(lake, meters=5), city())


def test_scattered_lake_is_gathered_with_a_word_about_it(
    sorted_city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitioning, "SMALL_LAKE", 0)
    monkeypatch.setattr(partitioning, "LARGEST_MIXED", 100)
    said: list[str] = []
    with open_lake(scatter(sorted_city, tmp_path / "lake", 2, 3, 5), say=said.append) as lake:
        assert not lake.sorted_by_area and len(said) == 1 and str(lake.root) in said[0]
        assert all_same(read_all(lake), city())
        scratch = lake.root
    assert not scratch.exists()


def test_fault_in_a_scattered_lake_names_the_file_and_row_of_the_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "streams", lambda *_: False)
    lake = sound_lake()
    for cells in lake["readings"].values():
        cells.append(cells[1])
    lake["readings"]["register"][6] = [1, 2, 3]
    with (
        open_lake(write_lake(tmp_path / "lake", lake)) as opened,
        pytest.raises(opening.BadLake, match=r"readings/part-0.parquet, row 7, column 'register'"),
    ):
        read_all(opened)


def test_a_partition_is_read_by_itself_after_a_journey(sorted_city: Path) -> None:
    with open_lake(sorted_city) as lake:
        parts = [pickle.loads(pickle.dumps(each)) for each in lake.partitions(5)]
        assert sum((each.area_ids for each in parts), ()) == tuple(each.area.area for each in city())
        assert all_same([a for each in parts for a in read_partition(sorted_city, each)], city())


def test_a_pickled_partition_does_not_carry_the_whole_lake(tmp_path: Path) -> None:
    with open_lake(write_city(tmp_path / "lake", city(areas=40, meters=5, days=1))) as lake:
        parts = lake.partitions(5)
        assert max(len(pickle.dumps(each)) for each in parts) < 12_000


def test_partitions_do_not_cut_where_a_row_group_goes_on(tmp_path: Path) -> None:
    with open_lake(write_city(tmp_path / "lake", city(areas=8, meters=4, days=1))) as lake:
        assert [each.sizes for each in lake.partitions(12)] == [(4,) * 6, (4,) * 2]


def test_one_area_is_read_by_its_id(sorted_city: Path) -> None:
    with open_lake(sorted_city) as lake:
        for number in (0, 3, 5):
            assert same(read_area(lake, f"台区{number:02d}"), city()[number])
        with pytest.raises(opening.BadLake, match="no area 'x'"):
            read_area(lake, "x")


def test_only_the_wanted_folders_are_decoded(sorted_city: Path) -> None:
    with open_lake(sorted_city) as lake:
        found = read_area(lake, "台区01", ("readings",))
    assert found.registers is not None and found.terms is None and found.curves is None


def test_writer_gives_the_same_bytes_for_the_same_areas(sorted_city: Path, tmp_path: Path) -> None:
    again = write_city(tmp_path / "lake", city())
    files = [each.relative_to(again) for each in again.rglob("*.parquet")]
    assert len(files) == 5
    assert all((again / each).read_bytes() == (sorted_city / each).read_bytes() for each in files)


def test_writer_leaves_an_existing_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with pytest.raises(BadOutput, match="exists"):
        LakeWriter(tmp_path / "lake")
    assert list(tmp_path.iterdir()) == [tmp_path / "lake"]


def test_writer_leaves_nothing_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), LakeWriter(tmp_path / "lake") as lake:
        lake.add(city()[0])
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def read_changed(folder: Path, lake: dict[str, Columns]) -> list[AreaReadings]:
    with open_lake(write_lake(folder, lake, row_group=2)) as opened:
        return read_all(opened)


def test_units_are_those_of_the_batch(tmp_path: Path) -> None:
    one, two = read_changed(tmp_path / "lake", sound_lake())
    assert one.registers is not None and one.terms is not None and one.curves is not None
    assert two.terms is not None and two.curves is not None
    assert one.registers.meter.tolist() == [[0, 5, 9], [10, 15, 19]] and one.registers.master.tolist() == [
        20,
        25,
        29,
    ]
    assert one.terms.energy.tolist() == [[1, 2], [1, 2]] and one.terms.master_energy.tolist() == [[80, 160]]
    assert np.isnan(two.terms.cross).all() and two.terms.loss[0, 0] == 0.5 and np.isnan(two.terms.loss[0, 1])
    assert one.curves.energy.dtype == np.float32 and one.curves.voltage[0, 0] == 230
    assert np.isnan(two.curves.master_energy[0, 0]) and np.isnan(two.curves.master_voltage).all()
    assert two.curves.phase == ("C",) or set(two.curves.phase) == {"C", None}
    assert two.meters.phase == (None, "ABC") and two.meters.verified == (date(2021, 2, 3), None)


def test_rows_of_a_meter_follow_one_another_and_gaps_are_missing(tmp_path: Path) -> None:
    lake = sound_lake()
    rows = lake["readings"]
    for k in range(6):
        rows["meter"].append(rows["meter"][k])
        rows["area"].append(rows["area"][k])
        rows["step_minutes"].append(1440)
        rows["start"].append(DAY + timedelta(days=3 if k % 2 else 5))
        rows["register"].append([100, None, 102])
    one, two = read_changed(tmp_path / "lake", lake)
    assert one.registers is not None and two.registers is not None
    nan = float("nan")
    assert np.array_equal(one.registers.meter[1], [10, 15, 19, 100, nan, 102, nan, nan], equal_nan=True)
    assert np.array_equal(one.registers.master, [20, 25, 29, nan, nan, 100, nan, 102], equal_nan=True)
    assert two.registers.meter.shape == (2, 8)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_row_for_each_meter_and_day_reads_alike(tmp_path: Path, turn: int) -> None:
    lake = sound_lake()
    right = read_changed(tmp_path / "whole", lake)
    daily = [
        {
            **dict(zip(lake["readings"], cells, strict=True)),
            "start": DAY + timedelta(days=k),
            "register": [cells[-1][k]],
        }
        for cells in zip(*lake["readings"].values(), strict=True)
        for k in range(3)
    ]
    lake["readings"] = {name: [row[name] for row in daily[::turn]] for name in lake["readings"]}
    assert all_same(read_changed(tmp_path / "daily", lake), right)


def test_rows_that_agree_where_they_overlap_are_joined(tmp_path: Path) -> None:
    lake = sound_lake()
    extra = {
        "meter": "m1",
        "area": "a1",
        "start": DAY + timedelta(days=2),
        "step_minutes": 1440,
        "register": [9, 12],
    }
    for column, value in extra.items():
        lake["readings"][column].append(value)
    one = read_changed(tmp_path / "lake", lake)[0]
    assert one.registers is not None and one.registers.meter[0].tolist() == [0, 5, 9, 12]


def test_power_where_two_rows_of_terms_meet_is_the_mean_of_both_sides(tmp_path: Path) -> None:
    lake = sound_lake()
    for cells in lake["terms"].values():
        cells.append(cells[0])
    lake["terms"]["start"][6] = DAY + timedelta(days=1)
    one = read_changed(tmp_path / "lake", lake)[0]
    assert one.terms is not None and one.terms.power[0].tolist() == [1, 2, 2, 2, 3]


def test_registers_may_be_frozen_every_hour(tmp_path: Path) -> None:
    lake = sound_lake()
    lake["readings"]["step_minutes"] = [60] * 6
    one = read_changed(tmp_path / "lake", lake)[0]
    assert one.registers is not None and one.registers.step_minutes == 60


def test_step_is_a_day_where_its_column_is_absent(tmp_path: Path) -> None:
    lake = sound_lake()
    del lake["readings"]["step_minutes"]
    one = read_changed(tmp_path / "lake", lake)[0]
    assert one.registers is not None and one.registers.step_minutes == 1440


def test_what_concerns_one_meter_or_area_is_handed_on(tmp_path: Path) -> None:
    lake = sound_lake()
    lake["readings"]["register"] = [[9, 5, -3], None, None, [], [None, None], [2**62, 7]]
    lake["areas"] = {
        key: [*cells, f"{key}9" if key in ("area", "master") else cells[0]]
        for key, cells in lake["areas"].items()
    }
    empty, one, two = sorted(
        read_changed(tmp_path / "lake", lake), key=lambda each: len(each.area.area), reverse=True
    )
    assert len(empty.meters) == 0 and empty.registers is None and empty.curves is None
    assert one.registers is not None and two.registers is not None
    assert one.registers.meter[0].tolist() == [9, 5, -3]
    assert np.isnan(one.registers.meter[1]).all() and np.isnan(one.registers.master).all()
    assert np.isnan(two.registers.meter).all() and two.registers.master.tolist() == [2.0**62, 7]


def test_rows_without_any_element_are_no_registers(tmp_path: Path) -> None:
    lake = sound_lake()
    lake["readings"]["register"] = [[], None, [], [], None, []]
    assert [each.registers for each in read_changed(tmp_path / "lake", lake)] == [None, None]


@pytest.mark.parametrize("ids", [("", "m\nx"), ("表 1", "ℵ𝄞"), ("m'\"", "../../m"), ("a" * 5000, "NaN")])
def test_ids_may_be_any_text(tmp_path: Path, ids: tuple[str, str]) -> None:
    lake = sound_lake()
    names = dict(zip(("m1", "a1"), ids, strict=True))
    for columns in lake.values():
        for column in ("meter", "area"):
            columns[column] = [names.get(each, each) for each in columns.get(column, [])] or columns.get(
                column, []
            )
    lake["areas"].pop("meter", None)
    with open_lake(write_lake(tmp_path / "lake", lake)) as opened:
        found = read_area(opened, ids[1])
    assert found.registers is not None and ids[0] in found.meters.meter
    assert found.registers.meter[found.meters.meter.index(ids[0])].tolist() == [0, 5, 9]


LISTS = {
    "large": lambda kind: pa.large_list(kind),
    "fixed": lambda kind: pa.list_(kind, 3),
    "narrow": lambda kind: pa.list_(pa.int16()),
}  # fmt: skip


@pytest.mark.parametrize("variant", LISTS)
def test_other_kinds_of_lists_read_alike(tmp_path: Path, variant: str) -> None:
    lake = sound_lake()
    lake["readings"]["register"][1] = [None, 5, 6]
    right = read_changed(tmp_path / "lake", lake)
    table = table_of("readings", lake["readings"])
    place = table.column_names.index("register")
    column = pa.array(lake["readings"]["register"], LISTS[variant](pa.int64()))
    write_table(tmp_path / "lake" / file_of("readings"), table.set_column(place, "register", column))
    with open_lake(tmp_path / "lake") as opened:
        assert all_same(read_all(opened), right)


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
@pytest.mark.parametrize("gather", [False, True])
def test_other_kinds_of_strings_and_extra_columns_read_alike(
    tmp_path: Path, kind: pa.DataType, gather: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if gather:
        monkeypatch.setattr(opening, "streams", lambda *_: False)
    right = read_changed(tmp_path / "lake", sound_lake())
    for name, columns in sound_lake().items():
        table = table_of(name, columns)
        for place, each in enumerate(table.schema):
            if pa.types.is_string(each.type):
                table = table.set_column(place, each.name, table.column(place).cast(kind))
        write_table(tmp_path / "lake" / file_of(name), table.append_column("remark", pa.nulls(len(table))))
    with open_lake(tmp_path / "lake") as opened:
        assert all_same(read_all(opened), right)


def test_columns_of_nulls_alone_need_no_type(tmp_path: Path) -> None:
    lake = sound_lake()
    table = table_of("meters", lake["meters"])
    for name in ("phase", "batch", "maker", "verified"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(4))
    write_table(write_lake(tmp_path / "lake", lake) / "meters.parquet", table)
    with open_lake(tmp_path / "lake") as opened:
        one = read_all(opened)[0]
    assert one.meters.verified == one.meters.batch == (None, None)
