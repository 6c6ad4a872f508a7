"""What every source of readings ends in: the readings of one area, as arrays per meter.

Missing stays missing: a value that was not read is NaN, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Index = NDArray[np.intp]

QUARTERS_PER_DAY = 96


@dataclass(frozen=True)
class Area:
    """A group of meters behind one master meter."""

    area: str
    utility: str  # electricity, water, gas, heat
    district: str
    master: str
    master_resolution: float  # kWh or m³ for one register step
    master_mpe: float  # relative
    master_u: float  # standard uncertainty of the master's gain, relative


@dataclass(frozen=True)
class Meters:
    """The meters booked to an area; all columns have one length n, in the order of their ids."""

    meter: tuple[str, ...]
    phase: tuple[str | None, ...]  # A, B, C, ABC or unknown
    mpe: Float  # relative
    resolution: Float  # kWh or m³ for one register step
    batch: tuple[str | None, ...]
    maker: tuple[str | None, ...]
    verified: tuple[date | None, ...]

    def __len__(self) -> int:
        return len(self.meter)


@dataclass(frozen=True)
class Registers:
    """Frozen registers. Freeze k is at 00:00 of `start` plus k · step_minutes."""

    start: date
    step_minutes: int
    meter: Float  # (n, K) register in steps of the meter's resolution; NaN = not read
    master: Float  # (K,) in steps of master_resolution


@dataclass(frozen=True)
class Terms:
    """Readings already reduced to the terms of the energy balance, a row for each meter and phase."""

    start: date
    step_minutes: int
    meter: Index  # (r,) which meter of `Meters` the row belongs to
    phase: tuple[str | None, ...]  # (r,)
    energy: Float  # (r, T) kWh
    loss: Float  # (r, T) kWh lost in the lines for this row, Σ energy·(V0/V − 1)
    cross: Float  # (r, T) kWh·kW, Σ energy·(power of next phase − power of previous phase); NaN = unknown
    power: Float  # (r, T + 1) kW at the freezes
    master_phase: tuple[str | None, ...]  # (p,)
    master_energy: Float  # (p, T) kWh
    master_power: Float  # (p, T + 1) kW


@dataclass(frozen=True)
class Curves:
    """Quarter-hours from 00:00 of `start`, a row for each meter and phase."""

    start: date
    meter: Index  # (r,) which meter of `Meters` the row belongs to
    phase: tuple[str | None, ...]  # (r,)
    energy: Single  # (r, 96·days) in register steps of the meter; NaN = not read
    voltage: Single  # (r, 96·days) V at the end of the quarter-hour; NaN = not read
    master_phase: tuple[str | None, ...]  # (p,)
    master_energy: Single  # (p, 96·days) in steps of master_resolution
    master_voltage: Single  # (p, 96·days) V


@dataclass(frozen=True)
class AreaReadings:
    """All that was read of one area. `curves` and `terms` are absent where the lake has none."""

    area: Area
    meters: Meters
    registers: Registers | None
    terms: Terms | None
    curves: Curves | None
