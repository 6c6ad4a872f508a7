"""What the meters make of it: errors, registers read by clocks that are off, and voltages as shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Real = NDArray[np.floating[Any]]

QUARTER_SECONDS = 900.0
UNEVEN = 0.7  # relative standard deviation of the power at a freeze about the mean of its quarter-hour
STEP_V = 0.1  # V


def draw_unevenness(rng: np.random.Generator, freezes: int) -> Single:
    """(freezes,) power at each freeze over the mean of its quarter-hour: lognormal, mean 1, sd 0.7."""
    variance = np.log1p(UNEVEN**2)
    noise = rng.standard_normal(freezes, dtype=np.float32)
    noise *= np.float32(np.sqrt(variance))
    noise -= np.float32(variance / 2)
    return np.exp(noise, out=noise)


def frozen_registers(energy: Real, *, late: Float, uneven: Real, step: float, first: float) -> Float:
    """Registers of one row as its clock freezes them, in whole steps counted from the first freeze: (Q + 1,).

    energy (Q,): kWh as the meter counts it in each true quarter-hour. late (Q + 1,): seconds by which freeze
    k comes late. uneven (Q + 1,): power at the freeze over the mean of its quarter-hour. `first` in [0, 1):
    the part of a step already counted. Before and after the record the first and last quarter-hour repeat.
    """
    quarters = len(energy)
    late = late / QUARTER_SECONDS
    whole = np.floor(late).astype(np.intp)
    part = late - whole
    at = np.arange(quarters + 1) + whole
    # the offset is small against a quarter-hour: energy near the freeze flows at the freeze's own power
    near = np.where(part < 0.5, part * uneven, 1 - (1 - part) * uneven)
    counted = np.concatenate([[0.0], np.cumsum(energy, dtype=np.float64)])
    inside = np.clip(at, 0, quarters - 1)
    before = np.clip(at, 0, quarters)
    beyond = (at - before) * energy[inside].astype(np.float64)
    register = counted[before] + beyond + np.clip(near, 0.0, 1.0) * energy[inside]
    return np.asarray(np.floor((register - register[0]) / step + first))


def shown_voltages(
    source: Single, drop: Single, *, gain: Float, rng: np.random.Generator, noise: float
) -> Single:
    """(r, Q) V, in whole tenths, as the circuits show them at the end of each quarter-hour.

    source (r, Q): busbar voltage of the row's phase; drop (r, Q): mean drop of the quarter-hour, V. The load
    of the moment differs from the mean: 15 % of the drop, and `noise` of the voltage besides. gain (r,):
    relative error of each circuit.
    """
    shown = np.empty_like(source)
    factor = ((1 + gain) / STEP_V).astype(np.float32)
    for row, moment in enumerate(shown):  # row by row: what fits the cache
        rng.standard_normal(out=moment, dtype=np.float32)
        moment *= np.sqrt((np.float32(0.15) * drop[row]) ** 2 + (np.float32(noise) * source[row]) ** 2)
        moment += source[row]
        moment -= drop[row]
        moment *= factor[row]
        np.rint(moment, out=moment)
        moment *= np.float32(STEP_V)
    return shown
