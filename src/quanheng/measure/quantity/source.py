"""Sources of error: what makes results correlated, wherever and whenever they were computed.

A **source** is one cause of error as a variable with mean 0 and standard uncertainty 1: a certificate, a bench, a
reference material, a factor. Results that name one source are correlated through it: no N × N matrix is ever made.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidCorrelation
from quanheng.measure.quantity.freedom import checked_dof
from quanheng.measure.quantity.shapes import Normal, Shape

Float = NDArray[np.float64]
Rows = NDArray[np.intp]

ROUNDING = 1e-12  # of a coefficient of correlation


@dataclass(frozen=True)
class SomeRows:
    """Identity of a private source in some rows of its population: who takes the same rows holds the same variables."""

    whole: Hashable
    rows: bytes  # int64, little-endian

    @classmethod
    def of(cls, identity: Hashable, index: Rows) -> SomeRows:
        """The rows `index` of a source with that identity, which may be some rows of a population already."""
        if isinstance(identity, SomeRows):
            return cls(identity.whole, np.frombuffer(identity.rows, "<i8")[index].tobytes())
        return cls(identity, index.astype("<i8").tobytes())


@dataclass(frozen=True)
class SumOfRows:
    """What a total has of a private source: the variables of some rows of its population together, None for all."""

    whole: Hashable
    rows: bytes | None  # int64, little-endian, ascending

    @classmethod
    def of(cls, identity: Hashable, weights: Float) -> SumOfRows:
        """The rows of a source with that identity that have a weight (n,)."""
        if np.count_nonzero(weights) == len(weights) and not isinstance(identity, SomeRows):
            return cls(identity, None)
        some = SomeRows.of(identity, np.flatnonzero(weights))
        return cls(some.whole, np.unique(np.frombuffer(some.rows, "<i8")).tobytes())

    def meets(self, identity: Hashable) -> bool:
        """Whether a source with that identity, or another sum, has a variable of these rows."""
        parts = isinstance(identity, SomeRows | SumOfRows)
        whole, rows = (identity.whole, identity.rows) if parts else (identity, None)  # type: ignore[attr-defined]
        if whole != self.whole or self.rows is None or rows is None:
            return bool(whole == self.whole)
        return bool(np.isin(np.frombuffer(rows, "<i8"), np.frombuffer(self.rows, "<i8")).any())


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Sources with correlation coefficients `matrix` (q, q), in the order of their `identities`.

    `declared` says that they were observed together with the same degrees of freedom, so that Willink's rule
    (Metrologia 44 (2007) 340) takes them as one component; without it their degrees of freedom stay undefined.
    """

    identities: tuple[Hashable, ...]
    matrix: Float
    declared: bool = False

    @cached_property
    def place(self) -> dict[Hashable, int]:
        return {identity: k for k, identity in enumerate(self.identities)}


@dataclass(frozen=True, eq=False)
class Source:
    """One cause of error, of mean 0 and standard uncertainty 1.

    Without an `identity` it is a cause of its own, equal to itself alone; see `named`. Degrees of freedom NaN are
    undefined, and so are those of all results that it contributes to.
    """

    name: str
    dof: float | Float = np.inf
    shape: Shape = Normal()  # noqa: RUF009 - frozen
    kind: Literal["A", "B"] = "B"
    identity: Hashable = field(default_factory=object)
    ensemble: Ensemble | None = None
    merged: frozenset[Hashable] = frozenset()  # identities of the private sources condensed into this one

    def __post_init__(self) -> None:
        checked_dof(self.dof)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    def correlation(self, other: Source) -> float:
        """Coefficient with another source: 1 with itself, that of their ensemble, otherwise 0."""
        if self == other:
            return 1.0
        group = self.ensemble
        if group is None or other.identity not in group.place:
            return 0.0
        return float(group.matrix[group.place[self.identity], group.place[other.identity]])


def named(
    name: str, *, dof: float = np.inf, shape: Shape | None = None, kind: Literal["A", "B"] = "B"
) -> Source:
    """A source with a stable identity: the same name means the same cause, in every process and year."""
    return Source(name, dof, shape or Normal(), kind, identity=name)


def correlated(sources: Sequence[Source], matrix: ArrayLike, *, declared: bool = False) -> list[Source]:
    """The sources again, as an ensemble with correlation coefficients `matrix` (q, q).

    InvalidCorrelation names a pair if no variables can have these coefficients, or if sources that are declared an
    ensemble differ in degrees of freedom.
    """
    r = checked_correlation([source.name for source in sources], matrix)
    if declared and len({float(np.min(source.dof)) for source in sources}) > 1:
        message = "同一组的自由度须相同 / the sources of a declared ensemble have the same degrees of freedom"
        raise InvalidCorrelation(message)
    ensemble = Ensemble(tuple(source.identity for source in sources), r, declared)
    return [replace(source, ensemble=ensemble) for source in sources]


