"""The loops of a Monte Carlo run, compiled with numba (an optional extra); imported only where numba is.

They do what NumPy does in `generator.py`, `shapes.py` and `sample.py`, operation by operation in the same order, so
that draws are the same to the last bit. The tape is interpreted, stretch by stretch in the first cache: one
compilation, kept on disk, serves all models.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba  # type: ignore[import-untyped, import-not-found, unused-ignore]
import numpy as np
from numpy.typing import NDArray

from quanheng.measure.quantity import regions
from quanheng.measure.quantity.generator import CENTRE, FAR_TAIL, LN2, MANTISSA, SERIES, TAIL
from quanheng.measure.quantity.regions import Kind, tail_sizes, thresholds
from quanheng.measure.quantity.sample import Evaluator, Inputs, Kernels
from quanheng.measure.quantity.schedule import LOAD, Schedule
from quanheng.measure.quantity.shapes import NODES, REACH, Table

Float = NDArray[np.float64]
Whole = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

STRETCH = 512  # trials of one pass over the tape
LANES = 64  # sums that go on at once


def compiled(function: F) -> F:
    """The function in machine code, without the interpreter's lock; kept on disk where that is possible."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # neither the package nor the user's cache can be written
        return cast(F, numba.njit(**options)(function))


# ---- normal scores ---------------------------------------------------------------------------------------------


@compiled
def _rational(ratio: tuple[tuple[float, ...], tuple[float, ...]], x: float) -> float:
    a, b = ratio
    n = ((((((a[7] * x + a[6]) * x + a[5]) * x + a[4]) * x + a[3]) * x + a[2]) * x + a[1]) * x + a[0]
    d = ((((((b[7] * x + b[6]) * x + b[5]) * x + b[4]) * x + b[3]) * x + b[2]) * x + b[1]) * x + b[0]
    return n / d


@compiled
def _normal_scores(u: Float, z: Float) -> None:
    where = np.empty(STRETCH + 1, dtype=np.int64)
    p = np.empty(STRETCH + 1)
    for first in range(0, u.size, STRETCH):
        n = 0
        # slices start at 0: only then are indices known not to be negative, and the loops take several at once
        part, out = u[first : first + STRETCH], z[first : first + STRETCH]
        for i in range(part.size):
            q = part[i] - 0.5
            out[i] = q * _rational(CENTRE, 0.180625 - q * q)
        for i in range(part.size):
            # written always and kept where the count moves on: no branch to guess
            q = abs(part[i] - 0.5)
            where[n] = i
            p[n] = 0.5 - q
            n += q > 0.425
        _tail_scores(part, where[:n], p[:n], out)


@compiled
def _tail_scores(u: Float, where: Whole, p: Float, z: Float) -> None:
    m, e = p.view(np.uint64), np.empty(p.size)
    for j in range(p.size):
        # 0.75 <= mantissa < 1.5, as `generator._log`
        high = (m[j] >> np.uint64(51)) & np.uint64(1)
        e[j] = np.float64(np.int64(m[j] >> np.uint64(52)) - 1023 + np.int64(high))
        m[j] = (m[j] & np.uint64(MANTISSA)) | ((np.uint64(1023) - high) << np.uint64(52))
    for j in range(p.size):
        p[j] = math.sqrt(-_log(p[j], e[j]))
        e[j] = _rational(TAIL, p[j] - 1.6)
    for j in range(p.size):
        tail = e[j] if p[j] <= 5.0 else _rational(FAR_TAIL, p[j] - 5.0)
        z[where[j]] = math.copysign(tail, u[where[j]] - 0.5)


@compiled
def _log(m: float, e: float) -> float:
    s = (m - 1.0) / (m + 1.0)
    s2 = s * s
    h = s2 * SERIES[10]
    h = (h + SERIES[9]) * s2
    h = (h + SERIES[8]) * s2
    h = (h + SERIES[7]) * s2
    h = (h + SERIES[6]) * s2
    h = (h + SERIES[5]) * s2
    h = (h + SERIES[4]) * s2
    h = (h + SERIES[3]) * s2
    h = (h + SERIES[2]) * s2
    h = (h + SERIES[1]) * s2
    return e * LN2[0] + (2.0 * s + (2.0 * s * h + e * LN2[1]))


def normal_scores(u: Float, out: Float) -> Float:
    """As `generator.normal_scores`."""
    _normal_scores(np.ravel(u), out.reshape(-1))
    return out


# ---- tables ----------------------------------------------------------------------------------------------------


@compiled
def _interpolate(values: Float, slopes: Float, scores: Float, out: Float) -> None:
    for i in range(scores.size):
        position = (scores[i] + REACH) * NODES
        node = int(position)
        s = position - node
        low = values[node]
        rise = values[node + 1] - low
        at_low, at_high = slopes[node] - rise, rise - slopes[node + 1]
        out[i] = low + s * (rise + (1 - s) * (at_low * (1 - s) + at_high * s))


def interpolate(table: Table, scores: Float, out: Float) -> Float:
    """As `shapes.interpolate`."""
    _interpolate(table.values, table.slopes, scores, out)
    return out


# ---- the tape --------------------------------------------------------------------------------------------------


