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
from quanheng.measure.monotone_root import monotone_root
from quanheng.measure.statistics import normal

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
    sound, sound_variance = normal.posterior(location, variance, prior.mean, prior.spike**2)
    faulty, faulty_variance = normal.posterior(location, variance, prior.mean, prior.slab**2)
    share = responsibility(location, variance, prior)
    return MixturePosterior(share, sound, np.sqrt(sound_variance), faulty, np.sqrt(faulty_variance))


def cumulative(c: Float, p: MixturePosterior) -> Float:
    """P(correction <= c); arrays (n,)."""
    sound = ndtr((c - p.sound_mean) / p.sound_sd)
    return np.asarray((1 - p.faulty) * sound + p.faulty * ndtr((c - p.faulty_mean) / p.faulty_sd))


def probability_out(p: MixturePosterior, maximum_permissible_error: Float) -> Float:
    """P(|e| > maximum permissible error); JCGM 106:2012, 7.2, one less the conformance probability."""
    low, high = error_of(maximum_permissible_error), error_of(-maximum_permissible_error)
    out = (1 - p.faulty) * normal.outside(p.sound_mean, p.sound_sd, low, high)
    out += p.faulty * normal.outside(p.faulty_mean, p.faulty_sd, low, high)
    return np.asarray(np.clip(out, 0.0, 1.0))


def quantile(p: MixturePosterior, probability: float, *, tolerance: float = 1e-12) -> Float:
    """Correction below which the posterior holds `probability`; arrays (n,).

    Sought between the components' own quantiles, which enclose it, in blocks that stay in the cache.
    """
    out = np.empty(len(p.faulty))
    for first in range(0, len(out), BLOCK):
        part = slice(first, first + BLOCK)
        out[part] = _quantile(_taken(p, part), probability, tolerance)
    return out


def _quantile(p: MixturePosterior, probability: float, tolerance: float) -> Float:
    z = float(ndtri(probability))
    ends = np.stack([p.sound_mean + z * p.sound_sd, p.faulty_mean + z * p.faulty_sd])
    start = np.where(p.faulty > 0.5, ends[1], ends[0])

    def excess(c: Float, which: NDArray[np.intp]) -> tuple[Float, Float]:
        now = _taken(p, which)
        return cumulative(c, now) - probability, density(c, now)

    return monotone_root(excess, ends.min(axis=0), ends.max(axis=0), start, tolerance=tolerance)


def density(c: Float, p: MixturePosterior) -> Float:
    """Density of the correction at c; arrays (n,)."""
    sound = (1 - p.faulty) * normal.density(c, p.sound_mean, p.sound_sd)
    return np.asarray(sound + p.faulty * normal.density(c, p.faulty_mean, p.faulty_sd))


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
