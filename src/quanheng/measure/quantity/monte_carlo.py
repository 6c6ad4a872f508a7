"""Propagation of distributions by a Monte Carlo method (JCGM 101:2008, JCGM 102:2011).

    0 what is drawn: the sources of the inputs, each once a trial     `sample.drawn`
    1 trials in sequences, each an independent randomisation          `sample.fill`
    2 of each sequence: average, u, ends of the coverage interval
    3 stop: after the trials asked for, or when twice the standard deviation of each average is within the tolerance
    4 the figures from all trials together; their standard errors from the scatter of the sequences

The rows of a column share the draws. An adaptive run stops for each row on its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.graph import Tape
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.regions import Kind, interval_ends
from quanheng.measure.quantity.sample import BY_NUMPY, Basis, Inputs, Kernels, drawn, fill, points
from quanheng.measure.quantity.tolerance import numerical_tolerance

Float = NDArray[np.float64]
Progress: TypeAlias = Callable[[int, int], None]

NET = 14  # 2^14 trials in a sequence of the adaptive procedure: at least 10⁴
SEQUENCES = 8  # at least so many, if the number of trials is given
MOST_SEQUENCES = 128  # of an adaptive run: two million trials
MOST_TRIALS = 200_000_000
THREADS = 2  # that share the sequences of a run: each has its own place in the result
HELD = 1 << 25  # numbers that are held at once


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
    """Comparison of a linear result with Monte Carlo: differences of the ends, and the tolerance for both."""

    low: Float
    high: Float
    tolerance: Float
    validated: NDArray[np.bool_]


def propagate(
    evaluation: Evaluation,
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
    `compiled`: by numba where it is installed; the draws are the same without. InvalidModel where trials fall outside
    the domain of the model.
    """
    if not 0.0 < coverage < 1.0:
        raise InvalidUncertainty(
            f"包含概率须在 0 与 1 之间，不是 {coverage} / a probability lies between 0 and 1"
        )
    if trials != "adaptive" and not 2 <= trials <= MOST_TRIALS:
        raise InvalidUncertainty(
            f"试验次数须在 2 与 {MOST_TRIALS} 之间 / trials: from 2 to {MOST_TRIALS}, not {trials}"
        )
    basis, inputs = drawn(evaluation)
    run = _Run(
        basis, evaluation.model.tape, seed, coverage, interval, method, kernels() if compiled else BY_NUMPY
    )
    found = []
    height = _height(len(evaluation.model.outputs), trials)
    for top in range(0, inputs.rows, height):
        rows = np.arange(top, min(top + height, inputs.rows))
        part = inputs.take(rows) if len(rows) < inputs.rows else inputs
        if trials == "adaptive":
            found.extend(run.adaptive(part, digits, progress))
        else:
            found.extend(run.fixed(part, trials, progress))
    return _together(evaluation, found, run)


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
    return Validation(below, above, tolerance, (u > 0) & (below <= tolerance) & (above <= tolerance))


@cache
def kernels() -> Kernels:
    """The compiled loops if numba is installed (the extra "numba"), or those of NumPy, with the same draws."""
    try:
        from quanheng.measure.quantity import fused
    except ImportError:
        return BY_NUMPY
    return Kernels(fused.normal_scores, fused.interpolate, fused.evaluator)


class _Row(NamedTuple):
    """Figures of one row: (4, q), their errors (4, q), correlation (q, q), trials (q, M)."""

    figures: Float
    errors: Float
    correlation: Float
    trials: Float
    converged: bool


