"""Figures of a sample: sums, and the ends of coverage intervals."""

from __future__ import annotations

import numpy as np

from quanheng.measure.quantity import regions
from quanheng.measure.quantity.fused.machine import Float, Whole, compiled
from quanheng.measure.quantity.regions import Kind, tail_sizes

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
    for row in range(len(y)):
        for k in range(s.shape[1]):
            part = slice(k * size, min((k + 1) * size, y.shape[2]))
            for i in range(y.shape[1]):
                for j in range(i + 1):
                    a, b = y[row, i], y[row, j]
                    one, two = _sum_products(a[part], b[part], a[0], b[0], lanes)
                    s[row, k, i] = one
                    products[row, k, i, j] = products[row, k, j, i] = two


def sums(y: Float, size: int) -> tuple[Float, Float]:
    """See `sample.Loops`."""
    rows, q, count = y.shape
    h = -(-count // size)
    s, products = np.empty((rows, h, q)), np.empty((rows, h, q, q))
    _sums(y, size, s, products)
    return s, products


@compiled
def _select(a: Float, k: int, low: Float, high: Float) -> float:
    """The value of rank k, from 0 (Hoare's quickselect); low and high (len(a) + 1,) are room."""
    while True:
        pivot = a[a.size >> 1]
        n = m = 0
        for v in a:
            # written always and kept where the count moves on: no branch to guess
            low[n] = v
            n += v < pivot
            high[m] = v
            m += v > pivot
        if n <= k < a.size - m:
            return float(pivot)
        if k < n:
            a = low[:n]
        else:
            k -= a.size - m
            a = high[:m]


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
def _pair(below: Float, above: Float, wanted: Whole, shortest: bool, room: Float) -> tuple[float, float]:
    if shortest:
        return _shortest(below, above, wanted[0])
    low, high = room[0], room[1]
    return _select(below, wanted[0] - 1, low, high), _select(above, above.size - wanted[1], low, high)


@compiled
def _interval_ends(
    y: Float, size: int, pilot: int, rank: int, wanted: Whole, shortest: bool, ends: Float, found: Whole
) -> None:
    """Ends (n, 1 + h, 2) of the rows of y (n, M).

    wanted (2, 2): how many of the lowest and of the highest, of all trials and of a sequence. `found` (n,) says where
    so many lie beyond the thresholds.
    """
    held = np.empty((4, y.shape[1] + 1))
    for k in range(len(y)):
        first = y[k, :pilot]
        low = _select(first, rank, held[0], held[1])
        high = _select(first, pilot - 1 - rank, held[0], held[1])
        found[k] = _row_ends(y[k], size, low, high, wanted, shortest, ends[k], held)


@compiled
def _row_ends(
    y: Float, size: int, low: float, high: float, wanted: Whole, shortest: bool, ends: Float, held: Float
) -> bool:
    room, beyond, below, above = held[:2], held[0], held[2], held[3]
    a = b = 0
    for part in range(-(-y.size // size)):
        # values are written always and kept where the count moves on: no branch to guess
        n, a0, b0 = 0, a, b
        for v in y[part * size : (part + 1) * size]:
            beyond[n] = v
            n += (v <= low) | (v >= high)
        for v in beyond[:n]:
            below[a] = v
            a += v <= low
            above[b] = v
            b += v >= high
        if part + 1 < len(ends):
            if a - a0 < wanted[1, 0] or b - b0 < wanted[1, 1]:
                return False
            ends[part + 1] = _pair(below[a0:a], above[b0:b], wanted[1], shortest, room)
    if a < wanted[0, 0] or b < wanted[0, 1]:
        return False
    ends[0] = _pair(below[:a], above[:b], wanted[0], shortest, room)
    return True


def interval_ends(y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
    """See `sample.Loops`."""
    rows, q, count = y.shape
    ends = np.empty((rows * q, 1 + count // sequence, 2))
    flat, found = y.reshape(rows * q, count), np.zeros(rows * q, dtype=np.int64)
    where = regions.pilot(count, sequence, coverage, kind)
    if where is not None:
        wanted = np.array([tail_sizes(n, coverage, kind) for n in (count, sequence)])
        _interval_ends(flat, sequence, *where, wanted, kind == "shortest", ends, found)
    for k in np.flatnonzero(found == 0):
        ends[k] = regions.interval_ends(flat[k], sequence, coverage, kind)
    return ends.reshape(rows, q, -1, 2)
