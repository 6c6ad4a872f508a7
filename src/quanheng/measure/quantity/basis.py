"""What a Monte Carlo run draws, and what the inputs of a model are made of.

A source of error is drawn once a trial, of mean 0 and in units of u; an input is its value plus contributions times
draws. The rows of a column share the draws: each row's trials are an ordinary sample of it, and differ from those of
another row as the rows do, not by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.contributions import Sparse, dense
from quanheng.measure.quantity.copula import score_correlations
from quanheng.measure.quantity.schedule import Schedule, schedule
from quanheng.measure.quantity.shapes import Normal, Shape, Tabulated, TOfSource
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.tape import Tape
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basis:
    """The random variables of a run, each drawn once a trial.

    ensembles: places of correlated ones and the correlation matrix of their normal scores (copula.py); for normal
    shapes that is the multivariate normal (JCGM 101:2008, 6.4.8). The multivariate t of JCGM 102:2011, 5.3.2 is not
    provided.
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
    def mixtures(self) -> list[tuple[int, list[tuple[int, float]]]]:
        """Places of correlated variables with the scores that theirs is made of, and how much of each; last first.

        In this order, and summed as they stand, independent scores become correlated ones in place.
        """
        found = []
        for places, matrix in self.ensembles:
            factor = _factor(matrix)
            for i in range(len(places) - 1, -1, -1):
                found.append((places[i], [(places[j], float(factor[i, j])) for j in range(i + 1)]))
        return found

    @cached_property
    def together(self) -> frozenset[int]:
        """Places of variables that are correlated with another."""
        return frozenset(int(i) for places, _ in self.ensembles for i in places)

    @cached_property
    def scored(self) -> NDArray[np.intp]:
        """Places of variables that are drawn from normal scores."""
        held = [isinstance(shape, Normal | Tabulated) for shape in self.shapes]
        return np.flatnonzero([h or i in self.together for i, h in enumerate(held)])

    @property
    def by_copula(self) -> bool:
        """Whether a correlated variable is drawn by a formula of its uniform, which its score must give first."""
        return any(not isinstance(self.shapes[i], Normal | Tabulated) for i in self.together)


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


# ---- from uncertain columns -------------------------------------------------------------------------------------


def alike(columns: Sequence[Uncertain], n: int) -> list[NDArray[np.intp]]:
    """The rows, those together whose sources have the same distributions: a t may have other degrees of freedom."""
    by_row = [
        np.asarray(source.dof)
        for column in columns
        for source in (*column.shared, *column.private)
        if isinstance(source.shape, TOfSource) and np.size(source.dof) > 1
    ]
    if not by_row:
        return [np.arange(n)]
    _, which = np.unique(np.array(by_row), axis=1, return_inverse=True)
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which))[:-1])


def _shape(source: Source) -> Shape:
    """What is drawn for a source in rows that are alike."""
    return (
        source.shape.at(float(np.ravel(source.dof)[0]))
        if isinstance(source.shape, TOfSource)
        else source.shape
    )


def drawn(columns: Sequence[Uncertain], n: int) -> tuple[Basis, Inputs]:
    """What is to be drawn for the inputs of a model, of n rows or one, and the inputs in those terms.

    InvalidModel if nothing is uncertain.
    """
    held = _held(columns)
    if not held:
        raise InvalidModel("没有带不确定度的输入 / no input has an uncertainty")
    shapes: list[Shape] = []
    places: dict[Source, int] = {}
    terms: list[dict[int, Float]] = [{} for _ in columns]
    slots: list[tuple[int, NDArray[np.bool_]]] = []
    for source, where in held.items():
        if source.ensemble is None and all(isinstance(column, Sparse) for _, column in where):
            place = _slot(source, _shape(source), where, slots, shapes, n)
        else:
            place = places[source] = len(shapes)
            shapes.append(_shape(source))
        for i, column in where:
            contribution = dense(column, n) if isinstance(column, Sparse) else column
            terms[i][place] = terms[i][place] + contribution if place in terms[i] else contribution
    ensembles = tuple(_ensembles(places, shapes))
    inputs = Inputs(tuple(c.value for c in columns), tuple(tuple(t.items()) for t in terms), n)
    return Basis(tuple(shapes), ensembles), inputs


def _held(columns: Sequence[Uncertain]) -> dict[Source, list[tuple[int, Float | Sparse]]]:
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
    shape: Shape,
    where: list[tuple[int, Float | Sparse]],
    slots: list[tuple[int, NDArray[np.bool_]]],
    shapes: list[Shape],
    n: int,
) -> int:
    """A place whose draws stand for one source in some rows and for another elsewhere: no row sees two of them."""
    rows = np.unique(np.concatenate([column.rows for _, column in where if isinstance(column, Sparse)]))
    for place, taken in slots:
        if shapes[place] == shape and not taken[rows].any():
            taken[rows] = True
            return place
    taken = np.zeros(n, dtype=bool)
    taken[rows] = True
    shapes.append(shape)
    slots.append((len(shapes) - 1, taken))
    return len(shapes) - 1


def _ensembles(
    places: Mapping[Source, int], shapes: Sequence[Shape]
) -> Iterator[tuple[tuple[int, ...], Float]]:
    done: set[object] = set()
    for source in places:
        group = source.ensemble
        if group is None or group.identities in done:
            continue
        done.add(group.identities)
        members = [each for each in places if each.identity in group.place]
        index = [group.place[each.identity] for each in members]
        where = tuple(places[each] for each in members)
        yield where, score_correlations([shapes[each] for each in where], group.matrix[np.ix_(index, index)])
