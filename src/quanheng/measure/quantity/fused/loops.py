"""The loops of a Monte Carlo run, compiled with numba (an optional extra); imported only where numba is.

Trials are made tile by tile: points, draws and the model's tape, all in the first caches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quanheng.measure.quantity.basis import Basis, Inputs
from quanheng.measure.quantity.fused import tape
from quanheng.measure.quantity.fused.draws import Program, draw, program, room
from quanheng.measure.quantity.fused.figures import interval_ends, sums
from quanheng.measure.quantity.fused.machine import TILE, Float, Words, compiled
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.sample import ByNumPy, Points, stretches
from quanheng.measure.quantity.schedule import Schedule

PLAIN = 1 << 14  # trials whose plain numbers are made at once


class Compiled:
    """See `sample.Loops`."""

    def __init__(self, basis: Basis, plan: Schedule) -> None:
        self.basis, self.plan = basis, plan
        # SciPy's uniforms of correlated shapes have no compiled counterpart of equal bits
        self.program = None if basis.by_copula else program(basis)

    def draws(self, where: Points, count: int) -> Float:
        if self.program is None:
            return ByNumPy(self.basis, self.plan).draws(where, count)
        out = np.empty((len(self.basis.shapes), count))
        for part, plain in _pieces(where, count):
            _draws(where.net.shift, where.net.columns, plain, part.start, self.program, out[:, part])
        return out

    def evaluate(self, inputs: Inputs, draws: Float, out: Float) -> None:
        _evaluate(tape.rows(self.plan, inputs), draws, out)

    def trials(self, where: Points, inputs: Inputs, out: Float) -> None:
        model = tape.rows(self.plan, inputs)
        if self.program is None:
            for part, each in stretches(where, self.basis, out.shape[2]):
                _evaluate(model, each, out[:, :, part])
            return
        net = where.net
        for part, plain in _pieces(where, out.shape[2]):
            _trials(net.shift, net.columns, plain, part.start, self.program, model, out[:, :, part])

    def sums(self, y: Float, size: int) -> tuple[Float, Float]:
        return sums(y, size)

    def interval_ends(self, y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
        return interval_ends(y, sequence, coverage, kind)


def _pieces(where: Points, count: int) -> Iterator[tuple[slice, Words]]:
    """All trials at once, or in pieces with the plain numbers (d, n) that they take."""
    plain = where.dimensions - len(where.net.shift)
    for first in range(0, count, PLAIN if plain else count):
        n = min(PLAIN, count - first) if plain else count
        words = np.empty((plain, n), dtype=np.uint64)
        where.fill_plain(words, first)
        yield slice(first, first + n), words


@compiled
def _trials(
    shift: Words, columns: Words, plain: Words, start: int, basis: Program, model: tape.Rows, out: Float
) -> None:
    """Fill `out` (rows, q, count) with the trials from `start`, a multiple of TILE, on."""
    at, z, r = room(basis, shift, columns), np.empty((len(basis.laws), TILE)), tape.registers(model)
    for first in range(0, out.shape[2], TILE):
        draw(basis, columns, plain, start, start + first, at, z)
        tape.evaluate(model, r, z, out, first)


@compiled
def _draws(shift: Words, columns: Words, plain: Words, start: int, basis: Program, out: Float) -> None:
    """Fill `out` (s, count) with the draws of the trials from `start`, a multiple of TILE, on."""
    at, z = room(basis, shift, columns), np.empty((len(basis.laws), TILE))
    for first in range(0, out.shape[1], TILE):
        draw(basis, columns, plain, start, start + first, at, z)
        for k in range(len(z)):
            for i in range(min(TILE, out.shape[1] - first)):
                out[k, first + i] = z[k, i]


@compiled
def _evaluate(model: tape.Rows, draws: Float, out: Float) -> None:
    """As `Compiled.evaluate`."""
    z, r = np.zeros((len(draws), TILE)), tape.registers(model)
    for first in range(0, out.shape[2], TILE):
        for k in range(len(z)):
            for i in range(min(TILE, out.shape[2] - first)):
                z[k, i] = draws[k, first + i]
        tape.evaluate(model, r, z, out, first)
