"""Registers made continuous: roll-over, exchange, running backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import Registers

Float = NDArray[np.float64]
LEAST_DIGITS = 3
BACKWARDS_STEPS = 3
FAR_BACK = 10.0  # usual steps that a fall must span to be another meter's register


@dataclass(frozen=True)
class Events:
    """What the registers of an area did besides counting; indices are those of the meters."""

    rolled_over: tuple[int, ...]
    exchanged: tuple[tuple[int, int], ...]  # meter, freeze at which the new one was first read
    backwards: tuple[int, ...]
    unread: tuple[int, ...]


def made_continuous(register: Float) -> tuple[Float, str, int]:
    """One register without its jumps, what happened (`""`, rolled, exchanged, backwards) and at which freeze.

    A fall from near a power of ten to near zero is a roll-over: the power of ten is added. Another far fall is an
    exchange: the register goes on from where it was, with a usual step between. Small or repeated falls: backwards.
    """
    register = without_misreads(register)
    read = np.flatnonzero(~np.isnan(register))
    values = register[read]
    moves = np.diff(values)
    falls = np.flatnonzero(moves < 0)
    if len(falls) == 0:
        return register, "", 0
    if len(falls) >= BACKWARDS_STEPS:
        return register, "backwards", int(read[falls[0] + 1])
    out, event, at = register.copy(), "", 0
    usual = float(np.median(moves[moves >= 0])) if (moves >= 0).any() else 0.0
    for k in falls:
        before, after, here = values[k], values[k + 1], int(read[k + 1])
        wrap = 10.0 ** np.ceil(np.log10(max(before, 10.0**LEAST_DIGITS)))
        if before > 0.9 * wrap and after < 0.1 * wrap:
            out[here:] += wrap
            event, at = "rolled", here
        elif before - after > FAR_BACK * usual:
            out[here:] += before - after + usual * (here - int(read[k]))
            event, at = "exchanged", here
        else:
            event, at = "backwards", here
    return out, event, at


def without_misreads(register: Float) -> Float:
    """The register without lone values that its neighbours belie: one too low or too high between two that agree."""
    read = np.flatnonzero(~np.isnan(register))
    values = register[read]
    if len(values) < 4 or (np.diff(values) >= 0).all():
        return register
    before, here, after = values[:-2], values[1:-1], values[2:]
    lone = (after >= before) & ((here < before) | (here > after))
    if not lone.any():
        return register
    out = register.copy()
    out[read[1:-1][lone]] = np.nan
    return out


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
        row = meter[i]
        fixed, event, at = made_continuous(row)
        if fixed is not row:
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
