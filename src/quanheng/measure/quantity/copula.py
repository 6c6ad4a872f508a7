"""Correlated draws of any shape: which correlation of normal scores gives the coefficient that is stated.

Draws are functions of correlated normal scores (a Gaussian copula). Of two normal shapes the scores have the stated
coefficient; of others they need another: 2·sin(πr/6) for two rectangular ones. Nataf, Comptes Rendus 225 (1962) 42.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from quanheng.measure.quantity.shapes import Normal, Shape

Float = NDArray[np.float64]

NODES = 96  # of the quadrature, in each score
INNER = 16  # in a uniform that is no score
LEAST = 2.0**-53  # uniform
REACHED = 1e-5  # as close to the largest coefficient of two shapes


def score_correlations(shapes: Sequence[Shape], matrix: Float) -> Float:
    """Correlation matrix (q, q) of the scores of shapes that have the coefficients `matrix`.

    Where two shapes cannot have a coefficient (an exponential and its mirror image never have −1) they come as near
    to it as they can, and where the scores cannot have theirs all at once, so do these.
    """
    if all(isinstance(each, Normal) for each in shapes):
        return matrix
    found = np.eye(len(shapes))
    for i, a in enumerate(shapes):
        for j, b in enumerate(shapes[:i]):
            found[i, j] = found[j, i] = score_correlation(a, b, float(matrix[i, j]))
    values, vectors = np.linalg.eigh(found)
    if values[0] < 0.0:
        found = (vectors * np.maximum(values, 0.0)) @ vectors.T
        scale = 1.0 / np.sqrt(np.diag(found))
        found = found * scale * scale[:, None]
        np.fill_diagonal(found, 1.0)
    return found


@lru_cache(maxsize=1024)
def score_correlation(a: Shape, b: Shape, r: float) -> float:
    """The correlation of two scores whose draws have the coefficient r; r itself where that is not defined."""
    if r == 0.0 or (isinstance(a, Normal) and isinstance(b, Normal)):
        return r
    if not np.isfinite(a.variance * b.variance):
        return r
    lowest, highest = coefficient(a, b, -1.0), coefficient(a, b, 1.0)
    if r >= highest - REACHED:
        return 1.0
    if r <= lowest + REACHED:
        return -1.0
    return float(brentq(lambda rho: coefficient(a, b, rho) - r, -1.0, 1.0, xtol=1e-10))


def coefficient(a: Shape, b: Shape, rho: float) -> float:
    """Correlation coefficient of draws of two shapes whose scores have the correlation rho."""
    z, w = _quadrature()
    x = _standardised(a, z)
    if abs(rho) == 1.0:
        return float(w @ (x * _standardised(b, rho * z)))
    other = rho * z[:, None] + np.sqrt(1.0 - rho * rho) * z
    return float(w @ (x * (_standardised(b, other.ravel()).reshape(other.shape) @ w)))


def _standardised(shape: Shape, z: Float) -> Float:
    """Draws at scores z, the mean over what else they are drawn from, in units of their standard deviation."""
    uniform = np.clip(ndtr(z), LEAST, 1.0 - LEAST)
    inner = (np.arange(INNER) + 0.5) / INNER if shape.uniforms > 1 else np.array([0.5])
    drawn = np.zeros(len(z))
    for each in inner:
        drawn += shape.draw(np.array([np.full(len(z), each)] * (shape.uniforms - 1) + [uniform])) / len(inner)
    return np.asarray(drawn / np.sqrt(shape.variance))


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Float, Float]:
    """Nodes and weights of Gauss and Hermite for a normal score."""
    z, w = np.polynomial.hermite_e.hermegauss(NODES)
    return z, w / w.sum()
