"""Effective degrees of freedom and coverage factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quanheng.measure.errors import InvalidUncertainty
from quanheng.measure.quantity.freedom import checked_dof, coverage_factor, effective, welch_satterthwaite

components = st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1, 1e3)), min_size=1, max_size=6)


@given(components)
def test_effective_degrees_of_freedom_lie_between_the_least_and_the_sum(
    parts: list[tuple[float, float]],
) -> None:
    # JCGM 100:2008, G.4.1 note: ν_eff <= Σ ν_i
    variances, dof = (np.array(each) for each in zip(*parts, strict=True))
    found = welch_satterthwaite(variances, dof)
    assert dof.min() * (1 - 1e-12) <= found <= dof.sum() * (1 + 1e-12)


def test_a_component_that_is_known_exactly_adds_to_them() -> None:
    assert welch_satterthwaite([1.0, 1.0], [5.0, np.inf]) == pytest.approx(20)


def test_known_components_alone_leave_them_infinite() -> None:
    assert welch_satterthwaite([1.0, 2.0], [np.inf, np.inf]) == np.inf
    assert effective(np.zeros(1), np.zeros(1)) == np.inf


def test_undefined_stays_undefined() -> None:
    assert np.isnan(effective(np.ones(2), np.array([np.nan, 0.2]))).tolist() == [True, False]


def test_arrays_are_their_elements_one_by_one() -> None:
    variances, dof = np.array([[1.0, 2.0], [3.0, 0.5]]), np.array([[5.0, 7.0], [9.0, np.inf]])
    found = welch_satterthwaite(variances, dof)
    assert found == pytest.approx([float(welch_satterthwaite(variances[:, k], dof[:, k])) for k in range(2)])


@pytest.mark.parametrize("coverage", [0.5, 0.6827, 0.95, 0.9545, 0.99])
def test_factor_is_the_quantile_of_t(coverage: float) -> None:
    dof = np.array([1, 2, 3, 10, 100, 4096, 5000, 1e6, np.inf])
    expected = stats.t.ppf(0.5 + coverage / 2, dof)
    # beyond 4096 degrees of freedom by two terms of a series
    assert coverage_factor(coverage, dof) == pytest.approx(expected, rel=1e-6)


def test_factor_is_taken_at_the_whole_degrees_of_freedom_below() -> None:
    assert coverage_factor(0.95, 5.99) == coverage_factor(0.95, 5)
    # 5, but for rounding, is 5
    assert coverage_factor(0.95, 5 - 1e-14) == coverage_factor(0.95, 5)


def test_undefined_degrees_of_freedom_give_the_normal_factor() -> None:
    assert coverage_factor(0.95, np.nan) == coverage_factor(0.95) == pytest.approx(1.959963984540054)


@given(st.lists(st.floats(1, 1e7), min_size=2, max_size=9))
def test_more_degrees_of_freedom_never_widen(dof: list[float]) -> None:
    factors = coverage_factor(0.95, np.sort(dof))
    assert np.all(np.diff(factors) <= 1e-12)


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, 95.0, np.nan])
def test_a_coverage_that_is_no_probability_is_refused(coverage: float) -> None:
    with pytest.raises(InvalidUncertainty, match="between 0 and 1"):
        coverage_factor(coverage)


@pytest.mark.parametrize("dof", [0.0, -3.0, 0.5, [5.0, 0.9]])
def test_degrees_of_freedom_below_one_are_refused(dof: float) -> None:
    with pytest.raises(InvalidUncertainty, match="at least 1"):
        checked_dof(dof)
