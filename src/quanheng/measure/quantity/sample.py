"""Trials by NumPy: points, draws of the sources, and what a model makes of them.

The compiled loops (`fused/`) do the same, operation by operation in the same order: draws are the same to the last bit.
Nothing but operations that IEEE 754 rounds exactly makes a draw, so that it is the same on every machine too; the one
exception is a shape that is neither normal nor tabulated in an ensemble, whose uniform is SciPy's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from quanheng.measure.quantity.basis import Basis, Inputs
from quanheng.measure.quantity.elementary import normal_scores
from quanheng.measure.quantity.generator import MANTISSA, ONE, Words, key, philox, uniforms
from quanheng.measure.quantity.operations import BY_CODE
from quanheng.measure.quantity.regions import Kind, interval_ends
from quanheng.measure.quantity.schedule import LOAD, Schedule
from quanheng.measure.quantity.shapes import FARTHEST, Normal, Tabulated, interpolate
from quanheng.measure.quantity.sobol import MOST_DIMENSIONS, Net, scrambled_nets

Float = NDArray[np.float64]

STRETCH = 8192  # trials drawn at once
TILE = 8  # rows that NumPy works on at once
PIECE = 8192  # trials that it sums at once


class Loops(Protocol):
    """The loops in which a run spends its time: by NumPy, or compiled (`fused/`), with the same results.

    draws: of the first `count` trials of one randomisation, (s, count).
    evaluate: fill `out` (rows, q, count) with the outputs of the rows of the inputs at draws (s, count).
    trials: both at once.
    sums, of trials (rows, q, M): for each sequence of so many, and for what is left, the sums (rows, h, q) and the sums
    of products (rows, h, q, q) of the differences from the first trial.
    interval_ends, of trials (rows, q, M): as `regions.interval_ends`, (rows, q, 1 + h, 2).
    """

    def draws(self, where: Points, count: int) -> Float: ...

    def evaluate(self, inputs: Inputs, draws: Float, out: Float) -> None: ...

    def trials(self, where: Points, inputs: Inputs, out: Float) -> None: ...

    def sums(self, y: Float, size: int) -> tuple[Float, Float]: ...

    def interval_ends(self, y: Float, sequence: int, coverage: float, kind: Kind) -> Float: ...


# ---- points and draws ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one randomisation: a scrambled net, and plain random numbers in the dimensions that it lacks."""

    net: Net
    dimensions: int
    key: int
    index: int

    def fill(self, bits: Words, first: int) -> None:
        """Fill (d, count <= STRETCH) with points from `first`, a multiple of STRETCH, on, as bits of uniforms."""
        even = self.net.fill(bits, first)
        self.fill_plain(bits[even:], first)

    def fill_plain(self, bits: Words, first: int) -> None:
        """Fill (d, count) with points from `first` on in the dimensions beyond those of the net."""
        for row, d in zip(bits, range(self.dimensions - len(bits), self.dimensions), strict=True):
            counter = self.index << 128 | d << 64 | first // 4
            row[:] = (philox(self.key, counter, len(row)) & MANTISSA) | ONE


def points(seed: int, indices: Sequence[int], *, dimensions: int, m: int, method: str) -> list[Points]:
    """The randomisations of a seed with these numbers, of 2^m points each; method "sobol" or "plain"."""
    even = min(dimensions, MOST_DIMENSIONS) if method == "sobol" else 0
    nets = scrambled_nets(seed, indices, dimensions=even, m=m)
    plain = key(seed, "plain")
    return [Points(net, dimensions, plain, index) for net, index in zip(nets, indices, strict=True)]


def draws(basis: Basis, u: Float, out: Float) -> None:
    """Fill `out` (s, count) with draws of a basis from uniforms (d, count), which are used up."""
    scores, last = basis.scored, basis.last
    if len(scores) == len(u):
        normal_scores(u, out)
    elif len(scores):
        out[scores] = normal_scores(u[last[scores]])
    for place, parts in basis.mixtures:
        mixed = parts[0][1] * out[parts[0][0]]
        for other, c in parts[1:]:
            mixed += c * out[other]
        out[place] = mixed
    for i, shape in enumerate(basis.shapes):
        if isinstance(shape, Normal):
            continue
        if i in basis.together:
            np.clip(out[i], -FARTHEST, FARTHEST, out=out[i])
        if isinstance(shape, Tabulated):
            interpolate(shape.table, out[i], out[i])
            continue
        if i in basis.together:
            u[last[i]] = ndtr(out[i])
        out[i] = shape.draw(u[last[i] + 1 - shape.uniforms : last[i] + 1])


