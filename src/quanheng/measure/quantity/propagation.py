"""The law of propagation of uncertainty: from columns of inputs to those of the outputs (JCGM 100:2008, 5.1.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.quantity.contributions import Sparse, component, groups
from quanheng.measure.quantity.freedom import effective
from quanheng.measure.quantity.graph import Node, gradient
from quanheng.measure.quantity.source import Source, check_same, condensed, rows_of
from quanheng.measure.quantity.tape import Tape, tape, undefined_at
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]
BySource: TypeAlias = dict[Source, list[tuple[int, Any]]]  # inputs that hold it, and their contributions
Cluster: TypeAlias = dict[Source, list[tuple[int, Float]]]

# rows of a block: its registers stay in the cache
BLOCK = 16384


class Derivatives(NamedTuple):
    """A tape of values, then derivatives; `places[j]` lists (input, place among the tape's outputs) that are not 0."""

    tape: Tape
    places: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def of(cls, outputs: Sequence[Node], terms: Sequence[Node], inputs: Sequence[str]) -> Derivatives:
        """Values and gradients of some nodes."""
        wanted = list(outputs)
        places = []
        for output in outputs:
            row = []
            for i, part in enumerate(gradient(output, terms)):
                if part is not None:
                    row.append((i, len(wanted)))
                    wanted.append(part)
            places.append(tuple(row))
        return cls(tape(wanted, inputs, outputs[0].graph), tuple(places))


def propagated(
    first: Derivatives, outputs: Sequence[str], columns: list[Uncertain], n: int
) -> Iterator[Uncertain]:
    """Each output's column of n rows.

    Row blocks: values and derivatives by the tape; private contributions are summed in quadrature within a block,
    so that nothing of size inputs × rows is ever held; shared ones are written to their column.
    """
    private = _by_source([each.private for each in columns])
    shared = _by_source([each.shared for each in columns])
    clusters = _clusters(private)
    # a single private source stays what it is, so that nothing of its correlations is lost
    alone = next(iter(private)) if len(private) == 1 else None
    found = [_Output(n, shared, {i for i, _ in places}) for places in first.places]
    for start in range(0, n, BLOCK):
        part = slice(start, min(start + BLOCK, n))
        x = [float(each.value[0]) if len(each) == 1 else each.value[part] for each in columns]
        values = first.tape.columns(x)
        for j, output in enumerate(found):
            output.value[part] = values[j]
            partial = {i: values[place] for i, place in first.places[j]}
            if alone is None and private:
                output.add_private(clusters, partial, part)
            elif alone and (held := _contribution(private[alone], partial, part)) is not None:
                output.own[part] = held
            output.add_shared(partial, part)
    for j, output in enumerate(found):
        _check_defined(first.tape.inputs, columns, output)
        own = {}
        if np.any(output.own):
            if alone is not None:
                own[alone] = output.own
            else:
                used = {i for i, _ in first.places[j]}
                merged = condensed(s for s, terms in private.items() if any(i in used for i, _ in terms))
                own[Source(f"private to {outputs[j]}", output.dof, merged=merged)] = output.own
        yield Uncertain(output.value, output.contributions(shared), own)


class _Output:
    """One output while its blocks are worked on.

    own (n,): u of all that is private, with its degrees of freedom, or the contribution of the one private source;
    jacobian: contributions of shared sources; partials: derivatives with respect to inputs that hold sparse ones.
    """

    def __init__(self, n: int, shared: BySource, used: Collection[int]) -> None:
        self.value, self.own, self.dof = np.empty(n), np.zeros(n), np.zeros(n)
        self.terms = [(s, i, c) for s, terms in shared.items() for i, c in terms if i in used]
        sparse = {i for _, i, column in self.terms if isinstance(column, Sparse)}
        self.partials = {i: np.zeros(n) for i in sparse}
        self.jacobian = {s: np.zeros(n) for s, _, column in self.terms if not isinstance(column, Sparse)}

    def add_private(self, clusters: list[Cluster], partial: Mapping[int, Any], part: slice) -> None:
        """u of what is private in the rows of a block, and its degrees of freedom."""
        variance, rest = self.own[part], self.dof[part]
        _add_private(variance, rest, clusters, partial, part)
        rest[:] = effective(variance, rest)
        np.sqrt(variance, out=variance)

    def add_shared(self, partial: Mapping[int, Any], part: slice) -> None:
        """What shared sources contribute in the rows of a block."""
        for i, column in self.partials.items():
            column[part] = partial[i]
        for source, i, column in self.terms:
            if not isinstance(column, Sparse):
                self.jacobian[source][part] += partial[i] * (column if len(column) == 1 else column[part])

    def contributions(self, shared: BySource) -> dict[Source, Any]:
        """Of the shared sources, in their order; dense where a source touches rows in several ways."""
        found: dict[Source, Any] = {
            source: self.jacobian[source] for source in shared if source in self.jacobian
        }
        for source, terms in shared.items():
            held = [(i, c) for i, c in terms if isinstance(c, Sparse) and i in self.partials]
            if not held:
                continue
            rows = held[0][1].rows
            if source not in found and all(column.rows is rows for _, column in held):
                values = np.sum([self.partials[i][rows] * column.values for i, column in held], axis=0)
                found[source] = Sparse(rows, values)
                continue
            into = found.setdefault(source, np.zeros(len(self.value)))
            for i, column in held:
                into[column.rows] += self.partials[i][column.rows] * column.values
        return found


def _by_source(parts: Sequence[Mapping[Source, Any]]) -> BySource:
    """For each source, the inputs that hold it with their contributions."""
    found: BySource = {}
    known: dict[Source, Source] = {}
    for i, part in enumerate(parts):
        for source, column in part.items():
            check_same(known.setdefault(source, source), source)
            found.setdefault(source, []).append((i, column))
    return found


def _clusters(private: Mapping[Source, list[tuple[int, Float]]]) -> list[Cluster]:
    """Private sources, those of one ensemble together."""
    marks: dict[Source, Any] = dict.fromkeys(private)
    return [{source: private[source] for source in group} for group in groups(marks)]


def _add_private(
    variance: Float, rest: Float, clusters: list[Cluster], partial: Mapping[int, Any], part: slice
) -> None:
    """Add to the variance (rows of a block) and to Welch–Satterthwaite's sum what the private sources contribute."""
    for cluster in clusters:
        if len(cluster) == 1:
            ((source, terms),) = cluster.items()
            held = _contribution(terms, partial, part)
            if held is not None:
                v = held * held
                variance += v
                if np.ndim(source.dof):
                    rest += v * v / np.asarray(source.dof)[part]
                elif source.dof != np.inf:
                    v *= v
                    v *= 1.0 / source.dof
                    rest += v
        else:
            held_by = {
                rows_of(source, part): c
                for source, terms in cluster.items()
                if (c := _contribution(terms, partial, part)) is not None
            }
            if held_by:
                v, over = component(held_by, len(variance))
                variance += v
                rest += over


def _contribution(terms: list[tuple[int, Float]], partial: Mapping[int, Any], part: slice) -> Float | None:
    """What a source contributes to an output in the rows of a block; None if its inputs do not matter there."""
    held = None
    for i, u in terms:
        if i in partial:
            c = u[part] if isinstance(partial[i], float) and partial[i] == 1.0 else partial[i] * u[part]
            held = c if held is None else held + c
    return held


def _check_defined(names: Sequence[str], columns: list[Uncertain], output: _Output) -> None:
    """InvalidModel names the first row where a value or a contribution is not finite."""
    made = [output.value, output.own, *output.jacobian.values()]
    with np.errstate(over="ignore", invalid="ignore"):
        # a sum is finite only if all are, and needs no memory
        if all(np.isfinite(column.sum()) for column in made):
            return
    good = np.all([np.isfinite(column) for column in made], axis=0)
    if not np.all(good):
        row = int(np.flatnonzero(~good)[0])
        point = {
            name: float(each.value[row if len(each) > 1 else 0])
            for name, each in zip(names, columns, strict=True)
        }
        raise undefined_at(point, row + 1 if len(good) > 1 else None)
