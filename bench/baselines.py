"""Our estimator beside published ones, beside itself with the true loss, and beside the Cramér–Rao bound.

    python bench/baselines.py [--cell NAME …] [--share 1.0] [--workers N] [--json]

The areas are the held-out ones of bench/detection.py. The published estimators see daily registers:

    M_t − Σ_i x_it = Σ_i c_i x_it + b M_t² + f + noise

All figures are over meters above 1 kWh a day. AP ranks by p_out; a published estimator has no posterior
and is ranked by |error|, or by |error| over its standard error if that does better. It replaces where
|error| > mpe.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, solveh_banded
from scipy.optimize import minimize_scalar

from detection import (
    CELLS,
    HELD_OUT,
    Cell,
    Outcome,
    areas_from,
    average_precision,
    columns_of,
    light,
)
from quanheng.measure.mixture_posterior import error_of
from quanheng.readings.batch import AreaReadings, Terms
from quanheng.readings.reduce import reduce_to_terms
from quanheng.work.simulate.electricity import MASTER, METERS, PHASES
from quanheng.work.simulate.metering import UNEVEN
from quanheng.work.simulate.world import SimulatedArea
from quanheng.work.supervise.areas import PRIORS, assess, step_minutes
from quanheng.work.supervise.findings import Prior
from quanheng.work.supervise.judge import judge, pooled_priors
from quanheng.work.supervise.registers import continuous

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

COMPARED = ("curves 100 × 365", "curves 200 × 365", "terms 100 × 365")
ALPHA = 0.05
LIGHT = 1.0  # kWh per day
CLOCK_SD = 30.0  # s, of the simulated clocks
NOTHING_KNOWN_SD = 0.1  # of a correction
FORGETTING = 0.99
NO_FORGETTING_BELOW = 0.95  # least dynamic factor
MEMORY = 365  # days of errors that the dynamic factor holds to be usual
FIRST_GUESS_SD = 0.055  # of a correction, before the first day of the recursive estimators
FREE = 1e6  # prior variance of loss and constant over that of the corrections
# The simulated fixed loss: relative noise of a day, relative step of its walk; power of its parts.
FIXED_DAY_NOISE, FIXED_WALK = 0.01, 0.0015
FIXED_CIRCUIT = 0.7e-3  # kW per row
FIXED_REST = 0.010 / 3  # kW per phase
FIXED_REST_SD = 0.008 / np.sqrt(12) / 3  # kW: uniform, 6 W to 14 W


@dataclass(frozen=True)
class Published:
    """The published model of an area over T days, of the r meters that counted anything."""

    energy: Float  # (T, r) kWh
    free: Float  # (T, 2) M² over its mean, and 1
    target: Float  # (T,) kWh


@dataclass(frozen=True)
class Point:
    """Estimates of the corrections of r meters, and their standard errors where the method has any."""

    correction: NDArray[np.floating]
    u: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Columns:
    """What an estimator says of all meters of a cell; NaN = not estimated. The larger a rank, the worse."""

    ranks: tuple[Float, ...]
    chosen: Flags
    error: Float


@dataclass(frozen=True)
class AreaResult:
    """All that is kept of one area."""

    ours: Outcome
    true_loss: Outcome
    points: dict[str, tuple[Float, Float]]  # by estimator: error and |error|/u, NaN = not estimated
    bound: Float  # (n,) least standard deviation of an estimate
    sound_bound: Float  # (n,) the same where the prior of sound meters is known as well


# Published estimators


def published_model(readings: AreaReadings) -> tuple[Published, Flags]:
    """The model from daily registers without gaps, and which meters (n,) it holds."""
    assert readings.registers is not None
    registers, _ = continuous(readings.registers)
    energy = np.diff(registers.meter * readings.meters.resolution[:, None], axis=1).T
    master = np.diff(registers.master) * readings.area.master_resolution
    counted = energy.sum(axis=0) > 0
    square = master**2 / np.mean(master**2)
    free = np.column_stack([square, np.ones_like(square)])
    return Published(energy[:, counted], free, master - energy.sum(axis=1)), counted


def without_free(model: Published) -> tuple[Float, Float]:
    """Energy and target with loss and constant projected out; coefficients stay (Frisch and Waugh 1933)."""
    q, _ = np.linalg.qr(model.free)
    return model.energy - q @ (q.T @ model.energy), model.target - q @ (q.T @ model.target)


def ordinary_least_squares(model: Published) -> Point:
    """Where days are no more than unknowns, the solution of least norm, without standard errors."""
    x, y = without_free(model)
    left = len(y) - 2 - x.shape[1]
    c, *_ = np.linalg.lstsq(x, y, rcond=None)
    if left <= 0:
        return Point(c)
    variance = float(np.sum((y - x @ c) ** 2)) / left
    return Point(c, np.sqrt(variance * np.diag(np.linalg.pinv(x.T @ x))))


def ridge(model: Published) -> Point:
    """Ridge regression, its strength by the largest evidence (MacKay 1992); u is the posterior's."""
    x, y = without_free(model)
    left, sizes, right = np.linalg.svd(x, full_matrices=False)
    projected, freedom = left.T @ y, len(y) - 2
    beyond = float(y @ y - projected @ projected)

    def variance(strength: float) -> float:
        return (beyond + float(np.sum(projected**2 / (1 + strength * sizes**2)))) / freedom

    def deviance(log_strength: float) -> float:
        strength = float(np.exp(log_strength))
        return float(np.sum(np.log1p(strength * sizes**2)) + freedom * np.log(variance(strength)))

    strength = float(np.exp(minimize_scalar(deviance, bounds=(-20.0, 10.0), method="bounded").x))
    shrunk = strength / (1 + strength * sizes**2)
    spread = strength - (right**2).T @ (strength * sizes**2 * shrunk)
    return Point(
        right.T @ (shrunk * sizes * projected), np.sqrt(variance(strength) * np.maximum(spread, 0.0))
    )


