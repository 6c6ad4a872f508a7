"""The meters of a whole lake as columns: what the last steps of the cycle work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class MeterColumns:
    """N meters in the order of the lake's partitions; the numeric part of `MeterFindings`, strings as codes."""

    mpe: Float
    kwh_day: Float  # NaN where nothing was read
    days: NDArray[np.int64]
    location: Float  # likelihood of the correction; NaN where the data say nothing or must not be heard
    scale: Float
    batch: Codes  # into a list of lots; −1 = unknown
    judged: NDArray[np.bool_]  # status is "ok"
    changed: NDArray[np.bool_]  # an error that began within the period
    verified_mean: Float  # correction that a field check established; NaN where none
    verified_u: Float


@dataclass(frozen=True)
class LotFinding:
    """What the meters of one lot have in common."""

    batch: str
    meters: int
    mean: float  # common relative error
    u: float
    spread: float  # standard deviation of the sound meters of the lot
    share: float  # share of its meters that are out of tolerance, expected
    p_bad: float  # P(|common error| > mpe / 2)


@dataclass(frozen=True)
class Verdicts:
    """Columns of N meters."""

    error: Float
    u: Float
    lower: Float
    upper: Float
    p_out: Float
    replace: NDArray[np.bool_]
    cleared: NDArray[np.bool_]
    reason: tuple[str, ...]  # the closed set that `reason_code` points into: ok, load, days, collinear
    reason_code: Codes
    days_needed: Float  # NaN where none or not finite
    expected_false_share: float  # mean of 1 − p_out over `replace`; 0 if none
