"""Measurement models: an expression or a Python function, traced once, and what it makes of uncertain columns."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.constants import CONSTANTS, Constant
from quanheng.measure.quantity.graph import Graph, Node
from quanheng.measure.quantity.propagation import Derivatives, propagated
from quanheng.measure.quantity.source import check_apart
from quanheng.measure.quantity.tape import tape, undefined_at
from quanheng.measure.quantity.traced import by_output, names_of, parts, read_all, traced
from quanheng.measure.quantity.uncertain import Uncertain, exact

Float = NDArray[np.float64]


class Complex(NamedTuple):
    """A complex column by its parts."""

    re: Uncertain
    im: Uncertain


Input: TypeAlias = Uncertain | Complex | ArrayLike


class Model:
    """Outputs as functions of inputs.

    `Model("l = ls + d")`, `Model({"Z": "V/I", "R": "Z*cos(phi)"})` (outputs may use each other), or
    `Model(function, inputs=[…])`, whose function takes the inputs by position and returns a term, a tuple of them or
    a dictionary by output. `complex_inputs` names those with two parts; an input z then stands as "z.re" and "z.im",
    and so does an output. Constants of the SI that are no inputs may be named (`constants`).
    InvalidModel for what is no model.
    """

    def __init__(
        self,
        expressions: str | Mapping[str, str] | Callable[..., Any],
        inputs: Sequence[str] | None = None,
        *,
        complex_inputs: Collection[str] = (),
    ) -> None:
        self.graph = Graph()
        if callable(expressions):
            found, used = traced(expressions, inputs, complex_inputs, self.graph)
        else:
            found, used = read_all(by_output(expressions), inputs, complex_inputs, self.graph)
        nodes: dict[str, Node] = {}
        for name, value in found.items():
            nodes.update(parts(name, value))
        self.nodes = nodes
        self.outputs = tuple(nodes)
        self.inputs = tuple(part for name in used for part in names_of(name, complex_inputs))
        self.constants = {
            name: CONSTANTS[name] for name in self.inputs if name in CONSTANTS and name not in (inputs or ())
        }
        self.tape = tape(nodes.values(), self.inputs, self.graph)

    @cached_property
    def _terms(self) -> list[Node]:
        return [self.graph.input(name) for name in self.inputs]

    @cached_property
    def first(self) -> Derivatives:
        """Values and first derivatives."""
        return Derivatives.of(list(self.nodes.values()), self._terms, self.inputs)

    def propagate(
        self, x: Sequence[float], u: Sequence[float], dof: Sequence[float] | None = None
    ) -> tuple[float, float, float]:
        """Value, standard uncertainty and effective degrees of freedom of a model's one output at one point.

        For independent inputs in the order of `inputs`, as plain numbers; u 0 is an exact input. The law of
        propagation (JCGM 100:2008, 5.1.2) and Welch–Satterthwaite (G.4.1). The fastest way to a single result:
        everything that names a source is left out.
        """
        values = self.first.tape.numbers(x)
        variance = rest = 0.0
        if dof is None:
            for i, place in self.first.places[0]:
                variance += (values[place] * u[i]) ** 2
        else:
            for i, place in self.first.places[0]:
                v = values[place] * u[i]
                v *= v
                variance += v
                rest += v * v / dof[i]
        if not (variance < np.inf and min(u) >= 0.0):
            raise _wrong_numbers(self.inputs, x, u)
        return values[0], variance**0.5, variance * variance / rest if rest else np.inf

    def __call__(self, inputs: Mapping[str, Input] | None = None, **more: Input) -> Evaluation:
        """Propagate uncertain columns: each has n rows, or one that stands for all.

        Numbers and arrays are exact. InvalidModel for a missing, unknown or undefined one, naming the row.
        """
        given, n = gathered({**(inputs or {}), **more}, self.inputs, self.constants)
        return Evaluation(self, given, n)


def gathered(
    inputs: Mapping[str, Input], names: Collection[str], constants: Mapping[str, Constant]
) -> tuple[dict[str, Uncertain], int]:
    """Inputs as columns in the order of `names`, numbers exact and constants filled in, and their number of rows.

    InvalidModel for one that is missing, unknown, or of another number of rows; InvalidCorrelation where two are
    correlated through what was condensed.
    """
    given: dict[str, Uncertain] = {name: exact(each.value) for name, each in constants.items()}
    for name, each in inputs.items():
        parts = {f"{name}.re": each.re, f"{name}.im": each.im} if isinstance(each, Complex) else {name: each}
        for part, value in parts.items():
            if part not in names:
                raise _unknown(part, names)
            given[part] = value if isinstance(value, Uncertain) else exact(value)
    missing = [name for name in names if name not in given]
    if missing:
        raise InvalidModel(f"缺少输入 {'、'.join(missing)} / missing inputs: {', '.join(missing)}")
    n = max((len(each) for each in given.values()), default=1)
    for name, each in given.items():
        if len(each) not in (1, n):
            message = f"{name} 有 {len(each)} 行，其他有 {n} 行 / {name} has {len(each)} rows, others {n}"
            raise InvalidModel(message)
    check_apart(source for each in given.values() for part in (each.shared, each.private) for source in part)
    return {name: given[name] for name in names}, n


class Evaluation:
    """What a model makes of its inputs: `outputs` by name, each an uncertain column, and what they came from."""

    def __init__(self, model: Model, inputs: Mapping[str, Uncertain], n: int) -> None:
        self.model = model
        self.inputs = dict(inputs)
        self.n = n
        self.outputs = dict(
            zip(
                model.outputs,
                propagated(model.first, model.outputs, list(self.inputs.values()), n),
                strict=True,
            )
        )

    def __getitem__(self, output: str) -> Uncertain:
        return self.outputs[output]

    @cached_property
    def columns(self) -> list[Float | float]:
        """Values of the inputs: a column, or a number that stands for all rows."""
        return [float(each.value[0]) if len(each) == 1 else each.value for each in self.inputs.values()]

    @cached_property
    def sensitivities(self) -> dict[str, dict[str, Float]]:
        """∂output/∂input by output and input, (n,), those that are not 0 everywhere."""
        values = self.model.first.tape.columns(self.columns)
        return {
            output: {self.model.inputs[i]: np.broadcast_to(values[place], self.n) for i, place in row}
            for output, row in zip(self.model.outputs, self.model.first.places, strict=True)
        }

    @cached_property
    def input_covariances(self) -> dict[tuple[int, int], Float]:
        """Covariances (n,) of the inputs by their places i <= j, those that are not 0."""
        columns = list(self.inputs.values())
        found = {}
        for i, a in enumerate(columns):
            for j in range(i, len(columns)):
                # without a source in common there is nothing to multiply
                if a is columns[j] or _related(a, columns[j]):
                    covariance = np.broadcast_to(a.covariance(columns[j]), self.n)
                    if np.any(covariance):
                        found[i, j] = covariance
        return found

    def covariance(self, a: str, b: str) -> Float:
        """Covariance (n,) of two outputs, row by row, through everything their inputs share.

        JCGM 102:2011, 6.2.1.3: C_x V C_xᵀ.
        """
        out = np.zeros(self.n)
        names = self.model.inputs
        for (i, j), covariance in self.input_covariances.items():
            for p, q in {(i, j), (j, i)}:
                left = self.sensitivities[a].get(names[p])
                right = self.sensitivities[b].get(names[q])
                if left is not None and right is not None:
                    out += left * right * covariance
        return out

    def correlation(self, a: str, b: str) -> Float:
        """Correlation coefficient (n,) of two outputs; 1 of one with itself, NaN where one is exact."""
        if a == b:
            return np.ones(self.n)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = self.covariance(a, b) / np.sqrt(self.covariance(a, a) * self.covariance(b, b))
        return np.asarray(np.clip(r, -1.0, 1.0))


def _related(a: Uncertain, b: Uncertain) -> bool:
    """Whether a source of one is correlated with one of the other."""
    for mine, theirs in ((a.shared, b.shared), (a.private, b.private)):
        known = {source.identity for source in theirs}
        for source in mine:
            wanted = source.ensemble.identities if source.ensemble else (source.identity,)
            if not known.isdisjoint(wanted):
                return True
    return False


def _unknown(name: str, known: Collection[str]) -> InvalidModel:
    close = difflib.get_close_matches(name, list(known), 3, 0.5) or list(known)
    return InvalidModel(
        f"模型没有输入 {name}；有 {'、'.join(close)} / no input {name}; there are {', '.join(close)}"
    )


def _wrong_numbers(names: Sequence[str], x: Sequence[float], u: Sequence[float]) -> Exception:
    for name, each in zip(names, u, strict=True):
        if not 0.0 <= each < np.inf:
            return InvalidUncertainty(
                f"{name} 的标准不确定度须为不小于 0 的有限数，不是 {each:g} / u of {name} is finite and not below 0"
            )
    return undefined_at(dict(zip(names, x, strict=True)))
