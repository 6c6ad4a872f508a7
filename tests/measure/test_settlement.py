"""Energy charged too much: against numbers, Monte Carlo, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidUncertainty
from quanheng.measure.settlement import overcharged, settled_days


def test_a_meter_that_counts_ten_per_cent_too_much_charged_a_tenth_of_the_truth() -> None:
    energy, u = overcharged(1100.0, 0.1, 0.005)
    assert energy == pytest.approx(100.0)
    assert u == pytest.approx(1100 * 0.005 / 1.21)


@given(indicated=st.floats(1, 1e6), error=st.floats(-0.5, 0.5), u=st.floats(0, 0.01))
def test_what_was_charged_less_what_was_too_much_is_the_truth(
    indicated: float, error: float, u: float
) -> None:
    energy, _ = overcharged(indicated, error, u)
    assert (indicated - energy) * (1 + error) == pytest.approx(indicated)


def test_its_uncertainty_is_that_of_trials() -> None:
    rng = np.random.default_rng(1)
    trials, _ = overcharged(np.full(200_000, 500.0), rng.normal(-0.06, 0.003, 200_000), np.zeros(200_000))
    energy, u = overcharged(500.0, -0.06, 0.003)
    assert trials.mean() == pytest.approx(float(energy), abs=0.02)
    assert trials.std() == pytest.approx(float(u), rel=0.01)


@pytest.mark.parametrize(("error", "u"), [(-1.0, 0.01), (-2.0, 0.01), (0.1, -0.01)])
def test_what_no_meter_can_show_is_refused(error: float, u: float) -> None:
    with pytest.raises(InvalidUncertainty):
        overcharged(100.0, error, u)


def test_half_of_the_time_is_settled() -> None:
    assert settled_days([730.0, 0.0]).tolist() == [365.0, 0.0]
