"""Shapes of the probability distributions that a standard uncertainty may stand for.

A shape is standardised: its draws have mean 0 and are in units of the standard uncertainty u, so that a quantity is
value + u·draw. Draws are quantiles of uniforms, monotone in the last one: a quasi-random point stays as even as it
was, and ensembles are correlated through normal scores (a Gaussian copula; for normal shapes, the multivariate normal).
Beside the shapes stand the functions that give (u, shape) from the parameters a certificate or a data sheet states.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr, stdtrit

from quanheng.measure.errors import InvalidDistribution
from quanheng.measure.quantity.elementary import log, normal_scores, sine

Float = NDArray[np.float64]
Width = TypeVar("Width", float, Float)

NODES = 256  # per unit of the normal score
REACH = 8.5  # beyond the score of the smallest uniform, 2**-53
FARTHEST = 8.2  # scores whose uniforms are still below 1


@dataclass(frozen=True)
class Shape:
    """A distribution of mean 0 in units of its standard uncertainty."""

    name: ClassVar[str]
    uniforms: ClassVar[int] = 1

    @property
    def variance(self) -> float:
        """Variance of the draws, in units of u²."""
        return 1.0

    def draw(self, uniforms: Float) -> Float:
        """Draws (M,) of uniforms (`self.uniforms`, M) in the open interval (0, 1)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Normal(Shape):
    """JCGM 101:2008, 6.4.7."""

    name: ClassVar[str] = "normal"

    def draw(self, uniforms: Float) -> Float:
        return normal_scores(uniforms[-1])


@dataclass(frozen=True, eq=False)
class Table:
    """A function at the scores −REACH + i/NODES, and its slope there times 1/NODES; (n,) each."""

    values: Float
    slopes: Float


@dataclass(frozen=True)
class Tabulated(Shape):
    """A shape whose quantiles are dear: tabulated over the normal score, where they are smooth."""

    @property
    def table(self) -> Table:
        """Draws as a function of the normal score."""
        raise NotImplementedError

    def draw(self, uniforms: Float) -> Float:
        return interpolate(self.table, normal_scores(uniforms[-1]))


@dataclass(frozen=True)
class Rectangular(Shape):
    """JCGM 101:2008, 6.4.2."""

    name: ClassVar[str] = "rectangular"

    def draw(self, uniforms: Float) -> Float:
        return np.asarray(np.sqrt(12.0) * (uniforms[-1] - 0.5))


@dataclass(frozen=True)
class Trapezoidal(Shape):
    """JCGM 101:2008, 6.4.4. top: half-width of the top over that of the base, in [0, 1]."""

    top: float
    name: ClassVar[str] = "trapezoidal"

    def __post_init__(self) -> None:
        if not 0 <= self.top <= 1:
            raise _wrong("梯形分布的上底 top", "top of a trapezoid", self.top, "0 … 1 × half_width")

    def draw(self, uniforms: Float) -> Float:
        p = uniforms[-1]
        tail = np.minimum(p, 1 - p)
        slope = 1 - np.sqrt(2 * (1 - self.top**2) * tail)
        flat = (0.5 - tail) * (1 + self.top)
        x = np.where(tail < 0.5 * (1 - self.top) / (1 + self.top), slope, flat)
        return np.asarray(np.copysign(x, p - 0.5) * np.sqrt(6 / (1 + self.top**2)))


@dataclass(frozen=True)
class Triangular(Shape):
    """JCGM 101:2008, 6.4.5."""

    name: ClassVar[str] = "triangular"

    def draw(self, uniforms: Float) -> Float:
        p = uniforms[-1]
        x = 1 - np.sqrt(2 * np.minimum(p, 1 - p))
        return np.asarray(np.copysign(x, p - 0.5) * np.sqrt(6.0))


@dataclass(frozen=True)
class Arcsine(Shape):
    """The U-shaped distribution of a sine at a random phase; JCGM 101:2008, 6.4.6."""

    name: ClassVar[str] = "arcsine"

    def draw(self, uniforms: Float) -> Float:
        return np.asarray(np.sqrt(2.0) * sine(np.pi * (uniforms[-1] - 0.5)))