def recursive_least_squares(model: Published, *, dynamic: bool = False) -> Point:
    """Recursive least squares with exponential forgetting, one day after another; the last day's estimate.

    The factor is FORGETTING, or with `dynamic` that of Fortescue, Kershenbaum and Ydstie (Automatica 17,
    1981): it forgets as much as the day's error is unusual (so do Kong et al., Energies 12, 2019, 805).
    """
    r = model.energy.shape[1]
    columns = np.concatenate([model.energy, model.free], axis=1)
    usual = noise_variance(model)
    P = np.diag(np.r_[np.full(r, 1.0), np.full(2, FREE)]) * FIRST_GUESS_SD**2 / usual
    theta = np.zeros(r + 2)
    for x, y in zip(columns, model.target, strict=True):
        reach = P @ x
        spread = 1 + x @ reach
        error = y - x @ theta
        factor = FORGETTING
        if dynamic:
            factor = max(NO_FORGETTING_BELOW, 1 - error**2 / (spread * usual * MEMORY))
        gain = reach / (factor + spread - 1)
        theta += gain * error
        P -= np.outer(gain, reach)
        P /= factor
        P = 0.5 * (P + P.T)
    return Point(theta[:r], np.sqrt(usual * np.maximum(np.diag(P)[:r], 0.0)))


def noise_variance(model: Published) -> float:
    """kWh² of a day that ridge leaves unexplained."""
    x, y = without_free(model)
    left = y - x @ ridge(model).correction
    return float(np.mean(left**2))


def lasso(model: Published) -> Point:
    """Lasso (Tibshirani 1996), its strength by five-fold cross-validation over blocks of days."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV

    x, y = without_free(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LassoCV(cv=5, fit_intercept=False, alphas=50, max_iter=3000, tol=1e-4).fit(x, y)
    return Point(fitted.coef_)


PEERS: dict[str, Callable[[Published], Point]] = {
    "OLS": ordinary_least_squares,
    "ridge (evidence)": ridge,
    "RLS, forgetting 0.99": recursive_least_squares,
    "RLS, dynamic forgetting": lambda model: recursive_least_squares(model, dynamic=True),
    "Lasso (cross-validated)": lasso,
}


def missing_peers() -> dict[str, str]:
    """Estimators that cannot run here, and why."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return {"Lasso (cross-validated)": "scikit-learn is not installed: pip install 'quanheng[bench]'"}
    return {}


