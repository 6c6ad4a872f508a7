"""The energy balance of an area as a linear model with nuisances, and what it says of each meter.

For each phase p (or the whole area where phases are unknown) and each step t between two freezes

    M_t − Σ_i x_it − Σ_i l_it − f = Σ_i c_i x_it + Σ_i b_i l_it − Σ_i d_i (P_it+1 − P_it) + Σ_i k_i q_it
                                     + g M_t + d_M (PM_t+1 − PM_t) + f_month + noise

with c the corrections of the meters (true over indicated, minus 1), b the loss coefficients less 1, d the clock
offsets, k the coupling through the neutral, g the master's gain. The noise has two parts: white in the step (voltage
snapshots, fixed losses), and errors of the register at a freeze (rounding, power unknown at the instant, an imputed
read), which enter two neighbouring steps with opposite signs. Its covariance is tridiagonal and is used as such.
Everything but c is Gaussian and is eliminated by a Schur complement, equation by equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpttrf, dpttrs, dtbtrs, dtrtrs
from scipy.optimize import minimize

from quanheng.measure.expectation_propagation import Mixture, Posterior, spike_and_slab

Float = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Equation:
    """One balance of T steps over r rows of meters."""

    meter: Index  # (r,) meter that a row belongs to
    target: Float  # (T,) kWh, the left side
    energy: Float  # (T, r) kWh, columns of c
    nuisance: Float  # (T, m) columns scaled so that every coefficient has the prior N(0, 1)
    kind: Index  # (m,) columns of one kind >= 0 share a scale that is learnt; −1 keeps its own
    white: Float  # (T,) kWh², shape of the white variance; multiplied by `Noise.white`
    clock: Float  # (T + 1,) kWh²/s², Σ P² at the freezes; multiplied by `Noise.clock`
    known: Float  # (T + 1,) kWh², variance at the freezes that is known: rounding, imputed reads
    extra: Float  # (T,) kWh², known white variance of a step: imputed loss, rows set aside
    read_error: Float  # (T + 1, r) or (1, r) kWh², part of `known` that is an error of the row's own register


@dataclass(frozen=True)
class Noise:
    """What is learnt of an equation: factors of its two unknown variances, and of the priors of its nuisances."""

    white: float
    clock: float  # s²
    spread: tuple[
        float, ...
    ] = ()  # prior standard deviation of each kind of nuisance, relative to the first guess


@dataclass(frozen=True)
class Marginal:
    """exp(−½ c'Ac + h'c) of one equation after its nuisances are integrated out; c over its r rows."""

    A: Float  # (r, r)
    h: Float  # (r,)
    factor: Float  # lower Cholesky factor of the nuisances' precision
    coupling: Float  # factor⁻¹ · (nuisances' rows of the Gram matrix for c)
    free: Float  # factor⁻¹ · (nuisances' information)


@dataclass(frozen=True)
class Solution:
    """What the equations say together: n meters."""

    posterior: Posterior
    A: Float  # (n, n) information on c
    h: Float  # (n,)
    noise: tuple[Noise, ...]
    nuisance: tuple[Float, ...]  # posterior means of the scaled nuisances of each equation
    residual: tuple[Float, ...]  # (T,) kWh, unexplained part of each equation
    whitened: tuple[Float, ...]  # (T,) V⁻¹ residual


def covariance(equation: Equation, noise: Noise) -> tuple[Float, Float]:
    """Diagonal (T,) and off-diagonal (T − 1,) of the tridiagonal covariance of an equation's steps."""
    at_freeze = equation.known + noise.clock * equation.clock
    diagonal = noise.white * equation.white + equation.extra + at_freeze[1:] + at_freeze[:-1]
    return diagonal, -at_freeze[1:-1]


def factorised(diagonal: Float, off: Float) -> tuple[Float, Float]:
    """L D L' of a tridiagonal matrix: D (T,), subdiagonal of the unit lower factor L (T − 1,)."""
    d, e, info = dpttrf(diagonal, off)
    if info != 0:
        raise np.linalg.LinAlgError("covariance of the steps is not positive definite")
    return d, e


def whitened(columns: Float, d: Float, e: Float) -> Float:
    """D^−½ L⁻¹ columns, for columns of shape (T, m)."""
    band = np.ones((2, len(d)))
    band[1, :-1] = e
    out, info = dtbtrs(band, columns, uplo="L", diag="U")
    if info != 0:
        raise np.linalg.LinAlgError("covariance of the steps is singular")
    out /= np.sqrt(d)[:, None]
    return np.asarray(out)