@dataclass(frozen=True)
class CTrap(Shape):
    """Rectangular with inexactly known limits; JCGM 101:2008, 6.4.3.

    inexactness: half-width of what is known of each limit, over the half-width; in [0, 1].
    """

    inexactness: float
    name: ClassVar[str] = "ctrap"
    uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if not 0 <= self.inexactness <= 1:
            wanted = "0 … 1 × half_width"
            raise _wrong("界限的不确切度 inexactness", "inexactness of the limits", self.inexactness, wanted)

    def draw(self, uniforms: Float) -> Float:
        half_width = 1 + self.inexactness * (2 * uniforms[0] - 1)
        return np.asarray(half_width * (2 * uniforms[1] - 1) / ctrap_u(self.inexactness))


@dataclass(frozen=True)
class StudentT(Tabulated):
    """Scaled and shifted t; JCGM 101:2008, 6.4.9.

    of "scale": u is the scale s/√n, as in JCGM 101; the standard deviation is u·√(dof/(dof − 2)), none for dof <= 2.
    of "standard deviation": u is the standard deviation, as in the NIST Uncertainty Machine; dof > 2.
    """

    dof: float
    of: Literal["scale", "standard deviation"] = "scale"
    name: ClassVar[str] = "t"

    def __post_init__(self) -> None:
        if self.of not in ("scale", "standard deviation"):
            raise _wrong("t 分布的 u", "what u of a t is", self.of, "'scale' | 'standard deviation'")
        least = 0 if self.of == "scale" else 2
        if not self.dof > least:
            raise _wrong(
                "t 分布的自由度",
                f"degrees of freedom of a t whose u is its {self.of}",
                self.dof,
                f"> {least}",
            )

    @property
    def variance(self) -> float:
        if self.of == "standard deviation" or self.dof == np.inf:
            return 1.0
        return self.dof / (self.dof - 2) if self.dof > 2 else np.inf

    @property
    def table(self) -> Table:
        return t_of_scores(self.dof, 1.0 if self.of == "scale" else float(np.sqrt((self.dof - 2) / self.dof)))


@dataclass(frozen=True)
class TOfSource(Shape):
    """t of the degrees of freedom of its source, which may differ from row to row; `of` as in `StudentT`."""

    of: Literal["scale", "standard deviation"] = "scale"
    name: ClassVar[str] = "t of source"

    def at(self, dof: float) -> StudentT:
        """The t of so many degrees of freedom. InvalidDistribution if it is none."""
        return StudentT(dof, self.of)


@dataclass(frozen=True)
class Exponential(Shape):
    """Of a quantity that is not negative and of which only the mean is known; JCGM 101:2008, 6.4.10."""

    name: ClassVar[str] = "exponential"

    def draw(self, uniforms: Float) -> Float:
        return np.asarray(-log(1 - uniforms[-1]) - 1)


@dataclass(frozen=True)
class Gamma(Tabulated):
    """Mean number of events of which `count` were counted; mean and variance are count + 1. JCGM 101:2008, 6.4.11."""

    count: float
    name: ClassVar[str] = "gamma"

    def __post_init__(self) -> None:
        if not 0 <= self.count < np.inf:
            raise _wrong("计数", "a count", self.count, ">= 0")

    @property
    def table(self) -> Table:
        return gamma_of_scores(self.count)


# (u, shape) from stated parameters


def rectangular(half_width: Width) -> tuple[Width, Shape]:
    """Between value ± half_width; u = half_width/√3."""
    return _scaled(half_width, 1 / np.sqrt(3)), Rectangular()


def triangular(half_width: Width) -> tuple[Width, Shape]:
    """Between value ± half_width; u = half_width/√6."""
    return _scaled(half_width, 1 / np.sqrt(6)), Triangular()


