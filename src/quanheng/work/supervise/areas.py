"""One look at an area: from its readings to what is known of each of its meters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from quanheng.measure.energy_balance import Noise, Solution
from quanheng.readings.batch import AreaReadings, Curves, Terms
from quanheng.readings.reduce import reduce_to_terms
from quanheng.work.supervise.balance import (
    CLOCK,
    Steps,
    rounding_variance,
    steps_of_registers,
    steps_of_terms,
)
from quanheng.work.supervise.estimate import estimate, priors_of_meters
from quanheng.work.supervise.findings import (
    HEALTH,
    AreaFinding,
    Assessment,
    Known,
    MeterFindings,
    Prior,
    TopologySuspect,
)
from quanheng.work.supervise.gate import (
    LEAST_DAYS,
    LEAST_RUN,
    Change,
    PhaseVerdict,
    calm,
    judge_phase,
    undisturbed,
)
from quanheng.work.supervise.membership import with_adopted, without_removed
from quanheng.work.supervise.registers import Events, continuous

Float = NDArray[np.float64]

# What the line loss or the calibration of the voltages leaves in a correction and no number of days removes.
BIAS = {"curves": 0.0008, "terms": 0.0008, "registers": 0.016}
BIAS_WITHOUT_LINES = 0.002  # water, gas, heat: no line loss, but an error curve
PRIORS = {
    "electricity": Prior(),
    "water": Prior(spike=0.012, slab=0.12),
    "gas": Prior(spike=0.012, slab=0.12),
}
TYPICAL_NOISE = {"curves": Noise(2.0, 600.0), "terms": Noise(2.0, 1000.0), "registers": Noise(400.0, 600.0)}
COARSEST = 360  # minutes of a step of curves
CLOCKS_OFF = 65.0  # s, standard deviation of an area's clocks from which on steps are as long as they can be
LEAST_READ = 0.8
GOOD_READ = 0.95
CLOCK_LIMIT = 240.0  # s


@dataclass(frozen=True)
class Chosen:
    """The best data that an area has, as equations."""

    data: str  # curves, terms, registers
    steps: Steps
    without_voltage: bool  # voltages would have been there to help, and do not


def step_minutes(days: int, meters: int) -> int:
    """Length of a step for curves: the shorter the record and the more meters, the finer, as far as clocks allow."""
    if days < 60:
        return 60
    if days < 250:
        return 120
    return COARSEST if meters <= 220 else 240


def covered(readings: AreaReadings, rows: Curves | Terms) -> bool:
    """Whether every meter that counts anything has rows."""
    missing = np.setdiff1d(np.arange(len(readings.meters)), rows.meter)
    if len(missing) == 0 or readings.registers is None:
        return len(missing) == 0
    span = np.nanmax(readings.registers.meter[missing], axis=1, initial=-np.inf) - np.nanmin(
        readings.registers.meter[missing], axis=1, initial=np.inf
    )
    return bool((span <= 0).all())


def choose(readings: AreaReadings, *, coarsest: bool = False) -> Chosen | None:
    """Curves, else terms, else registers alone; None where there is nothing to balance.

    coarsest: reduce curves to the longest steps, for areas whose clocks are too far off for shorter ones.
    """
    dark = False
    curves, terms, registers = readings.curves, readings.terms, readings.registers
    if curves is not None and len(curves.master_phase) and covered(readings, curves):
        dark = bool(np.isnan(curves.voltage).mean() > 0.5 or np.isnan(curves.master_voltage).mean() > 0.5)
        if not dark:
            minutes = (
                COARSEST if coarsest else step_minutes(curves.energy.shape[1] // 96, len(readings.meters))
            )
            return Chosen("curves", steps_of_terms(readings, reduce_to_terms(readings, minutes)), False)
    if terms is not None and len(terms.master_phase) and covered(readings, terms):
        blank = bool(np.isnan(terms.loss).mean() > 0.5)
        dark = dark or blank
        if not blank:
            return Chosen("terms", steps_of_terms(readings, terms), False)
    if registers is None or registers.meter.shape[1] < 2 or np.isnan(registers.master).all():
        return None
    return Chosen("registers", steps_of_registers(readings, registers), dark)


@dataclass(frozen=True)
class Look:
    """What the steps of `assess` know when it ends."""

    readings: AreaReadings  # as booked
    whole: AreaReadings  # with adopted meters behind the others
    chosen: Chosen
    events: Events
    solution: Solution
    verdicts: tuple[PhaseVerdict, ...]
    changes: tuple[Change, ...]
    removed: tuple[tuple[str, float], ...]
    adopted: int
    bias: float
    read_rate: float


def assess(
    readings: AreaReadings,
    *,
    prior: Prior | None = None,
    known: Mapping[str, Known] | None = None,
    removed: Mapping[str, float] | None = None,
    adopted: tuple[AreaReadings, ...] = (),
) -> Assessment:
    """Judge an area and estimate the correction of each of its meters.

    prior: of the meters' errors (default: that of the utility). known: meters verified on site. removed: meters that
    are booked here and stand elsewhere, with the evidence in nats. adopted: readings of meters that are booked
    elsewhere and stand here.
    """
    # 1 registers made continuous  2 the best data there is  3 can they be judged at all
    # 4 a first solution, for the noise
    # 5 each phase is judged; meters that stand elsewhere are taken out and the look is repeated
    # 6 what was found becomes part of the model, and the solution is repeated  7 findings
    prior = prior or PRIORS.get(readings.area.utility, Prior())
    removed = removed or {}
    events = Events((), (), (), ())
    if readings.registers is not None:
        registers, events = continuous(readings.registers)
        readings = replace(readings, registers=registers)
    whole = without_removed(with_adopted(readings, adopted), frozenset(removed))
    chosen = choose(whole) if len(readings.meters) > 1 else None
    if chosen is None:
        return unjudged(readings, None, "empty" if len(readings.meters) < 2 else missing_cause(readings), {})
    cause, facts = not_judgeable(chosen)
    if cause:
        return unjudged(readings, chosen, cause, facts)
    bias = BIAS[chosen.data] if readings.area.utility == "electricity" else BIAS_WITHOUT_LINES
    steps = chosen.steps
    mixture = priors_of_meters(whole.meters.meter, prior, known or {}, bias)
    exchanges = tuple(exchange(i, at, steps.days) for i, at in events.exchanged)
    first = estimate(steps, mixture, exchanges, (), TYPICAL_NOISE[chosen.data])
    if chosen.data == "curves" and steps.per_day > 1440 // COARSEST and clocks_are_off(first):
        chosen = choose(whole, coarsest=True) or chosen
        steps = chosen.steps
        first = estimate(steps, mixture, exchanges, (), TYPICAL_NOISE[chosen.data])
    usual = np.sqrt((1 - prior.share) * prior.spike**2 + prior.share * prior.slab**2 + bias**2)
    verdicts = judge_phases(
        steps, first, TYPICAL_NOISE[chosen.data], np.full(len(mixture.mean), usual), exchanges
    )
    foreign = {whole.meters.meter[i]: nats for v in verdicts for i, nats in v.foreign}
    if set(foreign) - set(removed) and len(removed) < 4:
        return assess(readings, prior=prior, known=known, removed={**foreign, **removed}, adopted=adopted)
    changes = merged(exchanges, verdicts)
    eventful = len(changes) > len(exchanges) or any(v.aside.any() for v in verdicts)
    solution = estimate(steps, mixture, changes, verdicts, TYPICAL_NOISE[chosen.data]) if eventful else first
    return findings(
        Look(
            readings,
            whole,
            chosen,
            events,
            solution,
            verdicts,
            changes,
            tuple(removed.items()),
            sum(len(a.meters) for a in adopted),
            bias,
            float(steps.read.mean()),
        )
    )


def judge_phases(
    steps: Steps, first: Solution, typical: Noise, correction_sd: Float, exchanges: tuple[Change, ...]
) -> tuple[PhaseVerdict, ...]:
    """The verdict on each phase; most need no closer look than the first solution."""
    out = []
    for k, (equation, label) in enumerate(zip(steps.equations, steps.labels, strict=True)):
        if not exchanges and calm(equation, first, k, typical, per_day=steps.per_day):
            out.append(undisturbed(label, steps.days))
            continue
        out.append(
            judge_phase(
                equation,
                first.noise[k],
                per_day=steps.per_day,
                label=label,
                correction_sd=correction_sd,
                known=exchanges,
            )
        )
    return tuple(out)


def clocks_are_off(first: Solution) -> bool:
    """Whether the offsets of an area's clocks are such that the model, linear in them, needs longer steps."""
    return (
        max((n.spread[1] for n in first.noise if len(n.spread) > 1), default=0.0) * CLOCK * 3600 > CLOCKS_OFF
    )


