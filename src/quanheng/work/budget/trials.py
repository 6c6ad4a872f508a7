"""Monte Carlo beside the linear results, in the units of the file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.monte_carlo import Distribution, propagate, validate
from quanheng.measure.quantity.monte_carlo import Trials as MonteCarloRun
from quanheng.measure.quantity.run import AT_ONCE
from quanheng.measure.quantity.units import Unit
from quanheng.work.budget.budget_file import BudgetFile, ConformitySpec
from quanheng.work.budget.joint import joint
from quanheng.work.budget.result import MonteCarlo, Result, Trials

Float = NDArray[np.float64]

BINS = 72
ENOUGH = 1 << 21  # trials where two stable digits leave the comparison of clause 8 open
DRAWN = 1 << 20  # trials that bins and regions are made of: more do not change what is seen of them
ROUNDING = 1e-11  # of the contributions that cancel in an exact result
TAIL = 5e-4  # of the trials on each side, that the bins leave out


def run_trials(
    file: BudgetFile,
    evaluation: Evaluation,
    results: Sequence[Result],
    progress: Callable[[int, int], None] | None = None,
) -> MonteCarlo | None:
    """All results by Monte Carlo (JCGM 101:2008); None where nothing is uncertain.

    BadBudget where trials fall outside the domain of a model, or are too many for so many results.
    """
    if not any(np.any(column.u) for column in evaluation.inputs.values()):
        return None
    spec = file.monte_carlo

    def run_of(trials: int | Literal["adaptive"]) -> tuple[MonteCarloRun, dict[str, Trials]]:
        try:
            run = propagate(
                evaluation,
                trials=trials,
                seed=spec.seed,
                coverage=file.coverage,
                interval=spec.interval,
                progress=progress,
            )
        except InvalidModel as error:
            raise file.fault(outside(file), str(error)) from error
        except InvalidUncertainty as error:
            key = ("coverage",) if trials == "adaptive" else ("monte_carlo", "trials")
            raise file.fault(key, str(error)) from error
        return run, {each.name: trials_of(each, run.outputs[each.name], file) for each in results}

    enough = min(ENOUGH, AT_ONCE // len(evaluation.outputs))
    run, outputs = run_of(spec.trials)
    if spec.trials == "adaptive" and run.trials[0] < enough and any(t.undecided for t in outputs.values()):
        run, outputs = run_of(enough)  # two digits are stable, and do not tell whether the ends agree
    correlation = between(list(outputs), list(run.outputs), run.correlation[0], run.outputs)
    adaptive = spec.trials == "adaptive"
    samples = {each.name: drawn_in(each.unit, run.outputs[each.name]) for each in results}
    together = joint(samples, file.coverage)
    return MonteCarlo(
        outputs,
        int(run.trials[0]),
        spec.seed,
        adaptive,
        bool(run.converged[0]) or all(each.exact for each in outputs.values()),
        correlation,
        together,
    )


def outside(file: BudgetFile) -> tuple[str, ...]:
    """The key that trials outside the domain of a model are a fault of: the one output's model, if there is one."""
    return ("outputs", next(iter(file.outputs)), "model") if len(file.outputs) == 1 else ("outputs",)


def trials_of(result: Result, run: Distribution, file: BudgetFile) -> Trials:
    """One result's trials, and the comparison of JCGM 101:2008, 8, in the unit of the output."""
    unit = result.unit
    told = in_unit(run, unit)
    linear = validate(*result.interval, result.u, told)
    interval = float(told.low[0]), float(told.high[0])
    gross = math.hypot(*(row.contribution for row in result.rows))
    exact = result.u == 0 and interval[1] - interval[0] <= ROUNDING * max(gross, abs(interval[1]))
    edges, density = histogram(drawn_in(unit, run))
    return Trials(
        value=result.value if exact else float(told.value[0]),
        u=0.0 if exact else float(told.u[0]),
        interval=(result.value, result.value) if exact else interval,
        kind=file.monte_carlo.interval,
        linear_validated=bool(linear.validated[0]) or exact,
        exact=exact,
        undecided=bool(linear.undecided[0]),
        differences=(0.0, 0.0) if exact else (float(linear.low[0]), float(linear.high[0])),
        tolerance=0.0 if exact else float(linear.tolerance[0]),
        conforming=conforming(run, unit, file.conformity.get(result.name)),
        edges=edges,
        density=density,
    )


def drawn_in(unit: Unit, run: Distribution) -> Float:
    """The first trials of a run of one row, as many as anything that is drawn of them needs."""
    assert run.sample is not None
    return unit.from_si(run.sample[:DRAWN])


def conforming(run: Distribution, unit: Unit, limits: ConformitySpec | None) -> float:
    """Share of the trials between the limits; NaN where there are none."""
    if limits is None:
        return math.nan
    assert run.sample is not None
    within = 0
    for first in range(0, len(run.sample), DRAWN):
        y = unit.from_si(run.sample[first : first + DRAWN])
        within += int(np.count_nonzero((y >= limits.lower) & (y <= limits.upper)))
    return within / len(run.sample)


def in_unit(run: Distribution, unit: Unit) -> Distribution:
    """The figures of a run in another unit than SI."""
    value, low, high = (unit.from_si(each) for each in (run.value, run.low, run.high))
    scaled = [unit.difference_from_si(each) for each in (run.u, run.errors)]
    return Distribution(value, scaled[0], low, high, scaled[1], None)


def histogram(sample: Float) -> tuple[Float, Float]:
    """Edges (m + 1,) of bins and densities (m,) of the trials, the farthest left out; none of equal ones."""
    low, high = np.quantile(sample, [TAIL, 1 - TAIL])
    edges = np.linspace(low, high, BINS + 1)
    widths = np.diff(edges)
    if not np.all(widths > np.finfo(float).tiny):
        return np.zeros(0), np.zeros(0)
    counts, _ = np.histogram(sample, bins=edges)
    return edges, counts / len(sample) / widths


def between(
    names: Sequence[str], drawn: Sequence[str], matrix: Float, outputs: Mapping[str, Distribution]
) -> Float:
    """Correlation of the results, 1 of one with itself; NaN where one is exact."""
    places = [drawn.index(name) for name in names]
    found = matrix[np.ix_(places, places)].copy()
    np.fill_diagonal(found, 1.0)
    exact = [not outputs[name].u[0] > 0 for name in names]
    found[exact, :] = np.nan
    found[:, exact] = np.nan
    return found
