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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.basis import Basis, Inputs, drawn
from quanheng.measure.quantity.freedom import checked_coverage
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.sample import ByNumPy, Loops, points
from quanheng.measure.quantity.schedule import Schedule
from quanheng.measure.quantity.tolerance import numerical_tolerance

Float = NDArray[np.float64]
Progress: TypeAlias = Callable[[int, int], None]

NET = 14  # 2^14 trials in a sequence of the adaptive procedure: at least 10⁴
SEQUENCES = 8  # at least so many: from fewer their scatter is not known
MOST_SEQUENCES = 128  # of an adaptive run: two million trials
MOST_TRIALS = 200_000_000
THREADS = 2  # that share the sequences of a run: each has its own place in the result
HELD = 1 << 21  # outputs of trials that are held at once, so that they stay in the cache
KEPT = 1 << 23  # draws that are kept for the next rows


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
    checked_coverage(coverage)
    if trials != "adaptive" and not 2 <= trials <= MOST_TRIALS:
        raise InvalidUncertainty(
            f"试验次数须在 2 与 {MOST_TRIALS} 之间 / trials: from 2 to {MOST_TRIALS}, not {trials}"
        )
    basis, inputs = drawn(evaluation)
    plan = inputs.schedule(evaluation.model.tape)
    loops = (_compiled_loops() if compiled else ByNumPy)(basis, plan)
    with ThreadPoolExecutor(THREADS) as threads:
        run = _Run(basis, plan, seed, coverage, interval, method, loops, threads)
        if trials == "adaptive":  # noqa: SIM108
            rows = run.adaptive(inputs, digits, progress)
        else:
            rows = run.fixed(inputs, trials, progress)
        return _together(evaluation, rows, inputs.rows, run)


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
def _compiled_loops() -> Callable[[Basis, Schedule], Loops]:
    """The compiled loops if numba is installed (the extra "numba"), or those of NumPy, with the same draws."""
    try:
        from quanheng.measure.quantity.fused.loops import Compiled
    except ImportError:
        return ByNumPy
    return Compiled


class _Row(NamedTuple):
    """Figures of one row (4, q), their errors (4, q), correlation (q, q), and its trials (q, M) while they last."""

    figures: Float
    errors: Float
    correlation: Float
    trials: Float
    converged: bool