@dataclass(frozen=True, eq=False)
class _Run:
    basis: Basis
    tape: Tape
    seed: int
    coverage: float
    interval: Kind
    method: str
    kernels: Kernels

    def fixed(self, inputs: Inputs, trials: int, progress: Progress | None) -> list[_Row]:
        """Full nets of 2^m trials, at least eight of them, and a remainder."""
        m = max(int(math.log2(trials / SEQUENCES)), 0) if trials >= SEQUENCES else 0
        out = np.empty((inputs.rows, len(self.tape.outputs), trials))
        starts = range(0, trials, 1 << m)

        def one(index: int) -> None:
            start = starts[index]
            self.sequence(inputs, index, m, out[:, :, start : start + (1 << m)])

        with ThreadPoolExecutor(THREADS) as threads:
            for index, _ in enumerate(threads.map(one, range(len(starts)))):
                if progress:
                    progress(min((index + 1) << m, trials), trials)
        return [self.row(y, 1 << m, converged=True) for y in out]

    def adaptive(self, inputs: Inputs, digits: int, progress: Progress | None) -> list[_Row]:
        """Sequences until each row has converged. JCGM 101:2008, 7.9.4."""
        m = max(NET, math.ceil(math.log2(100.0 / (1.0 - self.coverage))))
        active = np.arange(inputs.rows)
        held: list[list[Float]] = [[] for _ in active]
        averages: list[list[Float]] = [[] for _ in active]
        done: dict[int, _Row] = {}
        for index in range(MOST_SEQUENCES):
            out = np.empty((len(active), len(self.tape.outputs), 1 << m))
            self.sequence(inputs.take(active) if len(active) < inputs.rows else inputs, index, m, out)
            stay = []
            for k, y in zip(active.tolist(), out, strict=True):
                held[k].append(y)
                averages[k].append(self.figures(y)[0])
                settled = _settled(averages[k], digits)
                if settled or index == MOST_SEQUENCES - 1:
                    done[k] = self.row(np.concatenate(held[k], axis=1), 1 << m, converged=settled)
                    held[k] = []
                else:
                    stay.append(k)
            active = np.array(stay, dtype=np.intp)
            if progress:
                progress((index + 1) << m, (index + 2) << m)
            if not stay:
                break
        return [done[k] for k in range(inputs.rows)]

    def sequence(self, inputs: Inputs, index: int, m: int, out: Float) -> None:
        """Trials of one randomisation into `out` (rows, q, count). InvalidModel where some are undefined."""
        where = points(self.seed, index, dimensions=self.basis.dimensions, m=m, method=self.method)
        fill(out, where, self.basis, self.tape, inputs, kernels=self.kernels)
        if not np.all(np.isfinite(out)):
            wrong = int(np.count_nonzero(~np.isfinite(out).all(axis=1)))
            raise InvalidModel(
                f"{out.shape[2]} 次试验中有 {wrong} 次超出模型的定义域，请改用有界的分布 / {wrong} of "
                f"{out.shape[0] * out.shape[2]} trials fall outside the domain of the model: bound the distributions"
            )

    def figures(self, y: Float, sequence: int | None = None) -> tuple[Float, Float]:
        """Value, u and ends (4, q) of trials (q, M), and those of each full sequence (h, 4, q)."""
        size = sequence or y.shape[1]
        h = y.shape[1] // size
        parts = y[:, : h * size].reshape(len(y), h, size)
        ends = [interval_ends(each, size, coverage=self.coverage, kind=self.interval) for each in y]
        whole = np.array([y.mean(axis=1), y.std(axis=1, ddof=1), *np.transpose([e for e, _ in ends])])
        each = np.array(
            [parts.mean(axis=2), parts.std(axis=2, ddof=1) if size > 1 else parts[:, :, 0] * np.nan]
        )
        by_sequence = np.concatenate([each, np.moveaxis(np.array([e for _, e in ends]), 2, 0)])
        return whole, np.moveaxis(by_sequence, 2, 0)

    def row(self, y: Float, sequence: int, *, converged: bool) -> _Row:
        """All that is said of a row's trials (q, M)."""
        whole, parts = self.figures(y, sequence)
        errors = (
            parts.std(axis=0, ddof=1) / math.sqrt(len(parts))
            if len(parts) > 1
            else np.full_like(whole, np.nan)
        )
        centred = y - whole[0][:, None]
        covariance = centred @ centred.T / (y.shape[1] - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        return _Row(whole, errors, np.clip(r, -1.0, 1.0), y, converged)


def _settled(averages: list[Float], digits: int) -> bool:
    """Whether twice the standard deviation of each average is within the tolerance, for every output."""
    h = len(averages)
    if h < 2:
        return False
    figures = np.array(averages)
    u = figures[:, 1].mean(axis=0)
    spread = 2 * figures.std(axis=0, ddof=1) / math.sqrt(h)
    moves = u > 0
    return bool(np.all(spread[:, moves] <= numerical_tolerance(u[moves], digits)))


def _height(outputs: int, trials: int | str) -> int:
    """Rows whose trials are held at once."""
    each = outputs * (trials if isinstance(trials, int) else 16 << NET)
    return max(1, min(HELD // each, 64))


def _together(evaluation: Evaluation, rows: list[_Row], run: _Run) -> Trials:
    figures = np.array([row.figures for row in rows])
    errors = np.array([row.errors for row in rows])
    outputs = {
        name: Distribution(
            figures[:, 0, j],
            figures[:, 1, j],
            figures[:, 2, j],
            figures[:, 3, j],
            errors[:, :, j].T,
            rows[0].trials[j] if len(rows) == 1 else None,
        )
        for j, name in enumerate(evaluation.model.outputs)
    }
    return Trials(
        outputs,
        np.array([row.correlation for row in rows]),
        np.array([row.trials.shape[1] for row in rows]),
        np.array([row.converged for row in rows]),
        run.seed,
        run.coverage,
        run.interval,
    )
