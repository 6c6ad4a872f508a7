"""Energy lost in the lines, from the voltages that the meters themselves show.

A consumer i on phase p takes the current I_i. What passes the master for it is Re(V0_p·conj(I_i)), what its meter
sees Re(V_i·conj(I_i)): the ratio of the voltages' magnitudes gives the loss, E_i (V0/V_i − 1), up to the angle
between them, which the estimator models (loss coefficient and neutral coupling).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Index = NDArray[np.intp]

QUARTERS_PER_HOUR = 4
RIDGE = 1e-3
CALIBRATION = (
    8  # quarter-hours averaged before voltages are regressed on loads: linear, so nothing is lost but noise
)


@dataclass(frozen=True)
class QuarterHours:
    """Quarter-hours of the rows of an area: r rows on p phases of the master, Q quarter-hours."""

    energy: Single  # (r, Q) kWh, NaN = not read
    voltage: Single  # (r, Q) V at the end of the quarter-hour, NaN = not read
    phase: Index  # (r,) row of the master that the row belongs to
    master_energy: Single  # (p, Q) kWh
    master_voltage: Single  # (p, Q) V


@dataclass(frozen=True)
class ReducedRows:
    """The terms of the energy balance in steps of whole quarter-hours: T steps."""

    energy: Float  # (r, T) kWh; NaN where a quarter-hour was not read
    loss: Float  # (r, T) kWh
    cross: Float  # (r, T) kWh·kW; NaN unless the master shows three phases
    power: Float  # (r, T + 1) kW at the freezes
    master_energy: Float  # (p, T) kWh
    master_power: Float  # (p, T + 1) kW


def filled_by_time_of_day(values: Single, per_day: int) -> Single:
    """Values (r, Q) with NaN replaced by the row's mean at that time of day (its overall mean, or 0, if none)."""
    if not np.isnan(values.sum()):
        return values
    missing = np.isnan(values)
    days = values.reshape(values.shape[0], -1, per_day)
    seen = ~missing.reshape(days.shape)
    count = seen.sum(axis=1)
    total = np.where(seen, days, 0).sum(axis=1)
    overall = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
    profile = np.where(count > 0, total / np.maximum(count, 1), overall[:, None])
    return np.where(seen, days, profile[:, None, :]).reshape(values.shape).astype(np.float32)


def added(values: Single, count: int) -> Single:
    """Sums of `count` neighbouring quarter-hours; (r, Q) to (r, Q / count)."""
    ones = np.ones(count, dtype=np.float32)
    return np.asarray((values.reshape(-1, count) @ ones).reshape(len(values), -1))


def zero_load_ratio(ratio: Single, load: Single, *, ridge: float = RIDGE) -> Float:
    """Calibration of the voltages: V0/V − 1 of each row at zero load, the gain error of the two circuits.

    ratio, load: (r, H) V0/V − 1 and kW of every row. Each row's ratio is regressed on all loads (a drop is linear
    in the currents); the intercept is what remains without any. Returns (r,).
    """
    keep = load.std(axis=1) > 1e-5 * load.max(axis=1)
    load = load[keep]
    level, mean = load.mean(axis=1, dtype=float), ratio.mean(axis=1, dtype=float)
    centred = load - level[:, None].astype(np.float32)
    scale = np.sqrt(np.einsum("ij,ij->i", centred, centred) / centred.shape[1], dtype=float)
    centred /= scale[:, None].astype(np.float32)
    hours = centred.shape[1]
    gram = (centred @ centred.T).astype(float) / hours
    gram[np.diag_indices_from(gram)] += ridge
    projected = (centred @ (ratio - mean[:, None].astype(np.float32)).T).astype(float) / hours
    slope = cho_solve(cho_factor(gram, lower=True), projected)  # (loads, r)
    return np.asarray(mean - (level / scale) @ slope)


def power_at_freezes(energy: Single, per_step: int) -> Float:
    """Mean power of the quarter-hours on both sides of each freeze, kW; (r, Q) to (r, Q / per_step + 1)."""
    before = energy[:, per_step - 1 :: per_step]
    after = energy[:, ::per_step]
    first, last = energy[:, :1], energy[:, -1:]
    both = np.concatenate([first, before], axis=1) + np.concatenate([after, last], axis=1)
    return np.asarray(both, dtype=float) * (QUARTERS_PER_HOUR / 2)


def reduce_quarter_hours(quarters: QuarterHours, *, per_step: int) -> ReducedRows:
    """The terms of the balance in steps of `per_step` quarter-hours (study, 4.4; lake contract `terms`)."""
    energy = filled_by_time_of_day(quarters.energy, 96)
    rows, total = energy.shape
    steps = total // per_step
    phases = len(quarters.master_energy)
    v0 = filled_by_time_of_day(quarters.master_voltage, 96)
    v = filled_by_time_of_day(quarters.voltage, 96)
    ratio = v0[quarters.phase]
    ratio /= v
    ratio -= 1
    offset = zero_load_ratio(
        added(ratio, CALIBRATION) / np.float32(CALIBRATION),
        added(energy, CALIBRATION) * np.float32(QUARTERS_PER_HOUR / CALIBRATION),
    )
    by_step = energy.reshape(rows, steps, per_step)
    step_energy = added(energy, per_step).astype(float)
    loss = np.einsum("rtk,rtk->rt", by_step, ratio.reshape(by_step.shape)).astype(float)
    loss -= offset[:, None] * step_energy
    cross = np.full((rows, steps), np.nan)
    if phases == 3:
        at_master = filled_by_time_of_day(quarters.master_energy, 96) * QUARTERS_PER_HOUR
        difference = np.roll(at_master, -1, axis=0) - np.roll(at_master, 1, axis=0)
        for p in range(3):
            of = quarters.phase == p
            cross[of] = np.einsum("rtk,tk->rt", by_step[of], difference[p].reshape(steps, per_step))
    if energy is not quarters.energy:
        missing = np.isnan(quarters.energy).reshape(by_step.shape).any(axis=2)
        for term in (step_energy, loss, cross):
            term[missing] = np.nan
    master = quarters.master_energy.reshape(phases, steps, per_step)
    return ReducedRows(
        energy=step_energy,
        loss=loss,
        cross=cross,
        power=power_at_freezes(energy, per_step),
        master_energy=master.sum(axis=2, dtype=float),
        master_power=power_at_freezes(filled_by_time_of_day(quarters.master_energy, 96), per_step),
    )
