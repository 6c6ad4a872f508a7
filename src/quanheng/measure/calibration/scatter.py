"""Errors of calibration points as the regressions need them: whitened, and as independent effects on coefficients.

For a line y = a + b·x the errors of a point meet in e = ε_y − b·ε_x; with b = 0 these are the errors of y alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Common = Mapping[str, bool]  # "x" and "y": given once for many curves


@dataclass(frozen=True, eq=False)
class Whitening:
    """Inverse of the Cholesky factor of the errors e: its diagonal (…, m) where they are independent, or (…, m, m)."""

    factor: Float
    diagonal: bool

    def white(self, a: Float) -> Float:
        """The factor times a (…, m, q)."""
        return np.asarray(self.factor[..., None] * a if self.diagonal else self.factor @ a)

    def back(self, a: Float) -> Float:
        """The transposed factor times a (…, m, q)."""
        return self.white(a) if self.diagonal else np.asarray(np.swapaxes(self.factor, -1, -2) @ a)


@dataclass(frozen=True, eq=False)
class Effect:
    """What q independent errors of standard uncertainty 1 contribute to the coefficients, (…, coefficients, q).

    `common`: one set of errors for all curves, as those of standards that all instruments were compared with.
    """

    name: str
    contributions: Float
    dof: Float
    common: bool


@dataclass(frozen=True, eq=False)
class Independent:
    """Points with independent errors: u_x, u_y (…, m) and their degrees of freedom; u_x is None where x is exact."""

    u_x: Float | None
    u_y: Float
    dof_x: Float
    dof_y: Float

    def whitening(self, slope: Float) -> Whitening:
        variance = self.u_y**2 if self.u_x is None else self.u_y**2 + slope[..., None] ** 2 * self.u_x**2
        return Whitening(1 / np.sqrt(variance), True)

    def error_of_x(self, slope: Float, weighted: Float) -> Float:
        """Estimate of ε_x, from e already divided by its covariance."""
        if self.u_x is None:
            return np.zeros_like(weighted)
        return np.asarray(-slope[..., None] * self.u_x**2 * weighted)

    def effects(self, weights: Float, slope: Float, common: Common) -> tuple[Effect, ...]:
        """Effects on coefficients, from `weights` (…, coefficients, m), the coefficients' derivatives by y."""
        y = Effect("y", weights * self.u_y[..., None, :], self.dof_y, common["y"])
        if self.u_x is None:
            return (y,)
        x = -slope[..., None, None] * weights * self.u_x[..., None, :]
        return y, Effect("x", x, self.dof_x, common["x"])


@dataclass(frozen=True, eq=False)
class Correlated:
    """Points with covariance: lower Cholesky factor of the errors of (x, y), in blocks (…, m, m), known exactly.

    ε_x = L_x·z, ε_y = L_yx·z + L_y·z' with independent z, z' of standard uncertainty 1. L_x is None where x is exact.
    """

    L_x: Float | None
    L_yx: Float | None
    L_y: Float

    def whitening(self, slope: Float) -> Whitening:
        return Whitening(np.linalg.inv(np.linalg.cholesky(self._covariance(slope))), False)

    def error_of_x(self, slope: Float, weighted: Float) -> Float:
        """Estimate of ε_x, from e already divided by its covariance."""
        through = self._through_x(slope)
        if through is None or self.L_x is None:
            return np.zeros_like(weighted)
        return np.asarray((self.L_x @ np.swapaxes(through, -1, -2) @ weighted[..., None])[..., 0])

    def effects(self, weights: Float, slope: Float, common: Common) -> tuple[Effect, ...]:
        """Effects on coefficients, from `weights` (…, coefficients, m), the coefficients' derivatives by y."""
        known = np.full(self.L_y.shape[-1], np.inf)
        y = Effect("y", weights @ self.L_y, known, common["y"])
        through = self._through_x(slope)
        return (y,) if through is None else (y, Effect("x", weights @ through, known, common["x"]))

    def _through_x(self, slope: Float) -> Float | None:
        """What z contributes to e, (…, m, m)."""
        if self.L_x is None:
            return None
        own = -slope[..., None, None] * self.L_x
        return own if self.L_yx is None else own + self.L_yx

    def _covariance(self, slope: Float) -> Float:
        of_y = self.L_y @ np.swapaxes(self.L_y, -1, -2)
        through = self._through_x(slope)
        return of_y if through is None else np.asarray(of_y + through @ np.swapaxes(through, -1, -2))
