"""What one look at an area yields: the records that the steps of the cycle hand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

HEALTH = (
    "ok", "topology", "unmetered", "clock", "readings", "resolution", "voltage", "master",
    "too_few_days", "empty", "model",
)  # fmt: skip


@dataclass(frozen=True)
class Prior:
    """Prior of a meter's relative error: a narrow spike for sound meters, a broad slab for faulty ones."""

    spike: float = 0.004  # standard deviation of sound meters
    slab: float = 0.055  # standard deviation of faulty meters
    share: float = 0.02  # share of faulty meters
    mean: float = 0.0  # centre of the spike; not 0 for a bad lot


@dataclass(frozen=True)
class Known:
    """What field checks of an earlier cycle established of one meter: its error then, with uncertainty."""

    error: float
    u: float
    checked: date


@dataclass(frozen=True)
class AreaFinding:
    """How an area stands, and its daily balance."""

    area: str
    health: str  # first cause, a code of HEALTH
    causes: tuple[str, ...]  # all causes, most important first; empty when ok
    repaired: bool  # the cause was modelled: the area has verdicts
    data: str  # curves, terms, registers
    meters: int
    days: int
    start: date | None
    residual_kwh: float  # standard deviation of the daily unexplained energy
    loss_kwh: float  # mean daily loss (leakage for water and gas)
    read_rate: float  # share of expected freezes that were read
    detail: dict[str, Any] = field(default_factory=dict)  # JSON-able facts behind each cause, by cause
    master_day: Float = field(default_factory=lambda: np.empty(0))  # (days,) master's energy, NaN = not read
    metered_day: Float = field(default_factory=lambda: np.empty(0))  # (days,) sum of the meters
    residual_day: Float = field(default_factory=lambda: np.empty(0))  # (days,) unexplained after the estimate


@dataclass(frozen=True)
class MeterFindings:
    """Columns over the meters of one area, in the order of `AreaReadings.meters`.

    The data's word on a meter is a Gaussian likelihood of its correction c = true/indicated − 1, given all
    that is known of its neighbours: `location` and `scale`. NaN where the data say nothing.
    """

    meter: tuple[str, ...]
    area: tuple[str, ...]
    batch: tuple[str | None, ...]
    mpe: Float
    kwh_day: Float
    days: NDArray[np.int64]  # days that bear on the meter
    location: Float
    scale: Float
    status: tuple[str, ...]  # "ok", "area:<health>" or "meter:<what>"
    since: tuple[date | None, ...]  # when the present error began; None = always, or no error
    change: Float  # size of a change of the error at `since`, relative; 0 where none
    neighbour: tuple[str, ...]  # the meter it is most easily confused with, "" if none
    correlation: Float  # with that neighbour, posterior


@dataclass(frozen=True)
class TopologySuspect:
    """A phase whose balance lacks a consumer: y ~ N(0, S) over its days."""

    area: str
    phase: str
    start: date
    weights: Float  # (days,) S⁻¹y
    chi_square: float  # y'S⁻¹y
    precision: NDArray[np.float32]  # (days, days) S⁻¹


@dataclass(frozen=True)
class Assessment:
    """The result of `assess` for one area."""

    finding: AreaFinding
    meters: MeterFindings
    suspects: tuple[TopologySuspect, ...]
    foreign: tuple[tuple[str, float], ...]  # meters booked here that stand elsewhere, with nats of evidence
