"""A Monte Carlo run: sequences of trials, rows, the threads that share them, and when it stops.

    0 what is drawn: the sources of the inputs, each once a trial     `basis.drawn`
    1 trials in sequences, each an independent randomisation          `sample.Loops`
    2 of each sequence: average, u, ends of the coverage interval
    3 stop: after the trials asked for, or when twice the standard deviation of each average is within the tolerance
    4 the figures from all trials together; their standard errors from the scatter of the sequences

Many rows are shared among the threads, and the draws of the first sequences are kept for all of them; of few rows, the
threads share the sequences. Either way a trial is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.basis import Basis, Inputs
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.sample import Loops, points
from quanheng.measure.quantity.tolerance import numerical_tolerance

Float = NDArray[np.float64]
Progress: TypeAlias = Callable[[int, int], None]
Shared: TypeAlias = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]  # as `map`

NET = 14  # 2^14 trials in a sequence of the adaptive procedure: at least 10⁴
SEQUENCES = 8  # at least so many: from fewer their scatter is not known
MOST_SEQUENCES = 128  # of an adaptive run: two million trials
THREADS = 2
HELD = 1 << 21  # outputs of trials that a thread holds at once, so that they stay in the cache
KEPT = 1 << 23  # draws that are kept for all rows
AT_ONCE = 1 << 28  # outputs of trials that one row may have: 2 GiB


class Rows(NamedTuple):
    """What the trials say of some rows.

    figures (n, 4, q): value, u, low and high; errors (n, 4, q): their standard errors, NaN from one sequence;
    correlation (n, q, q); trials (n,) and converged (n,); sample (q, M): the trials themselves, of a single row.
    """

    figures: Float
    errors: Float
    correlation: Float
    trials: NDArray[np.int64]
    converged: NDArray[np.bool_]
    sample: Float | None = None

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """Some of them."""
        figures, errors, r, trials, converged, _ = self
        return Rows(figures[rows], errors[rows], r[rows], trials[rows], converged[rows])


@dataclass(frozen=True, eq=False)
class Run:
    """A run for all rows of the inputs of a model with q outputs."""

    basis: Basis
    inputs: Inputs
    q: int
    loops: Loops
    threads: ThreadPoolExecutor
    seed: int
    coverage: float
    interval: Kind
    method: str
    progress: Progress
    kept: list[Float] = field(default_factory=list)  # draws (s, trials) of the first sequences
    spare: list[Float] = field(default_factory=list)  # memory for trials that no thread uses
    finished: list[int] = field(default_factory=list)  # how many rows each finished block has

    def fixed(self, trials: int) -> Iterator[Rows]:
        """Full nets of 2^m trials, at least eight of them, and a remainder. InvalidUncertainty for too many."""
        if trials * self.q > AT_ONCE:
            most = AT_ONCE // self.q
            raise InvalidUncertainty(
                f"{trials} 次试验对 {self.q} 个输出量过多，至多 {most} 次 / "
                f"{trials} trials are too many for {self.q} output(s): at most {most}"
            )
        m = max(int(math.log2(trials / SEQUENCES)), 0) if trials >= SEQUENCES else 0
        batch = range(math.ceil(trials / (1 << m)))

        def of_block(block: Inputs, share: Shared) -> Rows:
            y = self.room(block.rows, trials)
            self.fill(block, batch, m, y, share)
            found = self.rows(*self.figures(y, 1 << m), y)
            self.give_back(y)
            return found

        return self.by_block(batch, m, trials, of_block)

    def adaptive(self, digits: int) -> Iterator[Rows]:
        """Sequences until each row has converged. JCGM 101:2008, 7.9.4. InvalidUncertainty for too many trials."""
        m = max(NET, math.ceil(math.log2(100.0 / (1.0 - self.coverage))))
        if (SEQUENCES * self.q) << m > AT_ONCE:
            raise InvalidUncertainty(
                f"包含概率 {self.coverage} 对 {self.q} 个输出量要太多的自适应试验（每组 100/(1 − p) 次，"
                f"JCGM 101 7.9.4）：取小些，或写明试验次数 / a coverage of {self.coverage} takes too many adaptive "
                f"trials for {self.q} output(s) (100/(1 − p) in each sequence, JCGM 101, 7.9.4): choose a lower one, "
                "or state how many trials"
            )

        def of_block(block: Inputs, share: Shared) -> Rows:
            return self.until_settled(block, m, digits, share)

        return self.by_block(range(SEQUENCES), m, SEQUENCES << m, of_block)

    def by_block(
        self, batch: range, m: int, trials: int, of_block: Callable[[Inputs, Shared], Rows]
    ) -> Iterator[Rows]:
        """The rows in blocks whose trials are held at once; `batch` are the first sequences, of so many trials."""
        height = max(1, HELD // (self.q * trials))
        many = self.inputs.rows >= 2 * THREADS and len(self.basis.shapes) * trials <= KEPT
        if many:
            height = min(height, math.ceil(self.inputs.rows / THREADS))
            self.kept.append(self.drawn(batch, m, trials))
        blocks = [
            self.inputs.take(np.arange(top, min(top + height, self.inputs.rows)))
            for top in range(0, self.inputs.rows, height)
        ]
        if many:
            done = self.threads.map(lambda block: of_block(block, map), blocks)
        else:
            done = (of_block(block, self.threads.map) for block in blocks)
        for found in done:
            self.finished.append(len(found.trials))
            if many:
                self.progress(sum(self.finished) * trials, self.inputs.rows * trials)
            yield found

    def until_settled(self, inputs: Inputs, m: int, digits: int, share: Shared) -> Rows:
        """Eight sequences, then a quarter more at a time for the rows that have not converged."""
        held: list[list[Float]] = [[] for _ in range(inputs.rows)]
        averages: list[list[Float]] = [[] for _ in range(inputs.rows)]
        done: dict[int, Rows] = {}
        h, more = 0, SEQUENCES
        most = min(MOST_SEQUENCES, AT_ONCE // (self.q << m))
        while len(done) < inputs.rows:
            active = [k for k in range(inputs.rows) if k not in done]
            y = np.empty((len(active), self.q, more << m))
            self.fill(inputs.take(np.array(active)), range(h, h + more), m, y, share)
            h += more
            figures, covariance = self.figures(y, 1 << m)
            for i, k in enumerate(active):
                held[k].append(y[i : i + 1])
                averages[k].append(figures[i, 1:])
                settled = _settled(np.concatenate(averages[k]), digits)
                if settled or h == most:
                    whole = np.concatenate(held[k], axis=2)
                    first = len(held[k]) == 1
                    found = (
                        (figures[i : i + 1], covariance[i : i + 1]) if first else self.figures(whole, 1 << m)
                    )
                    done[k] = self.rows(*found, whole, converged=settled)
                    held[k] = []
            more = min(h // 4, most - h)
        return together([done[k] for k in range(inputs.rows)])

    def drawn(self, batch: range, m: int, trials: int) -> Float:
        """The draws (s, trials) of a batch of sequences."""
        out = np.empty((len(self.basis.shapes), trials))
        where = points(self.seed, batch, dimensions=self.basis.dimensions, m=m, method=self.method)

        def one(k: int) -> None:
            part = out[:, k << m : (k + 1) << m]
            part[:] = self.loops.draws(where[k], part.shape[1])

        for _ in self.threads.map(one, range(len(batch))):
            pass
        return out

    def fill(self, inputs: Inputs, batch: range, m: int, out: Float, share: Shared) -> None:
        """Fill `out` (rows, q, trials) with the sequences of a batch. InvalidModel where trials are undefined."""
        if self.kept and batch.start == 0:
            self.loops.evaluate(inputs, self.kept[0], out)
            _check_defined(out)
            return
        where = points(self.seed, batch, dimensions=self.basis.dimensions, m=m, method=self.method)

        def one(k: int) -> int:
            part = out[:, :, k << m : (k + 1) << m]
            self.loops.trials(where[k], inputs, part)
            _check_defined(part)
            return k

        before = batch.start << m
        expected = before + out.shape[2]
        for k in share(one, range(len(batch))):
            if not self.kept:
                done = before + min((k + 1) << m, out.shape[2])
                rows = sum(self.finished)
                self.progress(rows * expected + inputs.rows * done, self.inputs.rows * expected)

    def figures(self, y: Float, size: int) -> tuple[Float, Float]:
        """Value, u and ends of trials (n, q, M), then of each full sequence, (n, 1 + h, 4, q); covariance (n, q, q)."""
        h = y.shape[2] // size
        s, products = (
            np.concatenate([each.sum(axis=1, keepdims=True), each[:, :h]], axis=1)
            for each in self.loops.sums(y, size)
        )
        n = np.array([y.shape[2]] + [size] * h, dtype=np.float64)[:, None]
        with np.errstate(invalid="ignore"):  # one trial has no u
            covariance = (products - s[..., :, None] * s[..., None, :] / n[..., None]) / (n[..., None] - 1)
        u = np.sqrt(np.maximum(np.diagonal(covariance, axis1=2, axis2=3), 0.0))
        low, high = np.moveaxis(
            self.loops.interval_ends(y, size, self.coverage, self.interval), (3, 1), (0, 3)
        )
        return np.stack([y[:, None, :, 0] + s / n, u, low, high], axis=2), covariance[:, 0]

    def rows(self, figures: Float, covariance: Float, y: Float, *, converged: bool = True) -> Rows:
        """All that is said of rows with these figures and trials (n, q, M)."""
        whole, parts = figures[:, 0], figures[:, 1:]
        n, h = parts.shape[:2]
        errors = parts.std(axis=1, ddof=1) / math.sqrt(h) if h > 1 else np.full_like(whole, np.nan)
        u = whole[:, 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.clip(covariance / (u[:, :, None] * u[:, None, :]), -1.0, 1.0)
        sample = y[0] if self.inputs.rows == 1 else None
        return Rows(whole, errors, r, np.full(n, y.shape[2]), np.full(n, converged), sample)

    def room(self, rows: int, trials: int) -> Float:
        """Memory for trials (rows, q, trials), used before where that can be: its first touch is dear."""
        size = rows * self.q * trials
        flat = self.spare.pop() if self.spare else np.empty(size)
        if flat.size < size:
            flat = np.empty(size)
        return flat[:size].reshape(rows, self.q, trials)

    def give_back(self, y: Float) -> None:
        if self.inputs.rows > 1:
            self.spare.append(y.reshape(-1))


def together(found: list[Rows]) -> Rows:
    """Rows one after the other."""
    sample = found[0].sample if len(found) == 1 else None
    figures, errors, r, trials, converged = (
        np.concatenate(each) for each in list(zip(*found, strict=True))[:5]
    )
    return Rows(figures, errors, r, trials, converged, sample)


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
