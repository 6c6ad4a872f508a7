"""From quarter-hour curves to the terms of the energy balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quanheng.measure.line_loss import QuarterHours, reduce_quarter_hours
from quanheng.readings.batch import AreaReadings, Curves, Index, Single, Terms

MINUTES_PER_QUARTER = 15


def rows_of_master(curves: Curves) -> Index:
    """Row of the master for every row of `curves`; −1 where the master has no row of that phase."""
    if len(curves.master_phase) == 1:
        return np.zeros(len(curves.phase), dtype=np.intp)
    place = {phase: k for k, phase in enumerate(curves.master_phase) if phase is not None}
    return np.array([place.get(p, -1) if p is not None else -1 for p in curves.phase], dtype=np.intp)


def quarter_hours(readings: AreaReadings, curves: Curves) -> QuarterHours:
    """The curves of an area in kWh and V, without rows whose phase the master does not show."""
    step: Single = readings.meters.resolution[curves.meter].astype(np.float32)
    return QuarterHours(
        energy=curves.energy * step[:, None],
        voltage=curves.voltage,
        phase=rows_of_master(curves),
        master_energy=curves.master_energy * np.float32(readings.area.master_resolution),
        master_voltage=curves.master_voltage,
    )


def reduce_to_terms(readings: AreaReadings, step_minutes: int) -> Terms:
    """The terms of an area with curves, in steps that divide a day into whole quarter-hours.

    Raises ValueError where the area has no curves or the step does not divide a day.
    """
    curves = readings.curves
    if curves is None:
        raise ValueError("the area has no curves")
    if step_minutes % MINUTES_PER_QUARTER or 1440 % step_minutes:
        raise ValueError("the step must divide a day into whole quarter-hours")
    placed = rows_of_master(curves) >= 0
    if not placed.all():
        curves = replace(
            curves,
            meter=curves.meter[placed],
            phase=tuple(p for p, k in zip(curves.phase, placed, strict=True) if k),
            energy=curves.energy[placed],
            voltage=curves.voltage[placed],
        )
    rows = reduce_quarter_hours(quarter_hours(readings, curves), per_step=step_minutes // MINUTES_PER_QUARTER)
    return Terms(
        start=curves.start,
        step_minutes=step_minutes,
        meter=curves.meter,
        phase=curves.phase,
        energy=rows.energy,
        loss=rows.loss,
        cross=rows.cross,
        power=rows.power,
        master_phase=curves.master_phase,
        master_energy=rows.master_energy,
        master_power=rows.master_power,
    )
