"""Three verdicts, never two: replace, cleared, undetermined; and what the meters of one lot share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.expectation_propagation import Mixture, responsibility
from quanheng.measure.mixture_posterior import (
    MixturePosterior,
    error_interval,
    error_moments,
    error_of,
    largest_set,
    mixture_posterior,
    probability_out,
)
from quanheng.measure.statistics import normal
from quanheng.work.supervise.columns import Float, LotFinding, MeterColumns, Verdicts
from quanheng.work.supervise.findings import Prior

CLEARED_BELOW = 0.01
CLEARED_U = 0.25  # of the maximum permissible error
CLEARED_VARIANCE = 0.5  # of the prior's
VERIFIED_SHARE = 1e-3
BLOCK = 1 << 18  # meters judged at once
REASONS = ("ok", "load", "days", "collinear")
COLLINEAR = 0.6  # correlation with another meter from which on it is named as the obstacle
HOPELESS_DAYS = 730
LIGHT_LOAD = 0.3  # kWh or m³ per day
USUAL_LOAD = 1.0  # from which on a lack of days and not of load is to blame

# What a lot may differ by, before its meters are seen.
LOT_MEAN_SD = 0.004
LOT_WEIGHT = 50.0  # meters that the city's experience counts for
ENOUGH_METERS = 500_000  # of more meters every second, third … is taken to learn the priors
TURNS = 60
COMMON_U = 0.0005  # what all estimates of a lot may have in common and none of them shows


def sound_share(location: Float, scale: Float, prior: Mixture) -> tuple[Float, Float, Float]:
    """Posterior weight of the spike, and mean and variance of the deviation from its centre given the spike."""
    variance = scale**2
    weight = 1.0 - responsibility(location, variance, prior)
    return weight, *normal.posterior(location, variance, prior.mean, prior.spike**2)


def pooled_priors(
    columns: MeterColumns, batches: Sequence[str], prior: Prior
) -> tuple[list[Prior], tuple[LotFinding, ...]]:
    """Prior of each lot (last: of meters of unknown lot), learnt from all its meters, and what was found of the lots.

    Empirical Bayes by EM: first the city's spike and share, then each lot's mean, spike and share, drawn towards the
    city's as `LOT_WEIGHT` meters would. Only the data's own word enters (likelihoods, not posteriors).
    """
    lots = len(batches)
    use = np.flatnonzero(
        columns.judged & np.isfinite(columns.scale) & (columns.scale < 0.01) & np.isnan(columns.verified_mean)
    )
    if not len(use):
        return [prior] * (lots + 1), ()
    size = np.bincount(columns.batch[use][columns.batch[use] >= 0], minlength=lots)
    use = use[:: 1 + len(use) // ENOUGH_METERS]
    code = columns.batch[use]
    location, scale, mpe = columns.location[use], columns.scale[use], columns.mpe[use]
    city = city_prior(location, scale, prior)
    known = code >= 0
    code, location, scale, mpe = code[known], location[known], scale[known], mpe[known]
    count = np.bincount(code, minlength=lots)
    mean, spike, share = np.zeros(lots), np.full(lots, city.spike), np.full(lots, city.share)
    for _ in range(TURNS):
        before = mean, spike, share
        of = Mixture(mean[code], spike[code], np.full(len(code), city.slab), share[code])
        weight, m, v = sound_share(location, scale, of)
        total = np.bincount(code, weight, minlength=lots)
        # the lot's mean is drawn towards 0 by its prior; precision of a meter is that of its likelihood and spike
        precision = np.bincount(code, weight / (scale**2 + spike[code] ** 2), minlength=lots)
        pull = np.bincount(code, weight * location / (scale**2 + spike[code] ** 2), minlength=lots)
        mean = pull / (precision + LOT_MEAN_SD**-2)
        square = np.bincount(code, weight * (v + (m - mean[code]) ** 2), minlength=lots)
        spike = np.sqrt((square + LOT_WEIGHT * city.spike**2) / (total + LOT_WEIGHT))
        share = (count - total + LOT_WEIGHT * city.share) / (count + LOT_WEIGHT)
        if settled(before, (mean, spike, share)):
            break
    u = np.hypot(1 / np.sqrt(precision + LOT_MEAN_SD**-2), COMMON_U)
    out_mpe = np.bincount(code, mpe, minlength=lots) / np.maximum(count, 1)
    priors = [
        Prior(float(s), city.slab, float(p), float(m)) for m, s, p in zip(mean, spike, share, strict=True)
    ]
    half = error_of(0.5 * out_mpe)
    p_bad = normal.outside(mean, u, half, -half)
    expected = expected_out(priors, out_mpe)
    found = tuple(
        LotFinding(
            batches[k],
            int(size[k]),
            float(error_of(mean[k])),
            float(u[k]),
            float(spike[k]),
            float(expected[k]),
            float(p_bad[k]),
        )
        for k in range(lots)
        if count[k]
    )
    return [*priors, city], found


def city_prior(location: Float, scale: Float, prior: Prior) -> Prior:
    """Spike and share over all meters, by EM; mean and slab stay."""
    spike, share = prior.spike, prior.share
    n = len(location)
    for _ in range(TURNS):
        before = spike, share
        weight, m, v = sound_share(location, scale, spread(replace(prior, spike=spike, share=share), n))
        spike = float(
            np.sqrt((np.sum(weight * (v + m**2)) + LOT_WEIGHT * prior.spike**2) / (weight.sum() + LOT_WEIGHT))
        )
        share = float((n - weight.sum() + LOT_WEIGHT * prior.share) / (n + LOT_WEIGHT))
        if settled(before, (spike, share)):
            break
    return replace(prior, spike=spike, share=share)


def settled(before: Sequence[Float | float], now: Sequence[Float | float]) -> bool:
    """Whether an iteration moves nothing any more that a probability would show."""
    return all(
        np.max(np.abs(np.asarray(a) - b), initial=0.0) < 1e-7 for a, b in zip(before, now, strict=True)
    )


def spread(prior: Prior, n: int) -> Mixture:
    """One prior for n meters."""
    return Mixture(*(np.full(n, a) for a in (prior.mean, prior.spike, prior.slab, prior.share)))


def expected_out(priors: Sequence[Prior], mpe: Float) -> Float:
    """Share of a lot's meters expected out of tolerance, by its prior."""
    columns = [np.array([getattr(p, name) for p in priors]) for name in ("mean", "spike", "slab", "share")]
    m, s0, s1, share = columns
    return probability_out(MixturePosterior(share, m, s0, m, s1), np.maximum(mpe, 1e-6))


