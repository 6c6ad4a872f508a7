"""Type A evaluation."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidData, InvalidUncertainty
from quanheng.measure.statistics.type_a import (
    autocorrelation,
    effective_number,
    pooled,
    pooled_of,
    simultaneous,
    type_a,
    type_a_of_series,
    weighted_mean,
)

readings = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12)


@given(readings)
def test_mean_and_s_are_those_of_numpy(x: list[float]) -> None:
    result = type_a(x)
    assert result.mean == pytest.approx(np.mean(x), abs=1e-9)
    assert result.s == pytest.approx(np.std(x, ddof=1), abs=1e-9)
    assert result.u == pytest.approx(float(result.s) / np.sqrt(len(x)))
    assert float(result.dof) == len(x) - 1


@given(st.lists(readings, min_size=1, max_size=5))
def test_rows_with_missing_readings_give_what_each_series_gives(rows: list[list[float]]) -> None:
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, series in zip(table, rows, strict=True):
        row[-len(series) :] = series
    column = type_a(table)
    for k, series in enumerate(rows):
        one = type_a(series)
        for field in ("mean", "s", "n", "u", "dof"):
            assert getattr(column, field)[k] == pytest.approx(float(getattr(one, field)), rel=1e-9, abs=1e-9)


@given(readings, st.floats(-1e6, 1e6))
def test_s_does_not_depend_on_where_zero_is(x: list[float], offset: float) -> None:
    assert type_a(np.asarray(x) + offset).s == pytest.approx(float(type_a(x).s), abs=1e-8)


def test_decimals_are_subtracted_before_they_are_rounded() -> None:
    far = [Decimal("1000000000000000.1"), Decimal("1000000000000000.2"), Decimal("1000000000000000.3")]
    assert float(type_a(far).s) == pytest.approx(0.1, abs=1e-15)


def test_one_reading_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(InvalidData, match=r"row 2: at least 2 .*pooled_s with pooled_dof, not 1"):
        type_a([[1.0, 2.0], [3.0, np.nan]])


def test_one_reading_takes_the_pooled_s() -> None:
    result = type_a([[1.0, 2.0], [3.0, np.nan]], pooled_s=0.2, pooled_dof=24)
    assert result.u == pytest.approx([0.2 / np.sqrt(2), 0.2])
    assert result.dof.tolist() == [24, 24]


def test_pooled_s_needs_its_degrees_of_freedom() -> None:
    with pytest.raises(InvalidData, match="together"):
        type_a([1.0, 2.0], pooled_s=0.1)


def test_no_reading_infinite_or_no_number_is_used() -> None:
    for wrong in ([], [np.nan, np.nan], [1.0, np.inf], ["1,5", "2"], [None, None]):
        with pytest.raises(InvalidData):
            type_a(wrong)


def test_bayesian_u_is_the_standard_deviation_of_the_t_distribution() -> None:
    x = [1.0, 2.0, 4.0, 7.0]
    assert type_a(x, bayesian=True).u == pytest.approx(np.sqrt(3 / 1) * float(type_a(x).u))
    assert np.isinf(type_a(x, bayesian=True).dof)
    with pytest.raises(InvalidData, match="at least 4"):
        type_a(x[:3], bayesian=True)


@given(st.lists(readings, min_size=1, max_size=5))
def test_pooling_weighs_variances_by_degrees_of_freedom(rows: list[list[float]]) -> None:
    s, dof = pooled_of([*rows, [5.0]])
    assert dof == sum(len(row) - 1 for row in rows)
    squares = sum(float(((np.asarray(row) - np.mean(row)) ** 2).sum()) for row in rows)
    assert s**2 * dof == pytest.approx(squares, abs=1e-7)


def test_pooling_of_single_readings_is_refused() -> None:
    with pytest.raises(InvalidData):
        pooled_of([[1.0], [2.0]])
    with pytest.raises(InvalidUncertainty):
        pooled([0.1, 0.2], [4, 0])


def test_u_of_a_column_is_private_to_each_row() -> None:
    column = type_a([[1.0, 2.0, 4.0], [3.0, 3.1, 3.3]]).as_uncertain()
    assert not column.shared
    assert column.dof == pytest.approx([2, 2])


def test_readings_that_all_agree_are_no_uncertainty_of_zero() -> None:
    with pytest.raises(InvalidUncertainty):
        type_a([1.0, 1.0, 1.0]).as_uncertain()


@given(st.integers(2, 50), st.floats(0.0, 0.95))
def test_effective_number_is_that_of_the_variance_of_the_mean(n: int, r: float) -> None:
    correlation = r ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    assert effective_number(n, r) == pytest.approx(n**2 / correlation.sum(), rel=1e-9)


def test_negative_autocorrelation_promises_nothing() -> None:
    swinging = [1.0, -1.0] * 10
    assert autocorrelation(swinging) < -0.9
    assert type_a_of_series(swinging).u == pytest.approx(float(type_a(swinging).u))


def test_u_of_an_autocorrelated_series_holds_what_it_says() -> None:
    rng = np.random.default_rng(4)
    series = np.zeros((4000, 60))
    for t in range(1, 60):
        series[:, t] = 0.5 * series[:, t - 1] + rng.normal(size=4000)
    result = type_a_of_series(series[:, 10:])
    spread = result.mean.std()
    assert np.sqrt((result.u**2).mean()) == pytest.approx(spread, rel=0.12)
    assert np.sqrt((type_a(series[:, 10:]).u ** 2).mean()) < 0.65 * spread


def test_a_drift_is_not_taken_for_a_spread() -> None:
    with pytest.raises(InvalidData, match="drift"):
        type_a_of_series(np.arange(200.0))


@given(st.integers(2, 8))
def test_simultaneous_means_have_the_u_of_each_alone(n: int) -> None:
    table = np.random.default_rng(n).normal(size=(n, 3))
    together = simultaneous(table)
    assert together.u == pytest.approx(type_a(table.T).u)
    assert together.covariance == pytest.approx(np.cov(table.T) / n)


def test_simultaneous_and_bayesian_for_one_quantity_is_the_factor_of_the_t_distribution() -> None:
    table = np.array([[1.0], [2.0], [4.0], [7.0], [7.5]])
    assert simultaneous(table, bayesian=True).u == pytest.approx(float(type_a(table[:, 0], bayesian=True).u))


def test_simultaneous_means_keep_their_degrees_of_freedom_through_a_sum() -> None:
    table = np.random.default_rng(1).normal(size=(6, 2))
    a, b = simultaneous(table).as_uncertain(["a", "b"])
    assert a.dof == pytest.approx([5.0])
    assert a.covariance(b) == pytest.approx(simultaneous(table).covariance[0, 1])


def test_incomplete_sets_and_too_few_sets_are_refused() -> None:
    with pytest.raises(InvalidData, match="row 1: observation 2 is missing"):
        simultaneous([[1.0, 2.0], [np.nan, 3.0], [1.0, 2.0]])
    with pytest.raises(InvalidData, match="at least 5 sets"):
        simultaneous(np.ones((4, 2)), bayesian=True)
    with pytest.raises(InvalidData, match="table"):
        simultaneous([1.0, 2.0])


def test_a_quantity_that_never_varies_is_correlated_with_nothing() -> None:
    table = np.column_stack([np.arange(5.0), np.ones(5)])
    assert simultaneous(table).correlation.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(0.1, 10)), min_size=2, max_size=8))
def test_weighted_mean_is_the_least_squares_one(pairs: list[tuple[float, float]]) -> None:
    x, u = np.array(pairs).T
    result = weighted_mean(x, u)
    assert result.mean == pytest.approx(np.average(x, weights=u**-2), abs=1e-9)
    assert result.chi_squared == pytest.approx((((x - result.mean) / u) ** 2).sum(), abs=1e-9)
    assert 0.0 <= float(result.p_value) <= 1.0


def test_weighted_mean_takes_rows() -> None:
    x, u = np.array([[1.0, 2.0, 4.0], [1.0, 1.5, 1.2]]), np.array([0.1, 0.2, 0.3])
    rows = weighted_mean(x, u)
    assert rows.mean.tolist() == [float(weighted_mean(row, u).mean) for row in x]
    with pytest.raises(InvalidUncertainty):
        weighted_mean(x, [0.1, 0.0, 0.3])
