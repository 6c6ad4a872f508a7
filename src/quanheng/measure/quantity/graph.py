"""A measurement model as a graph of operations, traced once; `tape.py` runs it.

Equal terms are one node, so a graph's derivatives share what they have in common with the model. Derivatives are
graphs again: the gradient of an output by adjoints, and its derivative once more for the terms of second order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.operations import OPERATIONS, Operation

Float = NDArray[np.float64]
Term: TypeAlias = "Node | float | int"

# NumPy's other names for what is in the closed set
ALIASES = {"abs": "absolute", "fabs": "absolute", "true_divide": "divide", "float_power": "power"}
MADE_OF: dict[str, Callable[[Node], Node]] = {
    "positive": lambda x: x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "deg2rad": lambda x: x * (math.pi / 180.0),
    "radians": lambda x: x * (math.pi / 180.0),
    "rad2deg": lambda x: x * (180.0 / math.pi),
    "degrees": lambda x: x * (180.0 / math.pi),
}


@dataclass(frozen=True)
class Entry:
    """What stands at one place of a graph: an operation on earlier places, a constant, or an input by name."""

    operation: Operation | None
    operands: tuple[int, ...] = ()
    constant: float | None = None
    name: str | None = None


class Graph:
    """Entries in an order in which operands come first; each entry stands once."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._places: dict[object, int] = {}

    def input(self, name: str) -> Node:
        """The input of that name."""
        return self._node(("input", name), Entry(None, name=name))

    def constant(self, value: float) -> Node:
        """A pure number."""
        value = float(value)
        if not math.isfinite(value):
            raise InvalidModel(
                f"模型中的常数 {value} 不是有限数 / the constant {value} in the model is not finite"
            )
        return self._node(("constant", value, math.copysign(1.0, value)), Entry(None, constant=value))

    def apply(self, name: str, *operands: Term) -> Node:
        """An operation of the closed set, by its name in NumPy; what is constant is computed at once."""
        name = ALIASES.get(name, name)
        if name in MADE_OF:
            return MADE_OF[name](self.node(operands[0]))
        operation = OPERATIONS.get(name)
        if operation is None or operation.arity != len(operands):
            raise InvalidModel(
                f"模型不能使用运算 {name} / a model cannot use {name}: it has no derivative here"
            )
        nodes = [self.node(each) for each in operands]
        constants = [self.entries[node.place].constant for node in nodes]
        known = [each for each in constants if each is not None]
        if len(known) == len(constants):
            return self.constant(computed(operation, known))
        places = tuple(node.place for node in nodes)
        return self._node((operation.code, places), Entry(operation, places))

    def node(self, term: Term) -> Node:
        """A node as it is; a number as a constant."""
        if isinstance(term, Node):
            if term.graph is not self:
                raise InvalidModel("两个模型的变量不能混用 / variables of two models cannot be mixed")
            return term
        return self.constant(float(term))

    def _node(self, key: object, entry: Entry) -> Node:
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.entries)
            self.entries.append(entry)
        return Node(self, place)


class Node:
    """One place of a graph. Operators and NumPy's functions on it extend the graph."""

    __array_priority__ = 100.0
    __slots__ = ("graph", "place")

    def __init__(self, graph: Graph, place: int) -> None:
        self.graph = graph
        self.place = place

    @property
    def entry(self) -> Entry:
        return self.graph.entries[self.place]

    def __array_ufunc__(self, function: np.ufunc, method: str, *terms: Any, **options: Any) -> Node:
        if method != "__call__" or options:
            raise InvalidModel(f"模型不能使用 numpy.{function.__name__}.{method} / a model cannot use it")
        return self.graph.apply(function.__name__, *terms)

    def __add__(self, other: Term) -> Node:
        return self.graph.apply("add", self, other)

    def __radd__(self, other: Term) -> Node:
        return self.graph.apply("add", other, self)

    def __sub__(self, other: Term) -> Node:
        return self.graph.apply("subtract", self, other)

    def __rsub__(self, other: Term) -> Node:
        return self.graph.apply("subtract", other, self)

    def __mul__(self, other: Term) -> Node:
        return self.graph.apply("multiply", self, other)

    def __rmul__(self, other: Term) -> Node:
        return self.graph.apply("multiply", other, self)

    def __truediv__(self, other: Term) -> Node:
        return self.graph.apply("divide", self, other)

    def __rtruediv__(self, other: Term) -> Node:
        return self.graph.apply("divide", other, self)

    def __pow__(self, other: Term) -> Node:
        return self.graph.apply("power", self, other)

    def __rpow__(self, other: Term) -> Node:
        return self.graph.apply("power", other, self)

    def __neg__(self) -> Node:
        return self.graph.apply("negative", self)

    def __pos__(self) -> Node:
        return self

    def __abs__(self) -> Node:
        return self.graph.apply("absolute", self)

    def _refused(self, *_: object) -> bool:
        raise InvalidModel(
            "模型不能按变量的值分支（if、比较）/ a model cannot branch on the value of a variable (if, comparison)"
        )

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _refused


