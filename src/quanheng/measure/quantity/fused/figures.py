"""Figures of a sample: sums, and the ends of coverage intervals."""

from __future__ import annotations

import numpy as np

from quanheng.measure.quantity import regions
from quanheng.measure.quantity.fused.machine import Float, Whole, compiled
from quanheng.measure.quantity.regions import Kind, tail_sizes, thresholds

LANES = 64  # sums that go on at once


@compiled
def _sum_products(a: Float, b: Float, a0: float, b0: float, lanes: Float) -> tuple[float, float]:
    """Σ(a − a0) and Σ(a − a0)(b − b0): over many lanes, so in one order on every machine."""
    lanes[:] = 0.0
    n = a.size // LANES
    x, y = a[: n * LANES].reshape(n, LANES), b[: n * LANES].reshape(n, LANES)
    for k in range(n):
        for lane in range(LANES):
            d = x[k, lane] - a0
            lanes[0, lane] += d
            lanes[1, lane] += d * (y[k, lane] - b0)
    for i in range(n * LANES, a.size):
        lanes[0, 0] += a[i] - a0
        lanes[1, 0] += (a[i] - a0) * (b[i] - b0)
    return lanes[0].sum(), lanes[1].sum()


@compiled
def _sums(y: Float, size: int, s: Float, products: Float) -> None:
    lanes = np.empty((2, LANES))
    for k in range(len(s)):
        part = slice(k * size, min((k + 1) * size, y.shape[1]))
        for i in range(len(y)):
            for j in range(i + 1):
                s[k, i], products[k, i, j] = _sum_products(y[i, part], y[j, part], y[i, 0], y[j, 0], lanes)
                products[k, j, i] = products[k, i, j]


def sums(y: Float, size: int) -> tuple[Float, Float]:
    """See `sample.Kernels`."""
    q, count = y.shape
    h = -(-count // size)
    s, products = np.empty((h, q)), np.empty((h, q, q))
    _sums(y, size, s, products)
    return s, products


@compiled
def _select(a: Float, k: int) -> float:
    """The value of rank k, from 0; moves values about (Hoare's quickselect)."""
    low, high = 0, a.size - 1
    while low < high:
        pivot = a[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(a[k])


@compiled
def _shortest(below: Float, above: Float, n: int) -> tuple[float, float]:
    """The nearest pair of the n lowest and the n highest, as ranks go with one another."""
    a, b = np.sort(below)[:n], np.sort(above)[above.size - n :]
    k = 0
    for i in range(n):
        if b[i] - a[i] < b[k] - a[k]:
            k = i
    return a[k], b[k]


@compiled
def _interval_ends(
    y: Float, size: int, low: float, high: float, wanted: Whole, shortest: bool, ends: Float
) -> bool:
    """Ends (1 + h, 2); wanted (2, 2): how many of the lowest and of the highest, of all trials and of a sequence.

    False where too few lie beyond the thresholds `low` and `high`.
    """
    beyond, below, above = np.empty(size + 1), np.empty(y.size), np.empty(y.size)
    a = b = 0
    for part in range(-(-y.size // size)):
        n = 0
        for v in y[part * size : (part + 1) * size]:
            # written always and kept where the count moves on: no branch to guess
            beyond[n] = v
            n += (v <= low) | (v >= high)
        a0, b0 = a, b
        for v in beyond[:n]:
            if v <= low:
                below[a] = v
                a += 1
            if v >= high:
                above[b] = v
                b += 1
        if part + 1 < len(ends):
            if a - a0 < wanted[1, 0] or b - b0 < wanted[1, 1]:
                return False
            ends[part + 1] = _pair(below[a0:a], above[b0:b], wanted[1], shortest)
    if a < wanted[0, 0] or b < wanted[0, 1]:
        return False
    ends[0] = _pair(below[:a], above[:b], wanted[0], shortest)
    return True


@compiled
def _pair(below: Float, above: Float, wanted: Whole, shortest: bool) -> tuple[float, float]:
    if shortest:
        return _shortest(below, above, wanted[0])
    return _select(below, wanted[0] - 1), _select(above, above.size - wanted[1])


def interval_ends(y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
    """As `regions.interval_ends`."""
    within = thresholds(y, sequence, coverage, kind)
    if within is not None:
        ends = np.empty((1 + len(y) // sequence, 2))
        wanted = np.array([tail_sizes(n, coverage, kind) for n in (len(y), sequence)])
        if _interval_ends(y, sequence, *within, wanted, kind == "shortest", ends):
            return ends
    return regions.interval_ends(y, sequence, coverage, kind)
