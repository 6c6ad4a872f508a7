"""Measurement models: an expression or a Python function, traced once, and what it makes of uncertain columns."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.complex_term import ComplexTerm
from quanheng.measure.quantity.constants import CONSTANTS, PURE, Constant
from quanheng.measure.quantity.expression import Value, in_order, names_in, read
from quanheng.measure.quantity.freedom import effective
from quanheng.measure.quantity.graph import Graph, Node, Tape, gradient, tape, undefined_at
from quanheng.measure.quantity.uncertain import (
    Source,
    Sparse,
    Uncertain,
    check_apart,
    check_same,
    component,
    exact,
    groups,
    rows_of,
)

Float = NDArray[np.float64]

# rows of a block: its registers stay in the cache
BLOCK = 8192


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
            found, used = _traced(expressions, inputs, complex_inputs, self.graph)
        else:
            found, used = _read(_by_output(expressions), inputs, complex_inputs, self.graph)
        nodes: dict[str, Node] = {}
        for name, value in found.items():
            nodes.update(_parts(name, value))
        self.nodes = nodes
        self.outputs = tuple(nodes)
        self.inputs = tuple(part for name in used for part in _names(name, complex_inputs))
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


class Derivatives(NamedTuple):
    """A tape of values, then derivatives; `places[j]` lists (input, place among the tape's outputs) that are not 0."""

    tape: Tape
    places: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def of(cls, outputs: Sequence[Node], terms: Sequence[Node], inputs: Sequence[str]) -> Derivatives:
        """Values and gradients of some nodes."""
        wanted = list(outputs)
        places = []
        for output in outputs:
            row = []
            for i, part in enumerate(gradient(output, terms)):
                if part is not None:
                    row.append((i, len(wanted)))
                    wanted.append(part)
            places.append(tuple(row))
        return cls(tape(wanted, inputs, outputs[0].graph), tuple(places))


class Evaluation:
    """What a model makes of its inputs: `outputs` by name, each an uncertain column, and what they came from."""

    def __init__(self, model: Model, inputs: Mapping[str, Uncertain], n: int) -> None:
        self.model = model
        self.inputs = dict(inputs)
        self.n = n
        self.outputs = dict(
            zip(model.outputs, _propagated(model, list(self.inputs.values()), n), strict=True)
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


def _propagated(model: Model, columns: list[Uncertain], n: int) -> Iterator[Uncertain]:
    """Each output's column.

    Row blocks: values and derivatives by the tape; private contributions are summed in quadrature within a block,
    so that nothing of size inputs × rows is ever held; shared ones are written to their column.
    """
    first = model.first
    private = _by_source([each.private for each in columns])
    shared = _by_source([each.shared for each in columns])
    q = len(model.outputs)
    value, private_part, rest = np.empty((q, n)), np.zeros((q, n)), np.zeros((q, n))
    sources = list(shared)
    jacobian: list[dict[Source, Float]] = [{} for _ in range(q)]
    sparse_of: list[dict[int, Float]] = [{} for _ in range(q)]
    needs_all = {i for source in sources for i, column in shared[source] if isinstance(column, Sparse)}
    clusters = _clusters(private)
    # a single private source stays what it is, so that nothing of its correlations is lost: then `private_part` is
    # its contribution, otherwise the variance of all of them
    alone = next(iter(private)) if len(private) == 1 else None
    for start in range(0, n, BLOCK):
        part = slice(start, min(start + BLOCK, n))
        x = [float(each.value[0]) if len(each) == 1 else each.value[part] for each in columns]
        found = first.tape.columns(x)
        for j in range(q):
            value[j, part] = found[j]
            partial = {i: found[place] for i, place in first.places[j]}
            if alone is None:
                _add_private(private_part[j, part], rest[j, part], clusters, partial, part)
            elif (held := _contribution(private[alone], partial, part)) is not None:
                private_part[j, part] = held
            for source in sources:
                for i, column in shared[source]:
                    if i in partial and not isinstance(column, Sparse):
                        into = jacobian[j].setdefault(source, np.zeros(n))
                        into[part] += partial[i] * (column if len(column) == 1 else column[part])
            for i in needs_all & partial.keys():
                sparse_of[j].setdefault(i, np.empty(n))[part] = partial[i]
    for j in range(q):
        _check_defined(model, columns, value[j], private_part[j], jacobian[j])
        contributions: dict[Source, Any] = {
            source: jacobian[j][source] for source in sources if source in jacobian[j]
        }
        _add_sparse(contributions, shared, sparse_of[j], n)
        own = {}
        if np.any(private_part[j]):
            if alone is not None:
                own[alone] = private_part[j]
            else:
                dof = effective(private_part[j], rest[j])
                merged = _condensed(private, {i for i, _ in first.places[j]})
                own[Source(f"private to {model.outputs[j]}", dof, merged=merged)] = np.sqrt(private_part[j])
        yield Uncertain(value[j], contributions, own)


def _condensed(
    private: Mapping[Source, list[tuple[int, Any]]], inputs: Collection[int]
) -> frozenset[Hashable]:
    """Identities that are lost to sight when the private sources of some inputs are condensed into one."""
    found: set[Hashable] = set()
    for source, terms in private.items():
        if any(i in inputs for i, _ in terms):
            found |= {
                source.identity,
                *source.merged,
                *(source.ensemble.identities if source.ensemble else ()),
            }
    return frozenset(found)


def _by_source(parts: Sequence[Mapping[Source, Any]]) -> dict[Source, list[tuple[int, Any]]]:
    """For each source, the inputs that hold it with their contributions."""
    found: dict[Source, list[tuple[int, Any]]] = {}
    known: dict[Source, Source] = {}
    for i, part in enumerate(parts):
        for source, column in part.items():
            check_same(known.setdefault(source, source), source)
            found.setdefault(source, []).append((i, column))
    return found


Cluster: TypeAlias = dict[Source, list[tuple[int, Float]]]


def _clusters(private: Mapping[Source, list[tuple[int, Float]]]) -> list[Cluster]:
    """Private sources, those of one ensemble together."""
    marks: dict[Source, Any] = dict.fromkeys(private)
    return [{source: private[source] for source in group} for group in groups(marks)]


def _add_private(
    variance: Float, rest: Float, clusters: list[Cluster], partial: Mapping[int, Any], part: slice
) -> None:
    """Add to the variance (rows of a block) and to Welch–Satterthwaite's sum what the private sources contribute."""
    for cluster in clusters:
        if len(cluster) == 1:
            ((source, terms),) = cluster.items()
            held = _contribution(terms, partial, part)
            if held is not None:
                v = held * held
                variance += v
                if np.ndim(source.dof):
                    rest += v * v / np.asarray(source.dof)[part]
                elif source.dof != np.inf:
                    v *= v
                    v *= 1.0 / source.dof
                    rest += v
        else:
            held_by = {
                rows_of(source, part): c
                for source, terms in cluster.items()
                if (c := _contribution(terms, partial, part)) is not None
            }
            if held_by:
                v, over = component(held_by, len(variance))
                variance += v
                rest += over


def _contribution(terms: list[tuple[int, Float]], partial: Mapping[int, Any], part: slice) -> Float | None:
    """What a source contributes to an output in the rows of a block; None if its inputs do not matter there."""
    held = None
    for i, u in terms:
        if i in partial:
            c = u[part] if isinstance(partial[i], float) and partial[i] == 1.0 else partial[i] * u[part]
            held = c if held is None else held + c
    return held


def _add_sparse(
    contributions: dict[Source, Any],
    shared: Mapping[Source, list[tuple[int, Any]]],
    partials: Mapping[int, Float],
    n: int,
) -> None:
    """Contributions of sources that touch some rows; dense where the source touches rows in several ways."""
    for source, terms in shared.items():
        held = [(i, column) for i, column in terms if isinstance(column, Sparse) and i in partials]
        if not held:
            continue
        one = len(held) == 1 or all(column.rows is held[0][1].rows for _, column in held)
        if one and source not in contributions:
            rows = held[0][1].rows
            contributions[source] = Sparse(
                rows, np.sum([partials[i][rows] * column.values for i, column in held], axis=0)
            )
            continue
        into = contributions.setdefault(source, np.zeros(n))
        for i, column in held:
            into[column.rows] += partials[i][column.rows] * column.values


def _check_defined(
    model: Model,
    columns: list[Uncertain],
    value: Float,
    private_part: Float,
    jacobian: Mapping[Source, Float],
) -> None:
    good = np.isfinite(value) & np.isfinite(private_part)
    for column in jacobian.values():
        good &= np.isfinite(column)
    if not np.all(good):
        row = int(np.flatnonzero(~good)[0])
        point = {
            name: float(each.value[row if len(each) > 1 else 0])
            for name, each in zip(model.inputs, columns, strict=True)
        }
        error = undefined_at(point)
        raise InvalidModel(f"第 {row + 1} 行 / row {row + 1}: {error}") if len(value) > 1 else error


def _related(a: Uncertain, b: Uncertain) -> bool:
    """Whether a source of one is correlated with one of the other."""
    for mine, theirs in ((a.shared, b.shared), (a.private, b.private)):
        known = {source.identity for source in theirs}
        for source in mine:
            wanted = source.ensemble.identities if source.ensemble else (source.identity,)
            if not known.isdisjoint(wanted):
                return True
    return False


# ---- reading a model -------------------------------------------------------------------------------------------


def _by_output(expressions: str | Mapping[str, str]) -> dict[str, str]:
    if not isinstance(expressions, str):
        if not expressions:
            raise InvalidModel("模型没有输出 / the model has no output")
        return dict(expressions)
    left, equals, right = expressions.partition("=")
    return {left.strip(): right} if equals else {"y": expressions}


def _read(
    texts: Mapping[str, str], inputs: Sequence[str] | None, complex_inputs: Collection[str], graph: Graph
) -> tuple[dict[str, Value], list[str]]:
    for output in texts:
        if not output.isidentifier():
            raise InvalidModel(f"输出名“{output}”不是标识符 / the output's name {output!r} is no identifier")
    uses = {output: names_in(text) for output, text in texts.items()}
    itself = next((output for output, used in uses.items() if output in used), None)
    if itself is not None:
        raise InvalidModel(
            f"{itself} 是输出的名称，不能又出现在它自己的式中；另取输出名，如 {itself}1 = … / "
            f"{itself} names the output and stands in its own expression: choose another name, such as {itself}1 = …"
        )
    clash = [name for name in texts if name in (inputs or ())]
    if clash:
        raise InvalidModel(f"{clash[0]} 既是输入又是输出 / {clash[0]} is both an input and an output")
    free = list(dict.fromkeys(name for names in uses.values() for name in names if name not in texts))
    if inputs is None:
        used = [name for name in free if name not in PURE]
    else:
        used = [*inputs, *(name for name in free if name in CONSTANTS and name not in inputs)]
    known: dict[str, Value] = {name: _input(name, complex_inputs, graph) for name in used}
    found: dict[str, Value] = {}
    for output in in_order(uses):
        known[output] = found[output] = read(texts[output], graph, known)
    return {output: found[output] for output in texts}, used


def _traced(
    function: Callable[..., Any], inputs: Sequence[str] | None, complex_inputs: Collection[str], graph: Graph
) -> tuple[dict[str, Value], list[str]]:
    names = list(inputs) if inputs is not None else list(inspect.signature(function).parameters)
    result = function(*(_input(name, complex_inputs, graph) for name in names))
    if isinstance(result, Mapping):
        found = dict(result)
    elif isinstance(result, tuple | list):
        found = {f"y{k + 1}": each for k, each in enumerate(result)}
    else:
        found = {"y": result}
    for name, each in found.items():
        if not isinstance(each, Node | ComplexTerm):
            if not isinstance(each, int | float):
                raise InvalidModel(
                    f"输出 {name} 不是模型的项 / the output {name} is no term of the model: {each!r}"
                )
            found[name] = graph.constant(each)
    return found, names


def _input(name: str, complex_inputs: Collection[str], graph: Graph) -> Value:
    if name in complex_inputs:
        return ComplexTerm(graph.input(f"{name}.re"), graph.input(f"{name}.im"))
    return graph.input(name)


def _names(name: str, complex_inputs: Collection[str]) -> list[str]:
    return [f"{name}.re", f"{name}.im"] if name in complex_inputs else [name]


def _parts(name: str, value: Value) -> dict[str, Node]:
    return (
        {f"{name}.re": value.re, f"{name}.im": value.im} if isinstance(value, ComplexTerm) else {name: value}
    )


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
