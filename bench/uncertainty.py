"""The measurement core beside the libraries that also propagate uncertainty.

    python bench/uncertainty.py [--only JOB …] [--quick] [--peers .venv-peers] [--json | --markdown]

Every job is solved by us and by its peers in turn, several times over; the least time of each counts, and a ratio
is printed only where the results agree. A ratio is the peer's figure over ours: above 1, ours is the smaller. Peers
live in an environment of their own (`make bench-peers`, or QUANHENG_PEERS) and run as processes; loops solve a sample
of the job and are scaled. One that is not installed is a line without a figure, and the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from peers.contender import Float, Prepared, Repetition
from peers.problems import (
    GAUGE_DOF,
    GAUGE_DRAWN,
    GAUGE_DRAWN_U,
    GAUGE_INPUTS,
    GAUGE_MODEL,
    GAUGE_U,
    GAUGE_X,
    GUARD,
    METER_DOF,
    METER_INPUTS,
    METER_MODEL,
    SEED,
    TOLERANCE,
    gauges,
    instruments,
    meters,
    own_gauges,
    related,
)
from peers.race import Agree, Job, Line, lines, measure
from peers.trials import ONE, first_of_many, numpy_trials
from quanheng.evidence.record import read_record, write_record
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.monte_carlo import Trials, propagate
from quanheng.measure.quantity.shapes import Normal, StudentT, arcsine, ctrap, rectangular
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.tolerance import numerical_tolerance
from quanheng.measure.quantity.uncertain import Uncertain, quantity
from quanheng.measure.risk import NormalPrior, global_risks

Method = Literal["sobol", "plain"]
PLAIN = ""  # our one variant, where there is no other
WITHOUT_NUMBA = "NumPy only"


def equal(ours: Float, theirs: Float) -> bool:
    """To rounding."""
    return np.allclose(ours, theirs, rtol=1e-8, atol=1e-9)


def near(trials: int) -> Agree:
    """Rows of mean, u and ends of an interval, as near as so many trials give them."""
    # the ends of 95 % of a normal distribution scatter by 2.7 u/√trials; five times that
    return lambda ours, theirs: bool(np.all(np.abs(ours - theirs) <= 13.5 / trials**0.5 * theirs[:, 1:2]))


def any_result(ours: Float, theirs: Float) -> bool:
    """Where the figure is the result."""
    return True


def the_result(repetition: Repetition) -> float:
    return float(repetition.result[0, 0])


def in_words(size: int) -> str:
    return f"{size:,}".replace(",", " ")


# Jobs


def scalar(quick: bool) -> Job:
    """One evaluation of a prepared model with fresh inputs: value, u, effective degrees of freedom."""
    size = 300 if quick else 3000

    def ours() -> Prepared:
        model = Model(GAUGE_MODEL, GAUGE_INPUTS)
        blocks, u, dof = gauges(size), GAUGE_U.tolist(), GAUGE_DOF.tolist()
        return Prepared(size, lambda: np.array([model.propagate(x, u, dof) for x in blocks]))

    goals = {
        "uncertainties": 1.5,
        "GTC": 3.0,
        "noodlelab": None,
        "metrolopy gummy": 6.0,
        "metrolopy ummy": None,
        "uncpy": None,
        "suncal": 1000.0,
    }
    return Job("GUM H.1, an evaluation", "s", size, {PLAIN: ours}, {PLAIN: goals}, equal)


def column(quick: bool) -> Job:
    """Water meters with ten inputs of their own each: value, u, effective degrees of freedom of every one."""
    size = 20_000 if quick else 200_000

    def ours() -> Prepared:
        model = Model(METER_MODEL, METER_INPUTS)
        x, u = meters(size)
        sources = [Source(name, dof) for name, dof in zip(METER_INPUTS, METER_DOF.tolist(), strict=True)]

        def run() -> Float:
            inputs = {s.name: quantity(a, (b, s)) for s, a, b in zip(sources, x, u, strict=True)}
            (y,) = model(inputs).outputs.values()
            return np.column_stack([y.value, y.u, y.dof])

        return Prepared(size, run)

    goals = {
        "uncpy": 4.0,
        "uncertainties": None,
        "GTC": 2000.0,
        "noodlelab": 2000.0,
        "metrolopy gummy": 4000.0,
        "metrolopy ummy": None,
    }
    figure = f"{in_words(size)} instruments × 10 inputs, an instrument"
    return Job(figure, "s", size, {PLAIN: ours}, {PLAIN: goals}, equal)


def normal_trials(quick: bool) -> Job:
    """A run of trials with normal inputs: mean, u, symmetric 95 % interval."""
    size = 100_000 if quick else 1_000_000
    inputs = {
        name: quantity(x, (u, Source(name)))
        for name, x, u in zip(GAUGE_INPUTS, GAUGE_X, GAUGE_U, strict=True)
    }
    return of_trials(f"{in_words(size)} trials of GUM H.1, normal", size, inputs)


def drawn_trials(quick: bool) -> Job:
    """A run of trials with the distributions of JCGM 101:2008, 9.5.2."""
    size = 100_000 if quick else 1_000_000
    return of_trials(f"{in_words(size)} trials of JCGM 101, 9.5", size, gauge_as_drawn())


def of_trials(figure: str, size: int, inputs: Mapping[str, Uncertain]) -> Job:
    model = Model(GAUGE_MODEL, GAUGE_INPUTS)

    def ours(compiled: bool) -> Prepared:
        return Prepared(
            1, lambda: rows_of(propagate(model(inputs), trials=size, seed=SEED, compiled=compiled))
        )

    goals = {
        PLAIN: {"NumPy": 5.0, "metrolopy": None, "noodlelab": None, "suncal": None},
        WITHOUT_NUMBA: {"NumPy": 0.5, "metrolopy": None, "noodlelab": None, "suncal": None},
    }
    by_hand = numpy_trials(size, ONE, drawn="9.5" in figure)
    return Job(figure, "s", size, both(ours), goals, near(size), {"NumPy": lambda: by_hand})


def many_trials(quick: bool) -> Job:
    """A run of trials for each of many gauge blocks that have nothing in common."""
    count, size = (50, 10_000) if quick else (1000, 100_000)
    model = Model(GAUGE_MODEL, GAUGE_INPUTS)
    x, u = own_gauges(count)

    def ours(compiled: bool) -> Prepared:
        def run() -> Float:
            rows = zip(GAUGE_INPUTS, x, u, strict=True)
            inputs = {name: quantity(a, (b, Source(name))) for name, a, b in rows}
            return rows_of(propagate(model(inputs), trials=size, seed=SEED, compiled=compiled))

        return Prepared(count, run)

    goals = {
        PLAIN: {"NumPy": None, "metrolopy": 30.0, "noodlelab": None, "suncal": None},
        WITHOUT_NUMBA: {"NumPy": None, "metrolopy": 8.0, "noodlelab": None, "suncal": None},
    }
    by_hand = numpy_trials(size, first_of_many(), drawn=False)
    figure = f"{in_words(size)} trials for each of {in_words(count)} blocks, a block"
    return Job(figure, "s", size, both(ours), goals, near(size), {"NumPy": lambda: by_hand})


def both(ours: Callable[[bool], Prepared]) -> dict[str, Callable[[], Prepared]]:
    """With numba, which is optional, and without."""

    def with_numba() -> Prepared:
        import numba  # noqa: F401

        return ours(True)

    return {PLAIN: with_numba, WITHOUT_NUMBA: lambda: ours(False)}


def rows_of(run: Trials) -> Float:
    (y,) = run.outputs.values()
    return np.column_stack([y.value, y.u, y.low, y.high])


def gauge_as_drawn() -> dict[str, Uncertain]:
    """The inputs of JCGM 101:2008, 9.5.2."""
    inputs = {}
    for name, (kind, value, how) in GAUGE_DRAWN.items():
        match kind:
            case "t":
                u, shape = how["scale"], StudentT(how["dof"], of="scale")
            case "normal":
                u, shape = how["u"], Normal()
            case "rectangular":
                u, shape = rectangular(how["half_width"])
            case "arcsine":
                u, shape = arcsine(how["half_width"])
            case _:
                u, shape = ctrap(how["half_width"], how["inexactness"] / how["half_width"])
        inputs[name] = quantity(value, (u, Source(name, shape=shape)))
    return inputs


def needed(quick: bool) -> Job:
    """How many trials u of JCGM 101, 9.5 needs for two digits.

    Twice its standard deviation is then within the tolerance, as JCGM 101:2008, 7.9.4 asks; between powers of two.
    """
    error = errors_of_u(10 if quick else 100)
    wanted = float(numerical_tolerance(np.array([GAUGE_DRAWN_U]), 2)[0]) / 2

    def search(method: Method) -> Prepared:
        def run() -> Float:
            trials, before, now = 32, np.inf, error(method, 32)
            while now > wanted:
                trials, before, now = 2 * trials, now, error(method, 2 * trials)
            back = np.log(wanted / now) / np.log(before / now) if trials > 32 else 0.0
            return np.array([[trials / 2**back]])

        return Prepared(1, run)

    return by_both_methods("trials for u of JCGM 101, 9.5, to two digits", search)


def worth(quick: bool) -> Job:
    """How many trials give u of JCGM 101, 9.5 as well as 2^15 of a Sobol net, the least adaptive run."""
    error, trials = errors_of_u(10 if quick else 40), 1 << 15

    def search(method: Method) -> Prepared:
        # the variance of u from plain random numbers falls as their number grows
        return Prepared(
            1, lambda: np.array([[trials * (error(method, trials) / error("sobol", trials)) ** 2]])
        )

    return by_both_methods("trials for u of JCGM 101, 9.5, as good as an adaptive run's", search)


def errors_of_u(seeds: int) -> Callable[[Method, int], float]:
    """The standard deviation of u about its exact value, over runs with so many seeds."""
    evaluation = Model(GAUGE_MODEL, GAUGE_INPUTS)(gauge_as_drawn())

    @cache
    def error(method: Method, trials: int) -> float:
        runs = [propagate(evaluation, trials=trials, seed=seed, method=method) for seed in range(seeds)]
        return float(np.sqrt(np.mean([(rows_of(run)[0, 1] - GAUGE_DRAWN_U) ** 2 for run in runs])))

    return error


def by_both_methods(figure: str, search: Callable[[Method], Prepared]) -> Job:
    ours, peer = {PLAIN: lambda: search("sobol")}, "plain random numbers"
    here = {peer: lambda: search("plain")}
    return Job(figure, "", 0, ours, {PLAIN: {peer: 20.0}}, any_result, here, the_result, rounds=1)


def risk(quick: bool) -> Job:
    """Global risks of instruments with a normal prior each: consumer's, producer's."""
    size = 10_000 if quick else 200_000
    mean, spread, u = instruments(size)
    lower, upper = TOLERANCE
    limits = {"lower": lower, "upper": upper}
    limits |= {"acceptance_lower": lower + GUARD, "acceptance_upper": upper - GUARD}

    def ours() -> Prepared:
        def run() -> Float:
            found = global_risks(NormalPrior(mean, spread), u, **limits)
            return np.column_stack([found.consumer, found.producer])

        return Prepared(size, run)

    goals = {"suncal": 1000.0, "suncal Tsay & Ke": None}
    figure = f"global risks of {in_words(size)} instruments, an instrument"
    return Job(figure, "s", size, {PLAIN: ours}, {PLAIN: goals}, equal)


def stored(quick: bool) -> Job:
    """Bytes of a result, of which six sources are shared and two its own, so that its correlation can be read back."""
    size = 1000
    values, shared, private = related(size)

    def ours() -> Prepared:
        sources = {named(f"shared {k}"): row for k, row in enumerate(shared)}
        own = {Source(f"own {k}"): row for k, row in enumerate(private)}
        result = Uncertain(values, sources, own)

        def run() -> Float:
            record = write_record({"y": result}, units={"y": "1"})
            again = read_record(record).results["y"]
            assert np.array_equal(again.u, result.u)
            assert np.array_equal(again.correlation(result.take([0])), result.correlation(result.take([0])))
            return np.array([[len(record) / size]])

        return Prepared(size, run)

    figure = f"a record of {in_words(size)} results with shared sources, a result"
    return Job(
        figure, "B", size, {PLAIN: ours}, {PLAIN: {"GTC": 10.0}}, any_result, figure_of=the_result, rounds=1
    )


def total(quick: bool) -> Job:
    """Variance of the weighted total of results that share six sources, beside reading its numbers once."""
    size = 100_000 if quick else 1_000_000
    values, shared, private = related(size)
    weights = np.random.default_rng(1).uniform(0, 1, size)

    def ours() -> Prepared:
        sources = {named(f"shared {k}"): row for k, row in enumerate(shared)}
        result = Uncertain(values, sources, {Source("own"): private[0]})
        return Prepared(1, lambda: result.total(weights).variance)

    def read() -> Prepared:
        arrays = [values, *shared, private[0], weights]
        return Prepared(1, lambda: np.array([sum(float(np.sum(each)) for each in arrays)]))

    figure = f"{in_words(size)} columns with six shared sources, variance of a total"
    peer = "np.sum over its numbers"
    return Job(figure, "s", size, {PLAIN: ours}, {PLAIN: {peer: 0.25}}, any_result, {peer: read})


JOBS: dict[str, Callable[[bool], Job]] = {
    "scalar": scalar,
    "column": column,
    "trials": normal_trials,
    "drawn": drawn_trials,
    "many": many_trials,
    "needed": needed,
    "worth": worth,
    "risk": risk,
    "bytes": stored,
    "total": total,
}


# Output


def print_json(found: list[Line]) -> None:
    for line in found:
        said = {"figure": line.figure, "value": line.value, "unit": line.unit, "peer": line.peer}
        said |= {"peer_value": line.peer_value, "ratio": line.ratio, "goal": line.goal, "holds": line.holds}
        said |= {"reason": line.reason} if line.reason else {}
        print(json.dumps(said, ensure_ascii=False), flush=True)


def shown(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit != "s":
        return f"{in_words(round(value)) if value >= 100 else format(value, '.3g')} {unit}".rstrip()
    scale, prefix = next((s, p) for s, p in ((1, ""), (1e-3, "m"), (1e-6, "µ"), (0, "n")) if value >= s)
    return f"{value / (scale or 1e-9):.3g} {prefix}s"


def ratio_shown(line: Line) -> str:
    if line.ratio is None:
        return "–"
    return f"{in_words(round(line.ratio)) if line.ratio >= 100 else format(line.ratio, '.3g')} ×"


def print_all(found: list[Line]) -> None:
    for figure in dict.fromkeys(line.figure for line in found):
        print(f"\n{figure}\n  {'':26s}{'ours':>10s} {'theirs':>10s} {'ratio':>10s}")
        for line in found:
            if line.figure == figure:
                print_line(line)


def print_line(line: Line) -> None:
    goal = "" if line.goal is None else f"goal {line.goal:g} ×"
    verdict = {True: "holds", False: "MISSED", None: ""}[line.holds]
    figures = f"{shown(line.value, line.unit):>10s} {shown(line.peer_value, line.unit):>10s} {ratio_shown(line):>10s}"
    print(f"  {line.peer:26s}{figures}  {goal:13s} {verdict or line.reason}".rstrip(), flush=True)


def print_rows(found: list[Line]) -> None:
    """Rows of a Markdown table; what stands above is not said again."""
    above = None
    for line in found:
        job = "" if line.figure == above else f"{line.figure} | {shown(line.value, line.unit)}"
        goal = "" if line.goal is None else f"{line.goal:g}" + (" ✗" if line.holds is False else "")
        cells = (
            job or " | ",
            line.peer,
            shown(line.peer_value, line.unit),
            line.reason or ratio_shown(line),
            goal,
        )
        print(f"| {' | '.join(cells)} |", flush=True)
        above = line.figure


HEADING = """| job | ours | beside | its figure | ratio | goal |
|---|---|---|---|---|---|"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(JOBS), default=list(JOBS), metavar="JOB")
    parser.add_argument("--quick", action="store_true", help="small sizes, two rounds: does it run?")
    peers = os.environ.get("QUANHENG_PEERS", Path(__file__).parents[1] / ".venv-peers")
    parser.add_argument("--peers", type=Path, default=peers, help="their environment")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--markdown", action="store_true", help="the table of docs/performance-uncertainty.md"
    )
    parser.add_argument(
        "--serve", action="store_true", help=argparse.SUPPRESS
    )  # ours, as a process without numba
    args = parser.parse_args()
    if args.markdown:
        print(HEADING)
    for name in args.only:
        job = JOBS[name](args.quick)
        found = list(lines(job, measure(name, job, quick=args.quick, peers=args.peers)))
        (print_json if args.json else print_rows if args.markdown else print_all)(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
