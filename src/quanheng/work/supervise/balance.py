"""The equations of an area: from its readings to the linear model of `measure.energy_balance`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.energy_balance import Equation
from quanheng.measure.gaps import Filled, completed_registers, fill, runs
from quanheng.readings.batch import Area, AreaReadings, Index, Registers, Terms

Float = NDArray[np.float64]
Real = TypeVar("Real", float, Float)

# Prior standard deviations of the nuisances, and the physics that is subtracted before (study, 4.1 and 4.4).
LOSS_COEFFICIENT = 0.12  # R(1 + tan²φ)/(R + X tanφ) − 1 for usual power factors
CLOCK = 45.0 / 3600.0  # h
NEUTRAL = 3e-4  # per kW
FIXED_PER_METER = 0.0007  # kW of a meter's own circuits
FIXED_SHARE = 0.002  # of the area's mean power: fixed loss beyond the meters' circuits
MONTHLY_SHARE = 0.0004  # by which it differs from month to month
DAYS_PER_MONTH = 30
LOSS_SHARE = 0.012  # of the energy lost in the lines, where no voltage tells
LEAK_SHARE = 0.015  # of the volume lost between master and meters
MASTER_WIDENING = 1.25  # of the certificate's u: the gain is that of master and transformers
MASTER_LEAST = 1e-5


@dataclass(frozen=True)
class Steps:
    """The equations of an area and how their steps lie in time."""

    equations: tuple[Equation, ...]
    labels: tuple[str, ...]  # phase of each equation, "total" for all
    per_day: int
    days: int
    read: NDArray[np.bool_]  # (n, days) meters' days that were read whole
    metered: Float  # (n, days) kWh of each meter and day, gaps filled
    master: Float  # (days,) kWh, NaN where not read
    loss: Float  # (days,) kWh, modelled


def master_gain(area: Area) -> float:
    """Standard uncertainty of the gain, relative: one error that every meter of the area has in common."""
    return max(area.master_u, MASTER_LEAST) * MASTER_WIDENING


def rounding_variance(resolution: Real) -> Real:
    """u² of an indication in whole steps of `resolution` (number or array). JCGM 100:2008, F.2.2.1."""
    return resolution**2 / 12


def registers_on_steps(readings: AreaReadings, start: date, steps: int, step_minutes: int) -> Float | None:
    """Registers of the meters in kWh on the freezes of the steps, NaN between; (n, steps + 1)."""
    registers = readings.registers
    if registers is None or registers.step_minutes % step_minutes:
        return None
    every = registers.step_minutes // step_minutes
    offset = (registers.start - start).days * (1440 // step_minutes)
    out = np.full((len(readings.meters), steps + 1), np.nan)
    place = offset + every * np.arange(registers.meter.shape[1])
    inside = (place >= 0) & (place <= steps)
    out[:, place[inside]] = registers.meter[:, inside] * readings.meters.resolution[:, None]
    return out


def filled_rows(readings: AreaReadings, terms: Terms) -> Filled:
    """Energies of the rows with their gaps filled; registers close them for meters that have a single row."""
    per_day = 1440 // terms.step_minutes
    steps = terms.energy.shape[1]
    if not np.isnan(terms.energy).any():
        return fill(terms.energy, None, per_day=per_day)
    at_meters = registers_on_steps(readings, terms.start, steps, terms.step_minutes)
    if at_meters is None:
        return fill(terms.energy, None, per_day=per_day)
    single = np.bincount(terms.meter, minlength=len(readings.meters))[terms.meter] == 1
    at_rows = np.where(single[:, None], at_meters[terms.meter], np.nan)
    filled = fill(terms.energy, at_rows, per_day=per_day)
    return shared_out(filled, terms, at_meters, np.flatnonzero(~single))


SHARE_VARIANCE = 0.1  # of an unread step that remains when the sum over its phases is known


def shared_out(filled: Filled, terms: Terms, registers: Float, rows: Index) -> Filled:
    """Gaps of meters with several rows: their register knows the sum over the phases, the usual shares split it."""
    energy, at_step = filled.energy.copy(), filled.at_step.copy()
    for meter in np.unique(terms.meter[rows]):
        of = np.flatnonzero(terms.meter == meter)
        known = completed_registers(registers[[meter]], terms.energy[of].sum(axis=0)[None, :])[0]
        for a, b in runs(np.asarray(~filled.read[of].all(axis=0))):
            guess = energy[of, a:b].sum()
            if guess > 0 and np.isfinite(total := known[b] - known[a]):
                energy[of, a:b] *= max(total, 0.0) / guess
                at_step[of, a:b] *= SHARE_VARIANCE
    return Filled(energy, filled.at_freeze, at_step, filled.read)


def imputed(values: Float, energy: Float, read: NDArray[np.bool_]) -> tuple[Float, Float]:
    """A term (r, T) that follows the energy: where it was not read, energy × the row's mean ratio; and its variance."""
    if not np.isnan(values).any():
        return values, np.zeros(0)
    known = read & ~np.isnan(values)
    total = np.where(known, energy, 0).sum(axis=1)
    ratio = np.where(known, values, 0).sum(axis=1) / np.where(total > 0, total, 1)
    guess = energy * ratio[:, None]
    spread = np.where(known, (values - guess) ** 2, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(np.isnan(values), guess, values), np.where(np.isnan(values), spread[:, None], 0.0)


def imputed_power(power: Float, per_day: int) -> Float:
    """Powers at the freezes (r, T + 1), gaps by the row's mean at that time of day."""
    if not np.isnan(power).any():
        return power
    body = power[:, :-1].reshape(len(power), -1, per_day)
    count = (~np.isnan(body)).sum(axis=1)
    mean = np.where(np.isnan(body), 0, body).sum(axis=1) / np.maximum(count, 1)
    guess = np.concatenate([np.tile(mean, body.shape[1]), mean[:, :1]], axis=1)
    return np.where(np.isnan(power), guess, power)


def terms_of_registers(readings: AreaReadings, registers: Registers) -> Terms:
    """Daily energies from registers alone; nothing is known of losses, phases or powers at the freezes."""
    every = max(1, 1440 // registers.step_minutes)
    freezes = registers.meter[:, ::every] * readings.meters.resolution[:, None]
    master = registers.master[::every] * readings.area.master_resolution
    energy = np.diff(freezes, axis=1)
    n = len(energy)
    return Terms(
        start=registers.start,
        step_minutes=1440,
        meter=np.arange(n),
        phase=(None,) * n,
        energy=energy,
        loss=np.full((n, 0), np.nan),
        cross=np.full((n, 0), np.nan),
        power=np.full((n, 0), np.nan),
        master_phase=(None,),
        master_energy=np.diff(master)[None, :],
        master_power=np.full((1, 0), np.nan),
    )


def steps_of_registers(readings: AreaReadings, registers: Registers) -> Steps:
    """The equation of an area with registers alone.

    What is lost is a share of the energy that grows with the load (electricity, Σ I²R), or a leakage that is there
    by night and day (water, gas, heat). The loss at the place of each meter lands in its correction: the caller
    allows for it (`bias`).
    """
    terms = terms_of_registers(readings, registers)
    filled = filled_rows(readings, terms)
    x = filled.energy.T
    days, n = x.shape
    master = terms.master_energy[0]
    unread = np.isnan(master)
    seen = x.sum(axis=1)
    filled_master = np.where(unread, seen, master)
    level = float(np.mean(filled_master))
    square = filled_master**2 / max(level, 1e-9)
    electric = readings.area.utility == "electricity"
    loss = LOSS_SHARE * square if electric else np.full(days, LEAK_SHARE * level)
    fixed = FIXED_PER_METER * 24 * n if electric else 0.0
    nuisance = [
        (square * LOSS_SHARE * 0.7)[:, None],
        np.full((days, 1), (FIXED_SHARE if electric else LEAK_SHARE) * level),
        (filled_master * master_gain(readings.area))[:, None],
        months(days, 1) * (MONTHLY_SHARE * level * (1 if electric else 10)),
    ]
    rounding = rounding_variance(readings.meters.resolution)
    own = filled.at_freeze.T
    gone = 1e6 * (1.0 + np.abs(filled_master).max(initial=0.0) ** 2)
    return Steps(
        equations=(
            Equation(
                meter=np.arange(n),
                target=filled_master - seen - loss - fixed,
                energy=x,
                nuisance=np.concatenate(nuisance, axis=1),
                kind=np.full(sum(c.shape[1] for c in nuisance), -1),
                white=filled_master**2 / 96 * 1e-6,
                clock=np.full(days + 1, float(((x.mean(axis=0) / 24) ** 2).sum()) / 3600.0**2),
                known=rounding.sum() + own.sum(axis=1) + rounding_variance(readings.area.master_resolution),
                extra=filled.at_step.sum(axis=0) + np.where(unread, gone, 0.0),
                read_error=rounding[None, :] + own if own.any() else rounding[None, :],
            ),
        ),
        labels=("total",),
        per_day=1,
        days=days,
        read=filled.read,
        metered=filled.energy,
        master=master,
        loss=loss,
    )


def months(days: int, per_day: int) -> Float:
    """Indicator columns of the months of a period; (days · per_day, months)."""
    count = max(1, round(days / DAYS_PER_MONTH))
    month = np.minimum(np.arange(days) * count // days, count - 1)
    return np.repeat((month[:, None] == np.arange(count)).astype(float), per_day, axis=0)


def equation(
    rows: Index,
    *,
    terms: Terms,
    filled: Filled,
    loss: Float,
    cross: Float | None,
    power: Float,
    variance: Float,
    readings: AreaReadings,
    master_energy: Float,
    master_power: Float,
) -> Equation:
    """The balance of one phase over its rows, or of the whole area over all of them."""
    hours = terms.step_minutes / 60
    steps = len(master_energy)
    per_day = 1440 // terms.step_minutes
    energy, p = filled.energy[rows].T, power[rows].T
    resolution = readings.meters.resolution[terms.meter[rows]]
    fixed = FIXED_PER_METER * hours * len(rows)
    unread = np.isnan(master_energy)
    master = np.where(unread, energy.sum(axis=1), master_energy)
    level = float(np.mean(master))
    nuisance = [
        (loss[rows].T * LOSS_COEFFICIENT, 0),
        (-np.diff(p, axis=0) * CLOCK, 1),
        (loss[rows].sum(axis=0)[:, None] * LOSS_COEFFICIENT, -1),
        ((master * master_gain(readings.area))[:, None], -1),
        (np.diff(master_power)[:, None] * CLOCK, -1),
        (np.full((steps, 1), FIXED_SHARE * level), -1),
        (months(steps // per_day, per_day) * (MONTHLY_SHARE * level), -1),
    ]
    if cross is not None:
        nuisance.append((cross[rows].T * NEUTRAL, 2))
    rounding = rounding_variance(resolution)
    own = filled.at_freeze[rows].T
    read_error = rounding[None, :] + own if own.any() else rounding[None, :]
    aside = np.where(unread, 1e6 * (1.0 + np.abs(master).max() ** 2), 0.0)
    return Equation(
        meter=terms.meter[rows],
        target=master - energy.sum(axis=1) - loss[rows].sum(axis=0) - fixed,
        energy=energy,
        nuisance=np.concatenate([columns for columns, _ in nuisance], axis=1),
        kind=np.repeat([kind for _, kind in nuisance], [columns.shape[1] for columns, _ in nuisance]),
        white=master**2 / (4 * hours) * 1e-6,
        clock=(p**2).sum(axis=1) / 3600.0**2,
        known=rounding.sum() + own.sum(axis=1) + rounding_variance(readings.area.master_resolution),
        extra=variance[rows].sum(axis=0) + aside,
        read_error=read_error,
    )


def steps_of_terms(readings: AreaReadings, terms: Terms) -> Steps:
    """The equations of an area with terms: one for each phase where master and meters show them, else the total."""
    per_day = 1440 // terms.step_minutes
    filled = filled_rows(readings, terms)
    loss, loss_variance = imputed(terms.loss, filled.energy, filled.read)
    cross, _ = imputed(terms.cross, filled.energy, filled.read)
    power = imputed_power(terms.power, per_day)
    variance = filled.at_step + (loss_variance if loss_variance.size else 0.0)
    shared: dict[str, Any] = {
        "terms": terms,
        "filled": filled,
        "loss": loss,
        "power": power,
        "variance": variance,
        "readings": readings,
    }
    place = {phase: k for k, phase in enumerate(terms.master_phase)}
    by_phase = len(place) == 3 and all(p in place for p in terms.phase)
    master_power = imputed_power(terms.master_power, per_day)
    equations: list[Equation] = []
    if by_phase:
        labels = tuple(str(p) for p in terms.master_phase)
        for k, phase in enumerate(terms.master_phase):
            rows = np.flatnonzero([p == phase for p in terms.phase])
            equations.append(
                equation(
                    rows,
                    cross=None if np.isnan(cross).any() else cross,
                    master_energy=terms.master_energy[k],
                    master_power=master_power[k],
                    **shared,
                )
            )
    else:
        labels = ("total",)
        rows = np.arange(len(terms.meter))
        equations.append(
            equation(
                rows,
                cross=None,
                master_energy=terms.master_energy.sum(axis=0),
                master_power=master_power.sum(axis=0),
                **shared,
            )
        )
    n, days = len(readings.meters), terms.energy.shape[1] // per_day
    whole = filled.read.reshape(len(terms.meter), days, per_day).all(axis=2)
    read = np.ones((n, days), dtype=bool)
    np.logical_and.at(read, terms.meter, whole)
    metered = np.zeros((n, days))
    np.add.at(metered, terms.meter, filled.energy.reshape(len(terms.meter), days, per_day).sum(axis=2))
    return Steps(
        equations=tuple(equations),
        labels=labels,
        per_day=per_day,
        days=days,
        read=read,
        metered=metered,
        master=terms.master_energy.sum(axis=0).reshape(days, per_day).sum(axis=1),
        loss=loss.sum(axis=0).reshape(days, per_day).sum(axis=1),
    )
