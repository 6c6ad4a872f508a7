"""Analysis of variance, one way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway

from quanheng.measure.errors import InvalidData
from quanheng.measure.statistics.anova import one_way, one_way_of

groups = st.lists(st.lists(st.floats(-100, 100), min_size=2, max_size=6), min_size=2, max_size=6)


@given(groups, st.integers(0, 9))
def test_f_and_its_probability_are_those_of_scipy(data: list[list[float]], seed: int) -> None:
    noise = np.random.default_rng(seed)
    spread = [np.asarray(group) + noise.normal(size=len(group)) for group in data]
    result, oracle = one_way(spread), f_oneway(*spread)
    assert pytest.approx(oracle.statistic, rel=1e-6, abs=1e-9) == result.F
    assert result.p_value == pytest.approx(oracle.pvalue, rel=1e-6, abs=1e-9)


def test_summaries_give_what_observations_give() -> None:
    data = np.random.default_rng(3).normal(size=(5, 4))
    whole, summary = one_way(data), one_way_of(data.mean(axis=1), data.std(axis=1, ddof=1), 4)
    assert pytest.approx(summary.F) == whole.F
    assert whole.u_of_mean(groups_differ=True) == pytest.approx(summary.u_of_mean(groups_differ=True))


def test_one_series_gives_the_u_of_all_observations_together() -> None:
    data = np.random.default_rng(5).normal(size=(6, 3))
    u, dof = one_way(data).u_of_mean(groups_differ=False)
    assert (u, dof) == pytest.approx((data.std(ddof=1) / np.sqrt(18), 17))


def test_unbalanced_groups_go_over_into_balanced_ones() -> None:
    means, s = np.array([1.0, 1.4, 0.7, 1.2]), np.array([0.1, 0.12, 0.08, 0.11])
    balanced = one_way_of(means, s, 1000).u_of_mean(groups_differ=True)
    nearly = one_way_of(means, s, [1000, 1000, 1000, 1001]).u_of_mean(groups_differ=True)
    assert nearly == pytest.approx(balanced, rel=1e-3)


def test_u_of_unbalanced_groups_is_the_spread_of_the_mean() -> None:
    rng = np.random.default_rng(6)
    n = [2, 3, 5, 8, 2, 6]
    means, u = [], []
    for _ in range(1500):
        result = one_way([rng.normal(rng.normal(), 0.5, size=k) for k in n])
        means.append(result.mean)
        u.append(result.u_of_mean(groups_differ=True)[0])
    assert np.sqrt(np.mean(np.square(u))) == pytest.approx(np.std(means), rel=0.08)


def test_variance_between_is_never_negative() -> None:
    same = one_way([[1.0, 3.0], [1.1, 2.9], [0.9, 3.1, 2.0]])
    assert same.variance_between == 0.0
    u, dof = same.u_of_mean(groups_differ=True)
    assert u > 0 and dof == pytest.approx(same.dof_within)


@pytest.mark.parametrize(
    "wrong", [[[1.0, 2.0]], [[1.0, 2.0], []], [[1.0], [2.0]], [[1.0, 2.0], [np.inf, 1.0]]]
)
def test_groups_that_show_nothing_are_refused(wrong: list[list[float]]) -> None:
    with pytest.raises(InvalidData):
        one_way(wrong)
