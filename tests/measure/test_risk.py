"""Global risks in closed form, against Gauss-Legendre quadrature, draws, and what must hold between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from quanheng.measure.conformance_probability import Float
from quanheng.measure.errors import InvalidData, InvalidLimits, InvalidUncertainty
from quanheng.measure.risk import (
    GridPrior,
    NormalPrior,
    global_risks,
    guard_band_for_global_risk,
    learn_grid_prior,
    learn_normal_prior,
)
from quanheng.measure.statistics import normal

means = st.floats(-2, 2)
spreads = st.floats(0.02, 3)
us = st.floats(0.02, 3)
bands = st.floats(-0.5, 0.9)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def by_quadrature(
    mean: float, spread: float, u: float, edges: list[float], acceptance: tuple[float, float]
) -> Float:
    """Share of items between successive edges that are accepted, in pieces no wider than the sharper of the two."""
    shares = []
    for a, b in pairwise(edges):
        a, b = max(a, mean - 9 * spread), min(b, mean + 9 * spread)
        if a >= b:
            shares.append(0.0)
            continue
        pieces = np.linspace(a, b, 2 + int((b - a) / min(u, spread)))
        half = np.diff(pieces)[:, None] / 2
        x = pieces[:-1, None] + half * (NODES + 1)
        f = normal.density(x, mean, spread) * normal.inside(x, u, *acceptance)
        shares.append(float(np.sum(half * WEIGHTS * f)))
    return np.array(shares)


@settings(max_examples=60)
@given(mean=means, spread=spreads, u=us, w=bands)
def test_risks_are_those_of_quadrature(mean: float, spread: float, u: float, w: float) -> None:
    acceptance = (-1 + w, 1 - w)
    r = global_risks(
        NormalPrior(mean, spread),
        u,
        lower=-1,
        upper=1,
        acceptance_lower=acceptance[0],
        acceptance_upper=acceptance[1],
    )
    below, within, above = by_quadrature(mean, spread, u, [-np.inf, -1.0, 1.0, np.inf], acceptance)
    conforming = float(normal.inside(mean, spread, -1.0, 1.0))
    assert r.consumer == pytest.approx(below + above, abs=2e-13)
    assert r.producer == pytest.approx(conforming - within, abs=2e-13)


@given(mean=means, spread=spreads, u=us, w=bands)
def test_risks_and_acceptance_add_up(mean: float, spread: float, u: float, w: float) -> None:
    prior = NormalPrior(mean, spread)
    r = global_risks(prior, u, lower=-1, upper=1, acceptance_lower=-1 + w, acceptance_upper=1 - w)
    conforming = float(normal.inside(mean, spread, -1.0, 1.0))
    # accepted = accepted and conforming + accepted and not
    assert r.accepted == pytest.approx(conforming - r.producer + r.consumer, abs=1e-13)
    assert 0 <= r.consumer <= 1 - conforming + 1e-15
    assert 0 <= r.producer <= conforming + 1e-15


@given(mean=means, spread=spreads, u=us, w=bands, more=st.floats(0.001, 0.09))
def test_a_wider_guard_band_moves_risk_from_consumer_to_producer(
    mean: float, spread: float, u: float, w: float, more: float
) -> None:
    prior = NormalPrior(mean, spread)
    w2 = np.array([w, w + more])
    r = global_risks(prior, u, lower=-1, upper=1, acceptance_lower=-1 + w2, acceptance_upper=1 - w2)
    assert r.consumer[1] <= r.consumer[0] + 1e-15
    assert r.producer[1] >= r.producer[0] - 1e-15


@given(mean=means, spread=spreads)
def test_without_uncertainty_nobody_bears_a_risk(mean: float, spread: float) -> None:
    r = global_risks(NormalPrior(mean, spread), 1e-9, lower=-1, upper=1)
    assert max(r.consumer, r.producer) < 1e-7
    assert r.accepted == pytest.approx(float(normal.inside(mean, spread, -1.0, 1.0)), abs=1e-7)


@given(mean=means, spread=spreads, u=us, at=st.floats(-2, 2))
def test_a_single_limit_is_the_mirror_of_the_other(mean: float, spread: float, u: float, at: float) -> None:
    one = global_risks(NormalPrior(mean, spread), u, upper=at)
    other = global_risks(NormalPrior(-mean, spread), u, lower=-at)
    far = global_risks(NormalPrior(mean, spread), u, lower=-1e3, upper=at)
    for r in (other, far):
        np.testing.assert_allclose((r.consumer, r.producer), (one.consumer, one.producer), atol=1e-14)


def test_a_single_limit_at_the_mean_has_an_arc_tangent_for_its_risk() -> None:
    r = global_risks(NormalPrior(0.0, 3.0), [1.0, 3.0, 9.0], upper=0.0)
    np.testing.assert_allclose(r.consumer, np.arctan([1 / 3, 1.0, 3.0]) / (2 * np.pi), rtol=1e-14)
    np.testing.assert_allclose(r.producer, r.consumer, rtol=1e-14)


def test_risks_are_those_of_many_draws() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(0.2, 0.6, 1_000_000)
    result = true + rng.normal(0, 0.25, len(true))
    r = global_risks(
        NormalPrior(0.2, 0.6), 0.25, lower=-1, upper=1, acceptance_lower=-0.9, acceptance_upper=0.9
    )
    conforms, accepted = np.abs(true) <= 1, np.abs(result) <= 0.9
    assert r.consumer == pytest.approx(np.mean(accepted & ~conforms), abs=2e-4)
    assert r.producer == pytest.approx(np.mean(~accepted & conforms), abs=5e-4)


def test_columns_are_each_row_alone_over_many_blocks() -> None:
    rng = np.random.default_rng(4)
    n = 20_000
    mean, spread, u = rng.normal(size=n), rng.uniform(0.1, 2, n), rng.uniform(0.05, 1, n)
    many = global_risks(NormalPrior(mean, spread), u, lower=-1, upper=1)
    for k in (0, 8191, 8192, n - 1):
        alone = global_risks(NormalPrior(mean[k], spread[k]), u[k], lower=-1, upper=1)
        assert (alone.consumer, alone.producer) == (many.consumer[k], many.producer[k])


def test_nothing_is_accepted_where_the_acceptance_limits_have_passed_each_other() -> None:
    low, high = np.array([np.nan, 0.5]), np.array([np.nan, -0.5])
    grid = GridPrior(np.array([0.0, 2.0]), np.array([0.75, 0.25]))
    for prior, conforming in ((NormalPrior(0.0, 1.0), ndtr(1) - ndtr(-1)), (grid, 0.75)):
        r = global_risks(prior, 0.1, lower=-1, upper=1, acceptance_lower=low, acceptance_upper=high)
        assert r.accepted.tolist() == r.consumer.tolist() == [0.0, 0.0]
        np.testing.assert_allclose(r.producer, conforming)


def test_a_grid_of_a_normal_population_has_the_risks_of_the_normal_prior() -> None:
    x = np.arange(-4.99875, 5.0, 0.0025)  # the limits lie half-way between points
    weights = normal.density(x, 0.1, 0.5)
    of_grid = global_risks(GridPrior(x, weights / weights.sum()), [0.1, 0.3], lower=-1, upper=1)
    exact = global_risks(NormalPrior(0.1, 0.5), [0.1, 0.3], lower=-1, upper=1)
    np.testing.assert_allclose(of_grid.consumer, exact.consumer, atol=3e-5)
    np.testing.assert_allclose(of_grid.producer, exact.producer, atol=3e-5)
    np.testing.assert_allclose(of_grid.accepted, exact.accepted, atol=1e-9)


@given(mean=means, spread=spreads, u=us, risk=st.floats(1e-5, 0.1))
def test_the_guard_band_brings_the_consumers_risk_to_its_target(
    mean: float, spread: float, u: float, risk: float
) -> None:
    prior = NormalPrior(mean, spread)
    w = guard_band_for_global_risk(prior, u, lower=-1, upper=1, risk=risk)
    r = global_risks(prior, u, lower=-1, upper=1, acceptance_lower=-1 + w, acceptance_upper=1 - w)
    if w > 0:
        assert r.consumer == pytest.approx(risk, rel=1e-6, abs=1e-12)
    else:
        assert r.consumer <= risk


@given(mean=means, spread=spreads, u=us, risk=st.floats(1e-5, 0.1))
def test_a_single_limit_has_a_guard_band_too(mean: float, spread: float, u: float, risk: float) -> None:
    prior = NormalPrior(mean, spread)
    w = guard_band_for_global_risk(prior, u, upper=1, risk=risk)
    assert global_risks(prior, u, upper=1, acceptance_upper=1 - w).consumer <= risk * (1 + 1e-6)
    np.testing.assert_allclose(
        guard_band_for_global_risk(NormalPrior(-mean, spread), u, lower=-1, risk=risk),
        w,
        rtol=1e-9,
        atol=1e-12,
    )


def test_guard_bands_of_columns_are_each_row_alone() -> None:
    u = np.array([0.1, 0.3, 0.5])
    many = guard_band_for_global_risk(NormalPrior(0.0, 0.6), u, lower=-1, upper=1, risk=0.005)
    alone = [guard_band_for_global_risk(NormalPrior(0.0, 0.6), x, lower=-1, upper=1, risk=0.005) for x in u]
    np.testing.assert_allclose(many, alone, rtol=1e-10)


def test_with_equal_uncertainties_the_prior_is_mean_and_s_less_u() -> None:
    y = np.array([9.7, 10.4, 10.1, 9.2, 10.9, 10.3])
    prior = learn_normal_prior(y, 0.2)
    assert prior.mean == pytest.approx(y.mean(), rel=1e-12)
    assert prior.u == pytest.approx(np.sqrt(y.var(ddof=1) - 0.04), rel=1e-9)


def test_a_normal_population_is_learnt_through_unequal_uncertainties() -> None:
    rng = np.random.default_rng(5)
    u = rng.uniform(0.1, 1.5, 40_000)
    prior = learn_normal_prior(rng.normal(3.0, 0.7, len(u)) + u * rng.normal(size=len(u)), u)
    assert prior.mean == pytest.approx(3.0, abs=0.02)
    assert prior.u == pytest.approx(0.7, abs=0.02)


def test_a_population_narrower_than_its_uncertainties_is_not_invented() -> None:
    with pytest.raises(InvalidData, match="state the prior"):
        learn_normal_prior([1.0, 1.01, 0.99, 1.0], 0.5)


def test_a_population_of_two_kinds_is_learnt_on_a_grid() -> None:
    rng = np.random.default_rng(6)
    true = np.where(rng.random(5000) < 0.2, 2.0, 0.0) + 0.1 * rng.normal(size=5000)
    u = rng.uniform(0.2, 0.5, len(true))
    prior = learn_grid_prior(true + u * rng.normal(size=len(true)), u, np.linspace(-2, 4, 61))
    assert prior.weights[prior.values > 1].sum() == pytest.approx(0.2, abs=0.02)
    one = learn_normal_prior(true + u * rng.normal(size=len(true)), u)
    exact = np.mean((true > 1) * normal.inside(true, 0.3, -1.0, 1.0))
    of_grid = global_risks(prior, 0.3, lower=-1, upper=1).consumer
    assert abs(of_grid - exact) < abs(global_risks(one, 0.3, lower=-1, upper=1).consumer - exact) / 4


def test_a_grid_that_does_not_reach_a_result_is_refused() -> None:
    with pytest.raises(InvalidData, match="100"):
        learn_grid_prior([0.0, 100.0], 0.1, np.linspace(-1, 1, 11))


@pytest.mark.parametrize(
    ("mean", "spread", "u", "lower", "upper", "error"),
    [
        (0.0, 0.0, 0.1, -1, 1, InvalidUncertainty),
        (0.0, -1.0, 0.1, -1, 1, InvalidUncertainty),
        (np.nan, 1.0, 0.1, -1, 1, InvalidData),
        (0.0, 1.0, 0.0, -1, 1, InvalidUncertainty),
        (0.0, 1.0, np.nan, -1, 1, InvalidUncertainty),
        (0.0, 1.0, 0.1, 1, -1, InvalidLimits),
        (0.0, 1.0, 0.1, -np.inf, np.inf, InvalidLimits),
    ],
)
def test_what_is_no_question_is_refused(
    mean: float, spread: float, u: float, lower: float, upper: float, error: type[ValueError]
) -> None:
    with pytest.raises(error, match=" / "):
        global_risks(NormalPrior(mean, spread), u, lower=lower, upper=upper)


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ([0.0, 1.0], [1.0]),
        ([], []),
        ([0.0, 1.0], [0.7, 0.7]),
        ([0.0, 1.0], [-0.5, 1.5]),
        ([0.0, np.nan], [0.5, 0.5]),
    ],
)
def test_weights_that_are_no_probabilities_are_refused(values: list[float], weights: list[float]) -> None:
    with pytest.raises(InvalidData):
        GridPrior(np.array(values), np.array(weights))


def test_too_few_results_tell_no_population() -> None:
    with pytest.raises(InvalidData, match="three"):
        learn_normal_prior([1.0, 2.0], 0.1)
    with pytest.raises(InvalidData):
        learn_grid_prior([], 0.1, [0.0, 1.0])


def test_a_target_that_is_no_probability_is_refused() -> None:
    with pytest.raises(InvalidLimits):
        guard_band_for_global_risk(NormalPrior(0.0, 1.0), 0.1, upper=1.0, risk=0.0)
