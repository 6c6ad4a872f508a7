"""Can the data of an area carry verdicts? What does not fit is named, and modelled where it can be.

Each phase is tested apart on its daily balance, before any meter is estimated: one gross fault would bend every
estimate of its phase. Causes that are tried, the simplest first:

1 a meter whose error began or drifted within the period (a profile of its own energy)
2 a meter that is booked here and stands elsewhere (its energy does not pass the master)
3 energy that passes the master and no meter: consumption without a meter, or behind one that stopped
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from quanheng.measure.energy_balance import Equation, Noise, Solution, without
from quanheng.measure.gaps import runs
from quanheng.measure.misfit import (
    GaussianVector,
    daily,
    evidence_of_columns,
    evidence_of_shifts,
    gaussian,
    innovations,
    prior_predictive,
    set_aside,
)

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

LARGEST_CHANGE = 0.2
CHANGE_SD = 0.05  # prior standard deviation of a change of a meter's error
CHANGE_EVIDENCE = 14.0  # nats that a change must add: a few thousand meters × dates are looked at
CHANGE_MARGIN = 8.0  # nats by which a change must beat a simpler one
FOREIGN_EVIDENCE = 25.0
LOST = 3.0  # chi-square over days, after all that was found, beyond which a phase carries no verdicts
OUTLIER = 5.5  # standard deviations of an innovation that is set aside
SUSPECT = 2.5  # chi-square over days, beyond which consumers booked elsewhere are sought
STOPPED = 2.0  # ratio of the mean squared innovations after a stop to those before
NOISY = 4.0  # times the usual noise: a reason to look closer
CHANCE = 2.7  # standard deviations of a rough score of a change: a reason to look closer
MISFIT = 1.6  # chi-square over days, beyond which the model does not hold
DATES_PER_YEAR = 24
DRIFTS = 3
MOST_CHANGES = 6  # of one phase
LEAST_DAYS = 20
LEAST_RUN = 5  # days of unmetered consumption
CAP = Noise(white=30.0, clock=5e4)  # more noise than this is a fault, not noise


@dataclass(frozen=True)
class Change:
    """The error of a meter changed: profile 0 before, 1 after, between while it drifted."""

    meter: int
    profile: Float  # (days,); 1 throughout where the error did not change, but is larger than usual
    since: int  # day
    size: float  # of the correction
    evidence: float  # nats


@dataclass(frozen=True)
class Unmetered:
    """Energy that passes the master on one phase and no meter."""

    phase: str
    days: Flags  # (days,) on which it flows
    since: int
    kwh_day: float  # mean over those days
    u: float  # its standard uncertainty
    stopped: int | None  # the meter that stopped then, where there is one


@dataclass(frozen=True)
class PhaseVerdict:
    """How the balance of one phase stands."""

    phase: str
    misfit: float  # chi-square over days before anything is explained
    changes: tuple[Change, ...]
    foreign: tuple[tuple[int, float], ...]  # meters that stand elsewhere, with nats
    unmetered: tuple[Unmetered, ...]
    aside: Flags  # (days,) days that the estimate leaves out
    lost: bool  # nothing explains it: the phase carries no verdicts
    vector: (
        GaussianVector | None
    )  # of a phase that lacks something, to score consumers that are booked elsewhere


def change_profiles(days: int) -> tuple[Float, NDArray[np.intp]]:
    """No change at all, steps at regular dates, ramps to the end; columns (days, k) and the day each begins."""
    count = max(4, round(DATES_PER_YEAR * days / 365))
    margin = min(LEAST_DAYS // 2, days // 4)
    dates = np.unique(np.linspace(margin, days - margin, count).astype(int))
    time = np.arange(days)
    steps = (time[:, None] >= dates).astype(float)
    ramps = np.array([0, days // 4, days // 2])
    slopes = np.clip((time[:, None] - ramps) / (days - 1 - ramps), 0.0, 1.0)
    always = np.ones((days, 1))
    return np.concatenate([always, steps, slopes], axis=1), np.concatenate([[0], dates, ramps])


def best_change(vector: GaussianVector, equation: Equation) -> Change | None:
    """The change of one meter's error that explains most of y, if it explains enough."""
    days = len(vector.y)
    profiles, begins = change_profiles(days)
    x = equation.energy
    # 1 all meters × profiles by a cheap score  2 the best exactly  3 its meter with every profile  4 the date
    projected = (x * vector.weighted[:, None]).T @ profiles
    within = (x**2).T @ profiles**2
    size = np.abs(projected) / np.sqrt(np.maximum(within, 1e-12))
    shown = np.argsort(-size, axis=None)[:40]
    row, profile = np.unravel_index(shown, size.shape)
    gain, _ = evidence_of_columns(vector, x[:, row] * profiles[:, profile], sd=CHANGE_SD)
    if gain.max() < CHANGE_EVIDENCE:
        return None
    j = int(row[np.argmax(gain)])
    return dated(vector, x[:, j], int(equation.meter[j]), profiles, begins)


