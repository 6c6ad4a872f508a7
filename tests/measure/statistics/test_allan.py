"""Allan deviations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidData
from quanheng.measure.statistics.allan import allan_deviation, overlapping_allan_deviation


@given(st.integers(1, 10), st.integers(0, 99))
def test_deviations_are_those_of_the_averages_themselves(m: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=37) + 5.0
    blocks = y[: 37 // m * m].reshape(-1, m).mean(axis=1)
    assert allan_deviation(y, m)[0] == pytest.approx(np.sqrt((np.diff(blocks) ** 2).mean() / 2))
    moving = np.convolve(y, np.ones(m) / m, mode="valid")
    differences = moving[m:] - moving[:-m]
    assert overlapping_allan_deviation(y, m)[0] == pytest.approx(np.sqrt((differences**2).mean() / 2))


def test_rows_give_what_each_series_gives() -> None:
    y = np.random.default_rng(1).normal(size=(3, 40))
    assert allan_deviation(y, [1, 4]).tolist() == [allan_deviation(row, [1, 4]).tolist() for row in y]


def test_a_constant_offset_of_frequency_is_not_seen() -> None:
    y = np.random.default_rng(2).normal(size=100)
    assert allan_deviation(1e9 + y, 5) == pytest.approx(allan_deviation(y, 5), rel=1e-6)


@pytest.mark.parametrize("factor", [0, 51, 1.5])
def test_averaging_beyond_half_the_samples_is_refused(factor: float) -> None:
    with pytest.raises(InvalidData, match="1 to 50"):
        allan_deviation(np.arange(100.0), factor)


def test_missing_samples_are_refused() -> None:
    with pytest.raises(InvalidData, match="missing"):
        allan_deviation([1.0, np.nan, 2.0], 1)
