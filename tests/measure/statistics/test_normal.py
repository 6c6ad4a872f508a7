"""Probabilities of normal distributions, against many digits, integration and draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from quanheng.measure.statistics import normal

means = st.floats(-5, 5)
sds = st.floats(0.05, 5)
limits = st.floats(-8, 8)


@given(mean=means, sd=sds, a=limits, width=st.floats(0.01, 9))
def test_inside_and_outside_make_one(mean: float, sd: float, a: float, width: float) -> None:
    both = normal.inside(mean, sd, a, a + width) + normal.outside(mean, sd, a, a + width)
    assert both == pytest.approx(1.0, abs=1e-15)


@given(mean=means, sd=sds, a=limits, width=st.floats(0.01, 9))
def test_inside_is_symmetric_to_the_last_digits(mean: float, sd: float, a: float, width: float) -> None:
    assert normal.inside(mean, sd, a, a + width) == pytest.approx(
        normal.inside(-mean, sd, -a - width, -a), rel=1e-12, abs=1e-300
    )


def test_a_small_probability_far_to_the_right_is_not_lost() -> None:
    # Φ(−30) to all digits; 1 − Φ(30) is 0 in doubles
    assert normal.inside(0.0, 1.0, 30.0, np.inf) == pytest.approx(4.906713927148187e-198, rel=1e-12)
    assert normal.outside(0.0, 1.0, -np.inf, 30.0) == pytest.approx(4.906713927148187e-198, rel=1e-12)


@given(value=means, u=sds, mean=means, sd=sds)
def test_the_posterior_is_prior_times_likelihood(value: float, u: float, mean: float, sd: float) -> None:
    centre, variance = normal.posterior(value, u**2, mean, sd**2)
    x = float(centre) + np.array([-1.0, 0.0, 2.0]) * float(np.sqrt(variance))
    ratio = norm.logpdf(x, mean, sd) + norm.logpdf(value, x, u)
    expected = norm.logpdf(x, centre, np.sqrt(variance))
    np.testing.assert_allclose(ratio - ratio[0], expected - expected[0], atol=1e-8)


@given(x=limits, mean=means, sd=sds)
def test_the_density_is_that_of_scipy(x: float, mean: float, sd: float) -> None:
    assert normal.density(x, mean, sd) == pytest.approx(norm.pdf(x, mean, sd), rel=1e-12, abs=1e-300)


def test_mean_magnitude_is_that_of_many_draws() -> None:
    draws = np.abs(np.random.default_rng(1).normal(0.01, 0.02, 400_000)).mean()
    assert normal.mean_magnitude(np.array([0.01]), np.array([0.02]))[0] == pytest.approx(draws, rel=0.01)


def test_mean_magnitude_without_spread_is_the_magnitude() -> None:
    np.testing.assert_allclose(
        normal.mean_magnitude(np.array([-0.3, 0.0]), np.zeros(2)), [0.3, 0.0], atol=1e-11
    )
