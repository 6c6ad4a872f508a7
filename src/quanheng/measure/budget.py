"""Uncertainty budgets: what each input, each source and each certificate has in the variance of a result.

A share is a part of u², by covariance with the result: shares add up to 1 also where inputs are correlated, and one
that lowers u has a negative share. Of an exact result all shares are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.quantity.contributions import Column, Sparse, dense, partners, weighted
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]
Rows = NDArray[np.intp]

OWN = "own"


@dataclass(frozen=True, eq=False)
class SourceRow:
    """One source of a result: contribution c·u with its sign, in the result's unit, and share; (n,)."""

    source: Source
    contribution: Float
    share: Float


@dataclass(frozen=True, eq=False)
class InputRow:
    """One input of a model: ∂y/∂x, contribution c·u(x) with its sign, and share, (n,); and the sources of its u."""

    input: str
    sensitivity: Float
    contribution: Float
    share: Float
    effects: tuple[SourceRow, ...]


@dataclass(frozen=True, eq=False)
class GroupRow:
    """Sources that go by one name: u of all of them together, in the result's unit, and their share; (n,)."""

    name: str
    u: Float
    share: Float


@dataclass(frozen=True)
class PopulationRow:
    """What one cause has in a column: how many rows it touches, its share in a total's variance, its mean share."""

    name: str
    rows: int
    of_total: float
    of_each: float


def by_input(evaluation: Evaluation, output: str) -> list[InputRow]:
    """The budget of an output, an input a row, in the order of the model. JCGM 100:2008, 5.1 and 5.2, and table H.1."""
    total = evaluation.covariance(output, output)
    sensitivities = evaluation.sensitivities[output]
    nought = np.zeros(evaluation.n)
    rows = []
    for name, column in evaluation.inputs.items():
        c = sensitivities.get(name, nought)
        effects = tuple(
            SourceRow(
                source,
                c * dense(part, len(column)),
                _share(c * _with_output(evaluation, output, alone), total),
            )
            for source, part, alone in _alone(column)
        )
        share = sum((each.share for each in effects), nought)
        rows.append(InputRow(name, c, c * column.u, share, effects))
    return rows


def by_source(column: Uncertain) -> list[SourceRow]:
    """The budget of a result, a source a row: shared ones first; n rows of each source."""
    n = len(column)
    total = column.variance
    rows = []
    for part in (column.shared, column.private):
        for source, contribution in part.items():
            mine = dense(contribution, n)
            rows.append(SourceRow(source, mine, _share(mine * _lean(source, part, n), total)))
    return rows


def certificate(source: Source) -> str:
    """The name of a source that keeps it wherever it occurs (see `named`); `OWN` for any other."""
    return source.name if source.identity == source.name else OWN


def by_certificate(column: Uncertain, name: Callable[[Source], str] = certificate) -> list[GroupRow]:
    """The budget of a result by what `name` tells apart, in the order of first sources."""
    share: dict[str, Float] = {}
    shared: dict[str, dict[Source, Column]] = {}
    private: dict[str, dict[Source, Float]] = {}
    for row in by_source(column):
        key = name(row.source)
        share[key] = share.get(key, np.zeros(len(column))) + row.share
        if row.source in column.shared:
            shared.setdefault(key, {})[row.source] = row.contribution
        else:
            private.setdefault(key, {})[row.source] = row.contribution
    return [
        GroupRow(key, Uncertain(column.value, shared.get(key, {}), private.get(key, {})).u, each)
        for key, each in share.items()
    ]


def over_population(
    column: Uncertain, weights: ArrayLike | None = None, name: Callable[[Source], str] = certificate
) -> list[PopulationRow]:
    """Which cause dominates a population: every one that `name` tells apart, the largest in the total first.

    `of_total`: its share in the variance of Σ w·y, weights (n,) or 1: there errors of one bench add up, while those
    of each row's own go down as √n. `of_each`: mean over the rows of its share of u². Rows are never multiplied with
    one another, and a source that touches few rows costs only these.
    """
    n = len(column)
    w = np.ones(n) if weights is None else np.broadcast_to(np.asarray(weights, dtype=float), n)
    over = _share(np.ones(n), column.variance) / n
    found: dict[str, list[_Cause]] = {}
    for cause in (*_shared_causes(column, w, over), *_private_causes(column, w, over)):
        found.setdefault(name(cause.source), []).append(cause)
    variance = sum(cause.of_total for causes in found.values() for cause in causes)
    rows = [
        PopulationRow(
            key,
            _touched(causes, n),
            float(_share(sum(each.of_total for each in causes), variance)),
            sum(each.of_each for each in causes),
        )
        for key, causes in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.of_total, -row.of_each, row.name))


class _Cause(NamedTuple):
    """One source over a column: its part of a total's variance, its mean share, and the rows that it touches."""

    source: Source
    of_total: float
    of_each: float
    rows: Rows | None  # None: all


def _shared_causes(column: Uncertain, w: Float, over: Float) -> Iterator[_Cause]:
    totals = {source: weighted(w, part) for source, part in column.shared.items()}
    for source, part in column.shared.items():
        lean = sum(source.correlation(each) * totals[each] for each in partners(source, column.shared))
        yield _Cause(source, totals[source] * lean, *_mean_share(source, part, column.shared, over))


def _private_causes(column: Uncertain, w: Float, over: Float) -> Iterator[_Cause]:
    for source, part in column.private.items():
        lean = _lean(source, column.private, len(column))
        of_total = float(np.sum(w * w * part * lean))
        yield _Cause(source, of_total, *_mean_share(source, part, column.private, over))


def _mean_share(
    source: Source, part: Column, among: Mapping[Source, Column], over: Float
) -> tuple[float, Rows | None]:
    """Mean over all rows of the share of u², and the rows that the source touches."""
    if isinstance(part, Sparse):
        rows, values = part.rows, part.values
        lean = values if source.ensemble is None else _lean(source, among, len(over))[rows]
        return float(np.sum(values * lean * over[rows])), rows
    lean = part if source.ensemble is None else _lean(source, among, len(over))
    return float(np.sum(part * lean * over)), None if np.all(part) else np.flatnonzero(part)


def _lean(source: Source, among: Mapping[Source, Column], n: int) -> Float:
    """Covariance (n,) of a source of variance 1 with all that stand among them."""
    nought = np.zeros(n)
    return sum((source.correlation(each) * dense(among[each], n) for each in partners(source, among)), nought)


def _alone(column: Uncertain) -> Iterator[tuple[Source, Column, Uncertain]]:
    """Each source of a column, what it contributes, and the column that it makes by itself."""
    for source, part in column.shared.items():
        yield source, part, Uncertain(column.value, {source: part})
    for source, own in column.private.items():
        yield source, own, Uncertain(column.value, {}, {source: own})


def _with_output(evaluation: Evaluation, output: str, alone: Uncertain) -> Float:
    """Covariance (n,) of one part of an input with the output: through every input that shares or is correlated."""
    out = np.zeros(evaluation.n)
    for name, c in evaluation.sensitivities[output].items():
        out += c * alone.covariance(evaluation.inputs[name])
    return out


def _share(part: ArrayLike, total: ArrayLike) -> Float:
    """part/total, 0 of nothing."""
    whole = np.asarray(total, dtype=float)
    return np.asarray(np.where(whole > 0, part, 0.0) / np.where(whole > 0, whole, 1.0))


def _touched(causes: Sequence[_Cause], n: int) -> int:
    rows = [cause.rows for cause in causes if cause.rows is not None]
    return n if len(rows) < len(causes) else len(np.unique(np.concatenate(rows)))