def freeze_information(d: Float, e: Float) -> Float:
    """Diagonal of D'V⁻¹D for the difference operator D, from L D L' of V; (T + 1,)."""
    steps = len(d)
    diagonal, off = [0.0] * (steps + 2), [0.0] * (steps + 1)  # plain floats: a recursion, one step at a time
    pivots, below = (1.0 / d).tolist(), e.tolist()
    diagonal[steps] = pivots[-1]
    for t in range(steps - 2, -1, -1):
        off[t + 1] = -below[t] * diagonal[t + 2]
        diagonal[t + 1] = pivots[t] - below[t] * off[t + 1]
    padded = np.array(diagonal)
    return np.asarray(padded[:-1] + padded[1:] - 2 * np.array(off))


def marginalise(equation: Equation, noise: Noise) -> Marginal:
    """Integrate the nuisances out of one equation.

    Errors of a meter's own readings stand on both sides (errors in the variables of known size): they are taken off
    the diagonal of the Gram matrix and added to the projection of the target.
    """
    d, e = factorised(*covariance(equation, noise))
    r = len(equation.meter)
    columns = np.empty((len(d), equation.nuisance.shape[1] + r + 1), order="F")
    columns[:, : -r - 1], columns[:, -r - 1 : -1], columns[:, -1] = (
        equation.nuisance,
        equation.energy,
        equation.target,
    )
    z = whitened(columns, d, e)
    gram = z.T @ z
    m = equation.nuisance.shape[1]
    gram[np.arange(m), np.arange(m)] += prior_precision(equation, noise)
    factor, info = dpotrf(gram[:m, :m], lower=1, clean=1)
    if info != 0:
        raise np.linalg.LinAlgError("nuisances' precision is not positive definite")
    solved, _ = dtrtrs(factor, gram[:m, m:], lower=1)
    coupling, free = solved[:, :r], solved[:, r]
    A = gram[m : m + r, m : m + r] - coupling.T @ coupling
    h = gram[m : m + r, -1] - coupling.T @ free
    information = freeze_information(d, e)
    own = (
        (information @ equation.read_error)
        if len(equation.read_error) > 1
        else (information.sum() * equation.read_error[0])
    )
    own = np.minimum(own, 0.5 * np.diag(A))
    A[np.diag_indices(r)] -= own
    return Marginal(A, h + own, factor, coupling, free)


def prior_precision(equation: Equation, noise: Noise) -> Float:
    """Prior precision of the nuisances, (m,)."""
    spread = np.array([*noise.spread, *[1.0] * (1 + int(equation.kind.max()) - len(noise.spread)), 1.0])
    return np.asarray(spread[equation.kind] ** -2.0)


def learnt_spread(
    equation: Equation, marginal: Marginal, posterior: Posterior, mean: Float, noise: Noise
) -> tuple[float, ...]:
    """Prior standard deviations of the kinds of nuisances, one step of EM; the first guess counts as STRENGTH."""
    within = np.ix_(equation.meter, equation.meter)
    inverse, _ = dtrtrs(marginal.factor, np.eye(len(mean)), lower=1)
    response, _ = dtrtrs(marginal.factor, marginal.coupling, lower=1, trans=1)
    variance = np.einsum("km,km->m", inverse, inverse)
    variance += np.einsum("mi,mi->m", response @ posterior.covariance[within], response)
    square = mean**2 + variance
    out = []
    for kind in range(1 + int(equation.kind.max())):
        of = equation.kind == kind
        out.append(float(np.sqrt((square[of].sum() + STRENGTH) / (of.sum() + STRENGTH))))
    return tuple(out)


def nuisance_mean(marginal: Marginal, c: Float) -> Float:
    """Posterior mean of the scaled nuisances given c of the equation's rows."""
    mean, _ = dtrtrs(marginal.factor, marginal.free - marginal.coupling @ c, lower=1, trans=1)
    return np.asarray(mean)


