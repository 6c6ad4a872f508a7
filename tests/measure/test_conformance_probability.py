"""Conformance probabilities against the t and normal distributions of scipy, draws, and their own identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quanheng.measure.conformance_probability import (
    conformance_probability,
    conformance_probability_of_trials,
    guard_band_for_specific_risk,
    measurement_capability,
    nonconformance_probability,
)
from quanheng.measure.errors import InvalidData, InvalidLimits, InvalidUncertainty

values = st.floats(-3, 3)
us = st.floats(0.05, 2)
dofs = st.one_of(st.just(np.inf), st.floats(1, 200))


@given(value=values, u=us, dof=dofs)
def test_probabilities_are_those_of_scipy(value: float, u: float, dof: float) -> None:
    shape = stats.norm(value, u) if np.isinf(dof) else stats.t(dof, value, u)
    p = conformance_probability(value, u, lower=-1, upper=1, dof=dof)
    assert p == pytest.approx(shape.cdf(1) - shape.cdf(-1), abs=1e-12)
    q = nonconformance_probability(value, u, lower=-1, upper=1, dof=dof)
    assert q == pytest.approx(shape.cdf(-1) + shape.sf(1), rel=1e-9, abs=1e-300)


@given(value=values, u=us, dof=dofs)
def test_a_single_limit_is_the_other_one_infinite(value: float, u: float, dof: float) -> None:
    above = conformance_probability(value, u, upper=0.5, dof=dof)
    below = conformance_probability(value, u, lower=0.5, dof=dof)
    assert above + below == pytest.approx(1.0, abs=1e-12)


def test_columns_are_each_row_alone() -> None:
    y, u, dof = np.array([0.1, 0.9, -2.0]), np.array([0.1, 0.3, 1.0]), np.array([4.0, np.inf, 1.0])
    many = conformance_probability(y, u, lower=-1.0, upper=[1.0, 0.8, np.inf], dof=dof)
    alone = [
        float(conformance_probability(a, b, lower=-1.0, upper=c, dof=d))
        for a, b, c, d in zip(y, u, [1.0, 0.8, np.inf], dof, strict=True)
    ]
    np.testing.assert_allclose(many, alone, rtol=1e-14)


def test_undefined_degrees_of_freedom_count_as_infinite() -> None:
    p = conformance_probability([0.5, 0.5], 0.4, upper=1.0, dof=[np.nan, np.inf])
    assert p[0] == p[1]


def test_trials_give_the_share_that_lies_between() -> None:
    trials = np.random.default_rng(2).normal([[0.0], [0.9]], 0.2, (2, 200_000))
    p = conformance_probability_of_trials(trials, lower=-1, upper=1)
    np.testing.assert_allclose(p, conformance_probability([0.0, 0.9], 0.2, lower=-1, upper=1), atol=0.003)


def test_trials_may_have_limits_of_their_own() -> None:
    assert conformance_probability_of_trials([[1.0, 2.0], [1.0, 2.0]], upper=[1.5, 2.5]).tolist() == [
        0.5,
        1.0,
    ]


def test_capability_is_the_tolerance_over_four_u() -> None:
    assert measurement_capability(0.05, lower=-0.4, upper=0.4) == pytest.approx(4.0)
    assert np.isinf(measurement_capability(0.05, lower=-0.4, upper=np.inf))


@given(u=st.floats(0.01, 1), risk=st.floats(1e-6, 0.4), dof=dofs)
def test_an_item_at_the_acceptance_limit_has_just_the_risk(u: float, risk: float, dof: float) -> None:
    w = guard_band_for_specific_risk(u, lower=-1, upper=1, risk=risk, dof=dof)
    middle = nonconformance_probability(0.0, u, lower=-1, upper=1, dof=dof)
    if np.isnan(w):
        assert middle > risk
    else:
        at = nonconformance_probability(1 - w, u, lower=-1, upper=1, dof=dof)
        assert at == pytest.approx(risk, rel=1e-6)


@given(u=us, risk=st.floats(1e-4, 0.9999))
def test_a_single_limit_needs_a_quantile_of_u(u: float, risk: float) -> None:
    w = guard_band_for_specific_risk(u, upper=7.0, risk=risk)
    assert w == pytest.approx(-stats.norm.ppf(risk) * u, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "u", "lower", "upper", "dof", "error"),
    [
        (0.0, 0.0, -1, 1, np.inf, InvalidUncertainty),
        (0.0, -0.1, -1, 1, np.inf, InvalidUncertainty),
        (0.0, np.nan, -1, 1, np.inf, InvalidUncertainty),
        (0.0, np.inf, -1, 1, np.inf, InvalidUncertainty),
        (0.0, 0.1, -1, 1, 0.5, InvalidUncertainty),
        (0.0, 0.1, 1, 1, np.inf, InvalidLimits),
        (0.0, 0.1, 1, -1, np.inf, InvalidLimits),
        (0.0, 0.1, np.nan, 1, np.inf, InvalidLimits),
        (0.0, 0.1, -np.inf, np.inf, np.inf, InvalidLimits),
        (np.nan, 0.1, -1, 1, np.inf, InvalidData),
        (np.inf, 0.1, -1, 1, np.inf, InvalidData),
    ],
)
def test_what_is_no_question_is_refused(
    value: float, u: float, lower: float, upper: float, dof: float, error: type[ValueError]
) -> None:
    with pytest.raises(error, match=" / "):
        conformance_probability(value, u, lower=lower, upper=upper, dof=dof)


def test_the_error_names_the_row() -> None:
    with pytest.raises(InvalidUncertainty, match=r"item 3.*-0\.2"):
        conformance_probability(np.zeros(3), [0.1, 0.1, -0.2], upper=1.0)


def test_no_trials_are_refused() -> None:
    for trials in ([], [[0.0, np.nan]]):
        with pytest.raises(InvalidData):
            conformance_probability_of_trials(trials, upper=1.0)
