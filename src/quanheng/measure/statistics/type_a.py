"""Type A evaluation: what repeated observations say of a quantity, for one instrument or for a column of them.

Small numbers of observations. u = s/√n is an estimate: with 2 observations its own relative standard deviation is
76 %, with 5 it is 36 %, with 10 it is 24 % (JCGM 100:2008, table E.1). So u never travels without its degrees of
freedom; and where like instruments were observed before, a pooled s is worth more than a few observations more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from quanheng.measure.errors import InvalidData
from quanheng.measure.quantity.freedom import checked_dof
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import Uncertain, checked_u, quantity

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TypeA:
    """Means of repeated observations; every field has the shape of the rows, () for one series.

    `s` is the standard deviation of one observation that was used, own or pooled; `u` that of the mean.
    """

    mean: Float
    s: Float
    n: Float
    u: Float
    dof: Float

    def as_uncertain(self, name: str = "repeatability") -> Uncertain:
        """The means as a column; each row's error is its own. InvalidUncertainty where all observations agree."""
        dof = np.atleast_1d(self.dof)
        source = Source(name, float(dof[0]) if len(dof) == 1 else dof, kind="A")
        return quantity(self.mean, (self.u, source))


def type_a(
    observations: ArrayLike,
    *,
    pooled_s: ArrayLike | None = None,
    pooled_dof: ArrayLike | None = None,
    bayesian: bool = False,
) -> TypeA:
    """Mean, s, u = s/√n and n − 1 degrees of freedom of each row of (…, n) observations; NaN is a missing one.

    `pooled_s` with `pooled_dof` (numbers, or one for each row) take the place of the row's own s: JCGM 100:2008,
    4.2.3 and 4.2.4. `bayesian` makes u the standard deviation of the t distribution, √((n−1)/(n−3))·s/√n, with
    nothing left for degrees of freedom to say (JCGM 101:2008, 6.4.9.4); it takes 4 observations.
    Observations may be `decimal.Decimal`: then deviations are exact before they become floating point.
    InvalidData names the row that has too few observations, or an infinite one.
    """
    origin, deviations = _from_first(observations)
    n = _counted(deviations)
    if (pooled_s is None) != (pooled_dof is None):
        raise InvalidData("pooled_s 须连同 pooled_dof 给出 / pooled_s and pooled_dof are given together")
    if bayesian and pooled_s is not None:
        raise InvalidData(
            "bayesian 用各行自己的观测值，不与 pooled_s 同用 / bayesian means each row's own s: no pooled_s"
        )
    if pooled_s is not None and pooled_dof is not None:
        _enough(n, 1, "")
        mean, _ = _moments(deviations, n)
        s = np.broadcast_to(checked_u(pooled_s, "pooled_s"), n.shape)
        dof = np.broadcast_to(checked_dof(pooled_dof), n.shape)
        return TypeA(origin + mean, s, n, s / np.sqrt(n), dof)
    _enough(n, 4 if bayesian else 2, "" if bayesian else PRIOR)
    mean, s = _moments(deviations, n)
    if bayesian:
        wider = np.sqrt((n - 1) / (n - 3))
        return TypeA(origin + mean, s, n, wider * s / np.sqrt(n), np.full(n.shape, np.inf))
    return TypeA(origin + mean, s, n, s / np.sqrt(n), n - 1)


def pooled(s: ArrayLike, dof: ArrayLike) -> tuple[float, float]:
    """(s, degrees of freedom) pooled from several standard deviations: s² = Σ νᵢ sᵢ² / Σ νᵢ.

    s, dof: (k,) or numbers. JCGM 100:2008, 4.2.4.
    """
    deviations, nu = np.broadcast_arrays(np.asarray(s, dtype=float), checked_dof(dof))
    if np.any(~(deviations >= 0)) or not np.all(np.isfinite(nu)):
        raise InvalidData("s 须不为负，自由度须有限 / s is not negative and degrees of freedom are finite")
    return float(np.sqrt((nu * deviations**2).sum() / nu.sum())), float(nu.sum())


def pooled_of(series: Iterable[ArrayLike]) -> tuple[float, float]:
    """(s, degrees of freedom) pooled from several series of observations of any lengths; NaN is missing.

    A series of one observation says nothing of the spread and is passed over.
    """
    parts = [_from_first(each)[1] for each in series]
    counts = np.array([float(np.isfinite(part).sum()) for part in parts])
    if not np.any(counts > 1):
        raise InvalidData("合并至少要一列有 2 个观测值 / pooling takes a series of at least 2 observations")
    several = [part for part, count in zip(parts, counts, strict=True) if count > 1]
    s = [float(_moments(part, _counted(part))[1]) for part in several]
    return pooled(s, counts[counts > 1] - 1)


# ---- observations that follow one another ----------------------------------------------------------------------