def checked_correlation(names: Sequence[str], matrix: ArrayLike) -> Float:
    """A correlation matrix, symmetric to the last bit; InvalidCorrelation names the pair to look at."""
    r = np.asarray(matrix, dtype=float)
    size = len(names)
    if r.shape != (size, size) or not np.all(np.isfinite(r)):
        raise InvalidCorrelation(
            f"相关矩阵须为 {size}×{size} 的有限数 / a finite {size} by {size} matrix is needed"
        )
    for i, j in np.ndindex(size, size):
        # coefficients that were computed, as by numpy.corrcoef, are right but for rounding
        if abs(r[i, j]) > 1 + ROUNDING or abs(r[i, j] - r[j, i]) > ROUNDING or abs(r[i, i] - 1) > ROUNDING:
            raise InvalidCorrelation(
                f"{names[i]} 与 {names[j]} 的相关系数 {r[i, j]:g} 不对称或不在 [-1, 1] / "
                f"coefficient of {names[i]} and {names[j]}: not symmetric, or outside [-1, 1]"
            )
    r = np.clip((r + r.T) / 2, -1.0, 1.0)
    np.fill_diagonal(r, 1.0)
    values, vectors = np.linalg.eigh(r)
    if values[0] < -1e-9:
        # the two that weigh most in the direction of negative variance
        i, j = sorted(np.argsort(-np.abs(vectors[:, 0]))[:2])
        raise InvalidCorrelation(
            f"相关矩阵不是半正定的（最小特征值 {values[0]:.3g}），先检查 {names[i]} 与 {names[j]} / "
            f"no variables have these correlations (least eigenvalue {values[0]:.3g}); "
            f"look first at {names[i]} and {names[j]}"
        )
    return np.asarray(r)


# ---- some rows of a population ----------------------------------------------------------------------------------


def rows_of(source: Source, index: Rows | slice) -> Source:
    """A source whose degrees of freedom, if they are a column, are those of some rows."""
    dof = np.asarray(source.dof)
    return replace(source, dof=dof[index]) if dof.ndim else source


def taken(source: Source, index: Rows) -> Source:
    """A private source in some rows of its population."""
    group = source.ensemble
    if group is not None:
        group = replace(group, identities=tuple(SomeRows.of(each, index) for each in group.identities))
    identity = SomeRows.of(source.identity, index)
    merged = frozenset(SomeRows.of(each, index) for each in source.merged)
    return replace(rows_of(source, index), identity=identity, ensemble=group, merged=merged)


# ---- one story of each source ----------------------------------------------------------------------------------


def check_same(a: Source, b: Source) -> None:
    """InvalidCorrelation where sources of one identity differ in degrees of freedom, distribution or correlation."""
    if a is b:
        return
    alike = np.array_equal(a.dof, b.dof, equal_nan=True) and a.shape == b.shape
    if not (alike and _agree(a.ensemble, b.ensemble)):
        raise _differ(a)


def _agree(a: Ensemble | None, b: Ensemble | None) -> bool:
    """Whether two ensembles of a source say the same of the sources that both know."""
    if a is None or b is None or a is b:
        return a is b
    both = [each for each in a.identities if each in b.place]
    one, other = [a.place[each] for each in both], [b.place[each] for each in both]
    return a.declared == b.declared and np.array_equal(
        a.matrix[np.ix_(one, one)], b.matrix[np.ix_(other, other)]
    )


def condensed(sources: Iterable[Source]) -> frozenset[Hashable]:
    """Identities that are lost to sight when private sources are condensed into one."""
    found: set[Hashable] = set()
    for source in sources:
        found |= {source.identity, *source.merged, *(source.ensemble.identities if source.ensemble else ())}
    return frozenset(found)


def in_common(a: Source, b: Source) -> bool:
    """Whether one source was condensed from the other, or both from one, so that what they share is lost."""
    if a == b or (a.ensemble is not None and b.identity in a.ensemble.place):
        return False
    mine, theirs = {a.identity, *a.merged}, {b.identity, *b.merged}
    return not mine.isdisjoint(theirs) or _met(mine, theirs) or _met(theirs, mine)


def _met(some: Iterable[Hashable], others: Collection[Hashable]) -> bool:
    sums = (each for each in some if isinstance(each, SumOfRows))
    return any(each.meets(other) for each in sums for other in others)


def check_apart(sources: Iterable[Source]) -> None:
    """InvalidCorrelation where two of the sources have something in common that was condensed away."""
    every = list({source.identity: source for source in sources}.values())
    for k, source in enumerate(every):
        if source.merged:
            for other in every[:k] + [each for each in every[k + 1 :] if not each.merged]:
                if in_common(source, other):
                    raise InvalidCorrelation(
                        f"“{source.name}”与“{other.name}”的相关已在归并各行自有的来源时失去，请把整个计算写成一个模型"
                        f"（几个总和用 totals）/ {source.name!r} and {other.name!r} are correlated through what is "
                        "private to a row, which was condensed: write the whole computation as one model, and take "
                        "several totals at once (totals)"
                    )


def check_one_story(a: Iterable[Source], b: Iterable[Source]) -> None:
    """InvalidCorrelation where two sides say two things of a source; also where one holds it to be alone."""
    if a is not b:
        theirs = {source: source for source in b}
        for source in a:
            check_same(theirs.get(source, source), source)
    for one, other in ((a, b), (b, a)):
        grouped = {each for source in other if source.ensemble for each in source.ensemble.identities}
        for source in one if grouped else ():
            if source.ensemble is None and source.identity in grouped:
                raise _differ(source)


def _differ(source: Source) -> InvalidCorrelation:
    return InvalidCorrelation(
        f"两个来源同名“{source.name}”而自由度、分布或相关不同，请改名 / two sources are named {source.name!r} "
        "but differ in degrees of freedom, distribution or correlation: rename one"
    )
