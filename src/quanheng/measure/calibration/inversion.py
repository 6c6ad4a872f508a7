"""Where polynomials on t in [−1, 1] take given values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.calibration.points import Basis
from quanheng.measure.errors import InvalidData
from quanheng.measure.monotone_root import monotone_root

Float = NDArray[np.float64]


def solve(basis: Basis, local: Float, y: Float) -> Float:
    """x (…, k) at which curves with coefficients `local` (…, p) take the values y (k,) or (…, k).

    A line is solved wherever it leads. InvalidData where a curve of higher degree turns between its points, or where
    y is beyond its ends.
    """
    t = _line(local, y) if basis.degree == 1 else _curve(basis, local, y)
    return np.asarray(basis.centre[..., None] + basis.half[..., None] * t)


def _line(local: Float, y: Float) -> Float:
    a, b = local[..., :1], local[..., 1:]
    # a slope of exactly 0 gives NaN here, and is refused by the caller as one that is not distinguishable from 0
    return np.asarray((y - a) / np.where(b == 0, np.nan, b))


def _curve(basis: Basis, local: Float, y: Float) -> Float:
    rising = _direction(basis, local)
    ends = (basis.design(np.array([-1.0, 1.0])) * local[..., None, :]).sum(axis=-1)
    wanted = np.broadcast_arrays(y, ends[..., :1])[0]
    _within(wanted, ends)
    shape, k = wanted.shape, np.arange(local.shape[-1])
    target = wanted.reshape(-1)
    sign = np.broadcast_to(rising[..., None], shape).reshape(-1)
    coefficients = np.broadcast_to(local[..., None, :], (*shape, len(k))).reshape(-1, len(k))

    def function(t: Float, rows: NDArray[np.intp]) -> tuple[Float, Float]:
        c = sign[rows, None] * coefficients[rows]
        value = (c * t[:, None] ** k).sum(axis=-1) - sign[rows] * target[rows]
        return value, (c * k * t[:, None] ** np.maximum(k - 1, 0)).sum(axis=-1)

    one = np.ones(len(target))
    return monotone_root(function, -one, one, np.zeros(len(target)), tolerance=1e-14).reshape(shape)


def _direction(basis: Basis, local: Float) -> Float:
    """1 where a curve rises between its points, −1 where it falls, (…,); InvalidData where it turns."""
    slopes = (basis.slopes(np.linspace(-1, 1, 401)) * local[..., None, :]).sum(axis=-1)
    if np.any((slopes.min(axis=-1) <= 0) & (slopes.max(axis=-1) >= 0)):
        raise InvalidData(
            "曲线在各点之间有升有降，一个 y 对应不止一个 x：降低次数或缩小范围 / the curve turns between its points, "
            "and one y has several x: take a lower degree or a smaller range"
        )
    return np.asarray(np.sign(slopes[..., 0]))


def _within(y: Float, ends: Float) -> None:
    low, high = ends.min(axis=-1, keepdims=True), ends.max(axis=-1, keepdims=True)
    outside = (y < low) | (y > high)
    if np.any(outside):
        place = tuple(np.argwhere(outside)[0])
        a, b = (float(np.broadcast_to(end, y.shape)[place]) for end in (low, high))
        raise InvalidData(
            f"y = {y[place]:g} 不在曲线各点的范围 {a:g} … {b:g} 内 / "
            f"y = {y[place]:g} is outside the range of the curve between its points, {a:g} to {b:g}"
        )