def fitted_noise(equation: Equation, residual: Float, start: Noise, *, freedom: float) -> Noise:
    """Noise factors of largest likelihood for the residuals of an equation.

    `freedom`: share of the steps that the estimated coefficients did not use up; it keeps the variances from
    being estimated too small.
    """

    def deviance(logs: Float) -> float:
        noise = Noise(*np.exp(logs).tolist())
        d, e, info = dpttrf(*covariance(equation, noise))
        if info != 0:
            return np.inf
        x, _ = dpttrs(d, e, residual)
        penalty = 0.5 * float(np.sum(((logs - log_typical) / 2.0) ** 2))
        return 0.5 * float(freedom * np.sum(np.log(d)) + residual @ x) + penalty

    log_typical = np.log([TYPICAL.white, TYPICAL.clock])
    log_start = np.log([start.white, start.clock])
    best = minimize(
        deviance, log_start, method="Nelder-Mead", options={"xatol": 0.1, "fatol": 0.05, "maxiter": 60}
    )
    return Noise(float(np.exp(best.x[0])), float(np.exp(best.x[1])), start.spread)


STRENGTH = 4.0
TYPICAL = Noise(white=2.0, clock=600.0)


def solve(
    equations: Sequence[Equation],
    prior: Mixture,
    *,
    noise: Sequence[Noise] | None = None,
    passes: int = 2,
) -> Solution:
    """Posterior of the corrections of n meters under all equations, the noise estimated along the way."""
    n = len(prior.mean)
    current = list(noise) if noise is not None else [TYPICAL] * len(equations)
    sites = None
    for turn in range(passes):
        marginals = [marginalise(q, v) for q, v in zip(equations, current, strict=True)]
        A, h = np.zeros((n, n)), np.zeros(n)
        for q, g in zip(equations, marginals, strict=True):
            add_information(A, h, q.meter, g)
        last = turn == passes - 1
        posterior = spike_and_slab(A, h, prior, start=sites, tolerance=2e-3 if last else 0.05)
        sites = posterior.sites
        nuisances = [
            nuisance_mean(g, posterior.mean[q.meter]) for q, g in zip(equations, marginals, strict=True)
        ]
        residuals = [
            q.target - q.energy @ posterior.mean[q.meter] - q.nuisance @ u
            for q, u in zip(equations, nuisances, strict=True)
        ]
        if not last:
            current = [
                relearnt(q, g, posterior, u, r, v)
                for q, g, u, r, v in zip(equations, marginals, nuisances, residuals, current, strict=True)
            ]
    smooth = []
    for q, r, v in zip(equations, residuals, current, strict=True):
        d, e = factorised(*covariance(q, v))
        x, _ = dpttrs(d, e, r)
        smooth.append(x)
    return Solution(posterior, A, h, tuple(current), tuple(nuisances), tuple(residuals), tuple(smooth))


def relearnt(
    equation: Equation, marginal: Marginal, posterior: Posterior, mean: Float, residual: Float, noise: Noise
) -> Noise:
    """Noise and priors of an equation, learnt from one solution."""
    spread = learnt_spread(equation, marginal, posterior, mean, noise)
    share = freedom(equation, marginal, posterior)
    return fitted_noise(equation, residual, replace(noise, spread=spread), freedom=share)


def add_information(A: Float, h: Float, meter: Index, marginal: Marginal) -> None:
    """Add what an equation says of its rows to the information (A, h) on the meters; in place."""
    if len(np.unique(meter)) == len(meter):
        A[np.ix_(meter, meter)] += marginal.A
        h[meter] += marginal.h
    else:  # several rows of one meter in one equation; ten times as slow
        np.add.at(A, np.ix_(meter, meter), marginal.A)
        np.add.at(h, meter, marginal.h)


def freedom(equation: Equation, marginal: Marginal, posterior: Posterior) -> float:
    """Share of an equation's steps not used up by the coefficients: 1 − tr(A Σ_c)/T − (nuisances known by data)/T."""
    within = np.ix_(equation.meter, equation.meter)
    used = float(np.sum(marginal.A * posterior.covariance[within]))
    diagonal = np.diag(marginal.factor)
    used += float(np.sum(1.0 - 1.0 / np.maximum(diagonal, 1.0) ** 2))
    return max(0.1, 1.0 - used / len(equation.target))


def without(equation: Equation, rows: NDArray[np.bool_]) -> Equation:
    """The equation with the marked steps (T,) set aside: their white variance is as good as infinite."""
    aside = np.where(rows, 1e6 * (1.0 + np.abs(equation.target).max() ** 2), 0.0)
    return replace(equation, extra=equation.extra + aside)
