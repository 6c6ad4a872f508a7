"""Calibration points, checked, and the powers in which a curve through them is reckoned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import comb

from quanheng.measure.errors import InvalidCorrelation, InvalidData, InvalidUncertainty
from quanheng.measure.quantity.source import checked_correlation

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basis:
    """Powers 0 … degree of t = (x − centre)/half, which runs from −1 to 1 over the points.

    In t a curve is well conditioned wherever the points lie (10 MHz ± 1 Hz); people read coefficients of powers of
    x − origin. `centre` and `half` have the shape of the curves, () for one.
    """

    centre: Float
    half: Float
    degree: int
    origin: float

    def local(self, x: Float) -> Float:
        """t of x; the last axis of x is that of points."""
        return np.asarray((x - self.centre[..., None]) / self.half[..., None])

    def design(self, t: Float) -> Float:
        """Powers of t, (…, points, degree + 1)."""
        return np.asarray(t[..., None] ** np.arange(self.degree + 1))

    def slopes(self, t: Float) -> Float:
        """Derivatives by x of the powers, (…, points, degree + 1)."""
        k = np.arange(self.degree + 1)
        return np.asarray(k * t[..., None] ** np.maximum(k - 1, 0) / self.half[..., None, None])

    @property
    def to_origin(self) -> Float:
        """Matrix (…, degree + 1, degree + 1) that turns coefficients in t into those of powers of x − origin."""
        k = np.arange(self.degree + 1)
        shift = (self.origin - self.centre)[..., None, None] ** np.maximum(k - k[:, None], 0)
        return np.asarray(comb(k, k[:, None]) * shift / self.half[..., None, None] ** k)


def basis_of(x: Float, degree: int, origin: float) -> Basis:
    low, high = x.min(axis=-1), x.max(axis=-1)
    return Basis((low + high) / 2, (high - low) / 2, degree, float(origin))


def checked_points(x: ArrayLike, y: ArrayLike, degree: int, spare: int) -> tuple[Float, Float]:
    """x (…, m) and y (…, m), for a polynomial of `degree` and `spare` degrees of freedom at the least.

    InvalidData names what is wrong: shapes, a value that is not finite, too few points or too few different x.
    """
    if degree < 1 or degree != int(degree):
        raise InvalidData(
            f"次数须为不小于 1 的整数，不是 {degree} / the degree is a whole number of at least 1"
        )
    points = [np.asarray(each, dtype=float) for each in (x, y)]
    for name, values in zip("xy", points, strict=True):
        if values.ndim == 0 or values.shape[-1] != points[0].shape[-1]:
            raise InvalidData("x 与 y 的点数须相同 / x and y have the same number of points")
        _finite(name, values)
    count, least = points[0].shape[-1], degree + 1 + spare
    if count < least:
        raise InvalidData(
            f"{degree} 次曲线{'由残差求分散时' if spare else ''}至少要 {least} 点，只有 {count} 点 / "
            f"degree {degree} takes at least {least} points{' to see a spread' if spare else ''}, not {count}"
        )
    _different(points[0], degree)
    return points[0], points[1]


def checked_uncertainty(u: ArrayLike, like: Float, name: str) -> Float:
    """Standard uncertainties of points, (…, m); InvalidUncertainty names the point that is not positive and finite."""
    column = np.asarray(u, dtype=float)
    try:
        np.broadcast_shapes(column.shape, like.shape)
    except ValueError:
        raise InvalidData(
            f"{name} 的形状 {column.shape} 与点不符 / {name} of shape {column.shape} does not fit the points"
        ) from None
    wrong = ~((column > 0) & np.isfinite(column))
    if np.any(wrong):
        place = np.argwhere(np.atleast_1d(wrong))[0][-1] + 1
        raise InvalidUncertainty(
            f"{name} 第 {place} 点须为正的有限数，不是 {column[wrong].flat[0]:g} / "
            f"{name} of point {place} is positive and finite, not {column[wrong].flat[0]:g}"
        )
    return np.broadcast_to(column, np.broadcast_shapes(column.shape, like.shape[-1:]))


def cholesky(V: ArrayLike, names: list[str]) -> Float:
    """Lower factor of a covariance matrix (…, q, q) of the named values; InvalidCorrelation names the pair at fault."""
    matrix = np.asarray(V, dtype=float)
    size = len(names)
    if matrix.shape[-2:] != (size, size):
        raise InvalidData(
            f"协方差矩阵须为 {size}×{size}，不是 {matrix.shape} / "
            f"the covariance matrix of {size} values is {size} by {size}, not {matrix.shape}"
        )
    if not np.all(np.isfinite(matrix)):
        raise InvalidData("协方差矩阵须全为有限数 / a covariance matrix is finite")
    for each in matrix.reshape(-1, size, size):
        _symmetric(each, names)
    try:
        L = np.linalg.cholesky(matrix)
        singular = np.any(_diagonal(L) ** 2 < 1e-12 * _diagonal(matrix))
    except np.linalg.LinAlgError:
        singular = np.True_
    if singular:
        for each in matrix.reshape(-1, size, size):
            _definite(each, names)
    return L


def _diagonal(matrix: Float) -> Float:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _symmetric(V: Float, names: list[str]) -> None:
    wrong = abs(V - V.T) > 1e-12 * np.sqrt(abs(np.outer(np.diagonal(V), np.diagonal(V))))
    if np.any(wrong):
        i, j = np.argwhere(wrong)[0]
        raise InvalidCorrelation(
            f"{names[i]} 与 {names[j]} 的协方差不对称 / the covariance of {names[i]} and {names[j]} is not symmetric"
        )
    if np.any(np.diagonal(V) <= 0):
        i = int(np.argmin(np.diagonal(V)))
        raise InvalidUncertainty(
            f"{names[i]} 的方差须为正，不是 {V[i, i]:g} / the variance of {names[i]} is positive, not {V[i, i]:g}"
        )


def _definite(V: Float, names: list[str]) -> None:
    """Say which pair spoils a symmetric matrix that has no Cholesky factor."""
    u = np.sqrt(np.diagonal(V))
    r = V / np.outer(u, u)
    r = (r + r.T) / 2
    np.fill_diagonal(r, 1.0)
    values, vectors = np.linalg.eigh(checked_correlation(names, r))
    if values[0] > 1e-12:
        return
    i, j = sorted(np.argsort(-abs(vectors[:, 0]))[:2])
    raise InvalidCorrelation(
        f"协方差矩阵奇异：{names[i]} 与 {names[j]} 等完全相关，须各有一份自己的误差 / the covariance matrix is "
        f"singular: {names[i]}, {names[j]} and others share all of their error; give each some of its own"
    )


def _finite(name: str, values: Float) -> None:
    wrong = ~np.isfinite(values)
    if np.any(wrong):
        *row, place = np.argwhere(wrong)[0]
        zh, en = (f"第 {row[0] + 1} 条曲线", f"curve {row[0] + 1}, ") if row else ("", "")
        raise InvalidData(
            f"{zh}{name} 第 {place + 1} 点缺失或无穷：去掉此点 / {en}{name} of point {place + 1} is missing or "
            "infinite: leave the point out"
        )


def _different(x: Float, degree: int) -> None:
    steps = np.diff(np.sort(x, axis=-1), axis=-1) > 0
    few = steps.sum(axis=-1) < degree
    if np.any(few):
        row = x.reshape(-1, x.shape[-1])[int(np.flatnonzero(np.atleast_1d(few))[0])]
        count = len(np.unique(row))
        raise InvalidData(
            f"x 只有 {count} 个不同的值（如 {row[0]:g}），{degree} 次曲线至少要 {degree + 1} 个 / "
            f"x takes {count} different values (as {row[0]:g}); degree {degree} needs at least {degree + 1}"
        )
