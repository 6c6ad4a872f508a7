"""Outputs that equations define: F(x, y) = 0, several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel, NotConverged
from quanheng.measure.quantity.contributions import Sparse, dense
from quanheng.measure.quantity.model import Input, Model, gathered
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]

TURNS = 60
CLOSE = 4 * np.finfo(float).eps


class ImplicitModel:
    """Outputs y that make every equation F_k(x, y) nought.

    `equations` are expressions over inputs and outputs, or a mapping of names to them; there are as many as outputs.
    `start` maps each output to the number from which Newton's steps set out: where there are several solutions it
    chooses. JCGM 102:2011, 6.3 (real multivariate implicit models).
    """

    def __init__(self, equations: Sequence[str], start: Mapping[str, float]) -> None:
        if len(equations) != len(start):
            raise InvalidModel(
                f"{len(equations)} 个方程，{len(start)} 个输出：个数须相同 / as many equations as outputs are needed"
            )
        self.equations = Model({f"F{k + 1}": text for k, text in enumerate(equations)})
        self.outputs = tuple(start)
        self.start = [float(each) for each in start.values()]
        absent = [name for name in self.outputs if name not in self.equations.inputs]
        if absent:
            raise InvalidModel(f"方程中没有输出 {absent[0]} / no equation has the output {absent[0]}")
        self.inputs = tuple(name for name in self.equations.inputs if name not in self.outputs)

    def values(self, x: Mapping[str, Float | float]) -> dict[str, Float]:
        """The outputs (n,) at inputs (n,) or numbers; NotConverged names the first row without a solution.

        Newton's method on all rows at once, a step halved where it makes the equations worse.
        """
        n = max((np.size(each) for each in x.values()), default=1)
        y = np.repeat(np.array(self.start)[:, None], n, axis=1)
        f, _, by_y = self._at(x, y)
        for turn in range(TURNS):
            try:
                step = _solved(by_y, f)
            except InvalidModel as error:
                raise (error if turn == 0 else self._lost(0)) from error
            y, f, by_y, moved = self._stepped(x, y, f, step)
            far = moved > CLOSE * np.maximum(np.abs(y), np.finfo(float).tiny)
            if not np.any(far & np.any(f != 0, axis=0)):
                return dict(zip(self.outputs, y, strict=True))
        # the last bits may go on swinging
        lost = np.any(moved > 1e-12 * np.abs(y), axis=0)
        if np.any(lost):
            raise self._lost(int(np.flatnonzero(lost)[0]))
        return dict(zip(self.outputs, y, strict=True))

    def _lost(self, row: int) -> NotConverged:
        start = ", ".join(f"{name} = {each:g}" for name, each in zip(self.outputs, self.start, strict=True))
        return NotConverged(
            f"第 {row + 1} 行的方程从 {start} 出发无解，请另给起点 / "
            f"row {row + 1}: no solution is reached from {start}; give another start"
        )

    def __call__(self, inputs: Mapping[str, Input] | None = None, **more: Input) -> dict[str, Uncertain]:
        """Outputs as uncertain columns: c = -F_y⁻¹·F_x carries every source of the inputs to the outputs."""
        constants = {name: each for name, each in self.equations.constants.items() if name in self.inputs}
        given, _ = gathered({**(inputs or {}), **more}, self.inputs, constants)
        x: dict[str, Float | float] = {
            name: float(each.value[0]) if len(each) == 1 else each.value for name, each in given.items()
        }
        y = self.values(x)
        _, by_x, by_y = self._at(x, np.array(list(y.values())))
        sensitivity = -_solved(by_y, by_x)
        return {
            name: _carried(y[name], sensitivity[k], list(given.values()))
            for k, name in enumerate(self.outputs)
        }

    def _at(self, x: Mapping[str, Float | float], y: Float) -> tuple[Float, Float, Float]:
        """F (q, n), F_x (q, p, n) and F_y (q, q, n)."""
        n = y.shape[1]
        known: dict[str, Any] = {**x, **dict(zip(self.outputs, y, strict=True))}
        known.update(
            {name: each.value for name, each in self.equations.constants.items() if name not in known}
        )
        first = self.equations.first
        found = first.tape.columns([known[name] for name in self.equations.inputs])
        q = len(self.outputs)
        f = np.array([np.broadcast_to(each, n) for each in found[:q]])
        by_x, by_y = np.zeros((q, len(self.inputs), n)), np.zeros((q, q, n))
        for k, row in enumerate(first.places):
            for i, place in row:
                name = self.equations.inputs[i]
                if name in self.outputs:
                    by_y[k, self.outputs.index(name)] = found[place]
                else:
                    by_x[k, self.inputs.index(name)] = found[place]
        return f, by_x, by_y

    def _stepped(
        self, x: Mapping[str, Float | float], y: Float, f: Float, step: Float
    ) -> tuple[Float, Float, Float, Float]:
        length = np.ones(y.shape[1])
        before = np.abs(f).max(axis=0)
        for _ in range(30):
            there = y - length * step
            ahead, _, by_y = self._at(x, there)
            with np.errstate(invalid="ignore"):
                worse = ~(np.abs(ahead).max(axis=0) <= before)
            if not np.any(worse & (np.abs(length * step) > CLOSE * np.abs(y)).any(axis=0)):
                break
            length[worse] /= 2
        return there, ahead, by_y, np.abs(length * step)


def _solved(matrix: Float, right: Float) -> Float:
    """Solve (q, q, n) against (q, n) or (q, p, n), row by row; InvalidModel where y is not fixed."""
    a, b = np.moveaxis(matrix, -1, 0), np.moveaxis(right, -1, 0)
    try:
        found = np.linalg.solve(a, b[..., None] if b.ndim == 2 else b)
    except np.linalg.LinAlgError as error:
        raise InvalidModel(
            "方程不能确定输出（导数矩阵奇异）/ the equations do not fix the outputs (singular)"
        ) from error
    if not np.all(np.isfinite(found)):
        raise InvalidModel("方程或其导数无定义 / the equations or a derivative of them are undefined")
    return np.asarray(np.moveaxis(found[..., 0] if b.ndim == 2 else found, 0, -1), dtype=float)


def _carried(value: Float, sensitivity: Float, columns: Sequence[Uncertain]) -> Uncertain:
    """An output's column: each source's contributions by way of the inputs that hold it."""
    n = len(value)
    shared: dict[Source, Float | Sparse] = {}
    private: dict[Source, Float] = {}
    for c, column in zip(sensitivity, columns, strict=True):
        for source, u in column.shared.items():
            shared[source] = dense(shared.get(source, np.zeros(n)), n) + c * dense(u, n)
        for source, u in column.private.items():
            private[source] = private.get(source, 0.0) + c * u
    return Uncertain(value, shared, private)
