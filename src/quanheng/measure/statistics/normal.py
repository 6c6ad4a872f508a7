"""What is asked of normal distributions in many places, batched. Nothing is checked here: NaN passes through.

Arguments broadcast against one another; `mean` and `sd` are those of the distribution N(mean, sd²).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, ndtr

Float = NDArray[np.float64]
Real = Float | float

ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


def density(x: Real, mean: Real, sd: Real) -> Float:
    """Probability density at x."""
    return np.asarray(np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * ROOT_TWO_PI))


def outside(mean: Real, sd: Real, lower: Real, upper: Real) -> Float:
    """P(X < lower or X > upper); as exact for small probabilities as for large ones. JCGM 106:2012, 7.4."""
    return np.asarray(ndtr((lower - mean) / sd) + ndtr((mean - upper) / sd))


def inside(mean: Real, sd: Real, lower: Real, upper: Real) -> Float:
    """P(lower <= X <= upper), as exact for small probabilities as for large ones. JCGM 106:2012, 7.4."""
    a, b = in_left_tail((lower - mean) / sd, (upper - mean) / sd)
    return np.asarray(ndtr(b) - ndtr(a))


def in_left_tail(a: Real, b: Real) -> tuple[Float, Float]:
    """(a, b), or (−b, −a) where that lies further left: differences of a symmetric distribution stay exact there."""
    turn = a + b > 0
    return np.where(turn, -b, a), np.where(turn, -a, b)


def posterior(value: Real, variance: Real, prior_mean: Real, prior_variance: Real) -> tuple[Float, Float]:
    """Mean and variance of a quantity with a normal prior that was measured as N(value, variance).

    Bayes' theorem, JCGM 106:2012, 6.
    """
    v = 1.0 / (1.0 / prior_variance + 1.0 / variance)
    return np.asarray(v * (prior_mean / prior_variance + value / variance)), np.asarray(v)


def mean_magnitude(mean: Real, sd: Real) -> Float:
    """E|X|. Leone, Nelson & Nottingham, The folded normal distribution, Technometrics 3 (1961) 543."""
    s = np.where(np.asarray(sd) > 0, sd, 1e-12)
    z = mean / s
    return np.asarray(s * np.sqrt(2 / np.pi) * np.exp(-0.5 * z**2) + mean * erf(z / np.sqrt(2)))
