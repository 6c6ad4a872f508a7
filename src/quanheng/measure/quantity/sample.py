"""Trials of a measurement model: what is drawn, what the inputs are made of, and the outputs of each trial.

A source of error is drawn once a trial, of mean 0 and in units of u; an input is its value plus contributions times
draws. The rows of a column share the draws: each row's trials are an ordinary sample of it, and differ from those of
another row as the rows do, not by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.generator import MANTISSA, ONE, Words, key, normal_scores, philox, uniforms
from quanheng.measure.quantity.graph import Tape
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.shapes import Normal, Shape, Table, Tabulated, interpolate
from quanheng.measure.quantity.sobol import MOST_DIMENSIONS, Net, scrambled_net
from quanheng.measure.quantity.uncertain import Source, Sparse, Uncertain, dense

Float = NDArray[np.float64]

STRETCH = 4096  # trials drawn at once
TILE = 8  # rows that NumPy works on at once
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
    plain: range
    key: int
    index: int

    def bits(self, first: int, count: int) -> Words:
        """Points from `first`, a multiple of STRETCH, on as bits of uniforms, (d, count); at most STRETCH."""
        parts = [] if self.net is None else [self.net.bits(first, count)]
        for d in self.plain:
            counter = self.index << 128 | d << 64 | first // 4
            parts.append((philox(self.key, counter, count)[None] & MANTISSA) | ONE)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def points(seed: int, index: int, *, dimensions: int, m: int, method: str) -> Points:
    """The randomisation number `index` of a seed, of 2^m points; method "sobol" or "plain"."""
    even = min(dimensions, MOST_DIMENSIONS) if method == "sobol" else 0
    net = scrambled_net(seed, index, dimensions=even, m=m) if even else None
    return Points(net, range(even, dimensions), key(seed, "plain"), index)


def draws(basis: Basis, bits: Words, kernels: Kernels) -> Float:
    """Draws (s, count) of a basis from the bits (d, count) of uniforms, which are used up."""
    u = uniforms(bits)
    together = {int(i) for places, _ in basis.factors for i in places}
    scored = [
        i for i, shape in enumerate(basis.shapes) if isinstance(shape, Normal | Tabulated) or i in together
    ]
    out = np.empty((len(basis.shapes), u.shape[1]))
    out[scored] = kernels.normal_scores(u if len(scored) == len(u) else u[basis.last[scored]])
    for places, factor in basis.factors:
        out[places] = factor @ out[places]
    for i, shape in enumerate(basis.shapes):
        if isinstance(shape, Normal):
            continue
        if i in together:
            np.clip(out[i], -FARTHEST, FARTHEST, out=out[i])
        if isinstance(shape, Tabulated):
            out[i] = kernels.interpolate(shape.table, out[i])
            continue
        end = basis.last[i] + 1
        if i in together:
            u[end - 1] = ndtr(out[i])
        out[i] = shape.draw(u[end - shape.uniforms : end])
    return out


# ---- trials ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kernels:
    """The three loops in which a run spends its time: by NumPy, or compiled (`fused.py`), with the same results.

    evaluator(tape, inputs) makes a function of draws (s, count) and `out` (rows, q, count), which it fills with the
    outputs of each row and trial.
    """

    normal_scores: Callable[[Float], Float]
    interpolate: Callable[[Table, Float], Float]
    evaluator: Callable[[Tape, Inputs], Callable[[Float, Float], None]]


def evaluator(tape: Tape, inputs: Inputs) -> Callable[[Float, Float], None]:
    """Outputs of a tape for each row of the inputs and each trial, in tiles that stay in the cache."""
    rows = inputs.rows
    tops = [slice(top, min(top + TILE, rows)) for top in range(0, rows, TILE)]
    tiles = [inputs] if rows <= TILE else [inputs.take(np.arange(rows)[top]) for top in tops]

    def evaluate(draws: Float, out: Float) -> None:
        for top, part in zip(tops, tiles, strict=True):
            x = [_input(value, terms, draws) for value, terms in zip(part.values, part.terms, strict=True)]
            for j, y in enumerate(tape.columns(x)):
                out[top, j] = y

    return evaluate


def _input(value: Float, terms: tuple[tuple[int, Float], ...], draws: Float) -> Float | float:
    x: Float | float = float(value[0]) if len(value) == 1 else value[:, None]
    for place, c in terms:
        # what is the same for all rows stays one row, and so does what the tape makes of it
        x = x + (float(c[0]) if len(c) == 1 else c[:, None]) * draws[place]
    return x


BY_NUMPY = Kernels(normal_scores, interpolate, evaluator)


def fill(
    out: Float, where: Points, basis: Basis, evaluate: Callable[[Float, Float], None], kernels: Kernels
) -> None:
    """Fill `out` (rows, q, count) with the outputs of the first trials of one randomisation."""
    for first in range(0, out.shape[2], STRETCH):
        part = out[:, :, first : first + STRETCH]
        evaluate(draws(basis, where.bits(first, part.shape[2]), kernels), part)
