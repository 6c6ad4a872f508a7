"""Trials of a measurement model: what is drawn, what the inputs are made of, and the outputs of each trial.

A source of error is drawn once a trial, of mean 0 and in units of u; an input is its value plus contributions times
draws. The rows of a column share the draws: each row's trials are an ordinary sample of it, and differ from those of
another row as the rows do, not by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.generator import MANTISSA, ONE, Words, key, normal_scores, philox, uniforms
from quanheng.measure.quantity.graph import Tape
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.operations import BY_CODE
from quanheng.measure.quantity.regions import Kind, interval_ends
from quanheng.measure.quantity.schedule import LOAD, Schedule, schedule
from quanheng.measure.quantity.shapes import Normal, Shape, Table, Tabulated, interpolate
from quanheng.measure.quantity.sobol import MOST_DIMENSIONS, Net, scrambled_net
from quanheng.measure.quantity.uncertain import Source, Sparse, Uncertain, dense

Float = NDArray[np.float64]
Evaluator: TypeAlias = Callable[[Float, Float], None]

STRETCH = 8192  # trials drawn at once
TILE = 8  # rows that NumPy works on at once
PIECE = 8192  # trials that it sums at once
FARTHEST = 8.2  # scores whose uniforms are still below 1


@dataclass(frozen=True, eq=False)
class Basis:
    """The random variables of a run, each drawn once a trial.

    ensembles: places of correlated ones and their correlation matrix, that of their normal scores: a Gaussian copula,
    which for normal shapes is the multivariate normal (JCGM 101:2008, 6.4.8). The multivariate t of JCGM 102:2011,
    5.3.2 is not provided.
    """

    shapes: tuple[Shape, ...]
    ensembles: tuple[tuple[tuple[int, ...], Float], ...] = ()

    @cached_property
    def last(self) -> NDArray[np.intp]:
        """Place of each shape's last uniform, that which its draws grow with."""
        return np.cumsum([shape.uniforms for shape in self.shapes], dtype=np.intp) - 1

    @property
    def dimensions(self) -> int:
        """How many uniforms a trial takes."""
        return int(self.last[-1]) + 1

    @cached_property
    def factors(self) -> list[tuple[NDArray[np.intp], Float]]:
        """Places of correlated variables, and the lower factor of their correlation matrix."""
        return [(np.array(places), _factor(matrix)) for places, matrix in self.ensembles]

    @cached_property
    def together(self) -> frozenset[int]:
        """Places of variables that are correlated with another."""
        return frozenset(int(i) for places, _ in self.ensembles for i in places)

    @cached_property
    def scored(self) -> NDArray[np.intp]:
        """Places of variables that are drawn from normal scores."""
        held = [isinstance(shape, Normal | Tabulated) for shape in self.shapes]
        return np.flatnonzero([h or i in self.together for i, h in enumerate(held)])


def _factor(matrix: Float) -> Float:
    """Lower triangular L with LLᵀ = matrix, which may be singular."""
    L = np.zeros_like(matrix)
    for j in range(len(matrix)):
        rest = matrix[j:, j] - L[j:, :j] @ L[j, :j]
        if rest[0] > 1e-12:
            L[j:, j] = rest / np.sqrt(rest[0])
    return L


@dataclass(frozen=True, eq=False)
class Inputs:
    """Inputs of a model as values (n,) or (1,), and terms: places in the basis with contributions (n,) or (1,)."""

    values: tuple[Float, ...]
    terms: tuple[tuple[tuple[int, Float], ...], ...]
    rows: int

    def take(self, rows: NDArray[np.intp]) -> Inputs:
        """The inputs of some rows."""

        def taken(column: Float) -> Float:
            return column if len(column) == 1 else column[rows]

        terms = tuple(tuple((place, taken(c)) for place, c in each) for each in self.terms)
        return Inputs(tuple(taken(each) for each in self.values), terms, len(rows))

    @cached_property
    def wide(self) -> tuple[Float, Float]:
        """Values (k, n) and, one term after the other, contributions (t, n)."""
        every = ([*self.values], [c for each in self.terms for _, c in each])
        values, contributions = (
            np.array([np.broadcast_to(c, self.rows) for c in columns], dtype=np.float64).reshape(
                -1, self.rows
            )
            for columns in every
        )
        return values, contributions

    def schedule(self, tape: Tape) -> Schedule:
        """The order in which the tape is run: what differs from row to row after the rest."""
        pairs = list(zip(self.values, self.terms, strict=True))
        exact = {i: float(v[0]) for i, (v, terms) in enumerate(pairs) if len(v) == 1 and not terms}
        # of one row everything is its own, so that buffers are taken again
        by_row = [self.rows == 1 or len(v) > 1 or any(len(c) > 1 for _, c in terms) for v, terms in pairs]
        return schedule(tape, [each and i not in exact for i, each in enumerate(by_row)], exact)


