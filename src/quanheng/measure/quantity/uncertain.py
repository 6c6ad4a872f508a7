"""The uncertain column: values, sensitivities to named shared sources, and what is each row's own.

A **source** is one cause of error as a variable with mean 0 and standard uncertainty 1: a certificate, a bench, a
reference material, a factor. A result holds its contribution of each source, c·u with its sign. A *shared* source is
one variable for all rows (a bench that verified them); a *private* one is a variable for each row. Results that name
one source are correlated through it, wherever and whenever they were computed: no N × N matrix is ever made.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidCorrelation, InvalidUncertainty
from quanheng.measure.quantity.freedom import checked_dof, effective
from quanheng.measure.quantity.shapes import Normal, Shape

Float = NDArray[np.float64]
Rows = NDArray[np.intp]

# rows of a block: what is computed of them stays in the cache
BLOCK = 16384

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


@dataclass(frozen=True, eq=False)
class Sparse:
    """Contributions of a source that touches only some rows: `rows` ascending without repeats, and their values."""

    rows: Rows
    values: Float


Column: TypeAlias = Float | Sparse


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
        for mine, theirs in ((self.shared, other.shared), (self.private, other.private)):
            _check_one_story(mine, theirs)
            if other is not self:
                check_apart((*mine, *theirs))
            for source, column in mine.items():
                for partner in partners(source, theirs):
                    _add_product(out, column, theirs[partner], source.correlation(partner))
        return out

    def correlation(self, other: Uncertain) -> Float:
        """Correlation coefficient with another result row by row, (n,); NaN where one of them is exact."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.covariance(other) / (self.u * other.u))

    def total(self, weights: ArrayLike) -> Uncertain:
        """The weighted sum of the rows, one row: shared contributions add, private ones in quadrature.

        `weights` (n,). What the rows have of their own becomes a source of its own, so that two totals of one column
        are correlated by their shared sources; for all of it see `covariance_of_totals`.
        """
        w = np.asarray(weights, dtype=float)
        shared = {source: np.array([weighted(w, column)]) for source, column in self.shared.items()}
        parts = [_quadrature(w, group, len(self)) for group in groups(self.private)]
        variance, rest = sum(v for v, _ in parts), sum(over for _, over in parts)
        private = {}
        if variance:
            dof = float(effective(np.array(variance), np.array(rest)))
            private[Source("private", dof)] = np.array([np.sqrt(variance)])
        return Uncertain(np.array([w @ self.value]), shared, private)

    def covariance_of_totals(self, weights: ArrayLike) -> Float:
        """Covariance matrix (q, q) of weighted sums with `weights` (q, n)."""
        w = np.asarray(weights, dtype=float)
        sources = list(self.shared)
        j = np.array([[weighted(row, self.shared[source]) for source in sources] for row in w])
        r = np.array([[a.correlation(b) for b in sources] for a in sources])
        own = np.zeros(len(self))
        for group in groups(self.private):
            own += component(group, len(self))[0]
        shared = j @ r @ j.T if sources else 0.0
        return np.asarray(shared + (w * own) @ w.T)

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
        own = {_taken(source, index): u[index] for source, u in self.private.items()}
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
    if not np.all(np.isfinite(x)):
        raise InvalidUncertainty(f"值须为有限数，{first_wrong(x, ~np.isfinite(x))} / a value is not finite")
    shared: dict[Source, Column] = {}
    private: dict[Source, Float] = {}
    for u, source in effects:
        column = np.broadcast_to(checked_u(u, source.name), x.shape)
        into: dict[Source, Float] = shared if source.identity == source.name else private  # type: ignore[assignment]
        into[source] = into[source] + column if source in into else np.array(column)
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
    wrong = ~((column > 0) & np.isfinite(column))
    if np.any(wrong):
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


# ---- sources together ------------------------------------------------------------------------------------------


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
    finite = np.min([np.broadcast_to(source.dof, n) for source in columns], axis=0)
    over = variance * variance / finite
    declared = all(source.ensemble is not None and source.ensemble.declared for source in columns)
    if not declared:
        several = np.count_nonzero([x != 0 for x in columns.values()], axis=0) > 1
        over[several & np.isfinite(finite)] = np.nan
    return variance, over


def dense(column: Column, n: int) -> Float:
    """A column (n,) of contributions, zeros filled in."""
    if not isinstance(column, Sparse):
        return np.broadcast_to(column, n) if len(column) != n else column
    out = np.zeros(n)
    out[column.rows] = column.values
    return out


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


def check_apart(sources: Iterable[Source]) -> None:
    """InvalidCorrelation where one source was condensed from another, or two from one: what they share is lost."""
    owner = {source.identity: source for source in sources}
    for source in list(owner.values()):
        for identity in source.merged:
            other = owner.setdefault(identity, source)
            if other != source:
                raise InvalidCorrelation(
                    f"“{source.name}”与“{other.name}”的相关已在归并各行自有的来源时失去，请把整个计算写成一个模型 / "
                    f"{source.name!r} and {other.name!r} are correlated through what is private to a row, which an "
                    "evaluation condensed: write the whole computation as one model"
                )


def _check_one_story(a: Iterable[Source], b: Iterable[Source]) -> None:
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


def _add_product(out: Float, a: Column, b: Column, r: float) -> None:
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
        _add_product(out, b, a, r)
    elif r == 1.0:
        out += a * b
    else:
        out += r * a * b


def weighted(w: Float, column: Column) -> float:
    """Σ w·contribution over the rows, of weights (n,)."""
    if isinstance(column, Sparse):
        return float(w[column.rows] @ column.values)
    return float(w @ dense(column, len(w)))


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


def rows_of(source: Source, index: Rows | slice) -> Source:
    """A source whose degrees of freedom, if they are a column, are those of some rows."""
    dof = np.asarray(source.dof)
    return replace(source, dof=dof[index]) if dof.ndim else source


def _taken(source: Source, index: Rows) -> Source:
    """A private source in some rows of its population."""
    group = source.ensemble
    if group is not None:
        group = replace(group, identities=tuple(SomeRows.of(each, index) for each in group.identities))
    identity = SomeRows.of(source.identity, index)
    merged = frozenset(SomeRows.of(each, index) for each in source.merged)
    return replace(rows_of(source, index), identity=identity, ensemble=group, merged=merged)
