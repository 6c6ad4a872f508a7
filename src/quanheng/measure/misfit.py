"""What of a balance its model does not explain, and which single cause would.

The daily balance of a phase is, before anything is known of its meters, a Gaussian vector y ~ N(0, S): the noise of
the steps plus what the priors of all coefficients allow. Tests on it need no estimate, so that one gross fault cannot
hide by bending the estimates of its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf

from quanheng.measure.energy_balance import Equation, Noise, covariance, prior_precision

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class GaussianVector:
    """y ~ N(0, S) of T days, with the lower Cholesky factor of S and S⁻¹y."""

    y: Float
    S: Float
    factor: Float
    weighted: Float

    @property
    def chi_square(self) -> float:
        """y'S⁻¹y: about T when the model holds."""
        return float(self.y @ self.weighted)

    def evidence(self, gain: float) -> float:
        """`free_variance_evidence` of a model that raises the log-likelihood by `gain`."""
        return free_variance_evidence(self.chi_square, gain, len(self.y))


def free_variance_evidence(chi_square: float, gain: float, days: int) -> float:
    """Log-likelihood ratio of a model that raises the log-likelihood by `gain`, were the variance free: ½T ln(χ²/χ²′).

    Where other causes trouble a balance too, all evidence reckoned with the variance of a sound one is too large.
    """
    before = max(chi_square, 1e-12)
    after = max(before - 2 * gain, 1e-3 * before, 0.5 * days)
    return 0.5 * days * float(np.log(before / after)) if before > after else 0.0


def gaussian(y: Float, S: Float) -> GaussianVector:
    """A `GaussianVector`. Raises LinAlgError if S is not positive definite."""
    factor, info = dpotrf(S, lower=1, clean=1)
    if info != 0:
        raise np.linalg.LinAlgError("S is not positive definite")
    return GaussianVector(y, S, factor, np.asarray(cho_solve((factor, True), y)))


def daily(equation: Equation, per_day: int) -> Equation:
    """The equation with its steps added up to days."""
    if per_day == 1:
        return equation

    def added(a: Float) -> Float:
        return np.asarray(a.reshape(-1, per_day, *a.shape[1:]).sum(axis=1))

    errors = equation.read_error
    return Equation(
        meter=equation.meter,
        target=added(equation.target),
        energy=added(equation.energy),
        nuisance=added(equation.nuisance),
        kind=equation.kind,
        white=added(equation.white),
        clock=equation.clock[::per_day],
        known=equation.known[::per_day],
        extra=added(equation.extra),
        read_error=errors[::per_day] if len(errors) > 1 else errors,
    )


def prior_predictive(equation: Equation, noise: Noise, *, correction_sd: Float) -> GaussianVector:
    """The target of an equation as a Gaussian vector; correction_sd (r,): prior of its rows' corrections."""
    diagonal, off = covariance(equation, noise)
    nuisance = equation.nuisance / np.sqrt(prior_precision(equation, noise))
    columns = np.concatenate([nuisance, equation.energy * correction_sd], axis=1)
    S = columns @ columns.T
    steps = np.arange(len(diagonal))
    S[steps, steps] += diagonal
    S[steps[1:], steps[:-1]] += off
    S[steps[:-1], steps[1:]] += off
    return gaussian(equation.target, S)


def innovations(vector: GaussianVector) -> Float:
    """What each day adds to all days before, in standard deviations; (T,)."""
    return np.asarray(solve_triangular(vector.factor, vector.y, lower=True))


def set_aside(vector: GaussianVector, *, threshold: float) -> Flags:
    """Days whose innovation is beyond `threshold` standard deviations, each left out of what the next is judged by."""
    y, S = vector.y, vector.S
    days = len(y)
    factor = np.zeros((days, days))
    z = np.zeros(days)
    out = np.zeros(days, dtype=bool)
    huge = 1e6 * float(S.diagonal().max() + np.max(y**2))
    for t in range(days):
        row = solve_triangular(factor[:t, :t], S[t, :t], lower=True, check_finite=False) if t else np.empty(0)
        variance = max(S[t, t] - row @ row, 1e-12)
        innovation = y[t] - row @ z[:t]
        out[t] = innovation**2 > threshold**2 * variance
        scale = np.sqrt(variance + (huge if out[t] else 0.0))
        factor[t, :t], factor[t, t] = row, scale
        z[t] = innovation / scale
    return out


def evidence_of_columns(vector: GaussianVector, columns: Float, *, sd: float) -> tuple[Float, Float]:
    """How much an extra effect β·column with β ~ N(0, sd²) raises the log-likelihood, and the mean of β.

    columns: (T, k). Returns two arrays (k,).
    """
    half = solve_triangular(vector.factor, columns, lower=True)
    information = np.einsum("tk,tk->k", half, half)
    projected = columns.T @ vector.weighted
    precision = information + sd**-2
    gain = 0.5 * projected**2 / precision - 0.5 * np.log1p(sd**2 * information)
    return gain, projected / precision


def evidence_of_shifts(vector: GaussianVector, shifts: Float) -> Float:
    """How much adding the known series `shifts` (T, k) to y, each alone, raises the log-likelihood; (k,)."""
    half = solve_triangular(vector.factor, shifts, lower=True)
    return np.asarray(-(shifts.T @ vector.weighted) - 0.5 * np.einsum("tk,tk->k", half, half))
