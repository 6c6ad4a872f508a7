"""Where monotone functions cross zero, many at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Rows = NDArray[np.intp]
ROUNDS = 100


def monotone_root(
    function: Callable[[Float, Rows], tuple[Float, Float]],
    low: Float,
    high: Float,
    start: Float,
    *,
    tolerance: float | Float,
) -> Float:
    """x in [low, high] at which increasing functions are zero; arrays (n,).

    function(x, rows): values and slopes of the functions `rows` at x, arrays of one length. Newton steps; a step that
    leaves what is known to enclose the root is a bisection. Only those that still move by more than `tolerance` are
    computed again. NaN starts stay NaN. Where a function has one sign in [low, high], x runs into that end.
    """
    x, low, high = start.copy(), low.copy(), high.copy()
    tolerance = np.broadcast_to(tolerance, x.shape)
    moving = np.flatnonzero(np.isfinite(x))
    for _ in range(ROUNDS):
        if len(moving) == 0:
            break
        now = x[moving]
        value, slope = function(now, moving)
        low[moving] = np.where(value < 0, now, low[moving])
        high[moving] = np.where(value > 0, now, high[moving])
        new = now - value / np.maximum(slope, 1e-300)
        inside = (new >= low[moving]) & (new <= high[moving])
        x[moving] = np.where(inside, new, 0.5 * (low[moving] + high[moving]))
        moving = moving[np.abs(x[moving] - now) > tolerance[moving]]
    return x
