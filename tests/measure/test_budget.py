"""Who has how much in the variance of a result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quanheng.measure.budget import OWN, by_certificate, by_input, by_source, over_population
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, by_row, exact, quantity

COEFFICIENTS = st.floats(-3, 3)


def gauge() -> Evaluation:
    """Two inputs of one bench, one of its own with two effects, and a constant."""
    bench = named("bench 7")
    return Model("y = 2*a - b + c*k")(
        a=quantity(1.0, (0.3, bench)),
        b=quantity(2.0, (0.4, bench)),
        c=quantity(3.0, (0.1, Source("resolution")), (0.2, Source("drift"))),
        k=exact(2.0),
    )


def test_a_row_holds_sensitivity_and_signed_contribution() -> None:
    rows = {row.input: row for row in by_input(gauge(), "y")}
    assert rows["b"].sensitivity == -1.0
    assert rows["b"].contribution == pytest.approx(-0.4)
    assert list(rows) == ["a", "b", "c", "k"]


def test_shares_of_inputs_sum_to_one_where_a_source_is_common() -> None:
    rows = by_input(gauge(), "y")
    # (0.6 − 0.4)² + 0.2² + 0.4²
    assert [row.share.item() for row in rows] == pytest.approx([0.12 / 0.24, -0.08 / 0.24, 0.2 / 0.24, 0.0])


def test_an_exact_input_has_no_share_but_its_sensitivity() -> None:
    k = by_input(gauge(), "y")[-1]
    assert (k.share, k.contribution, k.sensitivity) == (0.0, 0.0, 3.0)


def test_the_effects_of_an_input_make_up_its_share() -> None:
    c = by_input(gauge(), "y")[2]
    assert [each.source.name for each in c.effects] == ["resolution", "drift"]
    assert sum(each.share for each in c.effects) == pytest.approx(c.share)
    assert c.effects[1].contribution == pytest.approx(0.4)


def test_an_exact_result_has_no_shares() -> None:
    evaluation = Model("y = x**2")(x=quantity(0.0, (1.0, Source("x"))))
    assert by_input(evaluation, "y")[0].share == 0.0


def test_shares_by_source_follow_correlation() -> None:
    a, b = correlated([Source("a"), Source("b")], [[1.0, -0.5], [-0.5, 1.0]])
    rows = by_source(Model("y = a + b")(a=quantity(0.0, (1.0, a)), b=quantity(0.0, (1.0, b)))["y"])
    assert [row.share.item() for row in rows] == pytest.approx([0.5, 0.5])


@given(
    arrays(float, (4, 5), elements=COEFFICIENTS),
    arrays(float, (4, 5), elements=COEFFICIENTS),
    st.floats(-0.9, 0.9),
)
def test_shares_sum_to_one_for_any_correlated_columns(
    shared: np.ndarray, private: np.ndarray, r: float
) -> None:
    own = correlated([Source(f"p{k}") for k in range(4)], r ** np.abs(np.subtract.outer(range(4), range(4))))
    column = Uncertain(
        np.zeros(5),
        {named(f"s{k}"): each for k, each in enumerate(shared)},
        dict(zip(own, private, strict=True)),
    )
    total = sum(row.share for row in by_source(column))
    assert np.allclose(total, np.where(column.variance > 0, 1.0, 0.0), atol=1e-6)


def test_the_rows_of_a_column_are_those_of_each_of_its_rows() -> None:
    model, bench = Model("y = a*b"), named("bench")
    a, u = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.1])
    b = quantity(a, (0.5, bench))
    whole = by_input(model(a=quantity(a, (u, Source("a"))), b=b), "y")
    for k in range(3):
        one = by_input(model(a=quantity(a[k], (u[k], Source("a"))), b=b.take([k])), "y")
        assert [row.share[k] for row in whole] == pytest.approx([row.share[0] for row in one])


def test_a_certificate_gathers_what_bears_its_name() -> None:
    rows = {row.name: row for row in by_certificate(gauge()["y"])}
    assert rows["bench 7"].u == pytest.approx(0.2)
    assert rows["bench 7"].share == pytest.approx(0.04 / 0.24)
    assert rows[OWN].share == pytest.approx(0.2 / 0.24)


def test_the_bench_dominates_a_city_although_it_is_small_in_each_meter() -> None:
    n = 10_000
    benches = by_row(np.zeros(n), 0.2, ["bench 1" if k % 10 else "bench 2" for k in range(n)])
    meters = Model("e = bench + own")(bench=benches, own=quantity(np.zeros(n), (1.0, Source("own"))))["e"]
    rows = {row.name: row for row in over_population(meters)}
    assert list(rows) == ["bench 1", "bench 2", OWN]
    assert rows["bench 1"].rows == 9000
    assert rows["bench 1"].of_total > 0.9
    assert rows["bench 1"].of_each == pytest.approx(0.9 * 0.04 / 1.04)
    assert rows[OWN].of_each == pytest.approx(1 / 1.04)


def test_shares_of_a_total_are_those_of_the_total() -> None:
    rng = np.random.default_rng(3)
    w = rng.normal(size=40)
    column = Uncertain(
        np.zeros(40),
        {named("a"): rng.normal(size=40), named("b"): rng.normal(size=40)},
        {Source("own"): rng.normal(size=40)},
    )
    of_total = {row.name: row.of_total for row in over_population(column, w)}
    total = column.total(w)
    for row in by_source(total):
        assert of_total[row.source.name.replace("private", OWN)] == pytest.approx(row.share.item())


def test_a_population_is_told_apart_as_one_likes() -> None:
    column = by_row(np.zeros(6), 1.0, ["N/1", "N/2", "S/1", "S/1", "S/2", "S/3"])
    rows = over_population(column, name=lambda source: source.name[0])
    assert [(row.name, row.rows) for row in rows] == [("S", 4), ("N", 2)]
    assert sum(row.of_total for row in rows) == pytest.approx(1.0)
