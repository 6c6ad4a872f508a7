"""Which of many collinear coefficients are faulty: spike-and-slab regression by expectation propagation.

Each coefficient c_i has the prior (1 − share) N(mean, spike²) + share N(mean, slab²). The data enter as a
Gaussian likelihood exp(−½ c'Ac + h'c). Expectation propagation replaces every prior by a Gaussian site so that
the moments of each marginal agree (Minka 2001; Hernández-Lobato et al., Mach. Learn. 99, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from quanheng.measure.statistics import normal

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """Prior of every coefficient, all arrays of shape (n,) (scalars broadcast)."""

    mean: Float
    spike: Float
    slab: Float
    share: Float


@dataclass(frozen=True)
class Sites:
    """Gaussian approximations of the priors: precisions and precision-weighted means, (n,)."""

    tau: Float
    nu: Float


@dataclass(frozen=True)
class Posterior:
    """Gaussian approximation of the joint posterior, and what the data alone say of each coefficient."""

    mean: Float  # (n,)
    covariance: Float  # (n, n)
    location: Float  # (n,) mean of the cavity: the likelihood of c_i with every other c integrated out
    scale: Float  # (n,) its standard deviation; inf where the data say nothing
    iterations: int
    sites: Sites  # where another solution of nearly the same problem may start


def mixture(
    n: int, *, mean: float | Float, spike: float | Float, slab: float | Float, share: float | Float
) -> Mixture:
    """A `Mixture` of n coefficients; scalars are repeated."""
    spread = [np.broadcast_to(np.asarray(a, dtype=float), (n,)) for a in (mean, spike, slab, share)]
    return Mixture(*spread)


def responsibility(location: Float, variance: Float, prior: Mixture) -> Float:
    """Probability of the slab given a Gaussian likelihood N(location, variance) of the coefficient; shape (n,)."""
    d2 = (location - prior.mean) ** 2
    v0, v1 = prior.spike**2 + variance, prior.slab**2 + variance
    log_odds = np.log(prior.share) - np.log1p(-prior.share) + 0.5 * (np.log(v0 / v1) + d2 / v0 - d2 / v1)
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def tilted_moments(location: Float, variance: Float, prior: Mixture) -> tuple[Float, Float]:
    """Mean and variance of prior × N(location, variance); arrays (n,)."""
    r = responsibility(location, variance, prior)
    m0, v0 = normal.posterior(location, variance, prior.mean, prior.spike**2)
    m1, v1 = normal.posterior(location, variance, prior.mean, prior.slab**2)
    mean = (1 - r) * m0 + r * m1
    return mean, (1 - r) * (v0 + (m0 - mean) ** 2) + r * (v1 + (m1 - mean) ** 2)


def inverse_spd(matrix: Float) -> Float:
    """Inverse of a symmetric positive definite matrix by Cholesky. Raises LinAlgError if it is not."""
    factor, info = dpotrf(matrix, lower=1, clean=1)
    if info == 0:
        inverse, info = dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    full = inverse + inverse.T
    full[np.diag_indices_from(full)] *= 0.5
    return np.asarray(full)


def updated_inverse(covariance: Float, change: Float) -> Float:
    """(covariance⁻¹ + diag(change))⁻¹ for a change (n,) that is zero but for a few elements (Woodbury)."""
    of = np.flatnonzero(change)
    rows = covariance[of]
    inner = np.eye(len(of)) + change[of, None] * rows[:, of]
    return np.asarray(covariance - rows.T @ np.linalg.solve(inner, change[of, None] * rows))


def spike_and_slab(
    A: Float,
    h: Float,
    prior: Mixture,
    *,
    tolerance: float = 2e-3,
    iterations: int = 60,
    start: Sites | None = None,
) -> Posterior:
    """Posterior of c under exp(−½ c'Ac + h'c) and the mixture prior.

    A: (n, n) symmetric, positive semidefinite; h: (n,). Sites move in parallel, damped; the end is reached when no
    marginal mean moves by more than `tolerance` of its standard deviation or of the spike. Only sites that move
    noticeably are carried into the inverse, so that the later turns cost little. Deterministic.
    """
    n = len(h)
    floor = 1.0 / (100.0 * prior.slab) ** 2
    tau, nu = (start.tau, start.nu) if start else (1.0 / prior.spike**2, prior.mean / prior.spike**2)
    covariance = inverse_spd(A + np.diag(tau))
    mean = covariance @ (h + nu)
    step, previous = 1.0, np.inf
    count = 0
    while count < iterations:
        count += 1
        variance = covariance.diagonal()
        cavity_tau = np.maximum(1.0 / variance - tau, 1e-12 / prior.slab**2)
        location, cavity = (mean / variance - nu) / cavity_tau, 1.0 / cavity_tau
        m, v = tilted_moments(location, cavity, prior)
        site = np.clip(1.0 / v - cavity_tau, floor, None)
        change = step * (site - tau)
        change[np.abs(change) * variance < NOTICEABLE] = 0.0
        # where the precision is clipped the mean still is the tilted one
        nu = nu + step * (m * (cavity_tau + site) - location * cavity_tau - nu)
        tau = tau + change
        moving = int(np.count_nonzero(change))
        if moving > n // 3:
            covariance = inverse_spd(A + np.diag(tau))
        elif moving:
            covariance = updated_inverse(covariance, change)
        new = covariance @ (h + nu)
        moved = float(np.max(np.abs(new - mean) / np.maximum(prior.spike, np.sqrt(variance))))
        mean = new
        if moved < tolerance:
            break
        step = max(0.3, 0.7 * step) if moved > 0.9 * previous else step
        previous = moved
    variance = covariance.diagonal()
    cavity_tau = np.maximum(1.0 / variance - tau, 1e-12 / prior.slab**2)
    location = (mean / variance - nu) / cavity_tau
    return Posterior(mean, covariance, location, 1.0 / np.sqrt(cavity_tau), count, Sites(tau, nu))


NOTICEABLE = (
    2e-3  # change of a site's precision, relative to the marginal's, that is carried into the inverse
)
