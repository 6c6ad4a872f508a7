"""The uncertain column: values, contributions of named shared sources, and what is each row's own.

A result holds its contribution of each source, c·u with its sign. A *shared* source is one variable for all rows (a
bench that verified them); a *private* one is a variable for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidUncertainty
from quanheng.measure.quantity.contributions import (
    Column,
    Sparse,
    add_product,
    component,
    dense,
    groups,
    partners,
    weighted,
)
from quanheng.measure.quantity.freedom import effective
from quanheng.measure.quantity.source import (
    Source,
    SumOfRows,
    check_apart,
    check_one_story,
    condensed,
    correlated,
    named,
    rows_of,
    taken,
)

Float = NDArray[np.float64]

# rows of a block: what is computed of them stays in the cache
BLOCK = 16384


@dataclass(frozen=True, eq=False)
class Uncertain:
    """A column of results.

    `value` (n,); `shared`: contributions of sources that are one variable for all rows, (n,) or sparse; `private`:
    contributions (n,) of sources that are a variable for each row. With one row all sources are shared.
    """

    value: Float
    shared: Mapping[Source, Column] = field(default_factory=dict)
    private: Mapping[Source, Float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shared, private = dict(self.shared), dict(self.private)
        if len(self.value) == 1:
            for source, u in private.items():
                shared[source] = shared[source] + u if source in shared else u  # type: ignore[operator]
            private = {}
            # one row is all rows: it may stand for many
            shared = {source: dense(column, 1) for source, column in shared.items()}
        object.__setattr__(self, "shared", MappingProxyType(shared))
        object.__setattr__(self, "private", MappingProxyType(private))

    def __len__(self) -> int:
        return len(self.value)

    @property
    def variance(self) -> Float:
        """u², (n,)."""
        return self.covariance(self)

    @property
    def u(self) -> Float:
        """Standard uncertainty, (n,)."""
        return np.sqrt(self.variance)

    @property
    def dof(self) -> Float:
        """Effective degrees of freedom, (n,).

        Welch and Satterthwaite's formula over independent sources, a declared ensemble as one of them (Willink);
        infinite where all are known; NaN, "undefined", where correlated sources with finite degrees of freedom
        contribute.
        """
        if len(self.shared) + len(self.private) == 1:
            ((source, column),) = {**self.shared, **self.private}.items()
            return np.where(dense(column, len(self)) != 0.0, source.dof, np.inf)
        total, rest = np.zeros(len(self)), np.zeros(len(self))
        for part in (self.shared, self.private):
            for group in groups(part):
                variance, over = component(group, len(self))
                total += variance
                rest += over
        return effective(total, rest)

    def covariance(self, other: Uncertain) -> Float:
        """Covariance with another result row by row, (n,): through all sources that both hold.

        The other one has as many rows, or one.
        """
        out = np.zeros(max(len(self), len(other)))
        if other is not self:
            check_apart((*self.shared, *self.private, *other.shared, *other.private))
        for mine, theirs in ((self.shared, other.shared), (self.private, other.private)):
            check_one_story(mine, theirs)
            for source, column in mine.items():
                for partner in partners(source, theirs):
                    add_product(out, column, theirs[partner], source.correlation(partner))
        return out

    def correlation(self, other: Uncertain) -> Float:
        """Correlation coefficient with another result row by row, (n,); NaN where one of them is exact."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.covariance(other) / (self.u * other.u))

    def total(self, weights: ArrayLike) -> Uncertain:
        """The weighted sum of the rows, one row: shared contributions add, private ones in quadrature.

        `weights` (n,). What the rows have of their own becomes a source of its own, which remembers its rows: where it
        meets another total of one of them, or that row, it is InvalidCorrelation. `totals` keeps their correlation.
        """
        w = np.asarray(weights, dtype=float)
        shared = {source: np.array([weighted(w, column)]) for source, column in self.shared.items()}
        parts = [_quadrature(w, group, len(self)) for group in groups(self.private)]
        variance, rest = sum(v for v, _ in parts), sum(over for _, over in parts)
        private = {}
        if variance:
            dof = float(effective(np.array(variance), np.array(rest)))
            merged = frozenset(SumOfRows.of(each, w) for each in condensed(self.private))
            private[Source("private", dof, merged=merged)] = np.array([np.sqrt(variance)])
        return Uncertain(np.array([w @ self.value]), shared, private)

    def totals(self, weights: ArrayLike) -> list[Uncertain]:
        """Weighted sums with `weights` (q, n), correlated through what is private to the rows as through the rest."""
        w = np.asarray(weights, dtype=float)
        found = [self.total(row) for row in w]
        # what a total has of its own is the one source that the column has not
        own = [next((source for source in each.shared if source not in self.shared), None) for each in found]
        some = [k for k, source in enumerate(own) if source is not None]
        if len(some) < 2:
            return found
        covariance = (w[some] * self._own_variance()) @ w[some].T
        u = np.sqrt(np.diagonal(covariance))
        joined = correlated([source for source in own if source is not None], covariance / np.outer(u, u))
        again = dict(zip(some, joined, strict=True))
        return [
            Uncertain(
                each.value, {again[k] if source == own[k] else source: c for source, c in each.shared.items()}
            )
            for k, each in enumerate(found)
        ]

    def covariance_of_totals(self, weights: ArrayLike) -> Float:
        """Covariance matrix (q, q) of weighted sums with `weights` (q, n)."""
        w = np.asarray(weights, dtype=float)
        sources = list(self.shared)
        j = np.array([[weighted(row, self.shared[source]) for source in sources] for row in w])
        r = np.array([[a.correlation(b) for b in sources] for a in sources])
        shared = j @ r @ j.T if sources else 0.0
        return np.asarray(shared + (w * self._own_variance()) @ w.T)

    def _own_variance(self) -> Float:
        """The variance of what is private to each row, (n,)."""
        own = np.zeros(len(self))
        for group in groups(self.private):
            own += component(group, len(self))[0]
        return own

    def matrix(self, rows: ArrayLike) -> Float:
        """Covariance matrix (m, m) of some rows; for few rows only."""
        part = self.take(rows)
        return part.covariance_of_totals(np.eye(len(part)))

    def take(self, rows: ArrayLike) -> Uncertain:
        """The column of some rows.

        What is private stays a variable for each row of the population: two columns of the same rows hold the same
        variables, columns of different rows are correlated through shared sources only.
        """
        index = np.arange(len(self))[np.asarray(rows)]
        shared = {source: dense(column, len(self))[index] for source, column in self.shared.items()}
        own = {taken(source, index): u[index] for source, u in self.private.items()}
        return Uncertain(self.value[index], {k: v for k, v in shared.items() if np.any(v)}, own)


