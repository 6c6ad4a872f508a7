"""Coverage intervals and regions of a sample of outputs: what holds a stated share of the trials.

Intervals of one output stand in JCGM 101:2008, 7.7; regions of several in JCGM 102:2011, 7.7: the ellipsoid and the
rectangle that go by the covariance, and the smallest one, which may have any shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from quanheng.measure.errors import InvalidData

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kind = Literal["symmetric", "shortest"]

DETERMINED = 1e-6  # least eigenvalue of a correlation matrix, of outputs that have an ellipsoid


# ---- intervals -------------------------------------------------------------------------------------------------


def coverage_interval(
    sample: ArrayLike, coverage: float = 0.95, kind: Kind = "symmetric"
) -> tuple[float, float]:
    """Ends of the probabilistically symmetric or of the shortest interval that holds `coverage` of the trials (M,).

    JCGM 101:2008, 7.7.2 to 7.7.4. InvalidData for a share that is not between 0 and 1, or values that are not finite.
    """
    y = _checked(np.atleast_2d(np.asarray(sample, dtype=np.float64)), coverage)[0]
    low, high = _ends(y, y, len(y), coverage, kind)
    return float(low), float(high)


def interval_ends(y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
    """Ends of the interval that holds `coverage` of all trials, then of each full sequence of so many; (1 + h, 2).

    Ends lie in the tails, and a part of the first sequence says where these begin: the rest is looked at only once.
    """
    h = len(y) // sequence
    by_sequence = y[: h * sequence].reshape(h, sequence)
    sizes = [len(y)] + [sequence] * h
    whole = [y, *by_sequence]
    where = pilot(len(y), sequence, coverage, kind)
    tails = _tails(y, by_sequence, where, coverage, kind) if where else None
    below, above = tails or (whole, whole)
    return np.array([_ends(a, b, n, coverage, kind) for a, b, n in zip(below, above, sizes, strict=True)])


def _ranks(trials: int, coverage: float) -> tuple[int, int]:
    """r and q of the symmetric interval [y(r), y(r + q)], counted from 1; within the sample if it is too small."""
    q = math.floor(coverage * trials + 0.5)
    r = math.floor((trials - q + 1) / 2)
    r = max(r, 1)
    return r, min(q, trials - r)


def tail_sizes(trials: int, coverage: float, kind: Kind) -> tuple[int, int]:
    """How many of the lowest and how many of the highest trials decide the ends."""
    r, q = _ranks(trials, coverage)
    return (trials - q, trials - q) if kind == "shortest" else (r, trials - r - q + 1)


def pilot(trials: int, sequence: int, coverage: float, kind: Kind) -> tuple[int, int] | None:
    """How many of the first trials to look at, and the rank among them, from either end, at which no end should lie.

    None if nearly everything is needed.
    """
    looked_at = min(trials, sequence, max(sequence // 8, 2048))
    share = max(tail_sizes(sequence, coverage, kind)) / sequence * looked_at
    rank = int(1.15 * share + 3 * math.sqrt(share)) + 4
    return None if 2 * rank > looked_at else (looked_at, rank)


def _tails(
    y: Float, by_sequence: Float, where: tuple[int, int], coverage: float, kind: Kind
) -> tuple[list[Float], list[Float]] | None:
    """The trials in the tails, of all and of each sequence; None if they are too few for the ends."""
    looked_at, rank = where
    low, high = np.partition(y[:looked_at], [rank, looked_at - 1 - rank])[[rank, looked_at - 1 - rank]]
    wanted, wanted_of_all = (tail_sizes(n, coverage, kind) for n in (by_sequence.shape[1], len(y)))
    tails = []
    for side, chosen in enumerate((y <= low, y >= high)):
        counts = [np.count_nonzero(each) for each in chosen[: by_sequence.size].reshape(by_sequence.shape)]
        found = y[chosen]
        if min(counts) < wanted[side] or len(found) < wanted_of_all[side]:
            return None
        tails.append([found, *np.split(found, np.cumsum(counts))[:-1]])
    return tails[0], tails[1]


def _ends(below: Float, above: Float, trials: int, coverage: float, kind: Kind) -> tuple[float, float]:
    """Ends from the smallest and the largest of so many trials, in any order."""
    n, m = tail_sizes(trials, coverage, kind)
    if kind == "symmetric":
        last = len(above) - m
        return np.partition(below, n - 1)[n - 1], np.partition(above, last)[last]
    a, b = np.sort(below)[:n], np.sort(above)[-n:]
    k = int(np.argmin(b - a))
    return a[k], b[k]


# ---- regions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """(η − y)ᵀ U⁻¹ (η − y) <= k². JCGM 102:2011, 7.7.2."""

    y: Float
    covariance: Float
    k: float

    def contains(self, points: Float) -> Flags:
        """Which of the points (q, m) lie within."""
        return _distances(points, self.y, self.covariance) <= self.k

    @property
    def volume(self) -> float:
        """Area for two outputs; in the product of their units."""
        q = len(self.y)
        ball = 0.5 * q * math.log(math.pi) - float(gammaln(0.5 * q + 1))
        return math.exp(ball + q * math.log(self.k) + 0.5 * float(np.linalg.slogdet(self.covariance)[1]))


@dataclass(frozen=True, eq=False)
class Rectangle:
    """|η_j − y_j| <= k u_j for all j. JCGM 102:2011, 7.7.3."""

    y: Float
    u: Float
    k: float

    def contains(self, points: Float) -> Flags:
        """Which of the points (q, m) lie within."""
        return np.asarray(_widest(points, self.y, self.u) <= self.k)

    @property
    def volume(self) -> float:
        """Area for two outputs; in the product of their units."""
        return float(np.prod(2 * self.k * self.u))


@dataclass(frozen=True, eq=False)
class Cells:
    """Those cells of a mesh in which the trials lie densest; JCGM 102:2011, 7.7.4.

    edges: of the mesh along each output; inside: one flag for each cell; coverage: the share of the trials in them.
    """

    edges: tuple[Float, ...]
    inside: Flags
    coverage: float

    def contains(self, points: Float) -> Flags:
        """Which of the points (q, m) lie within."""
        cell, within = _cells(points, self.edges)
        return within & self.inside[tuple(np.where(within, each, 0) for each in cell)]

    @property
    def volume(self) -> float:
        """Area for two outputs; in the product of their units."""
        cell = np.prod([each[1] - each[0] for each in self.edges])
        return float(cell * np.count_nonzero(self.inside))


def ellipsoid(sample: ArrayLike, coverage: float = 0.95) -> Ellipsoid:
    """The hyper-ellipsoidal region that holds `coverage` of the trials (q, M), q >= 2.

    InvalidData if an output is constant or determined by the others.
    """
    y = _checked(np.asarray(sample, dtype=np.float64), coverage, outputs=2)
    centre, covariance = y.mean(axis=1), np.cov(y)
    _check_apart(covariance)
    return Ellipsoid(centre, covariance, _upper(_distances(y, centre, covariance), coverage))


def rectangle(sample: ArrayLike, coverage: float = 0.95) -> Rectangle:
    """The hyper-rectangular region that holds `coverage` of the trials (q, M), q >= 2, of sides in proportion to u."""
    y = _checked(np.asarray(sample, dtype=np.float64), coverage, outputs=2)
    centre, u = y.mean(axis=1), y.std(axis=1, ddof=1)
    if not u.all():
        raise InvalidData("有输出不变 / an output is constant")
    return Rectangle(centre, u, _upper(_widest(y, centre, u), coverage))


def smallest_region(sample: ArrayLike, coverage: float = 0.95, *, cells: int | None = None) -> Cells:
    """The smallest region that holds `coverage` of the trials (q, M), q >= 2, on a mesh of so many cells an output.

    The densest cells, taken until they hold enough. A coarse mesh makes it too large, a fine one too small, because it
    picks cells that are full by chance; 2·M^(1/(q + 2)) cells lie between.
    """
    y = _checked(np.asarray(sample, dtype=np.float64), coverage, outputs=2)
    each = cells or max(2, round(2 * y.shape[1] ** (1 / (len(y) + 2))))
    counts, edges = np.histogramdd(y.T, bins=each)
    order = np.argsort(-counts, axis=None, kind="stable")
    total = np.cumsum(counts.ravel()[order])
    taken = int(np.searchsorted(total, coverage * y.shape[1])) + 1
    inside = np.zeros(counts.size, dtype=bool)
    inside[order[:taken]] = True
    return Cells(tuple(edges), inside.reshape(counts.shape), float(total[taken - 1] / y.shape[1]))


def _checked(y: Float, coverage: float, outputs: int = 1) -> Float:
    if not 0 < coverage < 1:
        raise InvalidData(
            f"包含概率 {coverage} 应在 0 与 1 之间 / the coverage {coverage} is not between 0 and 1"
        )
    if y.ndim != 2 or len(y) < outputs or y.shape[1] < 2:
        raise InvalidData(
            f"样本的形状是 {y.shape}，应为（输出数，试验数）/ a sample is (outputs, trials), not {y.shape}"
        )
    if not np.isfinite(y).all():
        raise InvalidData("样本中有非有限值 / the sample has values that are not finite")
    return y


def _check_apart(covariance: Float) -> None:
    """InvalidData where an output is constant, or the others determine it to a thousandth of its u."""
    u = np.sqrt(np.diagonal(covariance))
    if not u.all() or np.linalg.eigvalsh(covariance / np.outer(u, u))[0] < DETERMINED:
        raise InvalidData(
            "有输出不变或由其他输出决定，椭球退化 / an output is constant or determined by the others: no ellipsoid"
        )


def _distances(points: Float, y: Float, covariance: Float) -> Float:
    """Of points (q, m) from y, in standard deviations; (m,)."""
    steps = np.linalg.solve(np.linalg.cholesky(covariance), points - y[:, None])
    return np.asarray(np.sqrt(np.einsum("qm,qm->m", steps, steps)))


def _widest(points: Float, y: Float, u: Float) -> Float:
    return np.asarray(np.max(np.abs(points - y[:, None]) / u[:, None], axis=0))


def _upper(distances: Float, coverage: float) -> float:
    """The smallest distance within which `coverage` of the trials lie."""
    rank = max(math.ceil(coverage * len(distances)) - 1, 0)
    return float(np.partition(distances, rank)[rank])


def _cells(points: Float, edges: tuple[Float, ...]) -> tuple[list[NDArray[np.intp]], Flags]:
    """The cell of each point along each output, and whether it lies in the mesh at all."""
    cell, within = [], np.ones(points.shape[1], dtype=bool)
    for x, edge in zip(points, edges, strict=True):
        place = np.searchsorted(edge, x, side="right") - 1
        place = np.where(x == edge[-1], len(edge) - 2, place)
        within &= (place >= 0) & (place < len(edge) - 1)
        cell.append(place)
    return cell, within
