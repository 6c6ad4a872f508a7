"""What is asked of normal distributions in many places, batched. Nothing is checked here: NaN passes through.

Arguments broadcast against one another; `mean` and `sd` are those of the distribution N(mean, sd²).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, ndtr

Float = NDArray[np.float64]

ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


def density(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Float:
    """Probability density at x."""
    z = (np.asarray(x) - mean) / sd
    return np.asarray(np.exp(-0.5 * z * z) / (np.asarray(sd) * ROOT_TWO_PI))


def outside(mean: ArrayLike, sd: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Float:
    """P(X < lower or X > upper); as exact for small probabilities as for large ones. JCGM 106:2012, 7.4."""
    m = np.asarray(mean)
    return np.asarray(ndtr((lower - m) / sd) + ndtr((m - upper) / sd))


def inside(mean: ArrayLike, sd: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Float:
    """P(lower <= X <= upper), as exact for small probabilities as for large ones. JCGM 106:2012, 7.4."""
    m = np.asarray(mean)
    a, b = in_left_tail((lower - m) / sd, (upper - m) / sd)
    return np.asarray(ndtr(b) - ndtr(a))


def in_left_tail(a: Float, b: Float) -> tuple[Float, Float]:
    """(a, b), or (−b, −a) where that lies further left: differences of a symmetric distribution stay exact there."""
    turn = a + b > 0
    return np.where(turn, -b, a), np.where(turn, -a, b)


def posterior(
    value: ArrayLike, variance: ArrayLike, prior_mean: ArrayLike, prior_variance: ArrayLike
) -> tuple[Float, Float]:
    """Mean and variance of a quantity with a normal prior that was measured as N(value, variance).

    Bayes' theorem, JCGM 106:2012, 6.2.
    """
    value, variance = np.asarray(value, dtype=float), np.asarray(variance, dtype=float)
    v = 1.0 / (1.0 / np.asarray(prior_variance) + 1.0 / variance)
    return v * (prior_mean / np.asarray(prior_variance) + value / variance), v


def mean_magnitude(mean: ArrayLike, sd: ArrayLike) -> Float:
    """E|X|. Leone, Nelson & Nottingham, The folded normal distribution, Technometrics 3 (1961) 543."""
    m, s = np.asarray(mean), np.where(np.asarray(sd) > 0, sd, 1e-12)
    z = m / s
    return np.asarray(s * np.sqrt(2 / np.pi) * np.exp(-0.5 * z**2) + m * erf(z / np.sqrt(2)))
