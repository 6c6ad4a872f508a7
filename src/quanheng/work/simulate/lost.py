"""Packets that never arrive: a meter's day of quarter-hours or terms, and the freeze that closes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import QUARTERS_PER_DAY, AreaReadings, Curves, Registers, Terms
from quanheng.work.simulate.world import World

Flags = NDArray[np.bool_]
MINUTES_PER_DAY = 1440


def lose(world: World, readings: AreaReadings, way: np.random.Generator) -> AreaReadings:
    """The readings without the packets that `missing` loses, and without voltages where `no_voltage` is on.

    A packet holds one meter's day and the freeze at its end; the first freeze came with the packet before.
    The master's packets are lost as often as a meter's.
    """
    share = world.fault("missing")
    if share is not None:
        lost = way.random((len(readings.meters) + 1, world.days + 1)) < share
        readings = replace(
            readings,
            registers=readings.registers and _registers(readings.registers, lost),
            terms=readings.terms and _terms(readings.terms, lost),
            curves=readings.curves and _curves(readings.curves, lost),
        )
    if world.fault("no_voltage") is not None:
        readings = replace(
            readings,
            terms=readings.terms and replace(readings.terms, loss=np.full_like(readings.terms.loss, np.nan)),
            curves=readings.curves and _blind(readings.curves),
        )
    return readings


def _registers(registers: Registers, lost: Flags) -> Registers:
    return replace(
        registers,
        meter=np.where(lost[:-1], np.nan, registers.meter),
        master=np.where(lost[-1], np.nan, registers.master),
    )


def _curves(curves: Curves, lost: Flags) -> Curves:
    gone = np.repeat(lost[:, 1:], QUARTERS_PER_DAY, axis=1)
    rows, nothing = gone[curves.meter], np.float32(np.nan)
    return replace(
        curves,
        energy=np.where(rows, nothing, curves.energy),
        voltage=np.where(rows, nothing, curves.voltage),
        master_energy=np.where(gone[-1], nothing, curves.master_energy),
        master_voltage=np.where(gone[-1], nothing, curves.master_voltage),
    )


def _terms(terms: Terms, lost: Flags) -> Terms:
    """A terminal reduces the quarter-hours before they travel: others' losses do not miss a lost packet."""
    per_day = MINUTES_PER_DAY // terms.step_minutes
    gone = np.repeat(lost[:, 1:], per_day, axis=1)
    frozen = np.concatenate([lost[:, :1], gone], axis=1)
    rows = gone[terms.meter]
    return replace(
        terms,
        energy=np.where(rows, np.nan, terms.energy),
        loss=np.where(rows, np.nan, terms.loss),
        cross=np.where(rows, np.nan, terms.cross),
        power=np.where(frozen[terms.meter], np.nan, terms.power),
        master_energy=np.where(gone[-1], np.nan, terms.master_energy),
        master_power=np.where(frozen[-1], np.nan, terms.master_power),
    )


def _blind(curves: Curves) -> Curves:
    return replace(
        curves,
        voltage=np.full_like(curves.voltage, np.nan),
        master_voltage=np.full_like(curves.master_voltage, np.nan),
    )
