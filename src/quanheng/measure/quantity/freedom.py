"""Degrees of freedom of a combined standard uncertainty, and the coverage factor they lead to."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from quanheng.measure.errors import InvalidUncertainty

Float = NDArray[np.float64]

TABLED = 4096
# of an effective number of degrees of freedom, relative
ROUNDING = 1e-10

INFINITE = "infinite"
UNDEFINED = "undefined: correlated inputs with finite degrees of freedom"


def welch_satterthwaite(variances: ArrayLike, dof: ArrayLike) -> Float:
    """Effective degrees of freedom of a sum of independent components.

    `variances`: (q, …) squares of the components c·u; `dof` broadcasts against them, infinite where u is known
    exactly. JCGM 100:2008, G.4.1, formula (G.2b). Infinite where no component with finite degrees of freedom
    contributes.
    """
    v = np.asarray(variances, dtype=float)
    total = v.sum(axis=0)
    return effective(total, (v * v / np.asarray(dof, dtype=float)).sum(axis=0))


def effective(variance: Float, rest: Float) -> Float:
    """variance² over `rest`, the sum of squared variances over degrees of freedom; infinite where rest is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        dof = np.asarray(variance * variance / rest)
    return np.where(rest == 0.0, np.inf, dof) if np.any(rest == 0.0) else dof


def coverage_factor(coverage: float, dof: ArrayLike = np.inf) -> Float:
    """k for a coverage probability: Student's t at the degrees of freedom truncated to a whole number.

    JCGM 100:2008, G.4.2 and table G.2. Undefined (NaN) degrees of freedom give the factor of the normal
    distribution, for want of another; whoever prints it says so.
    """
    table, normal = _factors(checked_coverage(coverage))
    nu = np.asarray(dof, dtype=float)
    whole = np.where(np.isfinite(nu), np.maximum(np.floor(nu * (1 + ROUNDING)), 1.0), np.inf)
    beyond = normal + (normal**3 + normal) / (4 * whole)
    place = np.minimum(whole, TABLED).astype(np.intp)
    return np.asarray(np.where(whole <= TABLED, table[place], beyond))


@lru_cache(maxsize=16)
def _factors(coverage: float) -> tuple[Float, float]:
    """Factors at 0 (unused), 1, … TABLED degrees of freedom, and that of the normal distribution."""
    upper = 0.5 + coverage / 2
    return np.concatenate([[np.nan], stdtrit(np.arange(1.0, TABLED + 1), upper)]), float(ndtri(upper))


def checked_coverage(coverage: float) -> float:
    """A coverage probability; InvalidUncertainty unless it lies between 0 and 1."""
    if not 0.0 < coverage < 1.0:
        message = f"包含概率须在 0 与 1 之间，不是 {coverage} / the coverage probability lies between 0 and 1"
        raise InvalidUncertainty(message)
    return coverage


def checked_dof(dof: ArrayLike) -> Float:
    """Degrees of freedom as an array, NaN where undefined; InvalidUncertainty where one is below 1."""
    nu = np.asarray(dof, dtype=float)
    # a formula that gives 1 may fall short of it by rounding
    low = nu < 1.0 - ROUNDING
    if np.any(low):
        wrong = float(nu[low].flat[0]) if nu.ndim else float(nu)
        raise InvalidUncertainty(
            f"自由度须不小于 1，不是 {wrong:g} / degrees of freedom are at least 1, not {wrong:g}"
        )
    return nu
