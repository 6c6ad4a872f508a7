"""Energy that a meter charged too much or too little, and over which time it is settled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidUncertainty

Float = NDArray[np.float64]


def overcharged(indicated: ArrayLike, error: ArrayLike, u: ArrayLike) -> tuple[Float, Float]:
    """Energy charged too much, and its standard uncertainty; negative where too little was charged.

    indicated: energy that the meter showed; error: relative, (indicated − true)/true; u: its standard uncertainty;
    arrays of one shape. true = indicated/(1 + error), so indicated − true = indicated·error/(1 + error); the derivative
    by the error is indicated/(1 + error)². Settled against an error of 0, not against the limit of error:
    供电营业规则 (1996), article 80 (1). Raises InvalidUncertainty where u < 0, or error ≤ −1.
    """
    energy, e, spread = (np.asarray(each, dtype=float) for each in (indicated, error, u))
    if np.any(spread < 0) or np.any(e <= -1):
        raise InvalidUncertainty(
            "u 不应为负，误差应大于 −1 / u must not be negative, the error must be above −1"
        )
    return energy * e / (1 + e), np.abs(energy) * spread / (1 + e) ** 2


def settled_days(since_verified: ArrayLike) -> Float:
    """Days that are settled where nobody knows when an error began: half of those since the last verification.

    供电营业规则 (1996), article 80 (1).
    """
    return np.asarray(since_verified, dtype=float) / 2
