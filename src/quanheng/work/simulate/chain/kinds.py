"""What the sample chains measure: six quantities, from a national standard down to instruments in daily use.

A kind has five levels: national, provincial, city, bench, instrument. Uncertainties fall by a factor of two or more
from level to level, as the procedures ask.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = (
    ("国家基准", "national standard"),
    ("省级标准", "provincial standard"),
    ("市级标准", "city standard"),
    ("检定装置", "bench"),
)
"""What stands above instruments, from the SI down."""


@dataclass(frozen=True)
class Chained:
    """A kind of instruments with its chain. Points and uncertainties are in `unit`; relative ones are percentages."""

    name: str
    title: str  # of the instrument
    english: str
    quantity: str
    unit: str
    points: tuple[float, ...]  # of an instrument
    expanded: tuple[float, float, float, float, float]  # U (k = 2) by level
    limit: float  # MPE of an instrument
    relative: bool
    procedure: str  # of verification or calibration of an instrument
    instrument: str  # kind in the statutory sense
    kind: str  # "verification" or "calibration"
    months: int  # interval of an instrument
    temperature: tuple[float, float]  # in which instruments are looked at


KINDS = (
    Chained(
        "energy", "单相电能表", "energy meter", "energy", "kW·h", (0.1, 1.0, 5.0),
        (0.002, 0.006, 0.02, 0.05, 0.2), 1.0, True, "JJG 596-2012", "energy meter", "verification", 96, (20.0, 26.0),
    ),
    Chained(
        "mass", "电子秤", "electronic scale", "mass", "kg", (0.5, 2.0, 5.0),
        (5e-7, 2e-6, 8e-6, 4e-5, 1e-3), 5e-3, False, "JJG 539-2016", "scale", "verification", 12, (19.0, 25.0),
    ),
    Chained(
        "volume", "冷水水表", "water meter", "volume", "L", (10.0, 50.0, 100.0),
        (0.005, 0.02, 0.05, 0.15, 0.4), 2.0, True, "JJG 162-2019", "water meter", "verification", 72, (18.0, 26.0),
    ),
    Chained(
        "pressure", "压力表", "pressure gauge", "pressure", "MPa", (0.1, 0.5, 1.0),
        (0.002, 0.005, 0.015, 0.05, 0.3), 1.6, True, "JJG 52-2013", "pressure gauge", "verification", 6, (18.0, 24.0),
    ),
    Chained(
        "voltage", "数字多用表", "multimeter", "voltage", "V", (0.1, 1.0, 10.0),
        (2e-4, 6e-4, 2e-3, 6e-3, 0.02), 0.05, True, "JJF 1587-2016", "", "calibration", 12, (20.0, 24.0),
    ),
    Chained(
        "temperature", "温度计", "thermometer", "temperature", "°C", (0.0, 20.0, 50.0),
        (0.001, 0.004, 0.01, 0.03, 0.15), 0.5, False, "JJF 1101-2019", "", "calibration", 12, (15.0, 30.0),
    ),
)  # fmt: skip
