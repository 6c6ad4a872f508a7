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

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """Prior of every coefficient, all arrays of shape (n,) (scalars broadcast)."""

    mean: Float
    spike: Float
    slab: Float
    share: Float


@dataclass(frozen=True)
class Posterior:
    """Gaussian approximation of the joint posterior, and what the data alone say of each coefficient."""

    mean: Float  # (n,)
    covariance: Float  # (n, n)
    location: Float  # (n,) mean of the cavity: the likelihood of c_i with every other c integrated out
    scale: Float  # (n,) its standard deviation; inf where the data say nothing
    iterations: int


def mixture(n: int, *, mean: float | Float, spike: float | Float, slab: float | Float, share: float | Float) -> Mixture:
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
    v0 = 1.0 / (1.0 / prior.spike**2 + 1.0 / variance)
    v1 = 1.0 / (1.0 / prior.slab**2 + 1.0 / variance)
    m0 = v0 * (prior.mean / prior.spike**2 + location / variance)
    m1 = v1 * (prior.mean / prior.slab**2 + location / variance)
    mean = (1 - r) * m0 + r * m1
    return mean, (1 - r) * (v0 + (m0 - mean) ** 2) + r * (v1 + (m1 - mean) ** 2)


def inverse_spd(matrix: Float) -> Float:
    """Inverse of a symmetric positive definite matrix by Cholesky. Raises LinAlgError if it is not."""
    factor, info = dpotrf(matrix, lower=1, clean=0)
    if info == 0:
        inverse, info = dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(inverse, -1).T)


def spike_and_slab(
    A: Float, h: Float, prior: Mixture, *, tolerance: float = 1e-3, iterations: int = 60
) -> Posterior:
    """Posterior of c under exp(−½ c'Ac + h'c) and the mixture prior.

    A: (n, n) symmetric, positive semidefinite; h: (n,). Sites move in parallel, damped; the end is reached
    when no marginal mean moves by more than `tolerance` of the spike. Deterministic.
    """
    n = len(h)
    floor = 1.0 / (100.0 * prior.slab) ** 2
    tau = 1.0 / prior.spike**2
    nu = prior.mean * tau
    mean = np.full(n, np.nan)
    step = 1.0
    previous = np.inf
    count = 0
    while True:
        covariance = inverse_spd(A + np.diag(tau))
        new = covariance @ (h + nu)
        moved = float(np.max(np.abs(new - mean) / prior.spike)) if count else np.inf
        mean = new
        variance = np.diag(covariance)
        cavity_tau = np.maximum(1.0 / variance - tau, 1e-12 / prior.slab**2)
        cavity_nu = mean / variance - nu
        location, cavity = cavity_nu / cavity_tau, 1.0 / cavity_tau
        if moved < tolerance or count == iterations:
            return Posterior(mean, covariance, location, np.sqrt(cavity), count)
        m, v = tilted_moments(location, cavity, prior)
        site_tau = np.clip(1.0 / v - cavity_tau, floor, None)
        site_nu = m / v - cavity_nu
        step = max(0.3, 0.7 * step) if moved > 0.9 * previous else step
        previous = moved
        tau, nu = tau + step * (site_tau - tau), nu + step * (site_nu - nu)
        count += 1
