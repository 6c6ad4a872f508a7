"""Conformity from a posterior of two components, against integration, chance and JCGM 106."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from quanheng.measure.expectation_propagation import mixture
from quanheng.measure.mixture_posterior import (
    MixturePosterior,
    cumulative,
    error_interval,
    error_moments,
    error_of,
    largest_set,
    mixture_posterior,
    probability_out,
    quantile,
)

LIMIT = np.array([0.02])


def posterior(location: float, scale: float, *, mean: float = 0.0) -> MixturePosterior:
    prior = mixture(1, mean=mean, spike=0.004, slab=0.055, share=0.02)
    return mixture_posterior(np.array([location]), np.array([scale]), prior)


locations = st.floats(-0.15, 0.15)
scales = st.floats(3e-4, 0.1)


@settings(max_examples=30)
@given(location=locations, scale=scales, mean=st.floats(-0.012, 0.012))
def test_the_posterior_is_prior_times_likelihood(location: float, scale: float, mean: float) -> None:
    c = np.linspace(-0.8, 0.8, 200_000)
    prior = 0.98 * norm.pdf(c, mean, 0.004) + 0.02 * norm.pdf(c, mean, 0.055)
    log = -0.5 * ((c - location) / scale) ** 2
    density = prior * np.exp(log - log[np.argmax(log + np.log(prior + 1e-300))])
    density /= density.sum()
    p = posterior(location, scale, mean=mean)
    for at in (-0.02, 0.0, 0.01, 0.05):
        assert cumulative(np.array([at]), p)[0] == pytest.approx(density[c <= at].sum(), abs=5e-3)
    errors = error_of(c)
    assert probability_out(p, LIMIT)[0] == pytest.approx(density[np.abs(errors) > 0.02].sum(), abs=5e-3)


def test_moments_and_interval_are_those_of_many_draws() -> None:
    rng = np.random.default_rng(1)
    p = posterior(0.021, 0.0065)
    faulty = rng.random(400_000) < p.faulty
    sound = p.sound_mean + p.sound_sd * rng.standard_normal(400_000)
    e = error_of(np.where(faulty, p.faulty_mean + p.faulty_sd * rng.standard_normal(400_000), sound))
    mean, sd = error_moments(p)
    lower, upper = error_interval(p)
    assert mean[0] == pytest.approx(e.mean(), abs=1e-4)
    assert sd[0] == pytest.approx(e.std(), rel=0.02)
    assert np.mean(e < lower) == pytest.approx(0.025, abs=0.002)
    assert np.mean(e > upper) == pytest.approx(0.025, abs=0.002)
    assert probability_out(p, LIMIT)[0] == pytest.approx(np.mean(np.abs(e) > 0.02), abs=0.004)


@given(location=locations, scale=scales, probability=st.floats(0.005, 0.995))
def test_a_quantile_holds_its_probability(location: float, scale: float, probability: float) -> None:
    p = posterior(location, scale)
    assert cumulative(quantile(p, probability), p)[0] == pytest.approx(probability, abs=1e-6)


@given(location=locations, scale=scales)
def test_the_interval_is_ordered_and_grows_with_its_coverage(location: float, scale: float) -> None:
    p = posterior(location, scale)
    lower, upper = error_interval(p)
    wider = error_interval(p, 0.99)
    assert wider[0] <= lower < upper <= wider[1]


@given(e=st.floats(-0.5, 2.0))
def test_error_and_correction_are_each_others_inverse(e: float) -> None:
    assert error_of(error_of(np.array([e])))[0] == pytest.approx(e, abs=1e-12)


def test_a_meter_that_runs_slow_needs_a_positive_correction() -> None:
    assert error_of(np.array([0.05]))[0] == pytest.approx(1 / 1.05 - 1)
    lower, upper = error_interval(posterior(0.06, 0.001))
    assert upper[0] < -0.05
    assert lower[0] < upper[0]


def test_many_meters_at_once_are_each_meter_alone() -> None:
    location, scale = np.array([0.03, -0.01, 0.0]), np.array([0.01, 0.002, 0.05])
    prior = mixture(3, mean=0.0, spike=0.004, slab=0.055, share=0.02)
    p = mixture_posterior(location, scale, prior)
    alone = [probability_out(posterior(x, u), LIMIT)[0] for x, u in zip(location, scale, strict=True)]
    np.testing.assert_allclose(probability_out(p, np.full(3, 0.02)), alone, rtol=1e-12)


def test_what_is_not_known_stays_not_known() -> None:
    p = posterior(float("nan"), float("nan"))
    assert np.isnan(probability_out(p, LIMIT)).all()
    assert all(np.isnan(a).all() for a in (*error_moments(p), *error_interval(p)))


chances = arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1))


@given(p=chances, alpha=st.floats(0.0, 0.5))
def test_the_set_keeps_its_share_of_false_ones_and_is_the_largest_that_does(
    p: np.ndarray, alpha: float
) -> None:
    chosen = largest_set(p, alpha)
    size = int(chosen.sum())
    if size:
        assert np.mean(1 - p[chosen]) <= alpha + 1e-12
        assert p[chosen].min() >= p[~chosen].max(initial=0.0)
    for k in range(size + 1, len(p) + 1):
        assert np.mean(np.sort(1 - p)[:k]) > alpha - 1e-12


def test_a_meter_of_unknown_probability_is_never_chosen() -> None:
    assert largest_set(np.array([np.nan, 1.0, np.nan]), 0.05).tolist() == [False, True, False]
    assert not largest_set(np.full(3, np.nan), 0.9).any()


def test_equal_probabilities_are_taken_in_their_order() -> None:
    assert largest_set(np.array([0.95, 0.9, 0.9, 0.9]), 0.0751).tolist() == [True, True, False, False]
