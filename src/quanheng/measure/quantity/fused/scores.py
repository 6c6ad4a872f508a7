"""Normal scores, logarithms and sines, to the last bit those of `elementary.py`."""

from __future__ import annotations

import math

import numpy as np

from quanheng.measure.quantity.elementary import CENTRE, FAR_TAIL, LN2, SERIES, SINE, TAIL
from quanheng.measure.quantity.fused.machine import Bytes, Float, Whole, compiled
from quanheng.measure.quantity.generator import BITS, MANTISSA


@compiled
def scores(u: Float, z: Float, far: Bytes, where: Whole, held: Float) -> None:
    """Fill z (n,) with the scores of uniforms u (n,).

    far (n,), where (n + 1,) and held (2, n) are room for those in the tails.
    """
    for i in range(u.size):
        d = u[i] - 0.5
        z[i] = d * _rational(CENTRE, 0.180625 - d * d)
        far[i] = abs(d) > 0.425
    m = 0
    for i in range(u.size):
        # written always and kept where the count moves on: no branch to guess
        where[m] = i
        m += far[i]
    p, e = held[0, :m], held[1, :m]
    for j in range(m):
        p[j] = 0.5 - abs(u[where[j]] - 0.5)
    logarithms(p, e)
    for j in range(m):
        r = math.sqrt(-e[j])
        p[j] = r
        e[j] = _rational(TAIL, r - 1.6)
    beyond = False
    for j in range(m):
        beyond |= p[j] > 5.0
    if beyond:
        for j in range(m):
            if p[j] > 5.0:
                e[j] = _rational(FAR_TAIL, p[j] - 5.0)
    for j in range(m):
        z[where[j]] = math.copysign(e[j], u[where[j]] - 0.5)


@compiled
def _rational(ratio: tuple[tuple[float, ...], tuple[float, ...]], x: float) -> float:
    a, b = ratio
    n = ((((((a[7] * x + a[6]) * x + a[5]) * x + a[4]) * x + a[3]) * x + a[2]) * x + a[1]) * x + a[0]
    d = ((((((b[7] * x + b[6]) * x + b[5]) * x + b[4]) * x + b[3]) * x + b[2]) * x + b[1]) * x + b[0]
    return n / d


@compiled
def logarithms(p: Float, out: Float) -> None:
    """As `elementary.log`, (n,); p is used up."""
    bits = p.view(np.uint64)
    for j in range(p.size):
        # ¾ <= mantissa < 1½
        high = (bits[j] >> np.uint64(BITS - 1)) & np.uint64(1)
        out[j] = np.float64(np.int64(bits[j] >> np.uint64(BITS)) - 1023 + np.int64(high))
        bits[j] = (bits[j] & np.uint64(MANTISSA)) | ((np.uint64(1023) - high) << np.uint64(BITS))
    for j in range(p.size):
        s = (p[j] - 1.0) / (p[j] + 1.0)
        h = _even(SERIES, s * s)
        out[j] = out[j] * LN2[0] + (2.0 * s + (2.0 * s * h + out[j] * LN2[1]))


@compiled
def sine(x: float) -> float:
    """As `elementary.sine`."""
    return x + x * _even(SINE, x * x)


@compiled
def _even(series: tuple[float, ...], x: float) -> float:
    h = x * series[10]
    h = (h + series[9]) * x
    h = (h + series[8]) * x
    h = (h + series[7]) * x
    h = (h + series[6]) * x
    h = (h + series[5]) * x
    h = (h + series[4]) * x
    h = (h + series[3]) * x
    h = (h + series[2]) * x
    return (h + series[1]) * x