def stretches(where: Points, basis: Basis, count: int) -> Iterator[tuple[slice, Float]]:
    """Which of the first `count` trials of one randomisation, and their draws (s, n), which hold until the next."""
    # of equal size every time, so that memory is touched for the first time only once
    bits = np.empty(basis.dimensions * STRETCH, dtype=np.uint64)
    held = np.empty(len(basis.shapes) * STRETCH)
    for first in range(0, count, STRETCH):
        n = min(STRETCH, count - first)
        u, out = bits[: basis.dimensions * n].reshape(-1, n), held[: len(basis.shapes) * n].reshape(-1, n)
        where.fill(u, first)
        draws(basis, uniforms(u), out)
        yield slice(first, first + n), out


# ---- trials ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ByNumPy:
    """See `Loops`."""

    basis: Basis
    plan: Schedule

    def draws(self, where: Points, count: int) -> Float:
        out = np.empty((len(self.basis.shapes), count))
        for part, each in stretches(where, self.basis, count):
            out[:, part] = each
        return out

    def evaluate(self, inputs: Inputs, draws: Float, out: Float) -> None:
        tiles = _Tiles(self.plan, inputs)
        for first in range(0, draws.shape[1], STRETCH):
            part = slice(first, first + STRETCH)
            tiles.evaluate(draws[:, part], out[:, :, part])

    def trials(self, where: Points, inputs: Inputs, out: Float) -> None:
        tiles = _Tiles(self.plan, inputs)
        for part, each in stretches(where, self.basis, out.shape[2]):
            tiles.evaluate(each, out[:, :, part])

    def sums(self, y: Float, size: int) -> tuple[Float, Float]:
        rows, q, count = y.shape
        starts = range(0, count, size)
        s, S = np.zeros((rows, len(starts), q)), np.zeros((rows, len(starts), q, q))
        for row, k in np.ndindex(rows, len(starts)):
            start = starts[k]
            # in pieces that stay in the cache
            for first in range(start, min(start + size, count), PIECE):
                d = y[row, :, first : min(first + PIECE, start + size)] - y[row, :, :1]
                s[row, k] += d.sum(axis=1)
                S[row, k] += d @ d.T
        return s, S

    def interval_ends(self, y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
        return np.array([[interval_ends(each, sequence, coverage, kind) for each in row] for row in y])


class _Tiles:
    """Outputs of a model for each row of the inputs and each trial, in tiles of some rows."""

    def __init__(self, plan: Schedule, inputs: Inputs) -> None:
        height = min(TILE, inputs.rows)
        self.plan, self.inputs = plan, inputs
        self.tiles = [slice(top, min(top + height, inputs.rows)) for top in range(0, inputs.rows, height)]
        self.parts = [inputs.take(np.arange(inputs.rows)[tile]) for tile in self.tiles]
        shared = {int(step[3]) for step in plan.shared}
        self.registers = [np.empty((1 if k in shared else height, STRETCH)) for k in range(plan.buffers)]
        self.numbers = dict(plan.constants)

    def evaluate(self, draws: Float, out: Float) -> None:
        """Fill `out` (rows, q, count <= STRETCH)."""
        with np.errstate(all="ignore"):
            self._run(self.plan.shared, self.inputs, draws, 1)
            for tile, part in zip(self.tiles, self.parts, strict=True):
                self._run(self.plan.own, part, draws, part.rows)
                for j, k in enumerate(self.plan.outputs.tolist()):
                    out[tile, j] = self.numbers.get(k, self.registers[k][: part.rows, : draws.shape[1]])

    def _run(self, steps: NDArray[np.int64], part: Inputs, draws: Float, rows: int) -> None:
        count = draws.shape[1]
        held = [self.numbers.get(k, each[:rows, :count]) for k, each in enumerate(self.registers)]
        for code, a, b, y in steps.tolist():
            if code == LOAD:
                _load(part, a, draws, self.registers[y][:rows, :count])
            elif BY_CODE[code].arity == 2:
                BY_CODE[code].columns(held[a], held[b], out=held[y])
            else:
                BY_CODE[code].columns(held[a], out=held[y])


def _load(inputs: Inputs, i: int, draws: Float, x: Float) -> None:
    """x (rows or 1, count) = value + Σ contribution·draw."""
    value = inputs.values[i][:, None]
    for t, (place, c) in enumerate(inputs.terms[i]):
        if t == 0:
            np.multiply(c[:, None], draws[place], out=x)
            x += value
        else:
            x += c[:, None] * draws[place]
    if not inputs.terms[i]:
        x[:] = value
