"""What a lake is refused for, each with the file, the column and the row named."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from comparing import read_all
from small_lakes import DAY, Columns, file_of, sound_lake, table_of, write_lake, write_table

from quanheng.ground.errors import BadLake
from quanheng.readings.lake.open import digests, open_lake, verify_unchanged

Change = Callable[[dict[str, Columns]], object]


def put(name: str, column: str, row: int, value: Any) -> Change:
    def change(lake: dict[str, Columns]) -> None:
        lake[name][column][row] = value

    return change


def repeat_row(name: str, row: int, **values: Any) -> Change:
    def change(lake: dict[str, Columns]) -> None:
        for column, cells in lake[name].items():
            cells.append(values.get(column, cells[row]))

    return change


def drop(name: str, column: str) -> Change:
    return lambda lake: lake[name].pop(column)


def refusal(folder: Path) -> str:
    with pytest.raises(BadLake) as caught, open_lake(folder) as lake:
        read_all(lake)
    return str(caught.value)


FAULTS: list[tuple[Change, list[str]]] = [
    (drop("areas", "master_u"), ["areas.parquet", "master_u"]),
    (drop("meters", "batch"), ["meters.parquet", "batch"]),
    (drop("readings", "register"), ["readings/part-0.parquet", "register"]),
    (drop("curves", "voltage"), ["curves/part-0.parquet", "voltage"]),
    (repeat_row("areas", 0, master="M3"), ["areas.parquet", "row 3", "'area'"]),
    (repeat_row("areas", 0, area="a3"), ["areas.parquet", "row 3", "'master'"]),
    (repeat_row("meters", 1, area="a2"), ["meters.parquet", "row 5", "'meter'", "first in row 2"]),
    (put("meters", "meter", 2, "M1"), ["meters.parquet", "row 3", "'meter'"]),
    (put("meters", "area", 2, "a9"), ["meters.parquet", "row 3", "'area'", "a9"]),
    (put("meters", "meter", 2, None), ["meters.parquet", "row 3", "'meter'"]),
    (put("readings", "meter", 4, "m9"), ["readings/part-0.parquet", "row 5", "'meter'", "m9"]),
    (put("readings", "meter", 4, None), ["readings/part-0.parquet", "row 5", "'meter'"]),
    (put("readings", "area", 4, "a9"), ["readings/part-0.parquet", "row 5", "'area'", "a9"]),
    (put("terms", "area", 4, "a1"), ["terms/part-0.parquet", "row 5", "'area'", "'a2'"]),
    (put("curves", "meter", 0, ""), ["curves/part-0.parquet", "row 1", "'meter'"]),
    (put("readings", "start", 1, None), ["readings/part-0.parquet", "row 2", "'start'"]),
    (put("readings", "step_minutes", 1, 7), ["readings/part-0.parquet", "row 2", "'step_minutes'"]),
    (put("readings", "step_minutes", 1, -60), ["row 2", "'step_minutes'"]),
    (put("readings", "step_minutes", 1, 60), ["row 2", "'step_minutes'", "1440"]),
    (put("terms", "step_minutes", 1, None), ["terms/part-0.parquet", "row 2", "'step_minutes'"]),
    (put("areas", "utility", 1, "steam"), ["areas.parquet", "row 2", "'utility'", "steam"]),
    (put("areas", "utility", 1, None), ["areas.parquet", "row 2", "'utility'"]),
    (put("meters", "phase", 1, "D"), ["meters.parquet", "row 2", "'phase'"]),
    (put("curves", "phase", 1, "ABC"), ["curves/part-0.parquet", "row 2", "'phase'"]),
    (put("curves", "energy", 1, [1] * 95), ["curves/part-0.parquet", "row 2", "'energy'", "95"]),
    (put("curves", "voltage", 1, [1] * 192), ["curves/part-0.parquet", "row 2", "'voltage'", "192"]),
    (put("curves", "voltage", 1, []), ["curves/part-0.parquet", "row 2", "'voltage'"]),
    (put("curves", "energy", 1, None), ["curves/part-0.parquet", "row 2", "'voltage'"]),
    (put("terms", "loss", 1, [1.0]), ["terms/part-0.parquet", "row 2", "'loss'"]),
    (put("terms", "cross", 1, [1.0] * 3), ["terms/part-0.parquet", "row 2", "'cross'"]),
    (put("terms", "power", 1, [1.0] * 2), ["terms/part-0.parquet", "row 2", "'power'"]),
    (put("terms", "energy", 1, [1]), ["terms/part-0.parquet", "row 2", "'loss'"]),
    (repeat_row("readings", 1, register=[10, 16, 19]), ["row 7", "'register'"]),
    (repeat_row("readings", 1, start=date(2025, 1, 2)), ["'register'"]),
    (repeat_row("curves", 1, energy=[7] * 96), ["row 7", "'energy'"]),
    (repeat_row("terms", 1, energy=[1, 2]), ["row 7", "'energy'"]),
    (lambda lake: lake.pop("readings"), ["readings"]),
    (lambda lake: lake.update(readings={key: [] for key in lake["readings"]}), ["readings"]),
]  # fmt: skip
for column in ("mpe", "resolution"):
    FAULTS += [
        (put("meters", column, 3, wrong), ["meters.parquet", "row 4", f"'{column}'"])
        for wrong in (0.0, -0.02, float("nan"), float("inf"), None)
    ]
for column in ("master_mpe", "master_resolution"):
    FAULTS += [
        (put("areas", column, 1, wrong), ["areas.parquet", "row 2", f"'{column}'"])
        for wrong in (0.0, -1.0, float("nan"), float("inf"), None)
    ]
FAULTS.append((put("areas", "master_u", 0, -0.1), ["areas.parquet", "row 1", "'master_u'"]))


@pytest.mark.parametrize(("change", "named"), FAULTS, ids=[" ".join(named) for _, named in FAULTS])
def test_lake_is_refused_with_its_place_named(tmp_path: Path, change: Change, named: list[str]) -> None:
    lake = sound_lake()
    change(lake)
    message = refusal(write_lake(tmp_path / "lake", lake))
    assert all(each in message for each in named), message


@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [
        ("areas", "area", pa.binary()),
        ("areas", "master_u", pa.string()),
        ("meters", "mpe", pa.int64()),
        ("meters", "verified", pa.string()),
        ("readings", "register", pa.list_(pa.float64())),
        ("readings", "register", pa.list_(pa.uint64())),
        ("readings", "register", pa.list_(pa.string())),
        ("readings", "start", pa.timestamp("us")),
        ("readings", "start", pa.string()),
        ("terms", "loss", pa.list_(pa.int32())),
        ("terms", "energy", pa.list_(pa.float32())),
        ("terms", "step_minutes", pa.float64()),
        ("curves", "voltage", pa.list_(pa.float32())),
        ("curves", "energy", pa.string()),
    ],
    ids=str,
)
def test_column_of_another_type_is_refused(tmp_path: Path, name: str, column: str, kind: pa.DataType) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    table = table_of(name, sound_lake()[name])
    place = table.column_names.index(column)
    write_table(folder / file_of(name), table.set_column(place, column, pa.nulls(len(table), kind)))
    message = refusal(folder)
    assert file_of(name) in message and f"'{column}': is {str(kind)[:4]}" in message


@pytest.mark.parametrize("name", ["areas", "meters", "readings", "terms", "curves"])
@pytest.mark.parametrize("kept", [0, 3, 200, -20])
def test_truncated_file_is_refused(tmp_path: Path, name: str, kept: int) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    path = folder / file_of(name)
    path.write_bytes(path.read_bytes()[:kept])
    assert file_of(name) in refusal(folder)


@pytest.mark.parametrize("content", [b"meter,area\nm1,a1\n", b"PAR1" * 400, bytes(5000)])
def test_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    (folder / "readings" / "z.parquet").write_bytes(content)
    assert "readings/z.parquet" in refusal(folder)


def test_damaged_pages_are_refused(tmp_path: Path) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    path = folder / file_of("curves")
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    path.write_bytes(content)
    assert "curves/part-0.parquet" in refusal(folder)


@pytest.mark.parametrize("what", ["absent", "empty", "file", "no_meters"])
def test_folder_that_is_no_lake_is_refused(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "lake"
    if what == "empty":
        folder.mkdir()
    elif what == "file":
        folder.write_text("lake")
    elif what == "no_meters":
        write_lake(folder, sound_lake())
        (folder / "meters.parquet").unlink()
    assert "parquet" in refusal(folder)


def test_one_wrong_date_does_not_fill_the_memory(tmp_path: Path) -> None:
    lake = sound_lake()
    repeat_row("curves", 0, start=date(1, 1, 1))(lake)
    repeat_row("curves", 0, start=date(9999, 12, 1))(lake)
    message = refusal(write_lake(tmp_path / "lake", lake))
    assert "'start'" in message and "curves/part-0.parquet" in message


def test_date_outside_the_calendar_is_refused(tmp_path: Path) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    table = table_of("readings", sound_lake()["readings"])
    days = pa.array([0, 0, 0, 0, 0, 2**31 - 1], pa.int32()).cast(pa.date32())
    write_table(folder / file_of("readings"), table.set_column(2, "start", days))
    message = refusal(folder)
    assert "row 6" in message and "'start'" in message


@pytest.mark.parametrize("column", ["meter", "area"])
def test_million_rows_of_unknown_ids_are_refused_at_once(tmp_path: Path, column: str) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    rows = 1_000_000
    columns = {
        "meter": pa.repeat("m1", rows),
        "area": pa.repeat("a1", rows),
        "start": pa.repeat(pa.scalar(DAY), rows),
        "register": pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32), pa.array(np.arange(rows))),
    }
    columns[column] = pa.concat_arrays([columns[column][:-1], pa.array(["nobody"])])
    write_table(folder / file_of("readings"), pa.table(columns), row_group=rows)
    begin = time.perf_counter()
    message = refusal(folder)
    assert "row 1000000" in message and "nobody" in message
    assert time.perf_counter() - begin < 10


def test_million_contradicting_rows_of_one_element_are_refused_at_once(tmp_path: Path) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    rows = 1_000_000
    columns = {
        "meter": pa.repeat("m1", rows),
        "area": pa.repeat("a1", rows),
        "start": pa.repeat(pa.scalar(DAY), rows),
        "register": pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32), pa.array(np.arange(rows))),
    }
    write_table(folder / file_of("readings"), pa.table(columns), row_group=rows)
    begin = time.perf_counter()
    assert "'register'" in refusal(folder)
    assert time.perf_counter() - begin < 10


def test_lake_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    with open_lake(folder) as lake:
        assert set(digests(lake)) == {file_of(name) for name in sound_lake()}
        verify_unchanged(lake)
        table = table_of("readings", sound_lake()["readings"])
        write_table(folder / file_of("readings"), pa.concat_tables([table, table.slice(0, 1)]))
        for job in (verify_unchanged, digests, read_all):
            with pytest.raises(BadLake, match=r"readings/part-0.parquet: changed while it was read"):
                job(lake)


def test_file_that_appears_or_vanishes_while_the_lake_is_read_is_noticed(tmp_path: Path) -> None:
    folder = write_lake(tmp_path / "lake", sound_lake())
    with open_lake(folder) as lake:
        shutil.copyfile(folder / file_of("terms"), folder / "terms" / "new.parquet")
        with pytest.raises(BadLake, match=r"terms/new.parquet: changed"):
            verify_unchanged(lake)
        (folder / "terms" / "new.parquet").unlink()
        (folder / file_of("curves")).unlink()
        with pytest.raises(BadLake, match=r"curves/part-0.parquet: changed"):
            verify_unchanged(lake)