def dated(vector: GaussianVector, x: Float, meter: int, profiles: Float, begins: NDArray[np.intp]) -> Change:
    """The simplest change of one meter that explains its part: none, a step dated to the day, or a drift.

    A step must beat an error that always held, and a drift a step, by `CHANGE_MARGIN` nats.
    """
    days = len(x)
    gain, beta = evidence_of_columns(vector, x[:, None] * profiles, sd=CHANGE_SD)
    drifts = np.arange(len(begins) - DRIFTS, len(begins))
    step = 1 + int(np.argmax(gain[1 : drifts[0]]))
    near = np.arange(max(1, begins[step] - 20), min(days - 1, begins[step] + 21))
    steps = (np.arange(days)[:, None] >= near).astype(float)
    step_gain, step_beta = evidence_of_columns(vector, x[:, None] * steps, sd=CHANGE_SD)
    k, drift = int(np.argmax(step_gain)), int(drifts[np.argmax(gain[drifts])])
    best = Change(meter, profiles[:, 0], 0, float(beta[0]), float(gain[0]))
    if step_gain[k] > best.evidence + CHANGE_MARGIN:
        best = Change(meter, steps[:, k], int(near[k]), float(step_beta[k]), float(step_gain[k]))
    if gain[drift] > best.evidence + CHANGE_MARGIN:
        best = Change(meter, profiles[:, drift], int(begins[drift]), float(beta[drift]), float(gain[drift]))
    return best


def with_change(vector: GaussianVector, column: Float) -> GaussianVector:
    """The vector once the effect β·column, β ~ N(0, CHANGE_SD²), is part of the model."""
    return gaussian(vector.y, vector.S + CHANGE_SD**2 * np.outer(column, column))


def best_foreign(vector: GaussianVector, equation: Equation) -> tuple[int, float]:
    """Row of the equation that fits best as a meter whose energy does not pass the master, and the evidence.

    Other causes may trouble the phase at the same time, so the evidence is reckoned with the variance that is left
    (½ T ln of the ratio of the chi-squares), not with the variance of a sound phase.
    """
    gain = evidence_of_shifts(vector, equation.energy)
    k = int(np.argmax(gain))
    return k, vector.evidence(float(gain[k]))


def best_stop(vector: GaussianVector, rows: Equation) -> tuple[int, int, float, float] | None:
    """Row, day, kWh per day and their uncertainty of a meter that counts nothing any more and is missed.

    A dwelling that was left counts nothing either; only what the master still sees tells them apart.
    """
    days = len(vector.y)
    stops: list[tuple[int, int, float]] = []
    for j in np.flatnonzero(rows.energy[-1] == 0):
        counted = np.flatnonzero(rows.energy[:, j] > 0)
        if len(counted) and counted[-1] + 1 <= days - LEAST_RUN:
            since = int(counted[-1]) + 1
            stops.append((int(j), since, float(rows.energy[max(0, since - 60) : since, j].mean())))
    if not stops:
        return None
    square = innovations(vector) ** 2
    found: list[tuple[float, int, int, float, float]] = []
    for row, since, mean in stops:
        before, after = square[: since - 1].mean() if since > 1 else 0.0, square[since - 1 :].mean()
        if before < 2 * MISFIT and after > STOPPED * max(before, 1.0):
            missing, u = excess(vector, np.arange(days) >= since - 1)
            if 0.2 * mean < missing < 5.0 * mean:
                found.append((abs(np.log(missing / mean)), row, since, missing, u))
    return min(found)[1:] if found else None