def not_judgeable(chosen: Chosen) -> tuple[str, dict[str, Any]]:
    """Why the data cannot be judged at all, and the facts; `""` where they can."""
    steps = chosen.steps
    if steps.days < LEAST_DAYS:
        return "too_few_days", {"days": steps.days}
    lost = float(np.isnan(steps.master).mean())
    if lost > 0.5:
        return "master", {"read": 1 - lost}
    read = float(steps.read.mean())
    return ("readings", {"read_rate": read}) if read < LEAST_READ else ("", {})


def missing_cause(readings: AreaReadings) -> str:
    """Why an area of several meters has no balance: nothing was read, or not its master."""
    registers = readings.registers
    if registers is not None and np.isnan(registers.master).all() and not np.isnan(registers.meter).all():
        return "master"
    return "too_few_days" if registers is not None and registers.meter.shape[1] < LEAST_DAYS else "readings"


def exchange(meter: int, freeze: int, days: int) -> Change:
    """An exchanged meter as a change of the error on a known day."""
    profile = (np.arange(days) >= min(freeze, days - 1)).astype(float)
    return Change(meter, profile, min(freeze, days - 1), 0.0, np.inf)


def merged(exchanges: tuple[Change, ...], verdicts: tuple[PhaseVerdict, ...]) -> tuple[Change, ...]:
    """One change for each meter, that of the most evidence."""
    best = {c.meter: c for c in exchanges}
    for change in sorted((c for v in verdicts for c in v.changes), key=lambda c: -c.evidence):
        best.setdefault(change.meter, change)
    return tuple(best[m] for m in sorted(best))


