"""What sources contribute to the rows of a column, and what independent components come to together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from quanheng.measure.errors import InvalidCorrelation
from quanheng.measure.quantity.source import Source

Float = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Sparse:
    """Contributions of a source that touches only some rows: `rows` ascending without repeats, and their values."""

    rows: Rows
    values: Float


Column: TypeAlias = Float | Sparse


def dense(column: Column, n: int) -> Float:
    """A column (n,) of contributions, zeros filled in."""
    if not isinstance(column, Sparse):
        return np.broadcast_to(column, n) if len(column) != n else column
    out = np.zeros(n)
    out[column.rows] = column.values
    return out


def groups(contributions: Mapping[Source, Column]) -> Iterator[dict[Source, Column]]:
    """Sources that are independent of one another, those of one ensemble together.

    InvalidCorrelation where a source belongs to two ensembles that differ: it would count twice.
    """
    done: set[tuple[Hashable, ...]] = set()
    taken: set[Source] = set()
    for source, column in contributions.items():
        if source.ensemble is None:
            yield {source: column}
        elif source.ensemble.identities not in done:
            done.add(source.ensemble.identities)
            group = {each: contributions[each] for each in partners(source, contributions)}
            if not taken.isdisjoint(group):
                twice = next(iter(taken & group.keys())).name
                raise InvalidCorrelation(
                    f"“{twice}”属于两个不同的组，不能合在一起 / {twice!r} belongs to two ensembles that differ: "
                    "results of both cannot be combined"
                )
            taken.update(group)
            yield group


def partners(source: Source, among: Mapping[Source, Column]) -> list[Source]:
    """Sources of a mapping that are correlated with this one, itself included."""
    if source.ensemble is None:
        return [source] if source in among else []
    return [each for each in among if each.identity in source.ensemble.place]


def component(group: Mapping[Source, Column], n: int) -> tuple[Float, Float]:
    """Variance (n,) of one independent component, and variance² over its degrees of freedom (NaN where undefined)."""
    if len(group) == 1:
        ((source, column),) = group.items()
        if isinstance(column, Sparse):
            variance = np.zeros(n)
            variance[column.rows] = column.values**2
        else:
            variance = column * column
        return variance, variance * variance / source.dof
    columns = {source: dense(column, n) for source, column in group.items()}
    variance = np.zeros(n)
    for a, x in columns.items():
        for b, y in columns.items():
            variance += a.correlation(b) * x * y
    if all(source.ensemble is not None and source.ensemble.declared for source in columns):
        return variance, variance * variance / np.min([np.broadcast_to(s.dof, n) for s in columns], axis=0)
    return variance, _over_freedom(list(columns), np.array(list(columns.values())), n)


def _over_freedom(sources: Sequence[Source], x: Float, n: int) -> Float:
    """Σ variance²/dof (n,) of sources that are correlated in part, x (q, n) what they contribute.

    Those that contribute to a row and are connected with one another through correlations have degrees of freedom
    together only where they are alone or all known; NaN elsewhere.
    """
    dof = np.array([np.broadcast_to(source.dof, n) for source in sources])
    connected = np.array([[a.correlation(b) != 0.0 for b in sources] for a in sources])
    there = x != 0
    if there.all():
        patterns, of_row = there[:, :1], np.zeros(n, np.intp)
    else:
        patterns, of_row = np.unique(there, axis=1, return_inverse=True)
    out = np.zeros(n)
    for k, pattern in enumerate(patterns.T):
        rows, who = np.flatnonzero(of_row.ravel() == k), np.flatnonzero(pattern)
        _, part = connected_components(connected[np.ix_(who, who)], directed=False)
        for each in range(part.max(initial=-1) + 1):
            mine = np.ix_(who[part == each], rows)
            over = np.sum(x[mine] ** 4 / dof[mine], axis=0)
            out[rows] += over if len(mine[0]) == 1 else np.where(np.isinf(dof[mine]).all(axis=0), 0.0, np.nan)
    return out


def add_product(out: Float, a: Column, b: Column, r: float) -> None:
    if r == 0.0:
        return
    if isinstance(a, Sparse) and isinstance(b, Sparse):
        if a.rows is b.rows:
            out[a.rows] += r * a.values * b.values
        else:
            rows, i, j = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
            out[rows] += r * a.values[i] * b.values[j]
    elif isinstance(a, Sparse):
        out[a.rows] += r * a.values * (b[a.rows] if len(b) > 1 else b)  # type: ignore[index, arg-type, operator]
    elif isinstance(b, Sparse):
        add_product(out, b, a, r)
    elif r == 1.0:
        out += a * b
    else:
        out += r * a * b


def weighted(w: Float, column: Column) -> float:
    """Σ w·contribution over the rows, of weights (n,)."""
    if isinstance(column, Sparse):
        return float(w[column.rows] @ column.values)
    return float(w @ dense(column, len(w)))
