"""Outputs that equations define: F(x, y) = 0, several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
SWING = 1e-12  # relative, of a solution whose last bits do not settle


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
        """The outputs (n,) at inputs (n,) or numbers; NotConverged names the first row without a solution."""
        n = max((np.size(each) for each in x.values()), default=1)
        y = np.repeat(np.array(self.start)[:, None], n, axis=1)
        f, _, by_y = self._at(x, y)
        _solved(by_y, f)
        y, lost = self.solved_from(y, x)
        if np.any(lost):
            raise self._lost(int(np.flatnonzero(lost)[0]))
        return dict(zip(self.outputs, y, strict=True))

    def solved_from(self, y: Float, x: Mapping[str, Float | float]) -> tuple[Float, NDArray[np.bool_]]:
        """Solutions (q, n) from y (q, n) on at inputs (n,) or numbers, and which rows reach none (n,).

        Newton's method on all rows at once, a step halved where it makes the equations worse.
        """
        y, lost, rows = y.copy(), np.zeros(y.shape[1], dtype=bool), np.arange(y.shape[1])
        f, _, by_y = self._at(x, y)
        for _ in range(TURNS):
            step = _steps(by_y, f)
            there, f, by_y, moved = self._stepped(x, y[:, rows], f, step)
            y[:, rows] = there
            good = np.isfinite(step).all(axis=0) & np.isfinite(f).all(axis=0)
            far = moved > CLOSE * np.maximum(np.abs(there), np.finfo(float).tiny)
            still = good & far.any(axis=0) & np.any(f != 0, axis=0)
            # where the turns end here: the last bits may go on swinging
            lost[rows] = ~good | still & np.any(moved > SWING * np.abs(there), axis=0)
            if not still.any():
                break
            rows, f, by_y = rows[still], f[:, still], by_y[:, :, still]
            x = {name: each if np.ndim(each) == 0 else np.asarray(each)[still] for name, each in x.items()}
        return y, lost

    def _lost(self, row: int) -> NotConverged:
        start = ", ".join(f"{name} = {each:g}" for name, each in zip(self.outputs, self.start, strict=True))
        return NotConverged(
            f"第 {row + 1} 行的方程从 {start} 出发无解，请另给起点 / "
            f"row {row + 1}: no solution is reached from {start}; give another start"
        )

    def __call__(self, inputs: Mapping[str, Input] | None = None, **more: Input) -> ImplicitEvaluation:
        """Outputs as uncertain columns: c = -F_y⁻¹·F_x carries every source of the inputs to the outputs."""
        constants = {name: each for name, each in self.equations.constants.items() if name in self.inputs}
        given, n = gathered({**(inputs or {}), **more}, self.inputs, constants)
        x: dict[str, Float | float] = {
            name: float(each.value[0]) if len(each) == 1 else each.value for name, each in given.items()
        }
        y, sensitivity = self.linearised(x)
        columns = list(given.values())
        outputs = {name: _carried(y[k], sensitivity[k], columns) for k, name in enumerate(self.outputs)}
        return ImplicitEvaluation(self, given, outputs, n)

    def linearised(self, x: Mapping[str, Float | float]) -> tuple[Float, Float]:
        """The outputs (q, n) at inputs (n,) or numbers, and their sensitivities (q, p, n) there."""
        y = np.array(list(self.values(x).values()))
        _, by_x, by_y = self._at(x, y)
        return y, -_solved(by_y, by_x)

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


@dataclass(frozen=True, eq=False)
class ImplicitEvaluation:
    """What equations make of inputs of n rows: `outputs` by name, each an uncertain column."""

    model: ImplicitModel
    inputs: Mapping[str, Uncertain]
    outputs: Mapping[str, Uncertain]
    n: int

    def __getitem__(self, output: str) -> Uncertain:
        return self.outputs[output]


def _solved(matrix: Float, right: Float) -> Float:
    """Solve (q, q, n) against (q, n) or (q, p, n), row by row; InvalidModel where y is not fixed."""
    found = _steps(matrix, right)
    if np.all(np.isfinite(found)):
        return found
    if np.all(np.isfinite(matrix)) and np.all(np.isfinite(right)):
        raise InvalidModel(
            "方程不能确定输出（导数矩阵奇异）/ the equations do not fix the outputs (singular)"
        )
    raise InvalidModel("方程或其导数无定义 / the equations or a derivative of them are undefined")


def _steps(matrix: Float, right: Float) -> Float:
    """As `_solved`, NaN in rows that have no solution."""
    a, b = np.moveaxis(matrix, -1, 0), np.moveaxis(right, -1, 0)
    b = b[..., None] if b.ndim == 2 else b
    found = np.full(b.shape, np.nan)
    rows = np.flatnonzero(np.isfinite(a).all(axis=(1, 2)))
    rows = rows[np.linalg.slogdet(a[rows])[0] != 0]
    found[rows] = np.linalg.solve(a[rows], b[rows])
    return np.moveaxis(found[..., 0] if right.ndim == 2 else found, 0, -1)


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
