"""Monte Carlo by each library: the gauge block of JCGM 100, H.1, with normal inputs or those of JCGM 101, 9.5.2.

Rows of a result: mean, standard deviation, ends of the probabilistically symmetric 95 % interval.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from peers.contender import NotOffered, Prepared
from peers.problems import (
    COVERAGE,
    GAUGE_DRAWN,
    GAUGE_INPUTS,
    GAUGE_MODEL,
    GAUGE_U,
    GAUGE_X,
    SEED,
    Float,
    gauge,
    own_gauges,
)

TAILS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)


Blocks = list[tuple[list[float], list[float]]]  # values and standard uncertainties of each
ONE: Blocks = [(GAUGE_X.tolist(), GAUGE_U.tolist())]
SAMPLE = 10  # of many blocks


def first_of_many() -> Blocks:
    x, u = own_gauges(SAMPLE)
    return list(zip(x.T.tolist(), u.T.tolist(), strict=True))


def repeated(blocks: Blocks, once: Callable[[list[float], list[float]], Float]) -> Prepared:
    return Prepared(len(blocks), lambda: np.array([once(*block) for block in blocks]))


# NumPy by hand


def numpy_trials(trials: int, blocks: Blocks, *, drawn: bool) -> Prepared:
    rng = np.random.default_rng(SEED)

    def once(x: list[float], u: list[float]) -> Float:
        if drawn:
            draws = [numpy_draws(rng, name, trials) for name in GAUGE_INPUTS]
        else:
            draws = [rng.normal(*each, trials) for each in zip(x, u, strict=True)]
        y = gauge(*draws)
        return np.array([y.mean(), y.std(ddof=1), *np.quantile(y, TAILS)])

    return repeated(blocks, once)


def numpy_draws(rng: np.random.Generator, name: str, trials: int) -> Float:
    kind, middle, how = GAUGE_DRAWN[name]
    match kind:
        case "t":
            return middle + how["scale"] * rng.standard_t(how["dof"], trials)
        case "rectangular":
            return rng.uniform(middle - how["half_width"], middle + how["half_width"], trials)
        case "normal":
            return rng.normal(middle, how["u"], trials)
        case "arcsine":
            return middle + how["half_width"] * np.sin(2 * np.pi * rng.random(trials))
        case _:
            half_width = how["half_width"] + how["inexactness"] * rng.uniform(-1, 1, trials)
            return middle + half_width * rng.uniform(-1, 1, trials)


# metrolopy


def metrolopy_trials(trials: int, blocks: Blocks, *, drawn: bool) -> Prepared:
    import metrolopy

    def once(x: list[float], u: list[float]) -> Float:
        if drawn:
            y = gauge(*[metrolopy.gummy(metrolopy_distribution(name)) for name in GAUGE_INPUTS])
        else:
            y = gauge(*[metrolopy.gummy(*each) for each in zip(x, u, strict=True)])
        y.cimethod = "symmetric"
        y.p = COVERAGE
        y.sim(trials)
        return np.array([y.xsim, y.usim, *y.cisim])

    return repeated(blocks, once)


def metrolopy_distribution(name: str) -> object:
    import metrolopy as m

    kind, middle, how = GAUGE_DRAWN[name]
    match kind:
        case "t":
            return m.TDist(middle, how["scale"], how["dof"])
        case "rectangular":
            return m.UniformDist(middle, how["half_width"])
        case "normal":
            return m.NormalDist(middle, how["u"])
        case "arcsine":
            return m.ArcSinDist(middle, how["half_width"])
        case _:
            return m.CurvlinearTrapDist(middle, how["half_width"], limit_half_range=how["inexactness"])


# noodlelab


def noodlelab_trials(trials: int, blocks: Blocks, *, drawn: bool) -> Prepared:
    import noodlelab.verify as nv

    if drawn:
        raise NotOffered("it has no arc sine and no rectangular distribution with inexact limits")

    def once(x: list[float], u: list[float]) -> Float:
        def model() -> object:
            return gauge(*[nv.measure(*each) for each in zip(x, u, strict=True)])

        y = nv.monte_carlo(model, trials, seed=SEED, p=COVERAGE)
        # Its interval is the shortest; the distribution is symmetric here, so that they agree.
        return np.array([y.mean, y.std, y.low, y.high])

    return repeated(blocks, once)


# suncal


def suncal_trials(trials: int, blocks: Blocks, *, drawn: bool) -> Prepared:
    import suncal

    model = suncal.Model("y = " + GAUGE_MODEL)

    def once(x: list[float], u: list[float]) -> Float:
        for name, a, b in zip(GAUGE_INPUTS, x, u, strict=True):
            how = suncal_distribution(name) if drawn else {"dist": "normal", "std": b}
            model.var(name).clear_typeb().measure(a).typeb(**how)
        y = model.monte_carlo(samples=trials)
        interval = y.expand(conf=COVERAGE)
        return np.array([y.expect(), y.uncertainty["y"], interval.low, interval.high])

    return repeated(blocks, once)


def suncal_distribution(name: str) -> dict[str, object]:
    kind, _, how = GAUGE_DRAWN[name]
    match kind:
        case "t":
            return {"dist": "t", "scale": how["scale"], "df": how["dof"]}
        case "rectangular":
            return {"dist": "uniform", "a": how["half_width"]}
        case "normal":
            return {"dist": "normal", "std": how["u"]}
        case "arcsine":
            return {"dist": "arcsine", "a": how["half_width"]}
        case _:
            return {"dist": "curvtrap", "a": how["half_width"], "d": how["inexactness"]}


MAKERS = {
    "NumPy": numpy_trials,
    "metrolopy": metrolopy_trials,
    "noodlelab": noodlelab_trials,
    "suncal": suncal_trials,
}

TRIALS = {name: partial(make, blocks=ONE, drawn=False) for name, make in MAKERS.items()}
DRAWN = {name: partial(make, blocks=ONE, drawn=True) for name, make in MAKERS.items()}
MANY = {name: partial(make, blocks=first_of_many(), drawn=False) for name, make in MAKERS.items()}
