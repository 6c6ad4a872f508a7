"""One area of a run, computed again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quanheng.ground.errors import Fault, NotShown
from quanheng.work.supervise.cycle import Choices, Hands, supervise
from quanheng.work.supervise.recompute_area import recompute_area


@pytest.fixture(scope="module")
def run(small_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over the small lake, in which meters stand in other areas than they are booked in."""
    out = tmp_path_factory.mktemp("run") / "out"
    supervise(small_lake, out, Choices(), Hands())
    return out


def test_every_area_is_identical_though_meters_were_moved(run: Path, small_lake: Path) -> None:
    moved = [each for each in pq.read_table(run / "orders.parquet")["to_area"].to_pylist() if each]
    assert moved
    for area in pq.read_table(run / "areas.parquet")["area"].to_pylist():
        found = recompute_area(run / "run.json", small_lake, area)
        assert found.identical
        assert found.compared == 220


def test_a_changed_number_is_named(run: Path, small_lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(run, out)
    table = pq.read_table(out / "verdicts.parquet")
    errors = table["u"].to_pylist()
    errors[3] *= 1.01
    place = table.column_names.index("u")
    pq.write_table(table.set_column(place, "u", pa.array(errors)), out / "verdicts.parquet")
    area, meter = table["area"][3].as_py(), table["meter"][3].as_py()
    found = recompute_area(out / "run.json", small_lake, area)
    assert len(found.differing) == 1
    assert found.differing[0].startswith(f"{meter} u: ")


def test_an_unknown_area_and_another_lake_are_told(run: Path, small_lake: Path, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="没有台区"):
        recompute_area(run / "run.json", small_lake, "nowhere")
    other = tmp_path / "lake"
    shutil.copytree(small_lake, other)
    table = pq.read_table(other / "meters.parquet")
    pq.write_table(table.append_column("more", pa.array(["x"] * len(table))), other / "meters.parquet")
    with pytest.raises(NotShown):
        recompute_area(run / "run.json", other, "A00000")
