"""A complex quantity in a model: two real terms of one graph, so that everything below is real."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.graph import ALIASES, Node, Term

Other: TypeAlias = "ComplexTerm | Term | complex"


class ComplexTerm:
    """re + i·im, with the arithmetic and functions of complex numbers (principal values)."""

    __array_priority__ = 200.0
    __slots__ = ("im", "re")

    def __init__(self, re: Node, im: Node) -> None:
        self.re = re
        self.im = im

    def _of(self, other: Other) -> ComplexTerm:
        """Another term as a complex one of the same graph."""
        if isinstance(other, ComplexTerm):
            return other
        graph = self.re.graph
        if isinstance(other, complex):
            return ComplexTerm(graph.constant(other.real), graph.constant(other.imag))
        return ComplexTerm(graph.node(other), graph.constant(0.0))

    def __add__(self, other: Other) -> ComplexTerm:
        o = self._of(other)
        return ComplexTerm(self.re + o.re, self.im + o.im)

    __radd__ = __add__

    def __sub__(self, other: Other) -> ComplexTerm:
        o = self._of(other)
        return ComplexTerm(self.re - o.re, self.im - o.im)

    def __rsub__(self, other: Other) -> ComplexTerm:
        return self._of(other) - self

    def __mul__(self, other: Other) -> ComplexTerm:
        if not isinstance(other, ComplexTerm | complex):
            return ComplexTerm(self.re * other, self.im * other)
        o = self._of(other)
        return ComplexTerm(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)

    __rmul__ = __mul__

    def __truediv__(self, other: Other) -> ComplexTerm:
        if not isinstance(other, ComplexTerm | complex):
            return ComplexTerm(self.re / other, self.im / other)
        o = self._of(other)
        square = o.re * o.re + o.im * o.im
        return ComplexTerm(
            (self.re * o.re + self.im * o.im) / square, (self.im * o.re - self.re * o.im) / square
        )

    def __rtruediv__(self, other: Other) -> ComplexTerm:
        return self._of(other) / self

    def __neg__(self) -> ComplexTerm:
        return ComplexTerm(-self.re, -self.im)

    def __pow__(self, other: Other) -> ComplexTerm:
        if isinstance(other, int | float) and float(other).is_integer() and 0 < abs(other) <= 16:
            whole = self
            for _ in range(int(abs(other)) - 1):
                whole = whole * self
            return whole if other > 0 else 1.0 / whole
        return exp(log(self) * other)

    def __rpow__(self, other: Other) -> ComplexTerm:
        return self._of(other) ** self

    def __abs__(self) -> Node:
        return np.hypot(self.re, self.im)  # type: ignore[call-overload, no-any-return]

    def conjugate(self) -> ComplexTerm:
        """re - i·im."""
        return ComplexTerm(self.re, -self.im)

    def __array_ufunc__(self, function: np.ufunc, method: str, *terms: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise InvalidModel(f"模型不能使用 numpy.{function.__name__}.{method} / a model cannot use it")
        return apply(function.__name__, *terms)


def _real(name: str, *terms: Term) -> Node:
    graph = next(term.graph for term in terms if isinstance(term, Node))
    return graph.apply(name, *terms)


def exp(z: ComplexTerm) -> ComplexTerm:
    """Exponential."""
    size = _real("exp", z.re)
    return ComplexTerm(size * _real("cos", z.im), size * _real("sin", z.im))


def log(z: ComplexTerm) -> ComplexTerm:
    """Principal logarithm."""
    return ComplexTerm(_real("log", abs(z)), angle(z))


def angle(z: ComplexTerm) -> Node:
    """Argument, in rad."""
    return _real("arctan2", z.im, z.re)


def polar(modulus: Term, argument: Term) -> ComplexTerm:
    """The complex term of a modulus and an argument in rad."""
    return ComplexTerm(modulus * _real("cos", argument), modulus * _real("sin", argument))


def _sqrt(z: ComplexTerm) -> ComplexTerm:
    return polar(_real("sqrt", abs(z)), angle(z) * 0.5)


def _sin(z: ComplexTerm) -> ComplexTerm:
    return ComplexTerm(_real("sin", z.re) * _real("cosh", z.im), _real("cos", z.re) * _real("sinh", z.im))


def _cos(z: ComplexTerm) -> ComplexTerm:
    return ComplexTerm(_real("cos", z.re) * _real("cosh", z.im), -_real("sin", z.re) * _real("sinh", z.im))


def _times_i(z: ComplexTerm) -> ComplexTerm:
    return ComplexTerm(-z.im, z.re)


def _sinh(z: ComplexTerm) -> ComplexTerm:
    return -_times_i(_sin(_times_i(z)))


def _cosh(z: ComplexTerm) -> ComplexTerm:
    return _cos(_times_i(z))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b if isinstance(a, ComplexTerm) else b + a,
    "subtract": lambda a, b: a - b if isinstance(a, ComplexTerm) else -(b - a),
    "multiply": lambda a, b: a * b if isinstance(a, ComplexTerm) else b * a,
    "divide": lambda a, b: a / b if isinstance(a, ComplexTerm) else b.__rtruediv__(a),
    "power": lambda a, b: a**b if isinstance(a, ComplexTerm) else b.__rpow__(a),
    "negative": lambda a: -a,
    "absolute": abs,
    "conjugate": lambda a: a.conjugate(),
    "exp": exp,
    "log": log,
    "log10": lambda a: log(a) * (1.0 / math.log(10.0)),
    "sqrt": _sqrt,
    "square": lambda a: a * a,
    "reciprocal": lambda a: 1.0 / a,
    "sin": _sin,
    "cos": _cos,
    "tan": lambda a: _sin(a) / _cos(a),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": lambda a: _sinh(a) / _cosh(a),
}


def apply(name: str, *terms: Any) -> Any:
    """A function of complex terms, by its name in NumPy."""
    function = FUNCTIONS.get(ALIASES.get(name, name))
    if function is None:
        raise InvalidModel(f"复数模型不能使用 {name} / a complex model cannot use {name}")
    return function(*terms)