def prior_columns(columns: MeterColumns, priors: Sequence[Prior]) -> Mixture:
    """Prior of every meter: that of its lot, or what a field check established."""
    table = {
        name: np.array([getattr(p, name) for p in priors]) for name in ("mean", "spike", "slab", "share")
    }
    out = {name: values[columns.batch] for name, values in table.items()}
    verified = ~np.isnan(columns.verified_mean)
    out["mean"][verified] = columns.verified_mean[verified]
    out["spike"][verified] = np.maximum(columns.verified_u[verified], 1e-4)
    out["share"][verified] = VERIFIED_SHARE
    return Mixture(**out)


def taken(columns: MeterColumns, which: slice) -> MeterColumns:
    """A stretch of the meters."""
    return MeterColumns(**{f.name: getattr(columns, f.name)[which] for f in fields(columns)})


def judge(
    columns: MeterColumns, priors: Sequence[Prior], *, alpha: float, correlation: Float | None = None
) -> Verdicts:
    """Verdicts of N meters; priors[k] belongs to lot k, the last to meters of unknown lot (code −1).

    replace: the largest set whose expected false share is at most alpha. cleared: P(out) < 1 %, u ≤ mpe/4, and the
    posterior variance at most half the prior's, so that the data and not the prior say so.
    """
    n = len(columns.mpe)
    heard = columns.judged & np.isfinite(columns.location) & np.isfinite(columns.scale)
    location, scale = np.where(heard, columns.location, 0.0), np.where(heard, columns.scale, 1.0)
    p_out, error, u, lower, upper = (np.empty(n) for _ in range(5))
    by_data = np.empty(n, dtype=bool)
    for first in range(0, n, BLOCK):  # a city's columns are large, and there are many on the way
        now = slice(first, first + BLOCK)
        part = taken(columns, now)
        prior = prior_columns(part, priors)
        posterior = mixture_posterior(location[now], scale[now], prior)
        p_out[now] = probability_out(posterior, part.mpe)
        error[now], u[now] = error_moments(posterior)
        lower[now], upper[now] = error_interval(posterior)
        prior_variance = (1 - prior.share) * prior.spike**2 + prior.share * prior.slab**2
        verified = ~np.isnan(part.verified_mean)
        by_data[now] = (u[now] ** 2 <= CLEARED_VARIANCE * prior_variance) | verified
    for column in (p_out, error, u, lower, upper):
        column[~heard] = np.nan
    chosen = largest_set(p_out, alpha)
    cleared = ~chosen & (p_out < CLEARED_BELOW) & (u <= CLEARED_U * columns.mpe) & by_data
    needed = days_needed(columns, location, scale)
    needed[~heard | chosen | cleared] = np.nan
    return Verdicts(
        error=error,
        u=u,
        lower=lower,
        upper=upper,
        p_out=p_out,
        replace=chosen,
        cleared=cleared,
        reason=REASONS,
        reason_code=reasons(columns, chosen | cleared, needed, correlation),
        days_needed=np.where(needed <= 10 * HOPELESS_DAYS, needed, np.nan),
        expected_false_share=float(np.mean(1 - p_out[chosen])) if chosen.any() else 0.0,
    )


def reasons(
    columns: MeterColumns, decided: NDArray[np.bool_], needed: Float, correlation: Float | None
) -> NDArray[np.int32]:
    """Why a meter is undetermined, as codes into REASONS."""
    code = np.full(len(needed), REASONS.index("days"), dtype=np.int32)
    hopeless = ~(needed <= HOPELESS_DAYS) & (columns.kwh_day < USUAL_LOAD)
    code[hopeless | (columns.kwh_day < LIGHT_LOAD)] = REASONS.index("load")
    if correlation is not None:
        code[(np.abs(correlation) > COLLINEAR) & (columns.kwh_day >= LIGHT_LOAD)] = REASONS.index("collinear")
    code[decided] = REASONS.index("ok")
    return code


def days_needed(columns: MeterColumns, location: Float, scale: Float) -> Float:
    """Days still needed for a decision, if the information goes on to grow as it did; inf where none would do.

    A meter is decided when its scale is a quarter of the limit, or half the distance of its estimate from the limit.
    """
    distance = np.abs(np.abs(error_of(location)) - columns.mpe)
    target = np.clip(np.minimum(distance / 2.0, columns.mpe / 5.0), columns.mpe / 40.0, None)
    total = columns.days * (scale / target) ** 2
    return np.asarray(np.ceil(np.maximum(total - columns.days, 1.0)))
