"""Functions by operations that IEEE 754 rounds exactly: the same bits on every machine, with NumPy and compiled.

NumPy's own logarithm and sine differ from machine to machine in the last place.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

BLOCK = 8192  # numbers worked on at once, so that they stay in the cache

# Normal scores: Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477, PPND16. Numerator and denominator by
# ascending powers: within ±0.425 of ½, and in the tails by r = √(−ln p) up to 5 and beyond.
CENTRE = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
TAIL = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
FAR_TAIL = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
# ln m = 2s(1 + s²/3 + s⁴/5 + …), s = (m − 1)/(m + 1); ln 2 in two parts, the first exact when multiplied by an exponent
SERIES = tuple(1.0 / (2 * k + 1) for k in range(11))
LN2 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
# sin x = x − x³/3! + x⁵/5! − …
SINE = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(11))


def normal_scores(u: Float, out: Float | None = None) -> Float:
    """Normal quantiles of uniforms of any shape, within 1e-15 of their size.

    `out` is a contiguous array of that shape.
    """
    z = np.empty(u.shape) if out is None else out
    flat, into = np.ravel(u), z.reshape(-1)
    tails, beyond = [], []
    for first in range(0, len(flat), BLOCK):
        part = slice(first, first + BLOCK)
        q = flat[part] - 0.5
        np.multiply(q, _rational(CENTRE, 0.180625 - q * q), out=into[part])
        far = np.flatnonzero(np.abs(q) > 0.425)
        tails.append(far + first)
        beyond.append(q[far])
    if tails:
        q = np.concatenate(beyond)
        into[np.concatenate(tails)] = np.copysign(_tail_scores(0.5 - np.abs(q)), q)
    return z


def _tail_scores(p: Float) -> Float:
    r = np.sqrt(-log(p))
    z = _rational(TAIL, r - 1.6)
    far = np.flatnonzero(r > 5.0)
    if len(far):
        z[far] = _rational(FAR_TAIL, r[far] - 5.0)
    return z


def _rational(ratio: tuple[tuple[float, ...], tuple[float, ...]], x: Float) -> Float:
    value, divisor = (_polynomial(coefficients, x) for coefficients in ratio)
    value /= divisor
    return value


def _polynomial(coefficients: tuple[float, ...], x: Float) -> Float:
    y = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        y += c
        y *= x
    y += coefficients[0]
    return y


def log(p: Float) -> Float:
    """ln p of 0 < p < ∞."""
    m, exponent = np.frexp(p)  # ½ <= m < 1
    low = m < 0.75
    m = np.where(low, 2 * m, m)
    e = (exponent - low).astype(np.float64)
    s = (m - 1) / (m + 1)
    s2 = s * s
    h = _polynomial((0.0, *SERIES[1:]), s2)
    return np.asarray(e * LN2[0] + (2 * s + (2 * s * h + e * LN2[1])))


def sine(x: Float) -> Float:
    """sin x for |x| <= π/2."""
    square = x * x
    return np.asarray(x + x * _polynomial((0.0, *SINE[1:]), square))
