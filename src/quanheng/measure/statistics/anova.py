"""Analysis of variance, one way: observations in groups (days, bottles, laboratories), and what varies between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc

from quanheng.measure.errors import InvalidData
from quanheng.measure.statistics.type_a import type_a

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OneWay:
    """Means, standard deviations and numbers of J groups, and what follows; J > 1."""

    means: Float
    s: Float
    n: Float

    @property
    def mean(self) -> float:
        """Mean of all observations."""
        return float(self.means[0] + self.n @ (self.means - self.means[0]) / self.n.sum())

    @property
    def s_of_means(self) -> float:
        """Experimental standard deviation of the group means. JCGM 100:2008, H.5.2.2."""
        return float(type_a(self.means).s)

    @property
    def s_within(self) -> float:
        """Standard deviation of one observation within a group, pooled; degrees of freedom `dof_within`."""
        return float(np.sqrt(((self.n - 1) * self.s**2).sum() / self.dof_within))

    @property
    def s_all(self) -> float:
        """Standard deviation of one observation if groups do not differ: all observations about one mean."""
        squares = self.dof_between * self.mean_square_between + self.dof_within * self.s_within**2
        return float(np.sqrt(squares / (self.dof_between + self.dof_within)))

    @property
    def dof_between(self) -> float:
        return float(len(self.means) - 1)

    @property
    def dof_within(self) -> float:
        return float((self.n - 1).sum())

    @property
    def mean_square_between(self) -> float:
        return float(self.n @ (self.means - self.mean) ** 2 / self.dof_between)

    @property
    def F(self) -> float:  # noqa: N802 - its name since 1934
        """Mean square between over that within; infinite where observations of a group all agree."""
        within = self.s_within**2
        return self.mean_square_between / within if within > 0 else float("inf")

    @property
    def p_value(self) -> float:
        """Probability of a larger F if groups do not differ."""
        return float(fdtrc(self.dof_between, self.dof_within, self.F)) if np.isfinite(self.F) else 0.0

    @property
    def number(self) -> float:
        """Observations of a group, as they count in the variance between: n of balanced groups."""
        total = self.n.sum()
        return float((total - (self.n**2).sum() / total) / self.dof_between)

    @property
    def variance_between(self) -> float:
        """Variance between groups (MS_between − MS_within)/n, 0 where that is negative. JCGM 100:2008, H.5.2.5."""
        return max((self.mean_square_between - self.s_within**2) / self.number, 0.0)

    def u_of_mean(self, *, groups_differ: bool) -> tuple[float, float]:
        """(u, degrees of freedom) of the mean of all observations. JCGM 100:2008, H.5.2.4 and H.5.2.5.

        `groups_differ`: the variance between groups is an effect of its own, and u that of J group means (J − 1
        degrees of freedom if balanced, Satterthwaite's otherwise); without it all observations are as one series.
        The caller says which, from F and from what is known of the measurement.
        """
        total = self.n.sum()
        if not groups_differ:
            return self.s_all / float(np.sqrt(total)), self.dof_between + self.dof_within
        if np.ptp(self.n) == 0:
            return float(np.sqrt(self.mean_square_between / total)), self.dof_between
        share = float((self.n**2).sum() / (total**2 * self.number))
        between, within = share * self.mean_square_between, (1 / total - share) * self.s_within**2
        if self.variance_between == 0.0:
            between, within = 0.0, self.s_within**2 / total
        variance = between + within
        rest = between**2 / self.dof_between + within**2 / self.dof_within
        return float(np.sqrt(variance)), float(variance**2 / rest)


def one_way(groups: Iterable[ArrayLike]) -> OneWay:
    """From the observations: an array (J, K), or J sequences of different lengths; NaN is missing.

    InvalidData where there are fewer than 2 groups, an empty one, or no group of 2 observations.
    """
    parts = [np.asarray(group, dtype=float) for group in groups]
    parts = [part[~np.isnan(part)] for part in parts]
    for row, part in enumerate(parts, start=1):
        if len(part) == 0:
            raise InvalidData(f"第 {row} 组没有观测值 / group {row} has no observations")
    # one observation shows no spread: its standard deviation counts with weight 0
    results = [type_a(part) if len(part) > 1 else None for part in parts]
    means = [float(part[0]) if r is None else float(r.mean) for part, r in zip(parts, results, strict=True)]
    s = [0.0 if r is None else float(r.s) for r in results]
    return one_way_of(means, s, [len(part) for part in parts])


def one_way_of(means: ArrayLike, s: ArrayLike, n: ArrayLike) -> OneWay:
    """From summaries: means (J,), standard deviations (J,) and numbers of observations, (J,) or one number."""
    m, deviations, counts = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in (means, s, n)))
    if m.ndim != 1 or len(m) < 2:
        raise InvalidData("方差分析至少要 2 组 / an analysis of variance takes at least 2 groups")
    wrong = ~(np.isfinite(m) & (deviations >= 0) & np.isfinite(deviations) & (counts >= 1))
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0]) + 1
        raise InvalidData(
            f"第 {row} 组：均值须有限，s 须不为负，观测数须不小于 1 / "
            f"group {row}: a finite mean, s not negative and at least 1 observation are needed"
        )
    if not np.any(counts > 1):
        raise InvalidData(
            "每组只有 1 个观测值，看不出组内分散 / no group has 2 observations: nothing shows the spread within"
        )
    return OneWay(m, deviations, counts)