def lost_phases(look: Look) -> set[str]:
    return {v.phase for v in look.verdicts if v.lost}


def unusable(look: Look) -> NDArray[np.bool_]:
    """(n,) meters of which some row lies in a phase that carries no verdicts."""
    out = np.zeros(len(look.whole.meters), dtype=bool)
    for q, v in zip(look.chosen.steps.equations, look.verdicts, strict=True):
        if v.lost:
            out[q.meter] = True
    return out


def causes(look: Look) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Causes for which the area is not simply ok, in the order of HEALTH, and the facts behind each."""
    names = look.whole.meters.meter
    start = look_start(look)
    found: dict[str, Any] = {}
    if look.removed or look.adopted:
        found["topology"] = {"elsewhere": {m: round(e, 1) for m, e in look.removed}, "adopted": look.adopted}
    flows = [u for v in look.verdicts for u in v.unmetered]
    if flows:
        found["unmetered"] = [
            {
                "phase": u.phase,
                "since": str(start + timedelta(days=u.since)),
                "kwh_day": round(u.kwh_day, 3),
                "kwh_day_u": round(u.u, 3),
                "days": [str(start + timedelta(days=int(d))) for d in np.flatnonzero(u.days)],
                "stopped": None if u.stopped is None else names[u.stopped],
            }
            for u in flows
        ]
    late = clocks(look)
    if late:
        found["clock"] = late
    if look.read_rate < GOOD_READ or look.events.unread:
        found["readings"] = {"read_rate": look.read_rate, "unread": [names[i] for i in look.events.unread]}
    if coarse_master(look):
        found["resolution"] = {"master_resolution": look.readings.area.master_resolution}
    if look.chosen.without_voltage:
        found["voltage"] = {"used": look.chosen.data}
    if lost_phases(look):
        found["model"] = {v.phase: round(v.misfit, 2) for v in look.verdicts if v.lost}
    ordered = tuple(h for h in HEALTH if h in found)
    return ordered, found


def look_start(look: Look) -> date:
    for kind in (look.whole.curves, look.whole.terms, look.whole.registers):
        if kind is not None and look.chosen.data == type(kind).__name__.lower():
            return kind.start
    raise AssertionError("an area without data is not looked at")


def clocks(look: Look) -> dict[str, float]:
    """Meters whose clock is beyond what a model of the first order in the offset holds, with the offset in s."""
    out: dict[str, float] = {}
    for q, u, v, phase in zip(
        look.chosen.steps.equations, look.solution.nuisance, look.solution.noise, look.verdicts, strict=True
    ):
        if phase.vector is not None:
            continue  # what the phase lacks bends its clocks as well
        columns = np.flatnonzero(q.kind == 1)
        offset = u[columns] * CLOCK * 3600.0 if len(columns) else np.empty(0)
        for i, seconds in zip(q.meter, offset, strict=False):
            if abs(seconds) > CLOCK_LIMIT:
                out[look.whole.meters.meter[i]] = round(float(seconds), 0)
        if v.clock > (2 * CLOCK_LIMIT / 3) ** 2:
            out["*"] = round(float(np.sqrt(v.clock)), 0)
    return out


def coarse_master(look: Look) -> bool:
    """Whether the master's step is the largest error at the freezes."""
    rounding = rounding_variance(look.readings.area.master_resolution)
    others = [
        float(np.mean(q.known - rounding + v.clock * q.clock))
        for q, v in zip(look.chosen.steps.equations, look.solution.noise, strict=True)
    ]
    return bool(rounding > 2.0 * max(others))


