"""Propagation of distributions by a Monte Carlo method (JCGM 101:2008, JCGM 102:2011).

The rows of a column share the draws. An adaptive run stops for each row on its own; its steps stand in `run.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidUncertainty
from quanheng.measure.quantity.basis import Basis, Inputs, alike, drawn
from quanheng.measure.quantity.freedom import checked_coverage
from quanheng.measure.quantity.implicit import ImplicitEvaluation, ImplicitModel
from quanheng.measure.quantity.implicit_trials import Solved, inputs_alone
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.run import THREADS, Progress, Rows, Run, together
from quanheng.measure.quantity.sample import ByNumPy, Loops
from quanheng.measure.quantity.schedule import Schedule
from quanheng.measure.quantity.tolerance import numerical_tolerance

Float = NDArray[np.float64]

MOST_TRIALS = 200_000_000
SURE = 3.5  # standard errors from eight sequences that hold 99 % (t of 7 degrees of freedom)


@dataclass(frozen=True, eq=False)
class Distribution:
    """What the trials say of one output; columns (n,).

    `errors` (4, n): standard errors of value, u, low and high, from the scatter of the sequences (NaN for one).
    `sample`: the trials themselves, if there is one row.
    """

    value: Float
    u: Float
    low: Float
    high: Float
    errors: Float
    sample: Float | None


@dataclass(frozen=True, eq=False)
class Trials:
    """A run: outputs by name, their correlation (n, q, q), and for each row its trials and whether it converged."""

    outputs: Mapping[str, Distribution]
    correlation: Float
    trials: NDArray[np.int64]
    converged: NDArray[np.bool_]
    seed: int
    coverage: float
    interval: Kind


class Validation(NamedTuple):
    """Comparison of a linear result with Monte Carlo: differences of the ends, and the tolerance for both.

    undecided: not validated, but within what the ends are known to it might be: more trials would tell.
    """

    low: Float
    high: Float
    tolerance: Float
    validated: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


def propagate(
    evaluation: Evaluation | ImplicitEvaluation,
    *,
    trials: int | Literal["adaptive"] = "adaptive",
    seed: int = 0,
    coverage: float = 0.95,
    interval: Kind = "symmetric",
    method: Literal["sobol", "plain"] = "sobol",
    digits: int = 2,
    progress: Progress | None = None,
    compiled: bool = True,
) -> Trials:
    """The outputs of an evaluated model by trials.

    `trials`: a number, or "adaptive": until value, u and both ends of every output are known to `digits` significant
    digits of u (JCGM 101:2008, 7.9.4). `seed` recomputes the run. `progress` is told trials done and expected.
    `compiled`: by numba where it is installed; the draws are the same without. InvalidUncertainty where the trials of
    all outputs would not fit into memory, InvalidModel where they fall outside the domain of the model, NotConverged
    where equations have no solution in some.
    """
    checked_coverage(coverage)
    if trials != "adaptive" and not 2 <= trials <= MOST_TRIALS:
        raise InvalidUncertainty(
            f"试验次数须在 2 与 {MOST_TRIALS} 之间 / trials: from 2 to {MOST_TRIALS}, not {trials}"
        )
    columns = list(evaluation.inputs.values())
    groups = alike(columns, evaluation.n)
    names = evaluation.model.outputs
    told = progress if progress and len(groups) == 1 else _no_progress
    found: list[Rows] = []
    with ThreadPoolExecutor(THREADS) as threads:
        for some in groups:
            taken = columns if len(groups) == 1 else [c.take(some) if len(c) > 1 else c for c in columns]
            basis, inputs = drawn(taken, len(some))
            loops = _loops(evaluation.model, basis, inputs, compiled)
            run = Run(basis, inputs, len(names), loops, threads, seed, coverage, interval, method, told)
            found.append(together(list(run.adaptive(digits) if trials == "adaptive" else run.fixed(trials))))
            if progress and len(groups) > 1:
                done = sum(int(each.trials.sum()) for each in found)
                progress(done, int(found[0].trials[0]) * evaluation.n)
    rows = found[0] if len(groups) == 1 else together(found).take(np.argsort(np.concatenate(groups)))
    outputs = {}
    for j, name in enumerate(names):
        value, u, low, high = rows.figures[:, :, j].T
        sample = None if rows.sample is None else rows.sample[j]
        outputs[name] = Distribution(value, u, low, high, rows.errors[:, :, j].T, sample)
    return Trials(outputs, rows.correlation, rows.trials, rows.converged, seed, coverage, interval)


def validate(
    low: ArrayLike, high: ArrayLike, u: ArrayLike, trials: Distribution, digits: int = 2
) -> Validation:
    """Whether the linear interval [low, high] agrees with that of the trials to `digits` digits of u.

    JCGM 101:2008, 8: both ends within the numerical tolerance. Arrays (n,) or numbers.
    """
    u = np.atleast_1d(np.asarray(u, dtype=float))
    tolerance = numerical_tolerance(np.where(u > 0, u, 1.0), digits)
    below = np.abs(np.asarray(low, dtype=float) - trials.low)
    above = np.abs(np.asarray(high, dtype=float) - trials.high)
    validated = (u > 0) & (below <= tolerance) & (above <= tolerance)
    noise = np.nan_to_num(SURE * trials.errors[2:])
    near = (below - noise[0] <= tolerance) & (above - noise[1] <= tolerance)
    return Validation(below, above, tolerance, validated, (u > 0) & ~validated & near)


def _loops(model: Model | ImplicitModel, basis: Basis, inputs: Inputs, compiled: bool) -> Loops:
    make = _compiled_loops() if compiled else ByNumPy
    if isinstance(model, ImplicitModel):
        return Solved(model, make(basis, inputs.schedule(inputs_alone(model))))
    return make(basis, inputs.schedule(model.tape))


def _no_progress(done: int, expected: int) -> None:
    """Nobody is told."""


@cache
def _compiled_loops() -> Callable[[Basis, Schedule], Loops]:
    """The compiled loops if numba is installed (the extra "numba"), or those of NumPy, with the same draws."""
    try:
        from quanheng.measure.quantity.fused.loops import Compiled
    except ImportError:
        return ByNumPy
    return Compiled
