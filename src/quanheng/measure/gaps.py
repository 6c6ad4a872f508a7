"""Energies of steps that were not read, and how uncertain they are.

A lost freeze between two that were read leaves the sum of the steps known: the imputation errs by one amount,
which enters two neighbouring steps with opposite signs. That variance stands at the freeze. Only where no sum
is known does the variance stand at the step itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Filled:
    """Energies without gaps, for r rows and T steps."""

    energy: Float  # (r, T)
    at_freeze: Float  # (r, T + 1) variance of the imputed register at a freeze
    at_step: Float  # (r, T) variance of an imputed step whose sum with its neighbours is unknown too
    read: NDArray[np.bool_]  # (r, T) True where the step was read


def completed_registers(register: Float, energy: Float) -> Float:
    """Registers (r, T + 1), gaps closed where an energy (r, T) joins a known freeze to an unknown one."""
    out = register.copy()
    rows = np.flatnonzero(np.isnan(out).any(axis=1))
    for t in range(energy.shape[1]):
        lost = rows[np.isnan(out[rows, t + 1])]
        out[lost, t + 1] = out[lost, t] + energy[lost, t]
    for t in range(energy.shape[1] - 1, -1, -1):
        lost = rows[np.isnan(out[rows, t])]
        out[lost, t] = out[lost, t + 1] - energy[lost, t]
    return out


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open intervals [a, b) in which a vector of booleans is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def stretches(unread: NDArray[np.bool_], register: Float | None) -> list[tuple[int, int]]:
    """Runs of unread steps (T,), cut at the freezes inside them whose register (T + 1,) is known."""
    spans = runs(unread)
    if register is None:
        return spans
    out: list[tuple[int, int]] = []
    for a, b in spans:
        inside = a + 1 + np.flatnonzero(~np.isnan(register[a + 1 : b]))
        out += pairwise([a, *inside.tolist(), b])
    return out


def daily_profile(energy: Float, per_day: int) -> tuple[Float, Float]:
    """Mean and variance of each row's energy by time of day; both (r, per_day). NaN where never read."""
    days = energy.shape[1] // per_day
    cube = energy[:, : days * per_day].reshape(len(energy), days, per_day)
    count = (~np.isnan(cube)).sum(axis=1)
    mean = np.where(np.isnan(cube), 0, cube).sum(axis=1) / np.maximum(count, 1)
    square = np.where(np.isnan(cube), 0, (cube - mean[:, None, :]) ** 2).sum(axis=1)
    variance = square / np.maximum(count - 1, 1)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, variance, np.nan)


def fill(energy: Float, register: Float | None, *, per_day: int) -> Filled:
    """Fill steps that were not read.

    energy: (r, T) with NaN; register: (r, T + 1) in the same unit, NaN where not read, or None; per_day:
    steps of a day. A gap takes the row's profile by time of day, scaled to the known sum where there is one.
    """
    rows, steps = energy.shape
    read = ~np.isnan(energy)
    out = energy.copy()
    at_freeze, at_step = np.zeros((rows, steps + 1)), np.zeros((rows, steps))
    gappy = np.flatnonzero(~read.all(axis=1))
    if len(gappy) == 0:
        return Filled(out, at_freeze, at_step, read)
    profile, spread = daily_profile(energy[gappy], per_day)
    known = completed_registers(register[gappy], energy[gappy]) if register is not None else None
    for k, i in enumerate(gappy):
        for a, b in stretches(~read[i], None if known is None else known[k]):
            times = np.arange(a, b) % per_day
            guess = np.nan_to_num(profile[k, times])
            variance = np.nan_to_num(spread[k, times], nan=float(np.nan_to_num(spread[k]).mean()))
            total = np.nan if known is None else known[k, b] - known[k, a]
            if np.isnan(total):
                out[i, a:b], at_step[i, a:b] = guess, variance
                continue
            out[i, a:b] = guess * (total / guess.sum()) if guess.sum() > 0 else total / (b - a)
            within = np.cumsum(variance)
            at_freeze[i, a + 1 : b] = within[:-1] * (1 - within[:-1] / max(within[-1], 1e-30))
    return Filled(out, at_freeze, at_step, read)
