"""A graph as the tape that evaluates it, on single numbers or on columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.graph import Graph, Node
from quanheng.measure.quantity.operations import BY_CODE, Operation

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Tape:
    """A graph as a straight list of operations on registers.

    Registers 0 … hold the inputs in order, then the constants, then the result of each row of `code`
    (operation code, operand, operand; the operand of an operation of arity 1 stands twice). An output is a register.
    """

    inputs: tuple[str, ...]
    constants: Float
    code: NDArray[np.int32]
    outputs: NDArray[np.int32]

    @cached_property
    def _numbers(self) -> list[tuple[Callable[..., float], int, int]]:
        return [(op.number, a, b if op.arity == 2 else -1) for op, a, b in self._rows()]

    @cached_property
    def _columns(self) -> list[tuple[Callable[..., Any], int, int, tuple[int, ...]]]:
        """Functions with their operands, and the registers that are needed no more after them."""
        last = {register: m for m, (_, a, b) in enumerate(self._rows()) for register in (a, b)}
        over: dict[int, list[int]] = {}
        for register in last.keys() - set(self._results):
            over.setdefault(last[register], []).append(register)
        return [
            (op.columns, a, b if op.arity == 2 else -1, tuple(over.get(m, ())))
            for m, (op, a, b) in enumerate(self._rows())
        ]

    @cached_property
    def _known(self) -> list[float]:
        return [float(each) for each in self.constants]

    @cached_property
    def _results(self) -> list[int]:
        return [int(each) for each in self.outputs]

    def _rows(self) -> list[tuple[Operation, int, int]]:
        return [(BY_CODE[int(code)], int(a), int(b)) for code, a, b in self.code]

    def numbers(self, x: Sequence[float]) -> list[float]:
        """Outputs at one point, in Python's floats (fastest for a single result). InvalidModel where undefined."""
        register = [*x, *self._known]
        append = register.append
        try:
            for function, a, b in self._numbers:
                append(function(register[a], register[b]) if b >= 0 else function(register[a]))
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise undefined_at(dict(zip(self.inputs, x, strict=True))) from error
        return [register[each] for each in self._results]

    def columns(self, x: Sequence[Float | float]) -> list[Any]:
        """Outputs for columns (n,) or numbers, broadcast by NumPy; NaN or infinite where undefined."""
        register: list[Any] = [*x, *self._known]
        append = register.append
        with np.errstate(all="ignore"):
            for function, a, b, over in self._columns:
                append(function(register[a], register[b]) if b >= 0 else function(register[a]))
                for each in over:
                    # its memory, which is still in the cache, is taken again
                    register[each] = None
        return [register[each] for each in self._results]


def undefined_at(point: Mapping[str, float], row: int | None = None) -> InvalidModel:
    """The error that names the point at which a model or its derivative is undefined, and its row, counted from 1."""
    shown = ", ".join(f"{name} = {value:g}" for name, value in point.items())
    zh, en = ("", "") if row is None else (f"第 {row} 行：", f"row {row}: ")
    return InvalidModel(
        f"{zh}模型或其导数在 {shown} 处无定义 / {en}the model or a derivative of it is undefined at {shown}"
    )


def tape(outputs: Iterable[Node], inputs: Sequence[str], graph: Graph) -> Tape:
    """The tape of some nodes of a graph, over inputs in the order given."""
    wanted = [node.place for node in outputs]
    needed = _needed(graph, wanted)
    register = {graph.input(name).place: k for k, name in enumerate(inputs)}
    constants = [place for place in needed if graph.entries[place].constant is not None]
    register.update({place: len(inputs) + k for k, place in enumerate(constants)})
    code: list[tuple[int, int, int]] = []
    for place in needed:
        entry = graph.entries[place]
        if entry.operation is None:
            if place not in register:
                raise InvalidModel(f"模型中的 {entry.name} 不是输入 / {entry.name} in the model is no input")
            continue
        a, b = register[entry.operands[0]], register[entry.operands[-1]]
        register[place] = len(inputs) + len(constants) + len(code)
        code.append((entry.operation.code, a, b))
    return Tape(
        tuple(inputs),
        np.array([graph.entries[place].constant for place in constants], dtype=float),
        np.array(code, dtype=np.int32).reshape(-1, 3),
        np.array([register[place] for place in wanted], dtype=np.int32),
    )


def _needed(graph: Graph, wanted: Sequence[int]) -> list[int]:
    """Places that the wanted ones are made of, in order."""
    needed = set(wanted)
    for place in range(max(needed, default=-1), -1, -1):
        if place in needed:
            needed.update(graph.entries[place].operands)
    return sorted(needed)