# ---- from an evaluation ----------------------------------------------------------------------------------------


def drawn(evaluation: Evaluation) -> tuple[Basis, Inputs]:
    """What is to be drawn for an evaluated model, and its inputs in those terms.

    InvalidModel if nothing is uncertain.
    """
    columns = [evaluation.inputs[name] for name in evaluation.model.inputs]
    held = _held(columns)
    if not held:
        raise InvalidModel("没有带不确定度的输入 / no input has an uncertainty")
    shapes: list[Shape] = []
    places: dict[Source, int] = {}
    terms: list[dict[int, Float]] = [{} for _ in columns]
    slots: list[tuple[int, NDArray[np.bool_]]] = []
    for source, where in held.items():
        if source.ensemble is None and all(isinstance(column, Sparse) for _, column in where):
            place = _slot(source, where, slots, shapes, evaluation.n)
        else:
            place = places[source] = len(shapes)
            shapes.append(source.shape)
        for i, column in where:
            contribution = dense(column, evaluation.n) if isinstance(column, Sparse) else column
            terms[i][place] = terms[i][place] + contribution if place in terms[i] else contribution
    ensembles = tuple(_ensembles(places))
    inputs = Inputs(tuple(c.value for c in columns), tuple(tuple(t.items()) for t in terms), evaluation.n)
    return Basis(tuple(shapes), ensembles), inputs


def _held(columns: list[Uncertain]) -> dict[Source, list[tuple[int, Float | Sparse]]]:
    """For each source, the inputs that hold it and its contributions."""
    held: dict[Source, list[tuple[int, Float | Sparse]]] = {}
    for i, column in enumerate(columns):
        parts: tuple[Mapping[Source, Float | Sparse], ...] = (column.shared, column.private)
        for part in parts:
            for source, contribution in part.items():
                held.setdefault(source, []).append((i, contribution))
    return held


def _slot(
    source: Source,
    where: list[tuple[int, Float | Sparse]],
    slots: list[tuple[int, NDArray[np.bool_]]],
    shapes: list[Shape],
    n: int,
) -> int:
    """A place whose draws stand for one source in some rows and for another elsewhere: no row sees two of them."""
    rows = np.unique(np.concatenate([column.rows for _, column in where if isinstance(column, Sparse)]))
    for place, taken in slots:
        if shapes[place] == source.shape and not taken[rows].any():
            taken[rows] = True
            return place
    taken = np.zeros(n, dtype=bool)
    taken[rows] = True
    shapes.append(source.shape)
    slots.append((len(shapes) - 1, taken))
    return len(shapes) - 1


def _ensembles(places: Mapping[Source, int]) -> Iterator[tuple[tuple[int, ...], Float]]:
    done: set[object] = set()
    for source in places:
        group = source.ensemble
        if group is None or group.identities in done:
            continue
        done.add(group.identities)
        members = [each for each in places if each.identity in group.place]
        index = [group.place[each.identity] for each in members]
        yield tuple(places[each] for each in members), group.matrix[np.ix_(index, index)]


# ---- points and draws ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one randomisation: a scrambled net, and plain random numbers in the dimensions that it lacks."""

    net: Net | None
    key: int
    index: int

    def fill(self, bits: Words, first: int) -> None:
        """Fill (d, count <= STRETCH) with points from `first`, a multiple of STRETCH, on, as bits of uniforms."""
        even = 0 if self.net is None else self.net.fill(bits, first)
        for d in range(even, len(bits)):
            counter = self.index << 128 | d << 64 | first // 4
            bits[d] = (philox(self.key, counter, bits.shape[1]) & MANTISSA) | ONE


def points(seed: int, index: int, *, dimensions: int, m: int, method: str) -> Points:
    """The randomisation number `index` of a seed, of 2^m points; method "sobol" or "plain"."""
    even = min(dimensions, MOST_DIMENSIONS) if method == "sobol" else 0
    net = scrambled_net(seed, index, dimensions=even, m=m) if even else None
    return Points(net, key(seed, "plain"), index)


