"""A model's expressions, or the Python function that states it, as terms of a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.complex_term import ComplexTerm
from quanheng.measure.quantity.constants import CONSTANTS, PURE
from quanheng.measure.quantity.expression import Value, in_order, names_in, read
from quanheng.measure.quantity.graph import Graph, Node


def by_output(expressions: str | Mapping[str, str]) -> dict[str, str]:
    if not isinstance(expressions, str):
        if not expressions:
            raise InvalidModel("模型没有输出 / the model has no output")
        return dict(expressions)
    left, equals, right = expressions.partition("=")
    return {left.strip(): right} if equals else {"y": expressions}


def read_all(
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


def traced(
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


def names_of(name: str, complex_inputs: Collection[str]) -> list[str]:
    return [f"{name}.re", f"{name}.im"] if name in complex_inputs else [name]


def parts(name: str, value: Value) -> dict[str, Node]:
    return (
        {f"{name}.re": value.re, f"{name}.im": value.im} if isinstance(value, ComplexTerm) else {name: value}
    )
