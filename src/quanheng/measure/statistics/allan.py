"""Allan deviations: how far averages of a frequency differ from the next ones, by averaging time.

IEEE Std 1139-2008; W. J. Riley, Handbook of Frequency Stability Analysis, NIST SP 1065 (2008), 5.2.2 and 5.2.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidData

Float = NDArray[np.float64]


def allan_deviation(y: ArrayLike, factors: ArrayLike) -> Float:
    """Allan deviation of averages that follow one another without overlap.

    y: (…, N) fractional frequencies, evenly spaced, none missing; factors: (k,) numbers of samples averaged, each at
    most N/2. Returns (…, k), in the unit of y.
    """
    return _deviations(y, factors, overlapping=False)


def overlapping_allan_deviation(y: ArrayLike, factors: ArrayLike) -> Float:
    """As `allan_deviation`, of all averages that the samples allow: the same quantity, estimated more closely."""
    return _deviations(y, factors, overlapping=True)


def _deviations(y: ArrayLike, factors: ArrayLike, *, overlapping: bool) -> Float:
    frequencies, wanted = _checked(y, factors)
    # sums of deviations from the mean stay small; a constant offset has no part in any difference
    centred = frequencies - frequencies.mean(axis=-1, keepdims=True)
    phase = np.zeros((*centred.shape[:-1], centred.shape[-1] + 1))
    np.cumsum(centred, axis=-1, out=phase[..., 1:])
    out = np.empty((*centred.shape[:-1], len(wanted)))
    for k, m in enumerate(wanted):
        at = phase if overlapping else phase[..., ::m]
        step = m if overlapping else 1
        second = at[..., 2 * step :] - 2 * at[..., step:-step] + at[..., : -2 * step]
        out[..., k] = np.sqrt((second**2).mean(axis=-1) / 2) / m
    return out


def _checked(y: ArrayLike, factors: ArrayLike) -> tuple[Float, list[int]]:
    frequencies, wanted = np.asarray(y, dtype=float), np.atleast_1d(np.asarray(factors))
    n = frequencies.shape[-1] if frequencies.ndim else 0
    if not np.all(np.isfinite(frequencies)):
        raise InvalidData("频率须全为有限数，不得缺失 / frequencies are finite, and none is missing")
    for m in wanted:
        if m != int(m) or not 1 <= m <= n // 2:
            raise InvalidData(
                f"平均个数 {m:g} 须为 1 到 {n // 2} 的整数（共 {n} 个样本） / "
                f"an averaging factor is a whole number from 1 to {n // 2} for {n} samples, not {m:g}"
            )
    return frequencies, [int(m) for m in wanted]
