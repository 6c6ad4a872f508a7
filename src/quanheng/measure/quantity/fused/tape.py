"""A model's tape, interpreted over tiles of trials: one compilation, kept on disk, serves all models."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from quanheng.measure.quantity.basis import Inputs
from quanheng.measure.quantity.fused.machine import TILE, Float, Whole, compiled
from quanheng.measure.quantity.schedule import LOAD, Schedule


class Rows(NamedTuple):
    """A schedule and the inputs that it is run on.

    values (k, rows); contributions (t, rows) of all terms; parts (k, 2 + …): for each input, from which of all terms to
    which they are its own, then their places in the basis; constants (m,) and where they are held.
    """

    shared: Whole
    own: Whole
    outputs: Whole
    constants: Float
    held: Whole
    buffers: int
    values: Float
    contributions: Float
    parts: Whole


def rows(plan: Schedule, inputs: Inputs) -> Rows:
    """See `Rows`."""
    longest = max((len(each) for each in inputs.terms), default=0)
    parts = np.zeros((len(inputs.terms), 2 + longest), dtype=np.int64)
    first = 0
    for row, each in zip(parts, inputs.terms, strict=True):
        row[:2] = first, first + len(each)
        row[2 : 2 + len(each)] = [place for place, _ in each]
        first += len(each)
    constants = np.array([number for _, number in plan.constants], dtype=np.float64)
    held = np.array([place for place, _ in plan.constants], dtype=np.int64)
    return Rows(plan.shared, plan.own, plan.outputs, constants, held, plan.buffers, *inputs.wide, parts)


@compiled
def registers(model: Rows) -> Float:
    """Room for a tile of every buffer, the constants filled in."""
    r = np.empty((model.buffers, TILE))
    for k in range(len(model.held)):
        r[model.held[k]] = model.constants[k]
    return r


@compiled
def evaluate(model: Rows, r: Float, draws: Float, out: Float, first: int) -> None:
    """Fill a tile of out (rows, q, count), from trial `first` on, with the outputs of each row at draws (s, TILE)."""
    run(model.shared, r, model.values, model.parts, model.contributions, 0, draws)
    for row in range(len(out)):
        run(model.own, r, model.values, model.parts, model.contributions, row, draws)
        for o in range(len(model.outputs)):
            for i in range(min(TILE, out.shape[2] - first)):
                out[row, o, first + i] = r[model.outputs[o], i]


@compiled
def _apply(code: int, r: Float, a: int, b: int, y: int) -> None:
    """r[y] = operation(r[a], r[b]) by the numbers of `operations.py`.

    Registers go by number, not as views: making a view costs more than the operation.
    """
    if code == 0:
        for i in range(TILE):
            r[y, i] = r[a, i] + r[b, i]
    elif code == 1:
        for i in range(TILE):
            r[y, i] = r[a, i] - r[b, i]
    elif code == 2:
        for i in range(TILE):
            r[y, i] = r[a, i] * r[b, i]
    elif code == 3:
        for i in range(TILE):
            r[y, i] = r[a, i] / r[b, i]
    elif code == 4:
        for i in range(TILE):
            r[y, i] = r[a, i] * r[a, i] if r[b, i] == 2.0 else r[a, i] ** r[b, i]
    elif code == 5:
        for i in range(TILE):
            r[y, i] = -r[a, i]
    elif code == 6:
        for i in range(TILE):
            r[y, i] = abs(r[a, i])
    elif code == 8:
        for i in range(TILE):
            r[y, i] = math.sqrt(r[a, i])
    elif code == 23:
        for i in range(TILE):
            r[y, i] = math.atan2(r[a, i], r[b, i])
    elif code == 24:
        for i in range(TILE):
            r[y, i] = math.hypot(r[a, i], r[b, i])
    else:
        for i in range(TILE):
            r[y, i] = _function(code, r[a, i])


@compiled
def _function(code: int, x: float) -> float:
    y = np.nan
    if code == 7:
        y = np.sign(x)
    elif code == 9:
        y = np.cbrt(x)
    elif code == 10:
        y = np.exp(x)
    elif code == 11:
        y = np.exp2(x)
    elif code == 12:
        y = np.expm1(x)
    elif code == 13:
        y = np.log(x)
    elif code == 14:
        y = np.log2(x)
    elif code == 15:
        y = np.log10(x)
    elif code == 16:
        y = np.log1p(x)
    elif code == 17:
        y = np.sin(x)
    elif code == 18:
        y = np.cos(x)
    elif code == 19:
        y = np.tan(x)
    elif code == 20:
        y = np.arcsin(x)
    elif code == 21:
        y = np.arccos(x)
    elif code == 22:
        y = np.arctan(x)
    elif code == 25:
        y = np.sinh(x)
    elif code == 26:
        y = np.cosh(x)
    elif code == 27:
        y = np.tanh(x)
    elif code == 28:
        y = np.arcsinh(x)
    elif code == 29:
        y = np.arccosh(x)
    elif code == 30:
        y = np.arctanh(x)
    return y


@compiled
def _load(r: Float, y: int, value: float, part: Whole, contributions: Float, row: int, draws: Float) -> None:
    """r[y] = value + Σ contribution·draw over the terms of an input, in their order; `part` says which they are."""
    if part[0] == part[1]:
        for j in range(TILE):
            r[y, j] = value
    for t in range(part[0], part[1]):
        c, d = contributions[t, row], part[2 + t - part[0]]
        if t == part[0]:
            for j in range(TILE):
                r[y, j] = value + c * draws[d, j]
        else:
            for j in range(TILE):
                r[y, j] += c * draws[d, j]


@compiled
def run(
    steps: Whole, r: Float, values: Float, parts: Whole, contributions: Float, row: int, draws: Float
) -> None:
    for code, a, b, y in steps:
        if code == LOAD:
            _load(r, y, values[a, row], parts[a], contributions, row, draws)
        else:
            _apply(code, r, a, b, y)