def points_of(readings: AreaReadings) -> dict[str, tuple[Float, Float]]:
    """Errors of all n meters by every published estimator that runs here."""
    model, counted = published_model(readings)
    out = {}
    for name, estimator in PEERS.items():
        if name in missing_peers():
            continue
        point = estimator(model)
        error, weight = np.full(len(counted), np.nan), np.full(len(counted), np.nan)
        # an estimate near −1 means nothing, and its error would be infinite
        error[counted] = error_of(np.maximum(point.correction, -0.9))
        if point.u is not None:
            weight[counted] = np.abs(point.correction) / np.maximum(point.u, 1e-12)
        out[name] = (error, weight)
    return out


# Our estimator with the true loss, and the bound


def with_true_loss(sample: SimulatedArea, minutes: int) -> AreaReadings:
    """The readings as terms whose loss is what was really lost on behalf of each row."""
    readings = sample.readings
    terms = readings.terms if readings.curves is None else reduce_to_terms(readings, minutes)
    assert terms is not None
    rows, steps = terms.energy.shape
    lost = sample.true_loss.reshape(rows, steps, -1).sum(axis=2, dtype=float)
    return replace(readings, curves=None, terms=replace(terms, loss=lost))


@dataclass(frozen=True)
class Balances:
    """The balances of all phases stacked; beside the corrections, nuisances whose covariance is known."""

    energy: Float  # (S, n)
    nuisance: Float  # (S, m)
    spread: Float  # (m, m) covariance of the nuisances
    freeze: tuple[Float, ...]  # (T + 1,) kWh² of each phase: variance of the error at each freeze
    read: tuple[Float, ...]  # (n, T + 1) kWh² of each phase: the part of it that is in the meter's own energy


