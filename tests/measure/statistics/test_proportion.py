"""Intervals for a counted proportion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.statistics.proportion import jeffreys_interval, wilson_interval

# R. G. Newcombe, Two-sided confidence intervals for the single proportion,
# Statistics in Medicine 17 (1998) 857-872, table I
PUBLISHED_WILSON = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("k", "n", "lower", "upper"), PUBLISHED_WILSON)
def test_wilson_interval_is_the_published_one(k: int, n: int, lower: float, upper: float) -> None:
    low, high = wilson_interval(k, n)
    assert (float(low), float(high)) == pytest.approx((lower, upper), abs=5e-5)


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"),
    # Brown, Cai & DasGupta 2001, table 5: limits of the modified Jeffreys interval, where it is the plain one
    [(2, 7, 0.065, 0.648), (3, 7, 0.139, 0.766)],
)
def test_jeffreys_interval_is_the_published_one(k: int, n: int, lower: float, upper: float) -> None:
    low, high = jeffreys_interval(k, n)
    assert (float(low), float(high)) == pytest.approx((lower, upper), abs=1e-3)


@pytest.mark.parametrize("interval", [jeffreys_interval, wilson_interval])
def test_nothing_tried_shows_nothing(interval) -> None:  # type: ignore[no-untyped-def]
    low, high = interval(0, 0)
    assert (float(low), float(high)) == (0.0, 1.0)


@pytest.mark.parametrize("interval", [jeffreys_interval, wilson_interval])
@given(n=st.integers(1, 5000), share=st.floats(0, 1))
def test_interval_holds_the_observed_share_and_mirrors(interval, n: int, share: float) -> None:  # type: ignore[no-untyped-def]
    k = round(share * n)
    low, high = interval(k, n)
    assert 0.0 <= low <= k / n + 1e-12 and k / n - 1e-12 <= high <= 1.0
    other_low, other_high = interval(n - k, n)
    assert np.allclose([other_low, other_high], [1 - high, 1 - low], atol=1e-9)


def test_arrays_give_what_their_elements_give() -> None:
    k, n = np.array([0, 3, 7]), np.array([7, 7, 7])
    for interval in (jeffreys_interval, wilson_interval):
        low, high = interval(k, n)
        assert [tuple(map(float, interval(a, b))) for a, b in zip(k, n, strict=True)] == list(
            zip(low.tolist(), high.tolist(), strict=True)
        )
