"""The records of a simulation: what the sample world is like, and what it yields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import AreaReadings
from quanheng.work.simulate.faults import Fault, fault_value

Float = NDArray[np.float64]
Single = NDArray[np.float32]

DATA = ("registers", "terms", "curves")


@dataclass(frozen=True)
class World:
    """What the sample city is like."""

    meters: int
    days: int
    data: str = "curves"  # registers, terms, curves
    utility: str = "electricity"
    start: date = date(2025, 1, 1)
    step_minutes: int = 1440  # of the terms
    bad_share: float = 0.02  # share of meters that are out of tolerance
    clock_sd: float = 30.0  # s, offset of the freeze clocks, the master's among them
    lots: int = 10
    bad_lots: int = 0  # how many of the lots have a mean error of −1.2 %
    faults: tuple[Fault, ...] = ()
    struck: float = 1.0  # share of areas (for `swap` of pairs) that each fault of single areas strikes

    def fault(self, name: str, usual: float | None = None) -> float | None:
        """The size of a fault that is present (`usual` where none was named), None of one that is not."""
        return fault_value(self.faults, name, usual)


@dataclass(frozen=True)
class Truth:
    """What nobody outside a simulation knows of an area's meters; columns in the order of `Meters`."""

    meter: tuple[str, ...]
    area: tuple[str, ...]
    error: Float  # relative, indicated over true − 1; of a changed meter the one at the end
    kind: tuple[str, ...]  # ok, foreign, stopped, step
    true_area: tuple[str, ...]
    kwh_day: Float  # true energy (m³) per day
    since: tuple[date | None, ...]  # when a stopped meter stopped, or a step happened
    clock: Float  # s by which its freezes come late on the first day
    lot_mean: Float  # mean error of its lot


@dataclass(frozen=True)
class Event:
    """One fault of one area."""

    area: str
    fault: str
    meter: str | None
    phase: str | None
    since: date | None
    kwh_day: float | None


@dataclass(frozen=True)
class SimulatedArea:
    """true_loss (r, Q): kWh lost in the lines on behalf of each row of the curves (0 of a meter that hangs
    elsewhere; no rows for water, gas, heat); master_gain (p,): relative; master_clock: s late."""

    readings: AreaReadings
    truth: Truth
    events: tuple[Event, ...]
    true_loss: Single
    master_gain: Float
    master_clock: float
