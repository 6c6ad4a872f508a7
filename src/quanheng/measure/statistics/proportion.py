"""Intervals for a proportion that was counted: k of n trials succeeded.

Both stay honest for small counts, where p ± 2·√(p(1 − p)/n) is empty or leaves [0, 1].
Source: L. D. Brown, T. T. Cai, A. DasGupta, Interval estimation for a binomial proportion,
Statistical Science 16 (2001) 101-133.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

Float = NDArray[np.float64]


def jeffreys_interval(successes: ArrayLike, trials: ArrayLike, coverage: float = 0.95) -> tuple[Float, Float]:
    """Equal-tailed interval of the posterior Beta(k + 1/2, n − k + 1/2); 0 at k = 0 and 1 at k = n are kept.

    successes, trials: counts k ≤ n, arrays of one shape; a weighted count may be no whole number.
    Returns (lower, upper) of that shape, in [0, 1]; no trials give [0, 1].
    Brown, Cai & DasGupta 2001, 3.1.2 and 4.1.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    tail = (1.0 - coverage) / 2.0
    lower = np.where(k > 0, betaincinv(k + 0.5, n - k + 0.5, tail), 0.0)
    upper = np.where(k < n, betaincinv(k + 0.5, n - k + 0.5, 1.0 - tail), 1.0)
    return lower, upper


def wilson_interval(successes: ArrayLike, trials: ArrayLike, coverage: float = 0.95) -> tuple[Float, Float]:
    """Proportions p with |k/n − p| ≤ z·√(p(1 − p)/n): the score test, inverted.

    Arguments and result as for `jeffreys_interval`. Brown, Cai & DasGupta 2001, 3.1.1, equation (4).
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    z2 = float(ndtri(0.5 + coverage / 2.0)) ** 2
    # the formula times (n + z²), so that no trials need no division by zero
    centre = (k + z2 / 2.0) / (n + z2)
    variance = np.divide(k * (n - k), n, out=np.zeros(np.broadcast(k, n).shape), where=n > 0)
    half = np.sqrt(z2 * (variance + z2 / 4.0)) / (n + z2)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
