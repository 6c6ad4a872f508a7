"""Probability that a measurand lies between limits, batched over columns.

The knowledge of the measurand is N(value, u²), or value + u·t where the degrees of freedom are finite. Two limits
make a tolerance interval; one of them may be infinite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr, ndtri, stdtr, stdtrit

from quanheng.measure.errors import InvalidData, InvalidLimits
from quanheng.measure.monotone_root import monotone_root
from quanheng.measure.quantity.freedom import checked_dof
from quanheng.measure.quantity.uncertain import checked_u, first_wrong
from quanheng.measure.statistics import normal

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


def conformance_probability(
    value: ArrayLike,
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    dof: ArrayLike = np.inf,
) -> Float:
    """Probability that the measurand lies in [lower, upper]; all arguments broadcast, in one unit.

    JCGM 106:2012, 7.2 to 7.4; with finite `dof` the scaled and shifted t of JCGM 101:2008, 6.4.9. NaN degrees of
    freedom (undefined) count as infinite. Raises InvalidUncertainty (u not positive, dof < 1), InvalidLimits
    (lower >= upper, both infinite), InvalidData (a value that is not finite).
    """
    y, s, a, b, nu = checked(value, u, lower, upper, dof)
    return inside(y, s, a, b, nu)


def nonconformance_probability(
    value: ArrayLike,
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    dof: ArrayLike = np.inf,
) -> Float:
    """Probability that the measurand lies outside [lower, upper], without cancellation where it is small.

    Arguments and errors as for `conformance_probability`.
    """
    y, s, a, b, nu = checked(value, u, lower, upper, dof)
    return outside(y, s, a, b, nu)


def conformance_probability_of_trials(
    trials: ArrayLike, *, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf
) -> Float:
    """Share of Monte Carlo trials (…, M) of the measurand that lie in [lower, upper] (…).

    JCGM 106:2012, 7.1, for whatever distribution the trials have.
    """
    draws = np.asarray(trials, dtype=float)
    if draws.ndim == 0 or draws.shape[-1] == 0 or np.isnan(draws).any():
        raise InvalidData("试验值为空或有 NaN / there are no trials, or one is NaN")
    a, b = checked_limits(lower, upper)
    return np.asarray(np.mean((draws >= a[..., None]) & (draws <= b[..., None]), axis=-1))


def measurement_capability(u: ArrayLike, *, lower: ArrayLike, upper: ArrayLike) -> Float:
    """Measurement capability index C_m = (upper − lower)/(4u). JCGM 106:2012, 7.6. Infinite for a single limit."""
    a, b = checked_limits(lower, upper)
    return np.asarray((b - a) / (4.0 * checked_u(u)))


def guard_band_for_specific_risk(
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    risk: ArrayLike,
    dof: ArrayLike = np.inf,
) -> Float:
    """Distance w of the acceptance limits from the limits, at which the specific consumer's risk is `risk`.

    JCGM 106:2012, 8.3: an item accepted in [lower + w, upper − w] conforms with a probability of at least
    1 − risk. Negative for risks above a half; NaN where no value could show it.
    """
    _, s, a, b, nu = checked(0.0, u, lower, upper, dof)
    shape = np.broadcast_shapes(s.shape, np.shape(risk))
    columns = (s, (b - a) / 2, nu, checked_probability(risk, "risk"))
    s, half, nu, alpha = (np.broadcast_to(x, shape).ravel() for x in columns)
    low = -quantile(alpha, nu) * s  # as if the other limit were infinite
    possible = 2 * _cumulative(-half / s, nu) <= alpha

    def conformance(w: Float, k: Rows) -> tuple[Float, Float]:
        near, far = -w / s[k], (w - 2 * half[k]) / s[k]
        excess = alpha[k] - _cumulative(near, nu[k]) - _cumulative(far, nu[k])
        return excess, (density(near, nu[k]) - density(far, nu[k])) / s[k]

    start = np.where(possible, low, np.nan)
    return monotone_root(conformance, low, half, start, tolerance=1e-14 * s).reshape(shape)


# ── distributions


def inside(y: Float, s: Float, a: Float, b: Float, nu: Float) -> Float:
    """P(lower <= Y <= upper); nothing is checked."""
    if np.isinf(nu).all():
        return normal.inside(y, s, a, b)
    left, right = normal.in_left_tail((a - y) / s, (b - y) / s)
    return _cumulative(right, nu) - _cumulative(left, nu)


def outside(y: Float, s: Float, a: Float, b: Float, nu: Float) -> Float:
    """P(Y < lower or Y > upper); nothing is checked."""
    if np.isinf(nu).all():
        return normal.outside(y, s, a, b)
    return _cumulative((a - y) / s, nu) + _cumulative((y - b) / s, nu)


def _cumulative(x: Float, nu: Float) -> Float:
    normally = np.isinf(nu)
    if normally.all():
        return np.asarray(ndtr(x))
    return np.where(normally, ndtr(x), stdtr(np.where(normally, 1.0, nu), x))


def quantile(p: Float, nu: Float) -> Float:
    """Student's t below which lies p, normal where the degrees of freedom are infinite."""
    normally = np.isinf(nu)
    return np.where(normally, ndtri(p), stdtrit(np.where(normally, 1.0, nu), p))