def longest_run(flags: Flags) -> tuple[int, int]:
    """Longest run of days that are flagged, pauses of up to 10 days included; (0, 0) if none."""
    joined = flags.copy()
    for a, b in runs(~flags):
        if a > 0 and b < len(flags) and b - a <= 10:
            joined[a:b] = True
    spans = runs(joined)
    return max(spans, key=lambda s: s[1] - s[0]) if spans else (0, 0)


def calm(equation: Equation, first: Solution, k: int, typical: Noise, *, per_day: int) -> bool:
    """Whether a first solution gives no reason to look closer at equation k: a cheap screen that errs to the safe side.

    No correction is beyond what meters do, the noise is usual, no day is far out, no meter that counted counts nothing
    at the end, and the scores of changes, x'V⁻¹r summed with each profile, stay within what chance does.
    """
    noise, residual, whitened = first.noise[k], first.residual[k], first.whitened[k]
    if np.abs(first.posterior.mean[equation.meter]).max() > LARGEST_CHANGE:
        return False
    if noise.white > NOISY * typical.white or noise.clock > NOISY * typical.clock:
        return False
    days = residual.reshape(-1, per_day).sum(axis=1)
    if np.abs(days).max() > OUTLIER * days.std():
        return False
    energy = equation.energy.reshape(len(days), per_day, -1)
    ends = energy[-LEAST_RUN:].sum(axis=(0, 1)) == 0
    if (ends & (energy.sum(axis=(0, 1)) > 0)).any():
        return False
    score = np.einsum("dsr,ds->dr", energy, whitened.reshape(len(days), per_day))
    score -= score.mean(axis=0)
    profiles = change_profiles(len(days))[0][:, 1:]
    profiles = profiles - profiles.mean(axis=0)
    spread = np.linalg.norm(score, axis=0)[:, None] * np.linalg.norm(profiles, axis=0) / np.sqrt(len(days))
    return bool((np.abs(score.T @ profiles) <= CHANCE * spread + 1e-9).all())


def judge_phase(
    equation: Equation,
    noise: Noise,
    *,
    per_day: int,
    label: str,
    correction_sd: Float,
    known: tuple[Change, ...] = (),
) -> PhaseVerdict:
    """Test the balance of one phase and explain what does not fit.

    correction_sd: (n,) prior standard deviation of every meter's correction. known: changes that need no evidence.
    """
    rows = daily(equation, per_day)
    noise = replace(noise, white=min(noise.white, CAP.white), clock=min(noise.clock, CAP.clock))
    usable = rows.extra < 1e3 * (1 + np.abs(rows.target).max() ** 2)
    days = int(usable.sum())
    vector = predictive(rows, noise, correction_sd, known)
    misfit, untouched = vector.chi_square / max(days, 1), vector
    none = np.zeros(len(rows.target), dtype=bool)
    foreign: list[tuple[int, float]] = []
    # 1 meters that stopped  2 meters that stand elsewhere  3 errors that changed  4 days of unmetered energy
    unmetered: list[Unmetered] = []
    aside = none.copy()
    while len(unmetered) < 3 and (stop := best_stop(vector, rows)):
        row, since, energy, u = stop
        flows = np.arange(len(rows.target)) >= since - 1  # it stopped in the course of a day
        unmetered.append(Unmetered(label, flows, since - 1, energy, u, int(rows.meter[row])))
        aside |= flows
        rows = replace(without(rows, flows), energy=_blank(rows.energy, row))
        vector = untouched = predictive(rows, noise, correction_sd, known)
    for _ in range(3):
        k, gain = best_foreign(vector, rows) if troubled(vector, days) else (0, 0.0)
        change = best_change(vector, rows)
        if gain < FOREIGN_EVIDENCE or (change and gain < vector.evidence(change.evidence)):
            break
        foreign.append((int(rows.meter[k]), gain))
        rows = replace(rows, target=rows.target + rows.energy[:, k], energy=_blank(rows.energy, k))
        vector = untouched = predictive(rows, noise, correction_sd, known)
    suspect = untouched if untouched.chi_square > SUSPECT * max(days, 1) else None
    vector, changes = with_all_changes(untouched, rows)
    if troubled(vector, days):
        # changes do not explain it: what does would be taken for them, until its days are set aside
        outliers = set_aside(untouched, threshold=OUTLIER)
        a, b = longest_run(outliers)
        extra, u = excess(untouched, outliers)
        if b - a >= LEAST_RUN and outliers[a:b].mean() > 0.3 and extra > 0:
            unmetered.append(Unmetered(label, outliers, a, extra, u, None))
        aside = aside | outliers
        vector, changes = with_all_changes(
            predictive(without(rows, outliers), noise, correction_sd, known), without(rows, outliers)
        )
    left = int((usable & ~aside).sum())
    return PhaseVerdict(
        phase=label,
        misfit=misfit,
        changes=tuple(c for c in changes if not c.profile.all()),
        foreign=tuple(foreign),
        unmetered=tuple(unmetered),
        aside=aside,
        lost=left < LEAST_DAYS or vector.chi_square > LOST * left,
        vector=suspect,
    )


