"""Trials of outputs that equations define: inputs are drawn, and the equations are solved in each trial.

JCGM 102:2011, 7.3 with 6.3: what holds of explicit models holds of implicit ones, once each trial is solved. Newton's
steps set out from the solution of the linear model, so that of several solutions a trial takes the one that belongs to
the estimates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import NotConverged
from quanheng.measure.quantity.basis import Inputs
from quanheng.measure.quantity.implicit import ImplicitModel
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.sample import Loops, Points
from quanheng.measure.quantity.tape import Tape

Float = NDArray[np.float64]

AT_ONCE = 1 << 14  # trials that are solved at once


def inputs_alone(model: ImplicitModel) -> Tape:
    """The tape whose outputs are the inputs of a model."""
    places = np.arange(len(model.inputs), dtype=np.int32)
    return Tape(model.inputs, np.empty(0), np.empty((0, 3), dtype=np.int32), places)


@dataclass(frozen=True, eq=False)
class Solved:
    """See `sample.Loops`; `of_inputs` are loops over the tape `inputs_alone`.

    NotConverged where trials have no solution near that of the linear model.
    """

    model: ImplicitModel
    of_inputs: Loops

    def draws(self, where: Points, count: int) -> Float:
        return self.of_inputs.draws(where, count)

    def evaluate(self, inputs: Inputs, draws: Float, out: Float) -> None:
        x = np.empty((inputs.rows, len(self.model.inputs), out.shape[2]))
        self.of_inputs.evaluate(inputs, draws, x)
        self._solve(inputs, x, out)

    def trials(self, where: Points, inputs: Inputs, out: Float) -> None:
        x = np.empty((inputs.rows, len(self.model.inputs), out.shape[2]))
        self.of_inputs.trials(where, inputs, x)
        self._solve(inputs, x, out)

    def sums(self, y: Float, size: int) -> tuple[Float, Float]:
        return self.of_inputs.sums(y, size)

    def interval_ends(self, y: Float, sequence: int, coverage: float, kind: Kind) -> Float:
        return self.of_inputs.interval_ends(y, sequence, coverage, kind)

    def _solve(self, inputs: Inputs, x: Float, out: Float) -> None:
        """Fill `out` (rows, q, count) with the solutions at inputs x (rows, p, count)."""
        names, estimates = self.model.inputs, inputs.wide[0]
        y, sensitivity = self.model.linearised(dict(zip(names, estimates, strict=True)))
        lost = 0
        for row in range(inputs.rows):
            for first in range(0, out.shape[2], AT_ONCE):
                part = slice(first, first + AT_ONCE)
                there = x[row, :, part]
                start = y[:, row, None] + sensitivity[:, :, row] @ (there - estimates[:, row, None])
                found, bad = self.model.solved_from(start, dict(zip(names, there, strict=True)))
                out[row, :, part] = found
                lost += int(np.count_nonzero(bad))
        if lost:
            total = inputs.rows * out.shape[2]
            raise NotConverged(
                f"{total} 次试验中有 {lost} 次的方程从线性解出发无解，请改用有界的分布 / "
                f"from the linear solution {lost} of {total} trials reach none of the equations: "
                "bound the distributions"
            )
