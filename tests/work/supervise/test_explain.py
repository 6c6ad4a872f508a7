"""Why a meter was judged as it was."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from out_folder import write_lake, write_out

from quanheng.cli import explain as command
from quanheng.ground.errors import BadOutput, Fault, NotShown
from quanheng.measure.expectation_propagation import mixture
from quanheng.measure.mixture_posterior import error_interval, mixture_posterior, probability_out
from quanheng.work.supervise.explain import explain, most_alike, nearest, outlook, posterior_curve
from quanheng.work.supervise.findings import Prior
from quanheng.work.supervise.pages import meter as page


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """OUT and the lake it judged."""
    root = tmp_path_factory.mktemp("judged")
    write_out(root / "out", areas=4, meters=12, days=40)
    write_lake(root / "lake", root / "out")
    return root / "out", root / "lake"


def _first(out: Path, **wanted: str) -> str:
    rows = pq.read_table(out / "verdicts.parquet").to_pylist()
    return next(r["meter"] for r in rows if all(str(r[k]).startswith(v) for k, v in wanted.items()))


def test_the_posterior_integrates_to_one_and_to_the_probability_of_being_out() -> None:
    prior = Prior(share=0.1)
    curve = posterior_curve(0.021, 0.004, prior, 0.02)
    assert curve is not None
    step = curve.error[1] - curve.error[0]
    assert np.sum(curve.posterior) * step == pytest.approx(1.0, abs=1e-3)
    p = mixture_posterior(
        np.array([0.021]),
        np.array([0.004]),
        mixture(1, mean=0.0, spike=prior.spike, slab=prior.slab, share=0.1),
    )
    beyond = np.sum(curve.posterior[np.abs(curve.error) > 0.02]) * step
    assert beyond == pytest.approx(float(probability_out(p, 0.02)[0]), abs=0.02)
    low, high = error_interval(p)
    inside = (curve.error > low) & (curve.error < high)
    assert np.sum(curve.posterior[inside]) * step == pytest.approx(0.95, abs=0.02)


def test_there_is_no_posterior_where_the_data_say_nothing() -> None:
    assert posterior_curve(float("nan"), float("nan"), Prior(), 0.02) is None


def test_the_residual_gains_the_meters_error_times_its_energy(judged: tuple[Path, Path]) -> None:
    out, lake = judged
    e = explain(_first(out, verdict="cleared"), out, lake)
    assert e.residual is not None
    registers = pq.read_table(lake / "readings" / f"{e.area.area}.parquet", filters=[("meter", "=", e.meter)])
    energy = np.diff(np.array(registers["register"][0].as_py())) * e.resolution
    gained = e.residual.if_right - e.residual.explained
    assert gained == pytest.approx((1 / (1 + e.error) - 1) * energy)


def test_an_explanation_carries_the_masters_certificate_and_the_batch(judged: tuple[Path, Path]) -> None:
    out, lake = judged
    e = explain(_first(out, verdict="cleared"), out, lake)
    assert (e.area.master, e.area.master_u) == (f"Z{e.area.area}", 0.002)
    assert e.lot is not None
    assert e.lot["batch"] == e.batch


def test_a_meter_of_an_area_without_verdicts_is_explained_by_its_area(judged: tuple[Path, Path]) -> None:
    out, lake = judged
    e = explain(_first(out, reason="area:"), out, lake)
    assert e.curve is None
    assert "台区" in e.outlook.zh
    assert "The data say nothing" in page.write(e)


def test_an_unknown_meter_is_refused_with_the_nearest_ids(judged: tuple[Path, Path]) -> None:
    out, lake = judged
    with pytest.raises(Fault, match="M0000010"):
        explain("M000010", out, lake)


def test_the_nearest_of_very_many_ids_begin_like_the_wanted_one() -> None:
    known = pa.chunked_array([[f"{k:06d}" for k in range(30_000)]])
    assert "012345" in nearest("0123457", known)


def test_another_lake_is_not_taken_for_the_judged_one(judged: tuple[Path, Path], tmp_path: Path) -> None:
    out, _ = judged
    write_lake(tmp_path / "other", _copy(out, tmp_path / "out"), seed=2)
    with pytest.raises(NotShown, match=r"readings/A\d+\.parquet"):
        explain(_first(out, verdict="cleared"), out, tmp_path / "other")


def _copy(out: Path, to: Path) -> Path:
    (to / "detail").mkdir(parents=True)
    for name in ("verdicts.parquet", "areas.parquet", "detail/estimates.parquet"):
        (to / name).write_bytes((out / name).read_bytes())
    return to


def test_a_folder_that_is_no_result_is_refused(judged: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match=r"verdicts\.parquet"):
        explain("M1", tmp_path, judged[1])


def test_the_most_alike_meter_is_the_one_that_moves_with_it() -> None:
    x = np.random.default_rng(1).standard_normal((4, 50))
    x[3] = 2 * x[0] + 0.01 * x[1]
    x[2, 7] = np.nan
    assert most_alike(x, ("a", "b", "c", "d"), 0)[0][0] == "d"


@pytest.mark.parametrize(
    ("reason", "days", "words"),
    [
        ("load", None, "check on site"),
        ("days", 90.0, "some 90 more days"),
        ("collinear:M7", None, "M7"),
        ("area:clock", None, "clock"),
        ("meter:stopped", None, "stopped"),
    ],
)
def test_the_way_out_fits_the_reason(reason: str, days: float | None, words: str) -> None:
    assert words in outlook({"verdict": "undetermined", "reason": reason, "days_needed": days}).en


def test_the_command_prints_writes_a_page_and_speaks_to_machines(
    judged: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, lake = judged
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    meter, file = _first(out, verdict="cleared"), tmp_path / "m.html"
    arguments = ["explain", meter, str(out), "--lake", str(lake)]
    args = parser.parse_args([*arguments, "--html", str(file)])
    assert args.run(args) == 0
    assert "合格 / cleared" in capsys.readouterr().out
    assert "If this meter were right" in file.read_text(encoding="utf-8")
    args = parser.parse_args([*arguments, "--json"])
    assert args.run(args) == 0
    assert json.loads(capsys.readouterr().out)["meter"] == meter