def autocorrelation(observations: ArrayLike) -> Float:
    """Lag-1 autocorrelation coefficient of each row of (…, n) observations, none missing.

    r₁ = Σ (xᵢ − x̄)(xᵢ₊₁ − x̄) / Σ (xᵢ − x̄)²; NaN where all observations agree.
    """
    _, deviations = _from_first(observations)
    _none_missing(deviations)
    _enough(_counted(deviations), 3, "")
    d = deviations - deviations.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray((d[..., 1:] * d[..., :-1]).sum(axis=-1) / (d * d).sum(axis=-1))


def effective_number(n: ArrayLike, r1: ArrayLike) -> Float:
    """How many independent observations n autocorrelated ones are worth, for the mean.

    n / (1 + 2 Σₖ (1 − k/n) r₁ᵏ), k = 1 … n−1: first-order autoregression. A negative r₁ counts as 0, since
    observations that swing about the mean promise more than a short series can show.
    G. V. Bayley, J. M. Hammersley, Suppl. J. R. Stat. Soc. 8 (1946) 184; A. Zięba, Metrol. Meas. Syst. 17 (2010) 3.
    """
    count, r = np.asarray(n, dtype=float), np.clip(np.asarray(r1, dtype=float), 0.0, 1.0 - 1e-12)
    total = r / (1 - r) - r * (1 - r**count) / (count * (1 - r) ** 2)
    return np.asarray(np.clip(count / (1 + 2 * total), 1.0, count))


def type_a_of_series(observations: ArrayLike) -> TypeA:
    """As `type_a`, for observations in the order of time that hang together; (…, n), none missing.

    With n' the effective number: u² = s²(n−1)/(n(n'−1)), and n' − 1 degrees of freedom, because s² of
    autocorrelated observations is too small as well (Zięba 2010, section 4). JCGM 100:2008, 4.2.7.
    InvalidData where fewer than 3 effective observations are left, as of any ramp: that is a drift, not a spread.
    """
    free = type_a(observations)
    r1 = np.nan_to_num(autocorrelation(observations))
    effective = effective_number(free.n, r1)
    drifting = effective < 3
    if np.any(drifting):
        zh, en = _row(drifting)
        raise InvalidData(
            f"{zh}前后相关（r₁ = {_at(r1, drifting):.2f}），有效观测数不足 3：先除去漂移，或延长观测 / "
            f"{en}fewer than 3 effective observations: take the drift out first, or observe longer"
        )
    u = free.s * np.sqrt((free.n - 1) / (free.n * (effective - 1)))
    return TypeA(free.mean, free.s, free.n, u, effective - 1)