def trapezoidal(half_width: Width, top: float) -> tuple[Width, Shape]:
    """Between value ± half_width, flat within ± top·half_width; u = half_width·√((1 + top²)/6)."""
    shape = Trapezoidal(top)
    return _scaled(half_width, np.sqrt((1 + top**2) / 6)), shape


def arcsine(half_width: Width) -> tuple[Width, Shape]:
    """A sine of amplitude half_width about the value; u = half_width/√2."""
    return _scaled(half_width, 1 / np.sqrt(2)), Arcsine()


def ctrap(half_width: Width, inexactness: float) -> tuple[Width, Shape]:
    """Between limits value ± half_width, each known to ± inexactness·half_width.

    u² = half_width²·(1/3 + inexactness²/9).
    """
    shape = CTrap(inexactness)
    return _scaled(half_width, ctrap_u(inexactness)), shape


def exponential(mean: Width) -> tuple[Width, Shape]:
    """Of mean `mean`, which is the value too; u = mean."""
    return _scaled(mean, 1.0), Exponential()


def gamma(count: float) -> tuple[float, Shape]:
    """Of `count` events counted; the value is count + 1, and u = √(count + 1)."""
    shape = Gamma(count)
    return float(np.sqrt(count + 1)), shape


def ctrap_u(inexactness: float) -> float:
    """u over the half-width."""
    return float(np.sqrt(1 / 3 + inexactness**2 / 9))


def _scaled(half_width: Width, factor: float) -> Width:
    width = np.asarray(half_width, dtype=np.float64)
    wrong = ~(np.isfinite(width) & (width > 0))
    if wrong.any():
        raise _wrong("半宽或均值", "a half-width or mean", width[wrong].flat[0], "> 0")
    scaled = width * factor
    return cast(Width, scaled if width.ndim else float(scaled))


def _wrong(chinese: str, english: str, value: object, wanted: str) -> InvalidDistribution:
    return InvalidDistribution(
        f"{chinese} = {value}，应为 {wanted} / {english} is {value}; it must be {wanted}"
    )


# Tables with exact slopes


def interpolate(table: Table, scores: Float, out: Float | None = None) -> Float:
    """Cubic Hermite interpolation at the scores (M,), into `out` if given. Relative error < 1e-9 for |score| < 6."""
    position = (scores + REACH) * NODES
    node = position.astype(np.intp)
    s = position - node
    low = table.values[node]
    rise = table.values[node + 1] - low
    at_low, at_high = table.slopes[node] - rise, rise - table.slopes[node + 1]
    return np.add(low, s * (rise + (1 - s) * (at_low * (1 - s) + at_high * s)), out=out)


@lru_cache(maxsize=64)
def t_of_scores(dof: float, factor: float) -> Table:
    """Quantile of Student's t of `dof` degrees of freedom at Φ(z), times a factor; dt/dz = φ(z)/f(t)."""
    z = _scores()
    if dof == np.inf:
        return Table(z, np.full_like(z, 1 / NODES))
    t = np.copysign(stdtrit(dof, ndtr(-np.abs(z))), z)
    log_density = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi)
    log_density = log_density - (dof + 1) / 2 * np.log1p(t**2 / dof)
    return _table(factor * t, factor * np.exp(_log_normal_density(z) - log_density))


@lru_cache(maxsize=64)
def gamma_of_scores(count: float) -> Table:
    """Standardised quantile of a gamma distribution of shape count + 1 at Φ(z)."""
    z = _scores()
    mean, sd = count + 1, np.sqrt(count + 1)
    g = np.where(z < 0, gammaincinv(mean, ndtr(z)), gammainccinv(mean, ndtr(-z)))
    log_density = count * np.log(g) - g - gammaln(mean)
    return _table((g - mean) / sd, np.exp(_log_normal_density(z) - log_density) / sd)


def _table(values: Float, slopes: Float) -> Table:
    return Table(values, slopes / NODES)


def _scores() -> Float:
    return np.arange(-REACH * NODES, REACH * NODES + 1) / NODES


def _log_normal_density(z: Float) -> Float:
    return np.asarray(-0.5 * z**2 - 0.5 * np.log(2 * np.pi))
