"""Registers made continuous: roll-over, exchange, running backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import Registers

Float = NDArray[np.float64]
LEAST_DIGITS = 4
BACKWARDS_STEPS = 3


@dataclass(frozen=True)
class Events:
    """What the registers of an area did besides counting; indices are those of the meters."""

    rolled_over: tuple[int, ...]
    exchanged: tuple[tuple[int, int], ...]  # meter, freeze at which the new one was first read
    backwards: tuple[int, ...]
    unread: tuple[int, ...]


def made_continuous(register: Float) -> tuple[Float, str, int]:
    """One register without its jumps, what happened (`""`, rolled, exchanged, backwards) and at which freeze.

    A fall from near a power of ten to near zero is a roll-over: the power of ten is added. Another fall to less than
    half is an exchange: the register goes on from where it was, with a usual step between. Repeated falls: backwards.
    """
    read = np.flatnonzero(~np.isnan(register))
    values = register[read]
    falls = np.flatnonzero(np.diff(values) < 0)
    if len(falls) == 0:
        return register, "", 0
    if len(falls) >= BACKWARDS_STEPS:
        return register, "backwards", int(read[falls[0] + 1])
    out, event, at = register.copy(), "backwards", int(read[falls[0] + 1])
    for k in falls:
        before, after = values[k], values[k + 1]
        wrap = 10.0 ** np.ceil(np.log10(max(before, 10.0**LEAST_DIGITS)))
        if before > 0.9 * wrap and after < 0.1 * wrap:
            out[read[k + 1] :] += wrap
            event, at = "rolled", int(read[k + 1])
        elif after < 0.5 * before:
            gap = read[k + 1] - read[k]
            step = (
                float(np.median(np.diff(values)[np.diff(values) >= 0], keepdims=False))
                if len(values) > 2
                else 0.0
            )
            out[read[k + 1] :] += values[k] - values[k + 1] + step * gap
            event, at = "exchanged", int(read[k + 1])
    return out, event, at


def continuous(registers: Registers) -> tuple[Registers, Events]:
    """All registers of an area made continuous, and what was found. Meters that only count are not copied."""
    meter = registers.meter
    with np.errstate(invalid="ignore"):
        suspicious = np.flatnonzero((np.diff(meter, axis=1) < 0).any(axis=1) | np.isnan(meter).any(axis=1))
    rolled: list[int] = []
    exchanged: list[tuple[int, int]] = []
    backwards: list[int] = []
    unread: list[int] = []
    for i in suspicious:
        if np.isnan(meter[i]).all():
            unread.append(int(i))
            continue
        fixed, event, at = made_continuous(meter[i])
        if event:
            meter = meter.copy() if meter is registers.meter else meter
            meter[i] = fixed
        if event == "rolled":
            rolled.append(int(i))
        elif event == "exchanged":
            exchanged.append((int(i), at))
        elif event == "backwards":
            backwards.append(int(i))
    master, _, _ = made_continuous(registers.master)
    events = Events(tuple(rolled), tuple(exchanged), tuple(backwards), tuple(unread))
    return replace(registers, meter=meter, master=master), events