# ---- several quantities observed together ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Simultaneous:
    """Means (N,) of N quantities that were observed together n times, and their covariance matrix (N, N)."""

    mean: Float
    covariance: Float
    n: int
    dof: float

    @property
    def u(self) -> Float:
        """Standard uncertainties of the means, (N,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def correlation(self) -> Float:
        """Correlation matrix (N, N); 0 beside a quantity that never varied."""
        u = self.u
        scale = np.divide(1.0, u, out=np.zeros_like(u), where=u > 0)
        r = self.covariance * scale[:, None] * scale
        np.fill_diagonal(r, 1.0)
        return np.clip((r + r.T) / 2, -1.0, 1.0)

    def as_uncertain(self, names: Sequence[str]) -> list[Uncertain]:
        """The means as columns of one row, correlated as a declared ensemble (Willink's degrees of freedom)."""
        sources = correlated(
            [Source(name, self.dof, kind="A") for name in names], self.correlation, declared=True
        )
        return [
            quantity(value, (u, source)) for value, u, source in zip(self.mean, self.u, sources, strict=True)
        ]


def simultaneous(observations: ArrayLike, *, bayesian: bool = False) -> Simultaneous:
    """Means and covariance of the means of (n, N) observations: a row for each set, a column for each quantity.

    Covariance S/(n(n−1)), S the sums of products of deviations, with n − 1 degrees of freedom: JCGM 100:2008, 5.2.3
    and H.2. `bayesian`: the covariance S/(n(n−N−2)) of the multivariate t distribution (JCGM 102:2011,
    9.4.2.5), which takes n > N + 2 sets; for one quantity that is the factor (n−1)/(n−3).
    """
    table = np.asarray(observations)
    if table.ndim != 2:
        raise InvalidData("须为 (组, 量) 的二维表 / observations are a table: sets by quantities")
    origin, deviations = _from_first(table.T)
    _none_missing(deviations)
    quantities, n = deviations.shape
    least = quantities + 3 if bayesian else 2
    if n < least:
        raise InvalidData(
            f"{quantities} 个量至少要 {least} 组观测值，只有 {n} 组 / "
            f"{quantities} quantities take at least {least} sets of observations, not {n}"
        )
    mean = deviations.mean(axis=-1)
    d = deviations - mean[:, None]
    freedom = n - quantities - 2 if bayesian else n - 1
    return Simultaneous(origin + mean, d @ d.T / (n * freedom), n, np.inf if bayesian else float(n - 1))


# ---- observations of different worth ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class WeightedMean:
    """A mean weighted by 1/u²: `u` from the stated uncertainties, `u_observed` from the scatter about the mean."""

    mean: Float
    u: Float
    u_observed: Float
    chi_squared: Float
    dof: int

    @property
    def p_value(self) -> Float:
        """Probability of a larger chi-squared if the stated uncertainties are right."""
        return np.asarray(chdtrc(self.dof, self.chi_squared))


def weighted_mean(x: ArrayLike, u: ArrayLike) -> WeightedMean:
    """Mean of each row of (…, n) independent values weighted by 1/u².

    u = 1/√Σuᵢ⁻²; u_observed = u·√(χ²/(n−1)), Birge's. R. T. Birge, Phys. Rev. 40 (1932) 207.
    """
    values, uncertainties = np.broadcast_arrays(np.asarray(x, dtype=float), checked_u(u, "x"))
    origin, deviations = _from_first(values)
    _none_missing(deviations)
    _enough(_counted(deviations), 2, "")
    w = uncertainties**-2
    total = w.sum(axis=-1)
    mean = (w * deviations).sum(axis=-1) / total
    chi_squared = (w * (deviations - mean[..., None]) ** 2).sum(axis=-1)
    dof = values.shape[-1] - 1
    own = 1 / np.sqrt(total)
    return WeightedMean(origin + mean, own, own * np.sqrt(chi_squared / dof), chi_squared, dof)


# ---- observations as numbers -----------------------------------------------------------------------------------

PRIOR = "，或给出 pooled_s 与 pooled_dof / , or pooled_s with pooled_dof"


def _from_first(observations: ArrayLike) -> tuple[Float, Float]:
    """The first observation of each row, and deviations from it: near it they are exact, far digits do not cancel."""
    raw = np.asarray(observations)
    if raw.ndim == 0 or raw.shape[-1] == 0:
        raise InvalidData("没有观测值 / there are no observations")
    try:
        x = raw.astype(float)
    except (TypeError, ValueError) as wrong:
        raise InvalidData(f"观测值须为数 / observations are numbers: {wrong}") from wrong
    if np.any(np.isinf(x)):
        zh, en = _row(np.isinf(x).any(axis=-1))
        raise InvalidData(f"{zh}有无穷大的观测值 / {en}an observation is infinite")
    if raw.dtype == object and not np.any(np.isnan(x)):
        return x[..., 0], np.asarray((raw - raw[..., :1]).astype(float))
    there = np.argmax(np.isfinite(x), axis=-1)
    first = np.take_along_axis(x, there[..., None], axis=-1)
    return np.asarray(first[..., 0]), x - first


def _counted(deviations: Float) -> Float:
    return np.asarray(np.isfinite(deviations).sum(axis=-1), dtype=float)


def _moments(deviations: Float, n: Float) -> tuple[Float, Float]:
    """Mean and standard deviation (n − 1) of rows in two passes, with what rounding leaves in the second taken off."""
    mean = np.nansum(deviations, axis=-1) / n
    d = deviations - mean[..., None]
    left = np.nansum(d, axis=-1)
    square = np.maximum(np.nansum(d * d, axis=-1) - left * left / n, 0.0)
    return np.asarray(mean), np.sqrt(square / np.maximum(n - 1, 1))


def _enough(n: Float, least: int, otherwise: str) -> None:
    few = n < least
    if np.any(few):
        zh, en = _row(few)
        more_zh, _, more_en = otherwise.partition(" / ")
        raise InvalidData(
            f"{zh}只有 {_at(n, few):g} 个观测值，至少要 {least} 个{more_zh} / "
            f"{en}at least {least} observations are needed{more_en}, not {_at(n, few):g}"
        )


def _none_missing(deviations: Float) -> None:
    missing = np.isnan(deviations)
    if np.any(missing):
        place = int(np.argwhere(missing)[0][-1]) + 1
        zh, en = _row(missing.any(axis=-1))
        raise InvalidData(
            f"{zh}第 {place} 个观测值缺失，这里不允许缺失 / {en}observation {place} is missing, and here none may be"
        )


def _row(wrong: NDArray[np.bool_] | np.bool_) -> tuple[str, str]:
    """The first row that is wrong, in both languages; nothing where there is one series only."""
    if np.ndim(wrong) == 0:
        return "", ""
    row = int(np.flatnonzero(np.asarray(wrong).reshape(-1))[0]) + 1
    return f"第 {row} 行", f"row {row}: "


def _at(values: Float, wrong: NDArray[np.bool_] | np.bool_) -> float:
    return float(np.asarray(values)[np.asarray(wrong)].flat[0])
