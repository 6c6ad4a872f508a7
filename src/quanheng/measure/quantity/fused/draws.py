"""Points of a net and draws of a basis, tile by tile: as `sample.draws`, to the last bit."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from quanheng.measure.quantity.basis import Basis
from quanheng.measure.quantity.fused.machine import TILE, TILE_BITS, Bytes, Float, Whole, Words, compiled
from quanheng.measure.quantity.fused.scores import logarithms, scores, sine
from quanheng.measure.quantity.generator import BELOW_ONE, ONE
from quanheng.measure.quantity.shapes import (
    FARTHEST,
    NODES,
    REACH,
    Arcsine,
    CTrap,
    Exponential,
    Normal,
    Rectangular,
    Shape,
    Tabulated,
    Trapezoidal,
    Triangular,
    ctrap_u,
)

NORMAL, TABLED, RECTANGULAR, TRAPEZOIDAL, TRIANGULAR, ARCSINE, CTRAP, EXPONENTIAL = range(8)


class Program(NamedTuple):
    """A basis as arrays.

    dimensions (d,): that each row of uniforms takes, those that are scored first; laws (s, 4): each shape's law, the
    row of its score or of its last uniform, that of its first uniform, its table; numbers (s, 4): its parameters;
    mixed (m, 3): the row of a score, and which of the parts (others, amounts) it is made of, with limits (m,); scored:
    how many rows are; values and slopes (t, nodes): tables.
    """

    dimensions: Whole
    scored: int
    laws: Whole
    numbers: Float
    mixed: Whole
    limits: Float
    others: Whole
    amounts: Float
    values: Float
    slopes: Float


def program(basis: Basis) -> Program:
    """The basis for the compiled loops; none of its ensembles has a shape that is neither normal nor tabulated."""
    scored = basis.last[basis.scored]
    dimensions = np.concatenate([scored, np.setdiff1d(np.arange(basis.dimensions), scored)])
    row = np.argsort(dimensions)
    tables = [each.table for each in basis.shapes if isinstance(each, Tabulated)]
    laws, numbers, table = [], np.zeros((len(basis.shapes), 4)), 0
    for k, (shape, last) in enumerate(zip(basis.shapes, basis.last, strict=True)):
        law, parameters = _law(shape)
        numbers[k, : len(parameters)] = parameters
        laws.append((law, row[last], row[last + 1 - shape.uniforms], table))
        table += isinstance(shape, Tabulated)
    place = {int(k): i for i, k in enumerate(basis.scored)}
    parts: list[tuple[int, float]] = []
    mixed, limits = [], []
    for each, terms in basis.mixtures:
        limits.append(math.inf if isinstance(basis.shapes[each], Normal) else FARTHEST)
        mixed.append((place[each], len(parts), len(parts) + len(terms)))
        parts += [(place[other], amount) for other, amount in terms]
    return Program(
        dimensions,
        len(scored),
        np.array(laws, dtype=np.int64),
        numbers,
        np.array(mixed, dtype=np.int64).reshape(-1, 3),
        np.array(limits, dtype=np.float64),
        np.array([other for other, _ in parts], dtype=np.int64),
        np.array([amount for _, amount in parts], dtype=np.float64),
        _stacked([each.values for each in tables]),
        _stacked([each.slopes for each in tables]),
    )


def _stacked(columns: list[Float]) -> Float:
    return np.array(columns) if columns else np.empty((0, 0))


def _law(shape: Shape) -> tuple[int, tuple[float, ...]]:
    match shape:
        case Normal():
            return NORMAL, ()
        case Tabulated():
            return TABLED, ()
        case Rectangular():
            return RECTANGULAR, (np.sqrt(12.0),)
        case Trapezoidal(top):
            u = np.sqrt(6 / (1 + top**2))
            return TRAPEZOIDAL, (u, 2 * (1 - top**2), 1 + top, 0.5 * (1 - top) / (1 + top))
        case Triangular():
            return TRIANGULAR, (np.sqrt(6.0),)
        case Arcsine():
            return ARCSINE, (np.sqrt(2.0),)
        case CTrap(inexactness):
            return CTRAP, (inexactness, ctrap_u(inexactness))
        case Exponential():
            return EXPONENTIAL, ()
    raise TypeError(f"{shape} has no compiled law")


class Room(NamedTuple):
    """What the work on a tile takes: the first points of a net, points, scores, and those in the tails."""

    table: Words
    bits: Words
    scores: Float
    far: Bytes
    where: Whole
    held: Float


@compiled
def room(basis: Program, shift: Words, columns: Words) -> Room:
    """Room for tiles of a net, whose first points are filled in: the others follow from them by exclusive-or."""
    table = np.empty((len(columns), TILE), dtype=np.uint64)
    for k in range(len(columns)):
        table[k] = shift[k]
        for j in range(min(columns.shape[1], TILE_BITS)):
            for i in range(1 << j):
                table[k, (1 << j) + i] = table[k, i] ^ columns[k, j]
    bits = np.full((len(basis.dimensions), TILE), np.uint64(ONE))
    size = basis.scored * TILE
    far, where = np.empty(size, dtype=np.uint8), np.empty(size + 1, dtype=np.int64)
    return Room(table, bits, np.empty((basis.scored, TILE)), far, where, np.empty((2, max(size, TILE))))


@compiled
def draw(basis: Program, columns: Words, plain: Words, start: int, first: int, at: Room, z: Float) -> None:
    """Fill z (s, TILE) with the draws of a tile, from trial `first` of a randomisation on.

    1 uniforms, of the net, and of plain numbers (d, n) from trial `start` on  2 scores  3 correlation  4 shapes
    """
    _uniforms(basis.dimensions, columns, plain, start, first, at)
    u, s = at.bits.view(np.float64), at.scores
    scores(u[: basis.scored].reshape(-1), s.reshape(-1), at.far, at.where, at.held)
    for m in range(len(basis.mixed)):
        row, a, b = basis.mixed[m]
        mixed, limit = at.held[0], basis.limits[m]
        for i in range(TILE):
            mixed[i] = basis.amounts[a] * s[basis.others[a], i]
        for part in range(a + 1, b):
            for i in range(TILE):
                mixed[i] += basis.amounts[part] * s[basis.others[part], i]
        for i in range(TILE):
            s[row, i] = min(max(mixed[i], -limit), limit)
    for k in range(len(basis.laws)):
        law, last, before, table = basis.laws[k]
        if law == NORMAL:
            z[k] = s[last]
        elif law == TABLED:
            _interpolate(basis.values[table], basis.slopes[table], s[last], z[k])
        else:
            _by_law(law, basis.numbers[k], u[last], u[before], z[k], at.held[0])


@compiled
def _uniforms(dimensions: Whole, columns: Words, plain: Words, start: int, first: int, at: Room) -> None:
    bits, u = at.bits, at.bits.view(np.float64)
    for k in range(len(dimensions)):
        d = dimensions[k]
        if d < len(columns):
            turned = np.uint64(0)
            for j in range(TILE_BITS, columns.shape[1]):
                if first >> j & 1:
                    turned ^= columns[d, j]
            for i in range(TILE):
                bits[k, i] = at.table[d, i] ^ turned
        else:
            n = min(TILE, plain.shape[1] - (first - start))
            for i in range(n):
                bits[k, i] = plain[d - len(columns), first - start + i]
            for i in range(n, TILE):
                bits[k, i] = ONE  # beyond the last trial any uniform will do
        for i in range(TILE):
            u[k, i] -= BELOW_ONE


@compiled
def _by_law(law: int, numbers: Float, p: Float, before: Float, z: Float, held: Float) -> None:
    """Draws by a formula from uniforms p, as `Shape.draw`; `before` are the first of two."""
    a, b, c, d = numbers
    if law == RECTANGULAR:
        for i in range(TILE):
            z[i] = a * (p[i] - 0.5)
    elif law == TRAPEZOIDAL:
        for i in range(TILE):
            tail = min(p[i], 1 - p[i])
            x = 1 - math.sqrt(b * tail) if tail < d else (0.5 - tail) * c
            z[i] = math.copysign(x, p[i] - 0.5) * a
    elif law == TRIANGULAR:
        for i in range(TILE):
            x = 1 - math.sqrt(2 * min(p[i], 1 - p[i]))
            z[i] = math.copysign(x, p[i] - 0.5) * a
    elif law == ARCSINE:
        for i in range(TILE):
            z[i] = a * sine(math.pi * (p[i] - 0.5))
    elif law == CTRAP:
        for i in range(TILE):
            z[i] = (1 + a * (2 * before[i] - 1)) * (2 * p[i] - 1) / b
    elif law == EXPONENTIAL:
        for i in range(TILE):
            held[i] = 1 - p[i]
        logarithms(held[:TILE], z)
        for i in range(TILE):
            z[i] = -z[i] - 1


@compiled
def _interpolate(values: Float, slopes: Float, scores: Float, z: Float) -> None:
    """As `shapes.interpolate`."""
    for i in range(TILE):
        position = (scores[i] + REACH) * NODES
        node = int(position)
        s = position - node
        low = values[node]
        rise = values[node + 1] - low
        at_low, at_high = slopes[node] - rise, rise - slopes[node + 1]
        z[i] = low + s * (rise + (1 - s) * (at_low * (1 - s) + at_high * s))
