"""JCGM 100:2008 (GUM), H.5: voltage standard, 10 days of 5 observations, analysis of variance (table H.9)."""

import pytest

from quanheng.measure.statistics.anova import OneWay, one_way_of

# table H.9: daily means and experimental standard deviations, in V
MEANS = [
    10.000172, 10.000116, 10.000013, 10.000144, 10.000106, 10.000031, 10.000060, 10.000125, 10.000163, 10.000041,
]  # fmt: skip
S = [60e-6, 77e-6, 111e-6, 101e-6, 67e-6, 93e-6, 80e-6, 73e-6, 88e-6, 86e-6]


@pytest.fixture
def days() -> OneWay:
    return one_way_of(MEANS, S, 5)


def test_mean_and_spreads_are_the_published_ones(days: OneWay) -> None:
    assert days.mean == pytest.approx(10.000097, abs=5e-7)
    assert days.s_of_means == pytest.approx(57e-6, abs=5e-7)
    assert days.s_within == pytest.approx(85e-6, abs=5e-7)
    assert pytest.approx(2.25, abs=0.02) == days.F
    assert (days.dof_between, days.dof_within) == (9, 40)


def test_figures_are_those_recomputed_from_the_table(days: OneWay) -> None:
    assert days.mean == pytest.approx(10.0000971, abs=1e-12)
    assert days.s_of_means == pytest.approx(5.708950088365963e-05, rel=1e-10)
    assert days.s_within == pytest.approx(8.488698369008054e-05, rel=1e-10)
    assert pytest.approx(2.2615192699945696, rel=1e-9) == days.F


def test_u_with_and_without_an_effect_of_the_day(days: OneWay) -> None:
    # H.5.2.4 and H.5.2.5: 57 µV/√10 = 18 µV with 9 degrees of freedom, and 13 µV with 49
    u, dof = days.u_of_mean(groups_differ=True)
    assert (u, dof) == (pytest.approx(18e-6, abs=5e-7), 9)
    u, dof = days.u_of_mean(groups_differ=False)
    assert (u, dof) == (pytest.approx(13e-6, abs=5e-7), 49)
