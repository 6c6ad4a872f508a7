"""An evaluated uncertainty budget: what every report of it is made of. Numbers stand in the units of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.conformity import Verdict
from quanheng.measure.quantity.units import Unit
from quanheng.work.budget.budget_file import ConformitySpec, Interval, Title

Float = NDArray[np.float64]
Kind = Literal["A", "B", "A+B"]


@dataclass(frozen=True)
class Effect:
    """One cause of an input's u."""

    name: str
    source: str | None
    u: float
    kind: Kind
    distribution: str
    dof: float
    contribution: float
    share: float


@dataclass(frozen=True)
class Row:
    """One input in the budget of one result. Without effects it is exact: no type, no distribution."""

    input: str
    value: float
    unit: Unit
    u: float
    dof: float
    sensitivity: float  # in the unit of the result per `unit`
    contribution: float  # c·u with its sign, in the unit of the result
    share: float  # part of u² of the result
    effects: tuple[Effect, ...]
    used: bool  # by the model of the result

    @property
    def kind(self) -> Kind | None:
        """How its u was evaluated: A, B, or both."""
        kinds = {effect.kind for effect in self.effects}
        return None if not kinds else "A+B" if len(kinds) > 1 else kinds.pop()

    @property
    def distribution(self) -> str | None:
        """Of its one effect; "combined" of several."""
        return (
            None
            if not self.effects
            else self.effects[0].distribution
            if len(self.effects) == 1
            else "combined"
        )

    @property
    def is_sum(self) -> bool:
        """Whether the file lists its effects."""
        return len(self.effects) > 1 or any(effect.name for effect in self.effects)


@dataclass(frozen=True)
class Certificate:
    """What all variables of one named source contribute to a result together."""

    name: str
    u: float
    share: float


@dataclass(frozen=True, eq=False)
class Trials:
    """One result by Monte Carlo (JCGM 101), and the comparison with the linear one by its clause 8."""

    value: float
    u: float  # not finite where the distribution has no standard deviation
    interval: tuple[float, float]
    kind: Interval
    linear_validated: bool
    exact: bool  # all trials are one, but for rounding
    undecided: bool  # not validated, and too few trials to say that it is wrong
    differences: tuple[float, float]  # of the ends of the linear interval from those of this one
    tolerance: float  # within which they must lie
    conforming: float  # share of the trials between the limits of conformity; NaN without limits
    edges: Float  # (m + 1,) of the bins in which the trials fell
    density: Float  # (m,) in 1/unit


@dataclass(frozen=True)
class Decision:
    """What a rule says of a result."""

    spec: ConformitySpec
    verdict: Verdict
    probability: float  # of conformity
    by_trials: float  # the same by Monte Carlo; NaN without trials
    acceptance: tuple[float, float]  # NaN: nothing is accepted; infinite: no limit on that side
    specific_risk: float  # NaN where undetermined


@dataclass(frozen=True, eq=False)
class Result:
    """One output, or one part of a complex one, by the law of propagation."""

    name: str  # l, or Z.re
    unit: Unit
    value: float
    u: float
    dof: float  # infinite, or NaN: undefined
    k: float
    linear_enough: bool
    second_order_u: float  # NaN where a second derivative is undefined
    second_order_bias: float
    rows: tuple[Row, ...]
    certificates: tuple[Certificate, ...]

    @property
    def U(self) -> float:  # noqa: N802 - its symbol
        """Expanded uncertainty."""
        return self.k * self.u

    @property
    def interval(self) -> tuple[float, float]:
        """value ± U."""
        return self.value - self.U, self.value + self.U


@dataclass(frozen=True)
class Note:
    """What a reader should know. at: the key that it is about; "" for the whole."""

    at: str
    zh: str
    en: str


@dataclass(frozen=True)
class Region:
    """One of them: of size `volume` in the product of the units of the results.

    k: its factor, NaN of the smallest one, which has none; half_widths: of a rectangle, by result.
    """

    kind: Literal["ellipsoid", "rectangle", "smallest"]
    k: float
    volume: float
    half_widths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Joint:
    """Regions that hold several results, by name, together."""

    names: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, eq=False)
class MonteCarlo:
    """The results by Monte Carlo, by name, and what they have in common."""

    outputs: Mapping[str, Trials]
    trials: int
    seed: int
    adaptive: bool
    converged: bool
    correlation: Float  # (q, q); NaN where one is exact
    joint: Joint | None  # None unless several results are uncertain


@dataclass(frozen=True, eq=False)
class Budget:
    """The evaluated file. `models`: output → its expression; results: outputs in order, complex ones as two parts."""

    title: Title
    coverage: float
    models: Mapping[str, str]
    results: tuple[Result, ...]
    correlation: Float  # (q, q) of the results; NaN where one is exact
    monte_carlo: MonteCarlo | None  # None where nothing is uncertain
    conformity: Mapping[str, Decision]
    notes: tuple[Note, ...]
