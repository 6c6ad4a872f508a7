"""What can be wrong with a sample area, by name, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quanheng.ground import errors

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """One fault of the sample world, as `--fault NAME[:VALUE]` names it; None = the usual size."""

    name: str
    value: float | None = None


@dataclass(frozen=True)
class Kind:
    """What a fault's value means. `usual` None: the value must be given; `takes` False: it has none."""

    meaning: str
    takes: bool = True
    usual: float | None = None
    least: float = 0.0
    most: float = np.inf


FAULTS = {
    "missing": Kind("share of packets lost / 丢失的数据包比例", least=0.0, most=0.9),
    "theft": Kind("kWh a day (m³ a day) / 每日窃电量", usual=8.0),
    "swap": Kind("two meters booked to each other's areas / 两表互挂台区", takes=False),
    "clock": Kind("s, standard deviation of clock offsets / 时钟偏差标准差", most=86400.0),
    "drift": Kind("s a day, standard deviation / 时钟日漂移标准差", most=3600.0),
    "stopped": Kind("one meter an area stops / 每台区一只表停走", takes=False),
    "step": Kind("percent, change of one meter's error / 一只表误差突变的百分数", usual=6.0, most=90.0),
    "exchanged": Kind("one meter an area is replaced / 每台区一只表被换", takes=False),
    "rollover": Kind("one register in ten rolls over / 十分之一的表过零", takes=False),
    "coarse_master": Kind("master in steps of 0.8 kWh / 总表分辨力 0.8 kWh", takes=False),
    "noisy_fixed": Kind("5 % day noise of the fixed loss / 固定损耗日波动 5 %", takes=False),
    "no_voltage": Kind("no voltages are read / 无电压数据", takes=False),
}


def parse_fault(text: str) -> Fault:
    """`NAME` or `NAME:VALUE`. Raises errors.Fault that names what is allowed."""
    name, colon, value = text.partition(":")
    kind = FAULTS.get(name)
    if kind is None:
        raise errors.Fault(
            f"--fault {text}: 没有这种故障，可选 / no such fault, allowed are: {', '.join(FAULTS)}"
        )
    if not colon:
        if kind.takes and kind.usual is None:
            raise errors.Fault(f"--fault {text}: 需要一个值 / needs a value, {name}:VALUE = {kind.meaning}")
        return Fault(name)
    if not kind.takes:
        raise errors.Fault(f"--fault {text}: 不带值，写 / takes no value, write: --fault {name}")
    return Fault(name, _number(text, value, kind))


def parse_faults(texts: Iterable[str]) -> tuple[Fault, ...]:
    """Several faults, each at most once."""
    faults = tuple(parse_fault(text) for text in texts)
    for fault in faults:
        if sum(fault.name == other.name for other in faults) > 1:
            raise errors.Fault(f"--fault {fault.name}: 给了不止一次 / is given more than once")
    return faults


def _number(text: str, value: str, kind: Kind) -> float:
    try:
        number = float(value)
    except ValueError:
        number = np.nan
    if not kind.least < number <= kind.most or number == np.inf:
        raise errors.Fault(
            f"--fault {text}: 值应大于 {kind.least:g}"
            + (f"、不大于 {kind.most:g}" if np.isfinite(kind.most) else "")
            + f" / the value must be above {kind.least:g}"
            + (f" and at most {kind.most:g}" if np.isfinite(kind.most) else "")
            + f" ({kind.meaning})"
        )
    return number


def fault_value(faults: Iterable[Fault], name: str, usual: float | None = None) -> float | None:
    """The size of a fault that is present, None of one that is not.

    Where no size was named it is `usual`, else the shelf's; 1.0 where the fault has no size.
    """
    for fault in faults:
        if fault.name == name:
            sizes = (fault.value, usual, FAULTS[name].usual, 1.0)
            return next(size for size in sizes if size is not None)
    return None


@dataclass(frozen=True)
class Change:
    """A meter that becomes another within the record."""

    fault: str  # stopped, step, exchanged
    meter: int
    at: int  # step of the record from which it holds
    error: float  # relative error from then on


def draw_changes(
    faults: Iterable[Fault],
    *,
    error: Float,
    kwh_day: Float,
    steps: int,
    per_day: int,
    sound_sd: float,
    rng: np.random.Generator,
) -> tuple[Change, ...]:
    """For each fault of a meter another sound one of some consumption, as far as the area has them.

    The change falls between a quarter and three quarters of the record.
    """
    names = [name for name in ("stopped", "step", "exchanged") if fault_value(faults, name) is not None]
    weighty = (kwh_day > np.median(kwh_day) / 5) & (np.abs(error) < 3.4 * sound_sd)
    candidates = rng.permutation(np.flatnonzero(weighty))
    changes = []
    for name, meter in zip(names, candidates, strict=False):
        day = int(rng.integers(steps // per_day // 4, max(3 * steps // per_day // 4, 1) + 1))
        at = min(day * per_day + int(rng.integers(per_day)), steps - 1)
        match name:
            case "stopped":
                after = -1.0
            case "exchanged":
                after = float(sound_sd * rng.standard_normal())
            case _:
                sign = -1.0 if rng.random() < 0.7 else 1.0
                after = float(error[meter]) + sign * (fault_value(faults, "step") or 0.0) / 100
        changes.append(Change(name, int(meter), at, after))
    return tuple(changes)


def draw_theft(days: int, kwh_day: float, density: Float, rng: np.random.Generator) -> tuple[Float, int]:
    """Power of a thief (days, len(density)) in kW and the day it begins: on most days, at hours of its own.

    density: over the steps of a day, mean 1. From the first day on the mean is `kwh_day`.
    """
    begin = int(rng.integers(days // 6, max(3 * days // 4, 1)))
    active = (np.arange(days) >= begin) & (rng.random(days) < 0.8)
    active[begin] = True
    level = np.where(active, rng.uniform(0.7, 1.3, days), 0.0)
    level *= kwh_day * (days - begin) / level.sum()
    return level[:, None] / 24 * density, begin
