"""Uncertain columns beside dense matrices: sources, ensembles, totals, rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidCorrelation, InvalidUncertainty
from quanheng.measure.quantity.contributions import Sparse, dense
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import Rectangular
from quanheng.measure.quantity.source import Source, checked_correlation, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, by_row, exact, quantity

Matrix = NDArray[np.float64]

rows = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def correlation_matrix(rng: np.random.Generator, size: int) -> Matrix:
    factors = rng.normal(size=(size, size + 1))
    covariance = factors @ factors.T
    s = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(s, s))


def random_pair(seed: int, n: int) -> tuple[Uncertain, Uncertain]:
    """Two columns over sources that are shared (dense, sparse, an ensemble) and private (alone, an ensemble)."""
    rng = np.random.default_rng(seed)
    group = correlated([named("V"), named("I"), named("phi")], correlation_matrix(rng, 3))
    shared = [*group, named("bench"), named("reference"), named("lonely")]
    own = [*correlated([Source("a"), Source("b")], correlation_matrix(rng, 2)), Source("c")]

    def column() -> Uncertain:
        held: dict[Source, Any] = {}
        for source in shared:
            kind = rng.integers(3)
            if kind == 1:
                held[source] = rng.normal(size=n)
            elif kind == 2:
                some = np.flatnonzero(rng.integers(2, size=n))
                held[source] = Sparse(some, rng.normal(size=len(some)))
        private = {source: rng.normal(size=n) for source in own if rng.integers(2)}
        return Uncertain(rng.normal(size=n), held, private)

    return column(), column()


def joint(columns: list[Uncertain]) -> Matrix:
    """Covariance matrix of all rows of all columns, by the definition: every source a variable, or one for each row."""
    n = len(columns[0])
    variables: list[tuple[Source, int | None]] = []
    for column in columns:
        variables += [(source, None) for source in column.shared]
        variables += [(source, k) for source in column.private for k in range(n)]
    variables = list(dict.fromkeys(variables))
    loads = np.zeros((len(columns) * n, len(variables)))
    for place, column in enumerate(columns):
        for j, (source, row) in enumerate(variables):
            part: Any = column.shared if row is None else column.private
            if source in part:
                load = dense(part[source], n)
                loads[place * n : place * n + n, j] = (
                    load if row is None else np.where(np.arange(n) == row, load, 0)
                )
    r = [[a.correlation(b) * (i == j) for b, j in variables] for a, i in variables]
    return np.asarray(loads @ np.array(r).reshape(len(variables), len(variables)) @ loads.T)


@settings(max_examples=80, deadline=None)
@given(seeds, rows)
def test_covariance_is_that_of_the_dense_matrix(seed: int, n: int) -> None:
    x, y = random_pair(seed, n)
    full = joint([x, y])
    assert x.variance == pytest.approx(np.diag(full)[:n], abs=1e-12)
    assert x.covariance(y) == pytest.approx(np.diag(full[:n, n:]), abs=1e-12)
    assert y.covariance(x) == pytest.approx(x.covariance(y), abs=1e-12)
    assert x.matrix(range(n)) == pytest.approx(full[:n, :n], abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(seeds, rows)
def test_totals_have_the_variance_of_the_dense_matrix(seed: int, n: int) -> None:
    x, _ = random_pair(seed, n)
    w = np.random.default_rng(seed).normal(size=(3, n))
    full = joint([x])
    assert x.covariance_of_totals(w) == pytest.approx(w @ full @ w.T, abs=1e-11)
    assert x.total(w[0]).variance[0] == pytest.approx(w[0] @ full @ w[0], abs=1e-11)
    assert x.total(w[0]).value[0] == pytest.approx(w[0] @ x.value)


@settings(max_examples=60, deadline=None)
@given(seeds, rows)
def test_rows_of_a_column_are_its_rows_one_by_one(seed: int, n: int) -> None:
    x, y = random_pair(seed, n)
    for k in range(n):
        one, other = x.take([k]), y.take([k])
        assert (one.value[0], one.u[0]) == (x.value[k], pytest.approx(x.u[k], abs=1e-12))
        assert one.covariance(other)[0] == pytest.approx(x.covariance(y)[k], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 6))
def test_sparse_and_dense_say_the_same(seed: int, n: int) -> None:
    x, y = random_pair(seed, n)

    def filled(column: Uncertain) -> Uncertain:
        return Uncertain(column.value, {s: dense(c, n) for s, c in column.shared.items()}, column.private)

    assert filled(x).covariance(y) == pytest.approx(x.covariance(y), abs=1e-12)
    assert filled(x).covariance(filled(y)) == pytest.approx(x.covariance(y), abs=1e-12)
    assert filled(x).dof == pytest.approx(x.dof)
    w = np.arange(1.0, n + 1)
    assert filled(x).total(w).u == pytest.approx(x.total(w).u)


# ---- identity --------------------------------------------------------------------------------------------------


def test_a_name_is_one_cause_wherever_it_is_said() -> None:
    x, y = quantity(1.0, (0.3, named("certificate"))), quantity(5.0, (0.2, named("certificate")))
    assert x.correlation(y)[0] == pytest.approx(1)


def test_sources_without_a_name_for_the_world_are_equal_to_themselves_alone() -> None:
    source = Source("repeatability")
    x, y, z = (
        quantity(1.0, (0.3, source)),
        quantity(5.0, (0.2, source)),
        quantity(1.0, (0.3, Source("repeatability"))),
    )
    assert x.correlation(y)[0] == pytest.approx(1)
    assert x.correlation(z)[0] == 0


def test_what_is_private_is_one_variable_for_each_row() -> None:
    x = quantity([1.0, 2.0, 3.0], (0.1, Source("own")))
    assert x.matrix([0, 1, 2]) == pytest.approx(0.01 * np.eye(3))
    assert x.total(np.ones(3)).u[0] == pytest.approx(0.1 * 3**0.5)


def test_what_is_shared_adds() -> None:
    x = quantity([1.0, 2.0, 3.0], (0.1, named("bench")))
    assert x.total(np.ones(3)).u[0] == pytest.approx(0.3)


def test_private_parts_of_another_population_are_uncorrelated() -> None:
    def population() -> Uncertain:
        return quantity([1.0, 2.0], (0.3, named("bench")), (0.4, Source("own")))

    assert population().correlation(population()) == pytest.approx([0.36, 0.36])


def test_two_rows_that_are_taken_are_not_one_variable() -> None:
    x = quantity([1.0, 2.0, 3.0], (0.1, Source("own", 5)))
    assert x.take([0]).correlation(x.take([1]))[0] == 0
    assert x.take([0]).correlation(x.take([0]))[0] == pytest.approx(1)
    difference = Model("a - b")(a=x.take([0]), b=x.take([1]))["y"]
    assert difference.u[0] == pytest.approx(0.1 * 2**0.5)
    assert difference.dof[0] == pytest.approx(10)


def test_rows_of_rows_are_rows_of_the_population() -> None:
    x = quantity(np.arange(5.0), (0.1, Source("own", 5)))
    part = x.take([4, 1, 3])
    assert part.take([1]).correlation(x.take([1]))[0] == pytest.approx(1)
    assert part.take([0, 2]).correlation(x.take([4, 3])) == pytest.approx([1, 1])
    assert part.take([0]).correlation(x.take([1]))[0] == 0


def test_rows_may_be_chosen_by_a_mask() -> None:
    x = quantity(np.arange(4.0), (0.1, named("bench")), (0.1, Source("own")))
    mask = np.array([True, False, True, False])
    assert x.take(mask).value.tolist() == [0, 2]
    assert x.take(mask).correlation(x.take([0, 2])) == pytest.approx([1, 1])


def test_degrees_of_freedom_by_row_go_with_their_rows() -> None:
    x = Uncertain(np.zeros(3), {}, {Source("own", np.array([3.0, 4.0, 5.0])): np.ones(3)})
    assert x.take([2, 0]).dof.tolist() == [5, 3]
    assert x.take([1]).dof.tolist() == [4]


def test_one_row_stands_for_many() -> None:
    one = by_row([1.0], [0.1], ["bench 1"])
    many = quantity([1.0, 2.0, 3.0], (0.2, named("bench 1")))
    assert many.covariance(one) == pytest.approx([0.02] * 3)
    assert one.covariance(many) == pytest.approx([0.02] * 3)
    assert Model("x + t")(x=exact([1.0, 2.0, 3.0]), t=one)["y"].u == pytest.approx([0.1] * 3)


def test_rows_that_name_one_source_share_it() -> None:
    x = by_row([1.0, 2.0, 3.0], [0.1, 0.2, 0.3], ["bench 1", "bench 2", "bench 1"])
    assert x.matrix([0, 1, 2]) == pytest.approx(np.array([[0.01, 0, 0.03], [0, 0.04, 0], [0.03, 0, 0.09]]))
    assert x.correlation(quantity([0.0] * 3, (1.0, named("bench 1")))) == pytest.approx([1, 0, 1])


def test_effects_of_one_source_on_one_quantity_add() -> None:
    assert quantity(1.0, (0.1, named("a")), (0.2, named("a"))).u[0] == pytest.approx(0.3)


# ---- degrees of freedom ----------------------------------------------------------------------------------------


def test_degrees_of_freedom_of_a_declared_ensemble_are_its_own() -> None:
    # JCGM 100 defines none for correlated inputs; Willink, Metrologia 44 (2007) 340, takes them as one component
    a, b = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]], declared=True)
    x = Uncertain(np.zeros(1), {a: np.ones(1), b: -np.ones(1)})
    assert x.u[0] == pytest.approx(0.2**0.5)
    assert x.dof[0] == pytest.approx(5)


def test_degrees_of_freedom_of_correlated_sources_are_undefined_otherwise() -> None:
    a, b = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]])
    assert np.isnan(Uncertain(np.zeros(1), {a: np.ones(1), b: -np.ones(1)}).dof[0])
    # one of them alone is not correlated with anything
    assert Uncertain(np.zeros(1), {a: np.ones(1)}).dof[0] == 5
    column = Uncertain(np.zeros(2), {a: np.ones(2), b: np.array([0.0, 1.0])})
    assert np.isnan(column.dof).tolist() == [False, True]


def test_undefined_degrees_of_freedom_stay_so_in_totals_and_in_what_is_computed() -> None:
    a, b = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]])
    x = Uncertain(np.zeros(2), {}, {a: np.ones(2), b: np.ones(2)})
    assert np.isnan(x.total(np.ones(2)).dof[0])
    y = Model({"y": "2*x"})(x=x)["y"]
    assert np.all(np.isnan(y.dof))
    assert np.all(np.isnan(Model("w = 3*y")(y=y)["w"].dof))
    assert np.all(np.isnan(Model("w = y + z")(y=y, z=quantity([1.0, 2.0], (1.0, Source("z", 4))))["w"].dof))


def test_degrees_of_freedom_of_a_total_go_by_its_rows() -> None:
    x = quantity(np.zeros(4), (0.5, Source("own", 6)))
    assert x.total(np.ones(4)).dof[0] == pytest.approx(24)
    assert x.total(np.array([1.0, 0, 0, 0])).dof[0] == pytest.approx(6)


def test_rows_that_a_source_does_not_touch_know_nothing_of_its_degrees_of_freedom() -> None:
    x = Uncertain(np.zeros(3), {named("bench", dof=4): Sparse(np.array([1]), np.ones(1))})
    assert x.dof.tolist() == [np.inf, 4, np.inf]


# ---- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("u", [0.0, -1.0, np.nan, np.inf, [0.1, -0.2, 0.1]])
def test_uncertainties_that_are_not_positive_and_finite_are_refused(u: Any) -> None:
    with pytest.raises(InvalidUncertainty, match="bench"):
        quantity([1.0, 2.0, 3.0], (u, named("bench")))


@pytest.mark.parametrize("value", [np.nan, np.inf, [1.0, np.nan]])
def test_values_that_are_not_finite_are_refused(value: Any) -> None:
    with pytest.raises(InvalidUncertainty, match="not finite"):
        quantity(value, (0.1, named("bench")))


@pytest.mark.parametrize("dof", [0.0, 0.5, -1.0])
def test_degrees_of_freedom_below_one_are_refused(dof: float) -> None:
    with pytest.raises(InvalidUncertainty, match="at least 1"):
        Source("x", dof)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 1.1], [1.1, 1]], "a and b"),
        ([[1, 0.5], [0.4, 1]], "a and b"),
        ([[0.9, 0.5], [0.5, 1]], "a and a"),
        ([[1, np.nan], [np.nan, 1]], "finite"),
        ([[1, 0.5]], "2 by 2"),
    ],
)
def test_coefficients_that_are_none_are_refused_by_the_pair(matrix: Any, message: str) -> None:
    with pytest.raises(InvalidCorrelation, match=message):
        correlated([Source("a"), Source("b")], matrix)


def test_coefficients_that_no_variables_can_have_are_refused_by_a_pair() -> None:
    matrix = [[1, 0.9, 0.0], [0.9, 1, 0.9], [0.0, 0.9, 1]]
    with pytest.raises(InvalidCorrelation, match="look first at"):
        checked_correlation(["a", "b", "c"], matrix)


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(2, 8))
def test_coefficients_that_were_computed_are_accepted(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    found = checked_correlation([str(k) for k in range(size)], np.corrcoef(rng.normal(size=(size, size + 2))))
    assert np.array_equal(found, found.T)
    assert np.all(np.diag(found) == 1)


def test_an_ensemble_of_different_degrees_of_freedom_cannot_be_declared() -> None:
    with pytest.raises(InvalidCorrelation, match="same degrees of freedom"):
        correlated([Source("a", 5), Source("b", 6)], np.eye(2), declared=True)


@pytest.mark.parametrize("other", [named("bench", dof=6), named("bench", dof=5, shape=Rectangular())])
def test_two_sources_under_one_name_are_refused(other: Source) -> None:
    x, y = quantity([1.0, 2.0], (0.1, named("bench", dof=5))), quantity([1.0, 2.0], (0.1, other))
    with pytest.raises(InvalidCorrelation, match="'bench'"):
        x.covariance(y)
    with pytest.raises(InvalidCorrelation, match="'bench'"):
        Model("z = x + y")(x=x, y=y)


def test_a_source_that_is_alone_on_one_side_and_correlated_on_the_other_is_refused_from_both() -> None:
    v, i = correlated([named("V"), named("I")], [[1, 0.5], [0.5, 1]])
    alone, grouped = quantity(1.0, (0.1, named("V"))), quantity(1.0, (0.1, i))
    for a, b in ((alone, grouped), (grouped, alone), (quantity(1.0, (0.1, v)), alone)):
        with pytest.raises(InvalidCorrelation, match="'V'"):
            a.covariance(b)
    with pytest.raises(InvalidCorrelation, match="'V'"):
        _ = Model("z = a + b")(a=alone, b=grouped)["z"].u


# ---- totals together -------------------------------------------------------------------------------------------


def meters(n: int = 4) -> Uncertain:
    own = ([0.4, 0.3, 0.2, 0.1][:n], Source("repeatability", dof=9))
    return quantity(np.arange(1.0, n + 1), (0.3, named("bench 7")), own, (0.1, Source("resolution")))


def test_totals_at_once_are_correlated_as_their_rows_make_them() -> None:
    x, w = meters(), np.array([[1.0, 1, 1, 1], [1, 1, 0, 0], [0, 0, 2, -1]])
    found = x.totals(w)
    matrix = x.covariance_of_totals(w)
    for i, j in np.ndindex(3, 3):
        assert found[i].covariance(found[j])[0] == pytest.approx(matrix[i, j], abs=1e-14)
    difference = Model("d = a - b")(a=found[0], b=found[1])["d"]
    assert difference.variance[0] == pytest.approx(x.total([0, 0, 1, 1]).variance[0])
    for each, row in zip(found, w, strict=True):
        assert each.u[0] == pytest.approx(x.total(row).u[0], rel=1e-14)
        assert each.dof[0] == pytest.approx(x.total(row).dof[0])


def test_one_total_or_totals_without_a_private_part_need_no_ensemble() -> None:
    shared = quantity([1.0, 2.0], (0.1, named("bench 7")))
    a, b = shared.totals([[1, 1], [1, -1]])
    assert (a.u[0], b.u[0]) == pytest.approx((0.2, 0.0))
    (alone,) = meters().totals([[1, 1, 1, 1]])
    assert alone.u[0] == meters().total([1, 1, 1, 1]).u[0]


@pytest.mark.parametrize("other", [[1, 1, 1, 1], [0, 1, 0, 0], [1, 0, 0, 1]])
def test_totals_apart_that_have_a_row_in_common_are_refused(other: list[float]) -> None:
    x = meters()
    with pytest.raises(InvalidCorrelation, match="several totals at once"):
        x.total([1, 1, 1, 1]).covariance(x.total(other))
    with pytest.raises(InvalidCorrelation, match="several totals at once"):
        Model("d = a - b")(a=x.total([1, 1, 0, 1]), b=x.total(other))


def test_totals_of_different_rows_are_correlated_through_shared_sources_alone() -> None:
    x = meters()
    assert x.total([1, 1, 0, 0]).covariance(x.total([0, 0, 1, 1]))[0] == pytest.approx(0.6**2)
    assert x.take([0, 1]).total([1, 1]).covariance(x.take([3, 2]).total([1, 1]))[0] == pytest.approx(0.6**2)


def test_rows_that_were_taken_keep_their_place_in_totals() -> None:
    x = meters()
    with pytest.raises(InvalidCorrelation):
        x.take([2, 0]).total([1, 1]).covariance(x.take([0, 1]).total([1, 1]))
    with pytest.raises(InvalidCorrelation):
        x.take([2, 0]).total([1, 1]).covariance(x.total([1, 0, 0, 0]))


def test_a_total_and_a_row_of_it_are_refused() -> None:
    x = meters()
    with pytest.raises(InvalidCorrelation):
        x.total([1, 1, 1, 0]).covariance(x)
    with pytest.raises(InvalidCorrelation):
        x.total([1, 1, 1, 0]).covariance(x.take([1]))
    assert x.total([1, 1, 1, 0]).covariance(x.take([3]))[0] == pytest.approx(0.9 * 0.3)
