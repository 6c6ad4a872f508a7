"""The numerical tolerance of a standard uncertainty: half a unit in the last of its significant digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def numerical_tolerance(u: ArrayLike, digits: int = 2) -> Float:
    """δ = ½·10^l, where u = c·10^l and c is a whole number of so many digits. JCGM 101:2008, 7.9.2.

    u > 0, any shape.
    """
    x = np.asarray(u, dtype=float)
    power = np.floor(np.log10(x)) - (digits - 1)
    # 9.96 is 10 in two digits: one power more
    power = np.where(np.rint(x / 10.0**power) >= 10.0**digits, power + 1, power)
    return np.asarray(0.5 * 10.0**power)