def computed(operation: Operation, numbers: Sequence[float]) -> float:
    """The operation on numbers; InvalidModel where it is undefined."""
    try:
        return float(operation.number(*numbers))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        shown = ", ".join(f"{each:g}" for each in numbers)
        what = f"{operation.name}({shown})"
        raise InvalidModel(f"{what} 无定义 / {what} is undefined") from error


# ---- derivatives -----------------------------------------------------------------------------------------------


def gradient(output: Node, inputs: Sequence[Node]) -> list[Node | None]:
    """∂output/∂input for each of the inputs, as nodes of the same graph; None where it is nought.

    Adjoints from the output down (the chain rule read backwards): the cost of all derivatives of one output is a
    small multiple of the model's own, however many inputs there are.
    """
    graph = output.graph
    adjoint: dict[int, Node | None] = {output.place: graph.constant(1.0)}
    for place in range(output.place, -1, -1):
        above = adjoint.get(place)
        entry = graph.entries[place]
        if above is None or entry.operation is None:
            continue
        for operand, partial in zip(entry.operands, partials(Node(graph, place)), strict=True):
            if partial is not None:
                adjoint[operand] = plus(adjoint.get(operand), times(above, partial))
    return [adjoint.get(each.place) for each in inputs]


def partials(node: Node) -> list[Node | None]:
    """Derivatives of one operation with respect to its operands; None where nought, or where it is a constant."""
    entry = node.entry
    assert entry.operation is not None
    operands = [Node(node.graph, place) for place in entry.operands]
    found = PARTIALS[entry.operation.name](node, *operands)
    return [
        None if part is None or operand.entry.constant is not None else node.graph.node(part)
        for part, operand in zip(found, operands, strict=True)
    ]


def _power(y: Node, a: Node, b: Node) -> tuple[Term | None, Term | None]:
    exponent = b.entry.constant
    if exponent is None:
        return b * a ** (b - 1.0), y * a.graph.apply("log", a)
    if exponent == 2.0:
        return 2.0 * a, None
    return exponent * a ** (exponent - 1.0) if exponent != 0.0 else None, None


def _arctan2(_: Node, a: Node, b: Node) -> tuple[Term, Term]:
    square = a * a + b * b
    return b / square, -a / square


LN2, LN10 = math.log(2.0), math.log(10.0)
PARTIALS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda y, a, b: (1.0, 1.0),
    "subtract": lambda y, a, b: (1.0, -1.0),
    "multiply": lambda y, a, b: (b, a),
    "divide": lambda y, a, b: (1.0 / b, -y / b),
    "power": _power,
    "negative": lambda y, a: (-1.0,),
    "absolute": lambda y, a: (np.sign(a),),
    "sign": lambda y, a: (None,),
    "sqrt": lambda y, a: (0.5 / y,),
    "cbrt": lambda y, a: (1.0 / (3.0 * y * y),),
    "exp": lambda y, a: (y,),
    "exp2": lambda y, a: (LN2 * y,),
    "expm1": lambda y, a: (np.exp(a),),
    "log": lambda y, a: (1.0 / a,),
    "log2": lambda y, a: (1.0 / (LN2 * a),),
    "log10": lambda y, a: (1.0 / (LN10 * a),),
    "log1p": lambda y, a: (1.0 / (1.0 + a),),
    "sin": lambda y, a: (np.cos(a),),
    "cos": lambda y, a: (-np.sin(a),),
    "tan": lambda y, a: (1.0 + y * y,),
    "arcsin": lambda y, a: (1.0 / np.sqrt(1.0 - a * a),),
    "arccos": lambda y, a: (-1.0 / np.sqrt(1.0 - a * a),),
    "arctan": lambda y, a: (1.0 / (1.0 + a * a),),
    "arctan2": _arctan2,
    "hypot": lambda y, a, b: (a / y, b / y),
    "sinh": lambda y, a: (np.cosh(a),),
    "cosh": lambda y, a: (np.sinh(a),),
    "tanh": lambda y, a: (1.0 - y * y,),
    "arcsinh": lambda y, a: (1.0 / np.sqrt(a * a + 1.0),),
    "arccosh": lambda y, a: (1.0 / np.sqrt(a * a - 1.0),),
    "arctanh": lambda y, a: (1.0 / (1.0 - a * a),),
}


def times(a: Node, b: Node) -> Node:
    """a·b, without factors of 1 and -1."""
    for one, other in ((a, b), (b, a)):
        factor = one.entry.constant
        if factor == 1.0:
            return other
        if factor == -1.0:
            return -other
    return a * b


def plus(a: Node | None, b: Node) -> Node:
    """a + b, where an absent a is nought."""
    if a is None:
        return b
    negated = b.entry.operation is OPERATIONS["negative"]
    return a - Node(b.graph, b.entry.operands[0]) if negated else a + b
