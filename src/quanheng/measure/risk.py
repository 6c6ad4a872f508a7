"""Global risks of an inspection: before anything is measured, how often will it be wrong, and who bears it?

A population of items has values with a prior; an inspection measures one with standard uncertainty u and accepts it
where the value lies between the acceptance limits. JCGM 106:2012, 9. The consumer's risk is the probability that an
item is accepted and does not conform, the producer's that it is rejected and conforms: both are shares of all items.

For a normal prior the four quadrants of a bivariate normal distribution give both in closed form, by D. B. Owen,
Tables for computing bivariate normal probabilities, Ann. Math. Stat. 27 (1956) 1075. A prior that is a mixture of
normal ones has the mixture of their risks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, owens_t

from quanheng.measure.conformance_probability import (
    checked_finite,
    checked_limits,
    checked_probability,
)
from quanheng.measure.errors import InvalidData, NotConverged
from quanheng.measure.monotone_root import monotone_root
from quanheng.measure.quantity.uncertain import checked_u
from quanheng.measure.statistics import normal

Float = NDArray[np.float64]
Rows = NDArray[np.intp]

BEYOND = 40.0  # standard deviations, beyond which nothing has a probability above the smallest double
TINY = 1e-300  # by which a quotient is still finite
BLOCK = 1 << 13  # instruments at once: what is computed of them stays in the cache
TURNS = 500


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """Values of the items are N(mean, u²); numbers, or arrays that broadcast against the instruments."""

    mean: Float | float
    u: Float | float

    def __post_init__(self) -> None:
        checked_finite(self.mean, "prior mean")
        checked_u(self.u)


@dataclass(frozen=True, eq=False)
class GridPrior:
    """Values (g,) of the items and their probabilities (g,), for populations that are not normal."""

    values: Float
    weights: Float

    def __post_init__(self) -> None:
        values, weights = checked_finite(self.values, "values"), checked_finite(self.weights, "weights")
        if values.ndim != 1 or values.shape != weights.shape or not values.size:
            raise InvalidData("先验的值与权须一样多 / a prior has as many values as weights")
        if np.any(weights < 0) or abs(weights.sum() - 1) > 1e-9:
            raise InvalidData(
                "先验的权须不为负且和为 1 / weights of a prior are not negative and add up to 1"
            )


@dataclass(frozen=True, eq=False)
class Risks:
    """Shares of all items; arrays of one shape."""

    consumer: Float  # accepted, and does not conform: JCGM 106:2012, 3.3
    producer: Float  # rejected, and conforms
    accepted: Float


def global_risks(
    prior: NormalPrior | GridPrior,
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    acceptance_lower: ArrayLike | None = None,
    acceptance_upper: ArrayLike | None = None,
) -> Risks:
    """Global risks of measuring with standard uncertainty u; all arguments broadcast, in one unit.

    The acceptance limits are the limits where they are not given (simple acceptance); where they are NaN or have
    passed each other, nothing is accepted. JCGM 106:2012, 9.5. Errors as for `conformance_probability`.
    """
    a, b = checked_limits(lower, upper)
    low = a if acceptance_lower is None else np.asarray(acceptance_lower, dtype=float)
    high = b if acceptance_upper is None else np.asarray(acceptance_upper, dtype=float)
    columns = [checked_u(u), a, b, low, high]
    match prior:
        case NormalPrior(mean, spread):
            return _in_blocks(_risks_of_normal, [np.asarray(mean), np.asarray(spread), *columns])
        case GridPrior(values, weights):
            of_grid = _RisksOfGrid(np.asarray(values), np.asarray(weights))
            return _in_blocks(of_grid, columns)


def guard_band_for_global_risk(
    prior: NormalPrior,
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    risk: ArrayLike,
) -> Float:
    """Smallest w >= 0 so that acceptance in [lower + w, upper − w] has a global consumer's risk of at most `risk`.

    0 where simple acceptance has no more. JCGM 106:2012, 9.5. All arguments broadcast.
    """
    a, b = checked_limits(lower, upper)
    columns = (prior.mean, prior.u, checked_u(u), a, b, checked_probability(risk, "risk"))
    arrays = np.broadcast_arrays(*columns)
    m, s0, s, a, b, target = (np.asarray(x, dtype=float).ravel() for x in arrays)
    total = np.hypot(s0, s)

    def margin(w: Float, k: Rows) -> tuple[Float, Float]:
        low, high = a[k] + w, b[k] - w
        consumer = _risks_of_normal(m[k], s0[k], s[k], a[k], b[k], low, high).consumer
        slope = _risk_at(low, m[k], s0[k], s[k], a[k], b[k]) + _risk_at(high, m[k], s0[k], s[k], a[k], b[k])
        return target[k] - consumer, slope

    # of a single limit: so far that nothing is accepted
    reach = np.where(np.isfinite(b), b - m, m - a)
    high = np.where(np.isfinite(b - a), (b - a) / 2, np.maximum(reach, 0.0) + BEYOND * total)
    w = monotone_root(margin, np.zeros(len(m)), high, np.zeros(len(m)), tolerance=1e-13 * total)
    return w.reshape(arrays[0].shape)


# ── priors learnt from results


def learn_normal_prior(value: ArrayLike, u: ArrayLike) -> NormalPrior:
    """Mean and standard deviation of the items behind n results with standard uncertainties u (n,), or one u for all.

    Restricted maximum likelihood; with equal u it is mean and s² − u². Raises InvalidData
    where the results scatter no more than their uncertainties explain: then they tell no width of the population.
    """
    y, variance = np.broadcast_arrays(checked_finite(value, "value"), checked_u(u) ** 2)
    if y.ndim != 1 or len(y) < 3:
        raise InvalidData("先验至少需要三个结果 / a prior is learnt from three results at least")
    between = max(float(np.var(y, ddof=1) - variance.mean()), 0.0)
    for _ in range(TURNS):
        weight = 1.0 / (between + variance)
        mean = float(np.sum(weight * y) / weight.sum())
        excess = np.sum(weight**2 * ((y - mean) ** 2 - variance)) / np.sum(weight**2) + 1 / weight.sum()
        before, between = between, max(float(excess), 0.0)
        if abs(between - before) <= 1e-12 * (between + float(variance.min())):
            break
    else:
        raise NotConverged("总体的方差迭代不收敛 / the variance of the population does not settle")
    if between == 0.0:
        raise InvalidData(
            "结果的离散不大于其不确定度，总体的宽度看不出来；请直接给出先验 / "
            "the results scatter no more than their uncertainties: state the prior instead of learning it"
        )
    return NormalPrior(mean, float(np.sqrt(between)))


def learn_grid_prior(value: ArrayLike, u: ArrayLike, grid: ArrayLike, *, turns: int = 200) -> GridPrior:
    """Probabilities of the values `grid` (g,) in the population behind n results with standard uncertainties u.

    Maximum likelihood without a shape by EM: N. Laird, J. Am. Stat. Assoc. 73 (1978) 805. From equal weights on; few
    turns keep it smooth. Holds n × g numbers.
    """
    y, s = np.broadcast_arrays(checked_finite(value, "value"), checked_u(u))
    points = checked_finite(grid, "grid")
    if y.ndim != 1 or not len(y):
        raise InvalidData("先验需要结果 / a prior is learnt from results")
    likelihood = normal.density(y[:, None], points, s[:, None])
    if (lost := np.flatnonzero(likelihood.sum(axis=1) == 0)).size:
        far = float(y[lost[0]])
        raise InvalidData(f"网格够不到结果 {far:g} / the grid does not reach the result {far:g}")
    weights = np.full(len(points), 1.0 / len(points))
    for _ in range(turns):
        weights = weights * (likelihood.T @ (1.0 / (likelihood @ weights))) / len(y)
    return GridPrior(points, weights / weights.sum())


def _in_blocks(risks: Callable[..., Risks], columns: Sequence[Float | float]) -> Risks:
    arrays = np.broadcast_arrays(*columns)
    flat = [np.asarray(x, dtype=float).ravel() for x in arrays]
    out = np.empty((3, len(flat[0])))
    for first in range(0, out.shape[1], BLOCK):
        part = slice(first, first + BLOCK)
        found = risks(*(x[part] for x in flat))
        out[:, part] = found.consumer, found.producer, found.accepted
    return Risks(*(x.reshape(arrays[0].shape) for x in out))


# ── a normal prior


def _risks_of_normal(m: Float, s0: Float, s: Float, a: Float, b: Float, low: Float, high: Float) -> Risks:
    # A corner (limit, acceptance limit) divides the plane of (true value, result); of its four quadrants the two are
    # wanted in which they disagree. Those of corners that lie far apart are small: little cancels.
    total = np.hypot(s0, s)
    t_a, t_b = _scaled(a, m, s0), _scaled(b, m, s0)
    r_a, r_b = _scaled(low, m, total), _scaled(high, m, total)
    over_b, under_b = _disagreement(t_b, r_b, s0, s, total)
    over_a, under_a = _disagreement(t_a, r_a, s0, s, total)
    over_far, _ = _disagreement(t_b, r_a, s0, s, total)
    _, under_far = _disagreement(t_a, r_b, s0, s, total)
    consumer = np.maximum(over_b - over_far + under_a - under_far, 0.0)
    producer = np.maximum(under_b - under_far + over_a - over_far, 0.0)
    accepted = ndtr(r_b) - ndtr(r_a)
    none = ~(low < high)
    conforming = ndtr(t_b) - ndtr(t_a)
    return Risks(
        np.where(none, 0.0, consumer), np.where(none, conforming, producer), np.where(none, 0.0, accepted)
    )


def _scaled(limit: Float, mean: Float, sd: Float) -> Float:
    return np.clip((limit - mean) / sd, -BEYOND, BEYOND)


def _disagreement(h: Float, k: Float, s0: Float, s: Float, total: Float) -> tuple[Float, Float]:
    """P(true > h, result < k) and P(true < h, result > k), in standard deviations s0 and total = √(s0² + s²)."""
    h, k = _apart_from_nought(h), _apart_from_nought(k)
    apart = k * total - h * s0
    with np.errstate(over="ignore"):
        both = owens_t(h, apart / (s * h)) + owens_t(k, (h * s**2 - s0 * apart) / (total * s * k))
    both += np.where((h > 0) == (k > 0), 0.0, 0.5)
    half = 0.5 * (ndtr(k) - ndtr(h))
    return both + half, both - half


def _apart_from_nought(x: Float) -> Float:
    return np.where(np.abs(x) < TINY, np.where(x < 0, -TINY, TINY), x)


def _risk_at(result: Float, m: Float, s0: Float, s: Float, a: Float, b: Float) -> Float:
    """Density of a result times the probability that its item does not conform; 0 for an infinite one."""
    y = np.where(np.isfinite(result), result, m)
    mean, variance = normal.posterior(y, s**2, m, s0**2)
    risk = normal.density(y, m, np.hypot(s0, s)) * normal.outside(mean, np.sqrt(variance), a, b)
    return np.where(np.isfinite(result), risk, 0.0)


# ── a prior on a grid


@dataclass(frozen=True, eq=False)
class _RisksOfGrid:
    values: Float
    weights: Float

    def __call__(self, s: Float, a: Float, b: Float, low: Float, high: Float) -> Risks:
        some = low < high
        low, high = np.where(some, low, -1.0), np.where(some, high, 1.0)
        shares = normal.inside(self.values, s[:, None], low[:, None], high[:, None]) * some[:, None]
        conforms = (self.values >= a[:, None]) & (self.values <= b[:, None])
        return Risks(
            (shares * ~conforms) @ self.weights,
            ((1 - shares) * conforms) @ self.weights,
            shares @ self.weights,
        )
