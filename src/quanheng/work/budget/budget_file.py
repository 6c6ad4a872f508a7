"""A budget file as it was meant: every key read once, every size a standard uncertainty with its shape.

What a file may say stands in docs/budget-file.md. Numbers stay in the units of the file. Whoever evaluates needs no
more parsing, and names the key or the cell of what fails later by `BudgetFile.fault`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from quanheng.measure.quantity.shapes import Shape
from quanheng.measure.quantity.units import Unit
from quanheng.work.budget.errors import BadBudget, Wrong

Path: TypeAlias = tuple[
    str | int, ...
]  # of a key in the file: ("inputs", "ls", "u"), ("correlation", 0, "r")
Interval: TypeAlias = Literal["symmetric", "shortest"]


@dataclass(frozen=True)
class Title:
    """What the budget is of. A file that says it in one language says it in both."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class OutputSpec:
    """A quantity to be found."""

    name: str
    model: str  # an expression of inputs, other outputs and constants
    unit: Unit


@dataclass(frozen=True)
class EffectSpec:
    """One cause of error of an input: mean 0, standard uncertainty u, and the shape in which u is meant."""

    name: str  # "" for what the input says of itself
    u: float  # > 0, in the unit of the input; of a t by its scale: the scale (JCGM 101:2008, 6.4.9)
    shape: Shape
    dof: float  # >= 1, inf where not stated
    kind: Literal["A", "B"]
    distribution: str  # as stated, or as follows from what was stated: normal, rectangular … ; t of readings
    source: str | None = None  # certificate, bench …; which are one variable: sources.py
    relative: bool = False  # u goes with the value: u_rel, and distributions of counts


@dataclass(frozen=True)
class Cartesian:
    """A complex value by its parts; u 0: that part is exact."""

    re: float
    im: float
    u_re: float = 0.0
    u_im: float = 0.0
    r: float = 0.0  # correlation of the two parts
    dof: float = math.inf


@dataclass(frozen=True)
class Polar:
    """A complex value by modulus and argument (rad); u 0: exact. The two are independent."""

    modulus: float
    argument: float
    u_modulus: float = 0.0
    u_argument: float = 0.0
    dof: float = math.inf


@dataclass(frozen=True)
class InputSpec:
    """A quantity that the model takes: its value, and the effects that make its u; no effects: an exact constant."""

    name: str
    value: float | Cartesian | Polar
    unit: Unit
    effects: tuple[EffectSpec, ...] = ()  # of a complex value none: its u stand in the value
    source: str | None = None
    readings: tuple[float, ...] = ()  # of which the value is the mean

    @property
    def u(self) -> float:
        """Standard uncertainty of a real input, its effects being independent; 0 for an exact one."""
        return math.hypot(*(effect.u for effect in self.effects))


@dataclass(frozen=True)
class CorrelationSpec:
    """Correlation coefficient of two real inputs, none of which is exact."""

    between: tuple[str, str]
    r: float


@dataclass(frozen=True)
class MonteCarloSpec:
    """JCGM 101:2008; "adaptive": its 7.9, to two significant digits of u."""

    trials: int | Literal["adaptive"] = "adaptive"
    seed: int = 1
    interval: Interval = "symmetric"


@dataclass(frozen=True)
class ConformitySpec:
    """Limits of an output, in its unit, and the rule by which it is judged (a name of measure/conformity.py's RULES).

    w or r is stated for rule "guarded", risk for "specific risk".
    """

    output: str
    lower: float = -math.inf
    upper: float = math.inf
    rule: str = "simple"
    w: float | None = None  # width of the guard band, in the unit of the output
    r: float | None = None  # w as a multiple of U
    risk: float | None = None  # of a wrong verdict, at most


def dotted(path: Path) -> str:
    """A key as people write it: inputs.ls.u, inputs.d.readings #2."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f" #{part + 1}"
        else:
            bare = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
            text += "." * bool(text) + (part if bare else f'"{part}"')
    return text


@dataclass(frozen=True)
class BudgetFile:
    """What a budget file says. Two files that say the same are equal, whatever their names and formats."""

    title: Title
    coverage: float  # probability, in (0, 1)
    outputs: Mapping[str, OutputSpec]  # at least one; in the order of the file, as all that follow
    inputs: Mapping[str, InputSpec]
    correlations: tuple[CorrelationSpec, ...] = ()
    monte_carlo: MonteCarloSpec = field(default_factory=MonteCarloSpec)
    conformity: Mapping[str, ConformitySpec] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    place_of: Callable[[Path], str] = field(default=dotted, compare=False, repr=False)

    def fault(self, path: Path, message: str) -> BadBudget:
        """What to raise when something said in the file turns out wrong later, with its key or its cell."""
        return BadBudget(self.file, [Wrong(self.place_of(path), message)])
