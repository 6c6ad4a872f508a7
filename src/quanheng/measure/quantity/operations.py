"""The closed set of operations that a measurement model is made of.

Each has a number that never changes (recorded models and compiled interpreters go by it), its function over columns
(NumPy) and over single numbers. All have a derivative, stated in `graph.py`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operation:
    """One operation of arity 1 or 2; named as in NumPy."""

    name: str
    code: int
    arity: int
    columns: Callable[..., Any]
    number: Callable[..., float]


def sign(x: float) -> float:
    """-1, 0 or 1."""
    return float((x > 0) - (x < 0))


_ALL = (
    Operation("add", 0, 2, np.add, operator.add),
    Operation("subtract", 1, 2, np.subtract, operator.sub),
    Operation("multiply", 2, 2, np.multiply, operator.mul),
    Operation("divide", 3, 2, np.divide, operator.truediv),
    Operation("power", 4, 2, np.power, math.pow),
    Operation("negative", 5, 1, np.negative, operator.neg),
    Operation("absolute", 6, 1, np.absolute, abs),
    Operation("sign", 7, 1, np.sign, sign),
    Operation("sqrt", 8, 1, np.sqrt, math.sqrt),
    Operation("cbrt", 9, 1, np.cbrt, math.cbrt),
    Operation("exp", 10, 1, np.exp, math.exp),
    Operation("exp2", 11, 1, np.exp2, math.exp2),
    Operation("expm1", 12, 1, np.expm1, math.expm1),
    Operation("log", 13, 1, np.log, math.log),
    Operation("log2", 14, 1, np.log2, math.log2),
    Operation("log10", 15, 1, np.log10, math.log10),
    Operation("log1p", 16, 1, np.log1p, math.log1p),
    Operation("sin", 17, 1, np.sin, math.sin),
    Operation("cos", 18, 1, np.cos, math.cos),
    Operation("tan", 19, 1, np.tan, math.tan),
    Operation("arcsin", 20, 1, np.arcsin, math.asin),
    Operation("arccos", 21, 1, np.arccos, math.acos),
    Operation("arctan", 22, 1, np.arctan, math.atan),
    Operation("arctan2", 23, 2, np.arctan2, math.atan2),
    Operation("hypot", 24, 2, np.hypot, math.hypot),
    Operation("sinh", 25, 1, np.sinh, math.sinh),
    Operation("cosh", 26, 1, np.cosh, math.cosh),
    Operation("tanh", 27, 1, np.tanh, math.tanh),
    Operation("arcsinh", 28, 1, np.arcsinh, math.asinh),
    Operation("arccosh", 29, 1, np.arccosh, math.acosh),
    Operation("arctanh", 30, 1, np.arctanh, math.atanh),
)
OPERATIONS = {operation.name: operation for operation in _ALL}
BY_CODE = {operation.code: operation for operation in _ALL}