def draws(basis: Basis, u: Float, out: Float, kernels: Kernels) -> None:
    """Fill `out` (s, count) with draws of a basis from uniforms (d, count), which are used up."""
    scores, last = basis.scored, basis.last
    if len(scores) == len(u):
        kernels.normal_scores(u, out)
    elif len(scores):
        out[scores] = kernels.normal_scores(u[last[scores]], np.empty((len(scores), u.shape[1])))
    for places, factor in basis.factors:
        out[places] = factor @ out[places]
    for i, shape in enumerate(basis.shapes):
        if isinstance(shape, Normal):
            continue
        if i in basis.together:
            np.clip(out[i], -FARTHEST, FARTHEST, out=out[i])
        if isinstance(shape, Tabulated):
            kernels.interpolate(shape.table, out[i], out[i])
            continue
        if i in basis.together:
            u[last[i]] = ndtr(out[i])
        out[i] = shape.draw(u[last[i] + 1 - shape.uniforms : last[i] + 1])


# ---- trials ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kernels:
    """The loops in which a run spends its time: by NumPy, or compiled (`fused.py`), with the same results.

    evaluator(plan, inputs) makes a function of draws (s, count) and `out` (rows, q, count), which it fills with the
    outputs of each row and trial. It is for one thread: it keeps its buffers.
    sums(y, size), of trials (q, M): for each sequence of so many, and for what is left, the sums (h, q) and the sums
    of products (h, q, q) of the differences from the first trial.
    """

    normal_scores: Callable[[Float, Float], Float]
    interpolate: Callable[[Table, Float, Float], Float]
    evaluator: Callable[[Schedule, Inputs], Evaluator]
    sums: Callable[[Float, int], tuple[Float, Float]]
    interval_ends: Callable[[Float, int, float, Kind], Float]


def evaluator(plan: Schedule, inputs: Inputs) -> Evaluator:
    """Outputs of a model for each row of the inputs and each trial, in tiles of some rows."""
    height = min(TILE, inputs.rows)
    tiles = [slice(top, min(top + height, inputs.rows)) for top in range(0, inputs.rows, height)]
    parts = [inputs.take(np.arange(inputs.rows)[tile]) for tile in tiles]
    shared = {int(step[3]) for step in plan.shared}
    registers: list[Float] = [np.empty((1 if k in shared else height, STRETCH)) for k in range(plan.buffers)]
    numbers = dict(plan.constants)

    def run(steps: list[list[int]], part: Inputs, draws: Float, rows: int) -> None:
        count = draws.shape[1]
        held = [numbers.get(k, each[:rows, :count]) for k, each in enumerate(registers)]
        for code, a, b, y in steps:
            if code == LOAD:
                _load(part, a, draws, registers[y][:rows, :count])
            elif BY_CODE[code].arity == 2:
                BY_CODE[code].columns(held[a], held[b], out=held[y])
            else:
                BY_CODE[code].columns(held[a], out=held[y])

    first, each = plan.shared.tolist(), plan.own.tolist()

    def evaluate(draws: Float, out: Float) -> None:
        with np.errstate(all="ignore"):
            run(first, inputs, draws, 1)
            for tile, part in zip(tiles, parts, strict=True):
                run(each, part, draws, part.rows)
                for j, k in enumerate(plan.outputs.tolist()):
                    out[tile, j] = numbers.get(k, registers[k][: part.rows, : draws.shape[1]])

    return evaluate


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


def sums(y: Float, size: int) -> tuple[Float, Float]:
    """See `Kernels`; in pieces that stay in the cache."""
    q, count = y.shape
    starts = range(0, count, size)
    s, S = np.zeros((len(starts), q)), np.zeros((len(starts), q, q))
    for k, start in enumerate(starts):
        for first in range(start, min(start + size, count), PIECE):
            d = y[:, first : min(first + PIECE, start + size)] - y[:, :1]
            s[k] += d.sum(axis=1)
            S[k] += d @ d.T
    return s, S


BY_NUMPY = Kernels(normal_scores, interpolate, evaluator, sums, interval_ends)


def stretches(where: Points, basis: Basis, count: int, kernels: Kernels) -> Iterator[Float]:
    """Draws (s, n) of the first `count` trials of one randomisation, in stretches; each holds until the next."""
    # of equal size every time, so that memory is touched for the first time only once
    bits = np.empty(basis.dimensions * STRETCH, dtype=np.uint64)
    held = np.empty(len(basis.shapes) * STRETCH)
    for first in range(0, count, STRETCH):
        n = min(STRETCH, count - first)
        u, out = bits[: basis.dimensions * n].reshape(-1, n), held[: len(basis.shapes) * n].reshape(-1, n)
        where.fill(u, first)
        draws(basis, uniforms(u), out, kernels)
        yield out


def fill(out: Float, drawn: Iterable[Float], evaluate: Evaluator) -> None:
    """Fill `out` (rows, q, count) with the outputs of trials that are drawn in stretches."""
    first = 0
    for each in drawn:
        evaluate(each, out[:, :, first : first + each.shape[1]])
        first += each.shape[1]