@dataclass(frozen=True, eq=False)
class _Run:
    basis: Basis
    plan: Schedule
    seed: int
    coverage: float
    interval: Kind
    method: str
    loops: Loops
    threads: ThreadPoolExecutor
    kept: dict[int, Float] = field(default_factory=dict)

    def fixed(self, inputs: Inputs, trials: int, progress: Progress | None) -> Iterator[_Row]:
        """Full nets of 2^m trials, at least eight of them, and a remainder."""
        m = max(int(math.log2(trials / SEQUENCES)), 0) if trials >= SEQUENCES else 0
        batch = range(math.ceil(trials / (1 << m)))
        height = self.height(trials)
        out = np.empty((min(height, inputs.rows), len(self.plan.outputs), trials))
        for top in range(0, inputs.rows, height):
            block = _block(inputs, top, height)
            y = out[: block.rows]
            for index in self.sequences(block, batch, m, y, keep=height < inputs.rows):
                if progress:
                    done = min((index + 1) << m, trials)
                    progress(top * trials + block.rows * done, inputs.rows * trials)
            yield from self.threads.map(lambda each: self.row(each, 1 << m, converged=True), y)

    def adaptive(self, inputs: Inputs, digits: int, progress: Progress | None) -> Iterator[_Row]:
        """Sequences until each row has converged. JCGM 101:2008, 7.9.4."""
        m = max(NET, math.ceil(math.log2(100.0 / (1.0 - self.coverage))))
        height = self.height(SEQUENCES << m)
        for top in range(0, inputs.rows, height):
            block = _block(inputs, top, height)
            done = self.until_settled(block, m, digits, progress, keep=height < inputs.rows)
            yield from (done[k] for k in range(block.rows))

    def until_settled(
        self, inputs: Inputs, m: int, digits: int, progress: Progress | None, *, keep: bool
    ) -> dict[int, _Row]:
        """Eight sequences, then a quarter more at a time for the rows that have not converged."""
        held: list[list[Float]] = [[] for _ in range(inputs.rows)]
        averages: list[list[Float]] = [[] for _ in range(inputs.rows)]
        done: dict[int, _Row] = {}
        h, more = 0, SEQUENCES
        while len(done) < inputs.rows:
            active = [k for k in range(inputs.rows) if k not in done]
            y = np.empty((len(active), len(self.plan.outputs), more << m))
            for _ in self.sequences(
                inputs.take(np.array(active)), range(h, h + more), m, y, keep=keep and h == 0
            ):
                pass
            h += more
            parts = self.threads.map(lambda each: self.figures(each, 1 << m)[0][1:], y)
            for k, each, found in zip(active, y, parts, strict=True):
                held[k].append(each)
                averages[k].append(found)
                settled = _settled(np.concatenate(averages[k]), digits)
                if settled or h == MOST_SEQUENCES:
                    done[k] = self.row(np.concatenate(held[k], axis=1), 1 << m, converged=settled)
                    held[k] = []
            more = min(h // 4, MOST_SEQUENCES - h)
            if progress:
                progress(h << m, (h + more if len(done) < inputs.rows else h) << m)
        return done

    def height(self, trials: int) -> int:
        """Rows that are worked on at once."""
        return max(1, HELD // (len(self.plan.outputs) * trials))

    def sequences(self, inputs: Inputs, batch: range, m: int, out: Float, *, keep: bool) -> Iterator[int]:
        """Fill `out` (rows, q, trials) with the sequences of a batch, shared among threads; those done, in order.

        keep: draws are kept for the next rows.
        """
        kept = keep and len(self.basis.shapes) * out.shape[2] <= KEPT
        anew = [index for index in batch if index not in self.kept]
        nets = points(self.seed, anew, dimensions=self.basis.dimensions, m=m, method=self.method)
        where = dict(zip(anew, nets, strict=True))

        def one(index: int) -> int:
            first = (index - batch.start) << m
            y = out[:, :, first : first + (1 << m)]
            if not kept:
                self.loops.trials(where[index], inputs, y)
            else:
                if index in where:
                    self.kept[index] = self.loops.draws(where[index], y.shape[2])
                self.loops.evaluate(inputs, self.kept[index], y)
            _check_defined(y)
            return index

        return self.threads.map(one, batch)

    def figures(self, y: Float, size: int) -> tuple[Float, Float]:
        """Value, u and ends of trials (q, M), then of each full sequence, (1 + h, 4, q); covariance of all (q, q)."""
        h = y.shape[1] // size
        s, products = (np.concatenate([[each.sum(axis=0)], each[:h]]) for each in self.loops.sums(y, size))
        n = np.array([y.shape[1]] + [size] * h, dtype=np.float64)[:, None]
        with np.errstate(invalid="ignore"):  # one trial has no u
            covariance = (products - s[:, :, None] * s[:, None] / n[:, None]) / (n[:, None] - 1)
        u = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
        ends = [self.loops.interval_ends(each, size, self.coverage, self.interval) for each in y]
        low, high = np.transpose(ends, (2, 1, 0))
        return np.stack([y[:, 0] + s / n, u, low, high], axis=1), covariance[0]

    def row(self, y: Float, size: int, *, converged: bool) -> _Row:
        """All that is said of a row's trials (q, M)."""
        found, covariance = self.figures(y, size)
        whole, parts = found[0], found[1:]
        h = len(parts)
        errors = parts.std(axis=0, ddof=1) / math.sqrt(h) if h > 1 else np.full_like(whole, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.clip(covariance / np.outer(whole[1], whole[1]), -1.0, 1.0)
        return _Row(whole, errors, r, y, converged)


def _block(inputs: Inputs, top: int, height: int) -> Inputs:
    return inputs.take(np.arange(top, min(top + height, inputs.rows)))


def _check_defined(y: Float) -> None:
    """InvalidModel where some trials (rows, q, count) are undefined."""
    # a sum is finite only if all are, and needs no memory
    if not np.isfinite(y.sum()) and not np.isfinite(y).all():
        total = y.shape[0] * y.shape[2]
        wrong = int(np.count_nonzero(~np.isfinite(y).all(axis=1)))
        raise InvalidModel(
            f"{total} 次试验中有 {wrong} 次超出模型的定义域，请改用有界的分布 / {wrong} of "
            f"{total} trials fall outside the domain of the model: bound the distributions"
        )


def _settled(figures: Float, digits: int) -> bool:
    """Whether twice the standard deviation of each average of (h, 4, q) is within the tolerance, for every output."""
    u = figures[:, 1].mean(axis=0)
    spread = 2 * figures.std(axis=0, ddof=1) / math.sqrt(len(figures))
    moves = u > 0
    return bool(np.all(spread[:, moves] <= numerical_tolerance(u[moves], digits)))


def _together(evaluation: Evaluation, rows: Iterator[_Row], n: int, run: _Run) -> Trials:
    names = evaluation.model.outputs
    q = len(names)
    figures, errors, r = np.empty((n, 4, q)), np.empty((n, 4, q)), np.empty((n, q, q))
    trials, converged = np.empty(n, dtype=np.int64), np.empty(n, dtype=bool)
    sample = None
    for k, row in enumerate(rows):
        figures[k], errors[k], r[k] = row.figures, row.errors, row.correlation
        trials[k], converged[k] = row.trials.shape[1], row.converged
        sample = row.trials if n == 1 else None
    outputs = {
        name: Distribution(
            figures[:, 0, j],
            figures[:, 1, j],
            figures[:, 2, j],
            figures[:, 3, j],
            errors[:, :, j].T,
            None if sample is None else sample[j],
        )
        for j, name in enumerate(names)
    }
    return Trials(outputs, r, trials, converged, run.seed, run.coverage, run.interval)
