"""The random sample of meters that nothing speaks against: without it nobody knows how many are missed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Index = NDArray[np.intp]

LOADS = (1.0, 5.0)  # kWh or m³ per day between the classes of load
UNKNOWN_P = 0.02  # taken for a meter without a verdict


def strata(district: Index, verdict: Index, kwh_day: Float) -> Index:
    """(N,) one code for each district × verdict × class of load; an unknown load counts as the lowest."""
    load = np.searchsorted(LOADS, np.nan_to_num(kwh_day), side="right")
    return np.asarray((district * 3 + verdict) * 3 + load, dtype=np.intp)


def allocate(size: Index, p_out: Float, total: int) -> Index:
    """How many to draw of each stratum: one of each, the rest in proportion to size·√(p(1 − p)).

    size, p_out: (S,) meters and mean probability of being out of tolerance. Neyman's allocation, to
    within one; W. G. Cochran, Sampling Techniques, 3rd ed., 5.5.
    """
    p = np.clip(np.where(np.isfinite(p_out), p_out, UNKNOWN_P), 1e-6, 1 - 1e-6)
    wanted = size * np.sqrt(p * (1 - p))
    rest = max(0, total - len(size))
    return np.asarray(
        np.minimum(size, 1 + np.floor(rest * wanted / max(wanted.sum(), 1e-300)).astype(np.intp)),
        dtype=np.intp,
    )


def draw(
    stratum: Index, free: NDArray[np.bool_], p_out: Float, total: int, seed: bytes
) -> tuple[Index, Float]:
    """Rows that are drawn, and how many meters each stands for.

    stratum, free, p_out: (N,); only free meters can be drawn. seed: 32 bytes, the digest of the inputs:
    nobody chooses who is checked, and anybody can draw again. Row k has the k-th 64-bit output of Philox with
    the first 16 bytes of the seed as its key; the smallest of each stratum are drawn.
    """
    key = np.random.Philox(key=int.from_bytes(seed[:16], "little")).random_raw(len(stratum))
    rows = np.flatnonzero(free)
    if len(rows) == 0:
        return rows, np.empty(0)
    _, code = np.unique(stratum[rows], return_inverse=True)
    size = np.bincount(code)
    judged = np.isfinite(p_out[rows])
    with np.errstate(invalid="ignore"):
        mean = np.bincount(code[judged], p_out[rows][judged], len(size)) / np.bincount(
            code[judged], minlength=len(size)
        )
    count = allocate(size, mean, total)
    ordered = np.lexsort((key[rows], code))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
    taken = ordered[place < np.repeat(count, size)]
    return rows[taken], (size / count)[code[taken]]
