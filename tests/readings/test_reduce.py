"""From quarter-hour curves to terms, as an area holds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quanheng.readings.batch import Area, AreaReadings, Curves, Meters
from quanheng.readings.reduce import reduce_to_terms, rows_of_master

DAYS = 4
AREA = Area("A", "electricity", "D", "M", 0.01, 0.005, 0.001)
METERS = Meters(
    ("a", "b"), ("A", "ABC"), np.full(2, 0.02), np.array([0.01, 0.001]), (None,) * 2, (None,) * 2, (None,) * 2
)


def readings(master_phase: tuple[str | None, ...] = ("A", "B", "C")) -> AreaReadings:
    """Two meters: one on phase A, one on all three; energies in steps of 0.01 and 0.001 kWh."""
    rng = np.random.default_rng(0)
    energy = rng.integers(0, 90, (4, 96 * DAYS)).astype(np.float32)
    curves = Curves(
        start=date(2025, 1, 1),
        meter=np.array([0, 1, 1, 1]),
        phase=("A", "A", "B", "C"),
        energy=energy,
        voltage=(229 + rng.standard_normal((4, 96 * DAYS))).astype(np.float32),
        master_phase=master_phase,
        master_energy=rng.integers(90, 99, (len(master_phase), 96 * DAYS)).astype(np.float32),
        master_voltage=np.full((len(master_phase), 96 * DAYS), 230, np.float32),
    )
    return AreaReadings(AREA, METERS, None, None, curves)


def test_energies_are_those_of_the_registers_steps() -> None:
    area = readings()
    assert area.curves is not None
    terms = reduce_to_terms(area, 360)
    exact = area.curves.energy.reshape(4, 4 * DAYS, 24).sum(axis=2) * np.array(
        [[0.01], [0.001], [0.001], [0.001]]
    )
    np.testing.assert_allclose(terms.energy, exact, rtol=1e-5)
    assert terms.master_energy.sum() == pytest.approx(area.curves.master_energy.sum() * 0.01, rel=1e-5)
    assert (terms.start, terms.step_minutes, terms.phase) == (area.curves.start, 360, area.curves.phase)


@pytest.mark.parametrize("minutes", [15, 60, 180, 1440])
def test_finer_steps_add_up_to_days(minutes: int) -> None:
    day, fine = reduce_to_terms(readings(), 1440), reduce_to_terms(readings(), minutes)
    for name in ("energy", "loss", "cross"):
        parts = getattr(fine, name).reshape(4, DAYS, -1).sum(axis=2)
        np.testing.assert_allclose(parts, getattr(day, name), rtol=1e-4, atol=1e-4)
    assert fine.power.shape == (4, DAYS * 1440 // minutes + 1)


@pytest.mark.parametrize("minutes", [7, 50, 420, 2880])
def test_a_step_that_does_not_divide_a_day_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="divide a day"):
        reduce_to_terms(readings(), minutes)


def test_an_area_without_curves_is_refused() -> None:
    with pytest.raises(ValueError, match="no curves"):
        reduce_to_terms(replace(readings(), curves=None), 1440)


def test_rows_of_a_phase_that_the_master_lacks_are_left_out() -> None:
    terms = reduce_to_terms(readings(("A", "B")), 1440)
    assert terms.phase == ("A", "A", "B")
    assert terms.meter.tolist() == [0, 1, 1]


def test_a_master_of_a_single_row_is_the_master_of_all() -> None:
    area = readings((None,))
    assert area.curves is not None
    assert rows_of_master(area.curves).tolist() == [0, 0, 0, 0]
    assert len(reduce_to_terms(area, 1440).phase) == 4


def test_a_row_of_unknown_phase_has_no_place_under_three() -> None:
    area = readings()
    assert area.curves is not None
    curves = replace(area.curves, phase=(None, "A", "B", "C"))
    assert rows_of_master(curves).tolist() == [-1, 0, 1, 2]