@compiled
def _apply(code: int, r: Float, a: int, b: int, y: int, n: int) -> None:
    """r[y] = operation(r[a], r[b]) in the first n places, by the numbers of `operations.py`.

    Registers go by number, not as views: making a view costs more than the operation.
    """
    if code == 0:
        for i in range(n):
            r[y, i] = r[a, i] + r[b, i]
    elif code == 1:
        for i in range(n):
            r[y, i] = r[a, i] - r[b, i]
    elif code == 2:
        for i in range(n):
            r[y, i] = r[a, i] * r[b, i]
    elif code == 3:
        for i in range(n):
            r[y, i] = r[a, i] / r[b, i]
    elif code == 4:
        for i in range(n):
            r[y, i] = r[a, i] * r[a, i] if r[b, i] == 2.0 else r[a, i] ** r[b, i]
    elif code == 5:
        for i in range(n):
            r[y, i] = -r[a, i]
    elif code == 6:
        for i in range(n):
            r[y, i] = abs(r[a, i])
    elif code == 8:
        for i in range(n):
            r[y, i] = math.sqrt(r[a, i])
    elif code == 23:
        for i in range(n):
            r[y, i] = math.atan2(r[a, i], r[b, i])
    elif code == 24:
        for i in range(n):
            r[y, i] = math.hypot(r[a, i], r[b, i])
    else:
        for i in range(n):
            r[y, i] = _function(code, r[a, i])


@compiled
def _function(code: int, x: float) -> float:
    y = np.nan
    if code == 7:
        y = np.sign(x)
    elif code == 9:
        y = np.cbrt(x)
    elif code == 10:
        y = np.exp(x)
    elif code == 11:
        y = np.exp2(x)
    elif code == 12:
        y = np.expm1(x)
    elif code == 13:
        y = np.log(x)
    elif code == 14:
        y = np.log2(x)
    elif code == 15:
        y = np.log10(x)
    elif code == 16:
        y = np.log1p(x)
    elif code == 17:
        y = np.sin(x)
    elif code == 18:
        y = np.cos(x)
    elif code == 19:
        y = np.tan(x)
    elif code == 20:
        y = np.arcsin(x)
    elif code == 21:
        y = np.arccos(x)
    elif code == 22:
        y = np.arctan(x)
    elif code == 25:
        y = np.sinh(x)
    elif code == 26:
        y = np.cosh(x)
    elif code == 27:
        y = np.tanh(x)
    elif code == 28:
        y = np.arcsinh(x)
    elif code == 29:
        y = np.arccosh(x)
    elif code == 30:
        y = np.arctanh(x)
    return y


@compiled
def _load(
    r: Float, y: int, value: float, part: Whole, contributions: Float, row: int, draws: Float, n: int
) -> None:
    """r[y] = value + Σ contribution·draw over the terms of an input, in their order; `part` says which they are."""
    if part[0] == part[1]:
        for j in range(n):
            r[y, j] = value
    for t in range(part[0], part[1]):
        c, d = contributions[t, row], part[2 + t - part[0]]
        if t == part[0]:
            for j in range(n):
                r[y, j] = value + c * draws[d, j]
        else:
            for j in range(n):
                r[y, j] += c * draws[d, j]


@compiled
def _run(
    steps: Whole, r: Float, values: Float, parts: Whole, contributions: Float, row: int, draws: Float, n: int
) -> None:
    for s in range(len(steps)):
        code, a, b, y = steps[s]
        if code == LOAD:
            _load(r, y, values[a, row], parts[a], contributions, row, draws, n)
        else:
            _apply(code, r, a, b, y, n)


@compiled
def _evaluate(
    shared: Whole,
    own: Whole,
    outputs: Whole,
    r: Float,
    values: Float,
    parts: Whole,
    contributions: Float,
    draws: Float,
    out: Float,
) -> None:
    for first in range(0, draws.shape[1], STRETCH):
        n = min(STRETCH, draws.shape[1] - first)
        d = draws[:, first : first + n].copy()
        _run(shared, r, values, parts, contributions, 0, d, n)
        for row in range(len(out)):
            _run(own, r, values, parts, contributions, row, d, n)
            for o in range(len(outputs)):
                out[row, o, first : first + n] = r[outputs[o], :n]


def evaluator(plan: Schedule, inputs: Inputs) -> Evaluator:
    """As `sample.evaluator`."""
    registers = np.empty((plan.buffers, STRETCH))
    for place, number in plan.constants:
        registers[place] = number
    values, contributions = inputs.wide
    parts = _parts(inputs)

    def evaluate(draws: Float, out: Float) -> None:
        _evaluate(plan.shared, plan.own, plan.outputs, registers, values, parts, contributions, draws, out)

    return evaluate


def _parts(inputs: Inputs) -> Whole:
    """For each input: from which of all terms to which they are its own, then their places in the basis."""
    longest = max((len(each) for each in inputs.terms), default=0)
    parts = np.zeros((len(inputs.terms), 2 + longest), dtype=np.int64)
    first = 0
    for row, each in zip(parts, inputs.terms, strict=True):
        row[:2] = first, first + len(each)
        row[2 : 2 + len(each)] = [place for place, _ in each]
        first += len(each)
    return parts


# ---- figures of a sample ---------------------------------------------------------------------------------------


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
    below, above = np.empty(y.size), np.empty(y.size)
    a = b = 0
    for part in range(-(-y.size // size)):
        a0, b0 = a, b
        for v in y[part * size : (part + 1) * size]:
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


COMPILED = Kernels(normal_scores, interpolate, evaluator, sums, interval_ends)