def with_all_changes(vector: GaussianVector, rows: Equation) -> tuple[GaussianVector, list[Change]]:
    """The vector with every change of a meter's error that is worth its nats, and those changes."""
    changes: list[Change] = []
    for _ in range(MOST_CHANGES):
        change = best_change(vector, rows)
        if change is None or abs(change.size) > LARGEST_CHANGE or change.meter in {c.meter for c in changes}:
            break
        changes.append(change)
        vector = with_change(vector, rows.energy[:, _row(rows, change.meter)] * change.profile)
    return vector, changes


def undisturbed(label: str, days: int) -> PhaseVerdict:
    """The verdict on a phase that needs no closer look."""
    return PhaseVerdict(label, 1.0, (), (), (), np.zeros(days, dtype=bool), False, None)


def predictive(
    rows: Equation, noise: Noise, correction_sd: Float, known: tuple[Change, ...]
) -> GaussianVector:
    """The daily balance as a Gaussian vector, with the changes that are known."""
    vector = prior_predictive(rows, noise, correction_sd=correction_sd[rows.meter])
    for change in known:
        for k in np.flatnonzero(rows.meter == change.meter):
            vector = with_change(vector, rows.energy[:, k] * change.profile)
    return vector


def troubled(vector: GaussianVector, days: int) -> bool:
    """Whether the model does not hold: too large a chi-square, or a single day far out."""
    return bool(
        vector.chi_square > MISFIT * max(days, 1) or np.abs(innovations(vector)).max() > OUTLIER + 1.5
    )


def _row(rows: Equation, meter: int) -> int:
    return int(np.flatnonzero(rows.meter == meter)[0])


def _blank(energy: Float, k: int) -> Float:
    out = energy.copy()
    out[:, k] = 0.0
    return out


def excess(vector: GaussianVector, flagged: Flags) -> tuple[float, float]:
    """Mean energy of the flagged days beyond what the other days let expect, kWh per day, and its uncertainty."""
    keep = ~flagged
    if not keep.any() or not flagged.any():
        return float(vector.y.mean()), float(np.sqrt(vector.S.mean()))
    inner = gaussian(vector.y[keep], vector.S[np.ix_(keep, keep)])
    between = vector.S[np.ix_(keep, flagged)].mean(axis=1)  # covariance with the mean of the flagged days
    mean = vector.y[flagged].mean() - between @ inner.weighted
    variance = vector.S[np.ix_(flagged, flagged)].mean() - between @ cho_solve((inner.factor, True), between)
    return float(mean), float(np.sqrt(max(variance, 0.0)))