def findings(look: Look) -> Assessment:
    """The records of a look: area, meters, and phases that lack a consumer."""
    why, detail = causes(look)
    lost = lost_phases(look)
    repaired = bool(why) and len(lost) < len(look.verdicts)
    start = look_start(look)
    meters = meter_findings(look, why, repaired, start)
    suspects = tuple(
        TopologySuspect(
            look.readings.area.area,
            v.phase,
            start,
            v.vector.weighted,
            v.vector.chi_square,
            np.asarray(cho_solve((v.vector.factor, True), np.eye(len(v.vector.y))), dtype=np.float32),
        )
        for v in look.verdicts
        if v.vector is not None
    )
    steps = look.chosen.steps
    residual = np.zeros(steps.days)
    for r in look.solution.residual:
        residual += r.reshape(steps.days, -1).sum(axis=1)
    whole = steps.read.all(axis=0) if steps.read.all(axis=0).mean() > 0.3 else np.ones(steps.days, dtype=bool)
    usual = ~np.any([v.aside for v in look.verdicts], axis=0) & ~np.isnan(steps.master) & whole
    finding = AreaFinding(
        area=look.readings.area.area,
        health=why[0] if why else "ok",
        causes=why,
        repaired=repaired,
        data=look.chosen.data,
        meters=len(look.readings.meters),
        days=steps.days,
        start=start,
        residual_kwh=float(np.std(residual[usual])) if usual.any() else float("nan"),
        loss_kwh=float(np.mean(steps.loss)),
        read_rate=look.read_rate,
        detail=detail,
        master_day=steps.master,
        metered_day=steps.metered.sum(axis=0),
        residual_day=residual,
    )
    return Assessment(finding, meters, suspects, look.removed)


def meter_findings(look: Look, why: tuple[str, ...], repaired: bool, start: date) -> MeterFindings:
    """What is known of each booked meter."""
    n = len(look.readings.meters)
    names = look.readings.meters.meter
    posterior = look.solution.posterior
    location, scale = posterior.location[:n].copy(), np.hypot(posterior.scale[:n], look.bias)
    status = np.full(n, "ok", dtype=object)
    blind = unusable(look)[:n]
    status[blind] = f"area:{why[0]}" if why else "ok"
    if why and not repaired:
        status[:] = f"area:{why[0]}"
    for m, _ in look.removed:
        if m in names:
            status[names.index(m)] = "meter:foreign"
    status[silent(look)[:n] & (status == "ok")] = "area:unmetered"
    stopped = {
        u.stopped: u for v in look.verdicts for u in v.unmetered if u.stopped is not None and u.stopped < n
    }
    status[list(stopped)] = "meter:stopped"
    status[list(look.events.backwards)] = "meter:stopped"
    status[list(look.events.unread)] = "meter:no_readings"
    since: list[date | None] = [None] * n
    size = np.zeros(n)
    for c in look.changes:
        if c.meter < n and np.isfinite(c.evidence):
            since[c.meter], size[c.meter] = start + timedelta(days=c.since), -c.size
    for i, u in stopped.items():
        since[i] = start + timedelta(days=u.since)
    exchanged = {i for i, _ in look.events.exchanged}
    for c in look.changes:
        if c.meter in exchanged and look.chosen.steps.days - c.since < LEAST_DAYS:
            status[c.meter] = "meter:exchanged"
    hidden = status != "ok"
    location[hidden], scale[hidden] = np.nan, np.nan
    neighbour, correlation = neighbours(posterior.covariance[:n, :n], names)
    return MeterFindings(
        meter=names,
        area=(look.readings.area.area,) * n,
        batch=look.readings.meters.batch,
        mpe=look.readings.meters.mpe,
        kwh_day=consumption(look)[:n],
        days=days_of_meters(look)[:n],
        location=location,
        scale=scale,
        status=tuple(status),
        since=tuple(since),
        change=size,
        neighbour=neighbour,
        correlation=correlation,
    )


