"""Conformity of a meter's error whose posterior is a mixture of two Gaussians, batched over columns.

The data give a Gaussian likelihood N(location, scale²) of the correction c = true/indicated − 1; the prior is
(1 − share) N(mean, spike²) + share N(mean, slab²). The relative error is e = 1/(1 + c) − 1, which falls as c rises.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from quanheng.measure.expectation_propagation import Mixture, responsibility

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

BLOCK = 1 << 15


@dataclass(frozen=True)
class MixturePosterior:
    """Two Gaussians for each correction, arrays (n,): the sound component and the faulty one of weight `faulty`."""

    faulty: Float
    sound_mean: Float
    sound_sd: Float
    faulty_mean: Float
    faulty_sd: Float


def error_of(c: Float) -> Float:
    """Relative error (indicated over true, less 1) of the correction c; it is its own inverse."""
    return np.asarray(1.0 / (1.0 + c) - 1.0)


def mixture_posterior(location: Float, scale: Float, prior: Mixture) -> MixturePosterior:
    """Posterior of corrections with a Gaussian likelihood; arrays (n,). NaN passes through."""
    variance = scale**2
    means, sds = [], []
    for sd in (prior.spike, prior.slab):
        v = 1.0 / (1.0 / sd**2 + 1.0 / variance)
        means.append(v * (prior.mean / sd**2 + location / variance))
        sds.append(np.sqrt(v))
    return MixturePosterior(responsibility(location, variance, prior), means[0], sds[0], means[1], sds[1])


def cumulative(c: Float, p: MixturePosterior) -> Float:
    """P(correction <= c); arrays (n,)."""
    sound = ndtr((c - p.sound_mean) / p.sound_sd)
    return np.asarray((1 - p.faulty) * sound + p.faulty * ndtr((c - p.faulty_mean) / p.faulty_sd))


def probability_out(p: MixturePosterior, maximum_permissible_error: Float) -> Float:
    """P(|e| > maximum permissible error); JCGM 106:2012, 7.2, one less the conformance probability."""
    low, high = error_of(maximum_permissible_error), error_of(-maximum_permissible_error)
    above = (1 - p.faulty) * ndtr((p.sound_mean - high) / p.sound_sd)
    above += p.faulty * ndtr((p.faulty_mean - high) / p.faulty_sd)
    return np.asarray(np.clip(cumulative(low, p) + above, 0.0, 1.0))


def quantile(p: MixturePosterior, probability: float, *, tolerance: float = 1e-12) -> Float:
    """Correction below which the posterior holds `probability`; arrays (n,).

    Newton steps between the components' own quantiles, which enclose it; a step that leaves them is a bisection.
    In blocks that stay in the cache, and only for those that still move.
    """
    out = np.empty(len(p.faulty))
    for first in range(0, len(out), BLOCK):
        part = slice(first, first + BLOCK)
        out[part] = _quantile(_taken(p, part), probability, tolerance)
    return out


def _quantile(p: MixturePosterior, probability: float, tolerance: float) -> Float:
    z = float(ndtri(probability))
    ends = np.stack([p.sound_mean + z * p.sound_sd, p.faulty_mean + z * p.faulty_sd])
    low, high = ends.min(axis=0), ends.max(axis=0)
    c = np.where(p.faulty > 0.5, ends[1], ends[0])
    out, moving = c.copy(), np.flatnonzero(np.isfinite(c))
    for _ in range(100):
        if len(moving) == 0:
            break
        now, c = _taken(p, moving), out[moving]
        excess = cumulative(c, now) - probability
        low[moving] = np.where(excess < 0, c, low[moving])
        high[moving] = np.where(excess > 0, c, high[moving])
        new = c - excess / np.maximum(_density(c, now), 1e-300)
        inside = (new >= low[moving]) & (new <= high[moving])
        out[moving] = np.where(inside, new, 0.5 * (low[moving] + high[moving]))
        moving = moving[np.abs(out[moving] - c) > tolerance]
    return np.asarray(out)


def _density(c: Float, p: MixturePosterior) -> Float:
    sound, faulty = (c - p.sound_mean) / p.sound_sd, (c - p.faulty_mean) / p.faulty_sd
    density = (1 - p.faulty) * np.exp(-0.5 * sound**2) / p.sound_sd
    density += p.faulty * np.exp(-0.5 * faulty**2) / p.faulty_sd
    return np.asarray(density / np.sqrt(2 * np.pi))


def _taken(p: MixturePosterior, which: slice | NDArray[np.intp]) -> MixturePosterior:
    return MixturePosterior(*(getattr(p, f.name)[which] for f in fields(p)))


def error_interval(p: MixturePosterior, coverage: float = 0.95) -> tuple[Float, Float]:
    """Probabilistically symmetric coverage interval of the relative error (JCGM 101:2008, 7.7)."""
    tail = (1 - coverage) / 2
    return error_of(quantile(p, 1 - tail)), error_of(quantile(p, tail))


def error_moments(p: MixturePosterior) -> tuple[Float, Float]:
    """Mean and standard deviation of the relative error, each component carried over to first order."""
    sound, faulty = error_of(p.sound_mean), error_of(p.faulty_mean)
    sound_sd, faulty_sd = p.sound_sd / (1 + p.sound_mean) ** 2, p.faulty_sd / (1 + p.faulty_mean) ** 2
    mean = (1 - p.faulty) * sound + p.faulty * faulty
    variance = (1 - p.faulty) * (sound_sd**2 + (sound - mean) ** 2)
    variance += p.faulty * (faulty_sd**2 + (faulty - mean) ** 2)
    return mean, np.sqrt(variance)


def largest_set(p_out: Float, alpha: float) -> Flags:
    """The largest set of items whose expected share of false ones, the mean of 1 − p_out, is at most alpha.

    Bayesian false discovery rate: Müller, Parmigiani & Rice (2007). NaN is never chosen. Items of equal probability
    are taken in their order.
    """
    p = np.where(np.isnan(p_out), 0.0, p_out)
    order = np.argsort(-p, kind="stable")
    share = np.cumsum(1.0 - p[order]) / np.arange(1, len(p) + 1)
    within = np.flatnonzero(share <= alpha)
    chosen = np.zeros(len(p), dtype=bool)
    if len(within):
        chosen[order[: within[-1] + 1]] = True
    return chosen