# ---- making inputs ---------------------------------------------------------------------------------------------


def exact(value: ArrayLike) -> Uncertain:
    """Values without uncertainty, (n,) or a number."""
    return Uncertain(np.atleast_1d(np.asarray(value, dtype=float)))


def quantity(value: ArrayLike, *effects: tuple[ArrayLike, Source]) -> Uncertain:
    """Values (n,) or a number with the standard uncertainties that some sources give them.

    An effect is (u, source), u (n,) or a number. A source made by `named` is one variable for all rows; any other is
    one for each row. InvalidUncertainty where a u is not positive and finite, or a value is not finite.
    """
    x = np.atleast_1d(np.asarray(value, dtype=float))
    # ends say it for all, NaN too, and need no memory
    if not (x.min(initial=0.0) > -np.inf and x.max(initial=0.0) < np.inf):
        raise InvalidUncertainty(f"值须为有限数，{first_wrong(x, ~np.isfinite(x))} / a value is not finite")
    shared: dict[Source, Column] = {}
    private: dict[Source, Float] = {}
    for u, source in effects:
        column = checked_u(u, source.name)
        into: dict[Source, Float] = shared if source.identity == source.name else private  # type: ignore[assignment]
        if source in into:
            into[source] = into[source] + column
        else:
            into[source] = column if column.shape == x.shape else np.array(np.broadcast_to(column, x.shape))
    return Uncertain(x, shared, private)


def by_row(value: ArrayLike, u: ArrayLike, names: Iterable[str]) -> Uncertain:
    """Values (n,) whose uncertainty u comes, row by row, from the source of that name ("bench 7").

    Rows that name one source share it.
    """
    x = np.asarray(value, dtype=float)
    which, place = np.unique(np.asarray(list(names), dtype=object).astype(str), return_inverse=True)
    column = np.broadcast_to(checked_u(u, "u"), x.shape)
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(len(which) + 1))
    shared = {
        named(str(name)): Sparse(rows, column[rows])
        for name, rows in ((name, order[a:b]) for name, a, b in zip(which, ends[:-1], ends[1:], strict=True))
    }
    return Uncertain(x, shared)


def checked_u(u: ArrayLike, name: str = "u") -> Float:
    """Standard uncertainties; InvalidUncertainty names the first that is not positive and finite."""
    column = np.asarray(u, dtype=float)
    if not (column.min(initial=1.0) > 0.0 and column.max(initial=1.0) < np.inf):
        wrong = ~((column > 0) & np.isfinite(column))
        raise InvalidUncertainty(
            f"{name} 的标准不确定度须为正的有限数，{first_wrong(column, wrong)} / "
            f"the standard uncertainty of {name} is positive and finite"
        )
    return column


def first_wrong(values: Float, wrong: NDArray[np.bool_]) -> str:
    """The first wrong value and its place, for a person."""
    place = int(np.flatnonzero(wrong)[0])
    which = f"第 {place + 1} 个 (item {place + 1}) " if values.size > 1 else ""
    return f"{which}= {values.flat[place]:g}"


def _quadrature(w: Float, group: Mapping[Source, Column], n: int) -> tuple[float, float]:
    """Sum over the rows of w²·variance, and of its square over the degrees of freedom, for one private component."""
    variance = rest = 0.0
    for start in range(0, n, BLOCK):
        part = slice(start, start + BLOCK)
        through = {rows_of(source, part): w[part] * dense(u, n)[part] for source, u in group.items()}
        if len(through) == 1:
            ((source, t),) = through.items()
            variance += float(t @ t)
            if np.ndim(source.dof) or source.dof != np.inf:
                t *= t
                rest += float(np.sum(t * t / source.dof))
        else:
            each, over = component(through, len(w[part]))
            variance += float(each.sum())
            rest += float(over.sum())
    return variance, rest