def silent(look: Look) -> NDArray[np.bool_]:
    """(n,) meters that counted and count nothing now, in a phase with unmetered energy: it may be theirs."""
    metered = look.chosen.steps.metered
    out = np.zeros(len(metered), dtype=bool)
    for q, v in zip(look.chosen.steps.equations, look.verdicts, strict=True):
        if v.unmetered:
            out[q.meter] = True
    return np.asarray(out & (metered.sum(axis=1) > 0) & (metered[:, -LEAST_RUN:].sum(axis=1) == 0))


def consumption(look: Look) -> Float:
    """(n,) mean energy of a day; of a meter that stands elsewhere by its own registers."""
    out = look.chosen.steps.metered.mean(axis=1)
    registers = look.readings.registers
    for name, _ in look.removed:
        if registers is not None and name in look.readings.meters.meter:
            i = look.readings.meters.meter.index(name)
            read = np.flatnonzero(~np.isnan(registers.meter[i]))
            span = registers.meter[i, read[-1]] - registers.meter[i, read[0]]
            days = max(1, read[-1] - read[0]) * registers.step_minutes / 1440
            out[i] = span * look.readings.meters.resolution[i] / days
    return np.asarray(out)


def days_of_meters(look: Look) -> NDArray[np.int64]:
    """(n,) days that were read and bear on the meter."""
    used = look.chosen.steps.read.copy()
    for q, v in zip(look.chosen.steps.equations, look.verdicts, strict=True):
        used[np.ix_(q.meter, np.flatnonzero(v.aside))] = False
    for c in look.changes:
        used[c.meter, c.profile == 0] = False
    return np.asarray(used.sum(axis=1), dtype=np.int64)


def neighbours(covariance: Float, names: tuple[str, ...]) -> tuple[tuple[str, ...], Float]:
    """For each meter the one with which its estimate is most correlated, and the correlation."""
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    np.fill_diagonal(correlation, 0.0)
    k = np.argmax(np.abs(correlation), axis=1)
    return tuple(names[j] for j in k), correlation[np.arange(len(names)), k]


def unjudged(readings: AreaReadings, chosen: Chosen | None, cause: str, facts: dict[str, Any]) -> Assessment:
    """The records of an area that cannot be judged: every meter is undetermined for the same reason."""
    n = len(readings.meters)
    steps = chosen.steps if chosen else None
    days = steps.days if steps else 0
    nothing = np.full(n, np.nan)
    start = next(
        (k.start for k in (readings.registers, readings.curves, readings.terms) if k is not None), None
    )
    finding = AreaFinding(
        area=readings.area.area,
        health=cause,
        causes=(cause,),
        repaired=False,
        data=chosen.data if chosen else "registers",
        meters=n,
        days=days,
        start=start,
        residual_kwh=float("nan"),
        loss_kwh=float("nan"),
        read_rate=float(steps.read.mean()) if steps and days else 0.0,
        detail={cause: facts},
        master_day=steps.master if steps else np.empty(0),
        metered_day=steps.metered.sum(axis=0) if steps else np.empty(0),
        residual_day=np.full(days, np.nan),
    )
    meters = MeterFindings(
        meter=readings.meters.meter,
        area=(readings.area.area,) * n,
        batch=readings.meters.batch,
        mpe=readings.meters.mpe,
        kwh_day=steps.metered.mean(axis=1) if steps and days else nothing,
        days=np.full(n, days, dtype=np.int64),
        location=nothing,
        scale=nothing,
        status=(f"area:{cause}",) * n,
        since=(None,) * n,
        change=np.zeros(n),
        neighbour=("",) * n,
        correlation=np.zeros(n),
    )
    return Assessment(finding, meters, (), ())