def density(x: Float, nu: Float) -> Float:
    """Density of Student's t; beyond a million degrees of freedom, of a million."""
    bounded = np.minimum(nu, 1e6)
    size = np.exp(gammaln((bounded + 1) / 2) - gammaln(bounded / 2)) / np.sqrt(bounded * np.pi)
    return np.asarray(size * np.exp(-(bounded + 1) / 2 * np.log1p(x * x / bounded)))


# ── what is asked must be a question


def checked(
    value: ArrayLike, u: ArrayLike, lower: ArrayLike, upper: ArrayLike, dof: ArrayLike = np.inf
) -> tuple[Float, Float, Float, Float, Float]:
    """The arguments as float arrays of one shape; errors as said in `conformance_probability`."""
    nu = np.asarray(dof, dtype=float)
    nu = checked_dof(np.where(np.isnan(nu), np.inf, nu))
    y, s, a, b, nu = np.broadcast_arrays(
        checked_finite(value, "value"), checked_u(u), *checked_limits(lower, upper), nu
    )
    return y, s, a, b, nu


def checked_limits(lower: ArrayLike, upper: ArrayLike) -> tuple[Float, Float]:
    """Limits with lower < upper and at least one of them finite."""
    a, b = np.broadcast_arrays(np.asarray(lower, dtype=float), np.asarray(upper, dtype=float))
    if (wrong := ~(a < b)).any():
        raise InvalidLimits(
            f"下限须小于上限，{first_wrong(a, wrong)}，{first_wrong(b, wrong)} / the lower limit is below the upper one"
        )
    if (wrong := ~(np.isfinite(a) | np.isfinite(b))).any():
        raise InvalidLimits("上限与下限须至少给出一个 / at least one limit must be given")
    return a, b


def checked_finite(x: ArrayLike, name: str) -> Float:
    """Numbers that are finite."""
    values = np.asarray(x, dtype=float)
    if (wrong := ~np.isfinite(values)).any():
        raise InvalidData(f"{name} 须为有限数，{first_wrong(values, wrong)} / {name} must be finite")
    return values


def checked_probability(p: ArrayLike, name: str) -> Float:
    """Probabilities, neither 0 nor 1."""
    values = np.asarray(p, dtype=float)
    if (wrong := ~((values > 0) & (values < 1))).any():
        raise InvalidLimits(
            f"{name} 须在 0 与 1 之间，{first_wrong(values, wrong)} / {name} lies between 0 and 1"
        )
    return values