def stacked(sample: SimulatedArea, terms: Terms, clock_sd: float) -> Balances:
    """The true model, loss known: clocks, the master's gain and clock, the fixed loss, its noise and walk.

    At a freeze a meter and the master differ besides by P (t_M − t) (v − 1), v the power of the moment over
    the quarter-hour's mean; the bound knows the variance of v.
    """
    n, days = len(sample.truth.meter), terms.energy.shape[1] * terms.step_minutes // 1440
    steps, hours = terms.energy.shape[1], terms.step_minutes / 60
    day = np.repeat(np.eye(days), steps // days, axis=0)
    parts: list[list[Float]] = [[], [], [], [], [], []]
    freeze, read = [], []
    for k, phase in enumerate(terms.master_phase):
        rows = np.flatnonzero([p == phase for p in terms.phase])
        at_meter = np.zeros((n, len(rows)))
        at_meter[terms.meter[rows], np.arange(len(rows))] = 1.0
        power = terms.power[rows]
        circuits = FIXED_CIRCUIT * len(rows) + FIXED_REST
        master = terms.master_energy[k][:, None]
        own = np.zeros((steps, len(PHASES)))
        own[:, k] = master[:, 0]
        parts[0].append(terms.energy[rows].T @ at_meter.T)
        parts[1].append(-np.diff(power, axis=1).T @ at_meter.T / 3600)
        parts[2].append(np.diff(power.sum(axis=0))[:, None] / 3600)
        parts[3].append(np.concatenate([master, own], axis=1))
        parts[4].append(np.full((steps, 1), hours))
        parts[5].append(day * circuits * hours)
        moment = UNEVEN * power / 3600
        late = sample.truth.clock[terms.meter[rows]][:, None]
        between = ((sample.master_clock - late) * moment) ** 2
        freeze.append(between.sum(axis=0) + (len(rows) * METERS.step**2 + MASTER.step**2) / 12)
        read.append(at_meter @ ((late * moment) ** 2 + METERS.step**2 / 12))
    energy, *nuisance = (np.concatenate(part) for part in parts)
    time = np.arange(days)
    wander = FIXED_DAY_NOISE**2 * np.eye(days) + FIXED_WALK**2 * (1.0 + np.minimum(time[:, None], time))
    gains = MASTER.u**2 * np.r_[1.0, np.full(len(PHASES), 1 / 16)]
    spread = block_diag(np.eye(n + 1) * clock_sd**2, np.diag(gains), FIXED_REST_SD**2, wander)
    return Balances(energy, np.concatenate(nuisance, axis=1), spread, tuple(freeze), tuple(read))


def information(balances: Balances) -> Float:
    """(n, n) Fisher information on the corrections, the nuisances of known covariance integrated out.

    The true energies are not known; those indicated carry the errors of their registers, which are taken off.
    """
    columns = np.concatenate([balances.energy, balances.nuisance], axis=1)
    gram = np.zeros((columns.shape[1],) * 2)
    n, steps = balances.energy.shape[1], len(columns) // len(balances.freeze)
    difference = np.diff(np.eye(steps + 1), axis=0)
    for k, (freeze, read) in enumerate(zip(balances.freeze, balances.read, strict=True)):
        z = columns[k * steps : (k + 1) * steps]
        banded = np.stack([np.r_[0.0, -freeze[1:-1]], freeze[1:] + freeze[:-1]])
        gram += z.T @ solveh_banded(banded, z)
        at_freeze = np.sum(difference * solveh_banded(banded, difference), axis=0)
        gram[np.arange(n), np.arange(n)] -= read @ at_freeze
    among = gram[n:, n:] + np.linalg.inv(balances.spread)
    return np.asarray(gram[:n, :n] - gram[:n, n:] @ np.linalg.solve(among, gram[n:, :n]))


def bounds(sample: SimulatedArea, readings: AreaReadings, clock_sd: float) -> tuple[Float, Float]:
    """Least standard deviation of each correction (n,): nothing known of the meters; all known to be sound.

    Both are van Trees' form of the Cramér–Rao bound; the first has a prior of 10 %, for the vacant meters.
    """
    assert readings.terms is not None
    J = information(stacked(sample, readings.terms, clock_sd))
    unity = np.eye(len(J))
    free, sound = (np.linalg.inv(J + unity / sd**2) for sd in (NOTHING_KNOWN_SD, METERS.sound_sd))
    return np.sqrt(np.diag(free)), np.sqrt(np.diag(sound))


# Areas and cells


def compare_areas(cell: Cell, seed: int, first: int, count: int) -> list[AreaResult]:
    """Everything about areas first … first + count − 1 of a cell's city."""
    out = []
    for sample in areas_from(cell, seed, first, count):
        readings = with_true_loss(sample, step_minutes(cell.days))
        bare = light(sample)
        nothing = replace(bare.readings, terms=None)
        out.append(
            AreaResult(
                Outcome(assess(sample.readings), bare, nothing),
                Outcome(assess(readings), bare, nothing),
                points_of(sample.readings),
                *bounds(sample, readings, CLOCK_SD),
            )
        )
    return out


def results_of(cell: Cell, *, share: float, workers: int, seed: int) -> list[AreaResult]:
    areas = max(2, round(cell.areas * share) // 2 * 2)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(compare_areas, cell, seed, first, 2) for first in range(0, areas, 2)]
        return [result for job in jobs for result in job.result()]


def judged(cell: Cell, outcomes: list[Outcome]) -> tuple[Columns, Float, Float]:
    """Verdicts of our estimator over all areas; uncertainties of the data alone, of the posterior."""
    columns, batches = columns_of(outcomes)
    priors, _ = pooled_priors(columns, batches, PRIORS.get(cell.utility, Prior()))
    verdicts = judge(columns, priors, alpha=ALPHA)
    return Columns((verdicts.p_out,), verdicts.replace, verdicts.error), columns.scale, verdicts.u


def pointed(results: list[AreaResult], name: str, mpe: Float) -> Columns:
    """A published estimator over all areas."""
    error, weight = (np.concatenate([r.points[name][k] for r in results]) for k in (0, 1))
    ranks = (np.abs(error),) if np.isnan(weight).all() else (np.abs(error), weight)
    return Columns(ranks, np.abs(error) > mpe, error)


def figures(said: Columns, error: Float, mpe: Float, counted: Flags) -> dict[str, float]:
    """AP, precision, recall, and the root mean square error of sound meters, over the meters counted."""
    bad = np.abs(error) > mpe
    chosen = said.chosen & counted
    good = counted & ~bad & ~np.isnan(said.error)
    return {
        "AP": max(average_precision(rank[counted], bad[counted]) for rank in said.ranks),
        "precision": float((chosen & bad).sum() / max(1, chosen.sum())),
        "recall": float((chosen & bad).sum() / max(1, (bad & counted).sum())),
        "RMSE of good": float(np.sqrt(np.mean((said.error - error)[good] ** 2))),
    }


def table_of(cell: Cell, results: list[AreaResult]) -> Iterator[tuple[str, dict[str, float] | str]]:
    """Lines of a cell: estimator, and its figures or why it is missing. The first is ours."""
    error = np.concatenate([r.ours.sample.truth.error for r in results])
    load = np.concatenate([r.ours.sample.truth.kwh_day for r in results])
    mpe = np.concatenate([r.ours.assessment.meters.mpe for r in results])
    counted = load > LIGHT
    ours, scale, u = judged(cell, [r.ours for r in results])
    limit, _, limit_u = judged(cell, [r.true_loss for r in results])
    bound, sound = (np.concatenate([getattr(r, name) for r in results]) for name in ("bound", "sound_bound"))

    def median(values: Float) -> float:
        return float(np.nanmedian(values[counted]))

    bad = float((counted & (np.abs(error) > mpe)).sum())
    mine = {"bad": bad, "median scale": median(scale), "median u": median(u)}
    yield "quanheng", figures(ours, error, mpe, counted) | mine
    for name in PEERS:
        reason = missing_peers().get(name)
        yield name, reason or figures(pointed(results, name, mpe), error, mpe, counted)
    yield "quanheng, true loss", figures(limit, error, mpe, counted) | {"median u": median(limit_u)}
    yield "Cramér–Rao bound", {"median scale": median(bound), "median u": median(sound)}


# Output


SHOWN = ("AP", "precision", "recall", "RMSE of good", "median scale", "median u")
PERCENT = SHOWN[3:]
LIMITS = ("quanheng, true loss", "Cramér–Rao bound")  # to be approached, not beaten


def print_table(cell: Cell, lines: list[tuple[str, dict[str, float] | str]], areas: int) -> None:
    ours = lines[0][1]
    assert isinstance(ours, dict)
    print(f"\n{cell.name}: {areas} areas, {ours['bad']:.0f} bad meters above 1 kWh a day")
    print(f"{'':26s}" + "".join(f"{name:>14s}" for name in SHOWN))
    for name, values in lines:
        if isinstance(values, str):
            print(f"{name:26s}  {values}")
            continue
        cells = [shown(n, values.get(n)) for n in SHOWN]
        print(f"{name:26s}" + "".join(f"{c:>14s}" for c in cells), flush=True)


def shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.3f} %" if name in PERCENT else f"{value:.3f}"


def print_lines(cell: Cell, lines: list[tuple[str, dict[str, float] | str]]) -> None:
    """A line for every figure and peer. What is published is to be beaten in AP; the limits have no goal."""
    ours = lines[0][1]
    assert isinstance(ours, dict)
    for peer, values in lines[1:]:
        for name in SHOWN:
            if isinstance(values, dict) and name not in values:
                continue
            if isinstance(values, str) and name != "AP":
                continue
            value = values[name] if isinstance(values, dict) else None
            ratio = ours[name] / value if value else None
            goal = 1.0 if name == "AP" and peer not in LIMITS and ratio is not None else None
            line = {
                "figure": f"{cell.name}: {name}",
                "value": ours[name],
                "unit": "1",
                "peer": peer,
                "peer_value": value,
                "ratio": ratio,
                "goal": goal,
                "holds": None if goal is None or ratio is None else ratio >= goal,
            }
            if isinstance(values, str):
                line["reason"] = values
            print(json.dumps(line, ensure_ascii=False), flush=True)


EXPLANATION = """
The bound is that of the balance in the steps that quanheng uses, with the line loss known.
median scale: what the data say of a meter, given its neighbours' priors (bound: given nothing of any meter).
median u: with its own prior as well (bound: all meters sound, 0.3 %)."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cell", action="append", help="part of a cell's name; default: all compared")
    parser.add_argument("--share", type=float, default=1.0, help="of the areas of each cell")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=HELD_OUT, help="for development: another one")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for k, cell in enumerate(CELLS):
        if cell.name not in COMPARED or (args.cell and not any(part in cell.name for part in args.cell)):
            continue
        results = results_of(cell, share=args.share, workers=args.workers, seed=args.seed + k)
        lines = list(table_of(cell, results))
        if args.json:
            print_lines(cell, lines)
        else:
            print_table(cell, lines, len(results))
    if not args.json:
        print(EXPLANATION)
    return 0


if __name__ == "__main__":
    sys.exit(main())
