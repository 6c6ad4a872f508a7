"""The law of propagation by each library: one evaluation after another, and many instruments.

Rows of a result: value, standard uncertainty, effective degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf, isfinite

import numpy as np

from peers.contender import Prepared
from peers.problems import (
    GAUGE_DOF,
    GAUGE_INPUTS,
    GAUGE_MODEL,
    GAUGE_U,
    METER_DOF,
    Float,
    gauge,
    gauges,
    meter,
    meters,
)

Row = tuple[float, float, float]
Evaluate = Callable[[Callable, Sequence[float], Sequence[float], Sequence[float]], Row]


def of_uncertainties() -> Evaluate:
    from uncertainties import ufloat

    def evaluate(model: Callable, x: Sequence[float], u: Sequence[float], dof: Sequence[float]) -> Row:
        inputs = [ufloat(*pair) for pair in zip(x, u, strict=True)]
        y = model(*inputs)
        # It knows no degrees of freedom: Welch–Satterthwaite is ours, on its error components.
        parts = y.error_components()
        total, rest = y.s, 0.0
        for source, nu in zip(inputs, dof, strict=True):
            if isfinite(nu):
                rest += parts.get(source, 0.0) ** 4 / nu
        return y.n, total, total**4 / rest if rest else inf

    return evaluate


def of_gtc() -> Evaluate:
    import GTC

    def evaluate(model: Callable, x: Sequence[float], u: Sequence[float], dof: Sequence[float]) -> Row:
        y = model(*[GTC.ureal(*each) for each in zip(x, u, dof, strict=True)])
        return GTC.value(y), GTC.uncertainty(y), GTC.dof(y)

    return evaluate


def of_metrolopy(kind: str) -> Evaluate:
    import metrolopy

    make = getattr(metrolopy, kind)

    def evaluate(model: Callable, x: Sequence[float], u: Sequence[float], dof: Sequence[float]) -> Row:
        y = model(*[make(a, b, dof=nu) for a, b, nu in zip(x, u, dof, strict=True)])
        return y.x, y.u, y.dof

    return evaluate


def of_noodlelab() -> Evaluate:
    import noodlelab.verify as nv
    from noodlelab.core.uncertainty import effective_dof, nominal, std_dev

    def evaluate(model: Callable, x: Sequence[float], u: Sequence[float], dof: Sequence[float]) -> Row:
        inputs = [
            nv.measure(a, b, distribution="t", dof=nu) if isfinite(nu) else nv.measure(a, b)
            for a, b, nu in zip(x, u, dof, strict=True)
        ]
        y = model(*inputs)
        return nominal(y), std_dev(y), effective_dof(y)

    return evaluate


def one_by_one(evaluate: Evaluate, count: int, sample: int) -> Prepared:
    """A repetition evaluates so many gauge blocks, one after another."""
    blocks, u, dof = gauges(count)[:sample], GAUGE_U.tolist(), GAUGE_DOF.tolist()
    return Prepared(sample, lambda: np.array([evaluate(gauge, x, u, dof) for x in blocks]))


def looped(evaluate: Evaluate, count: int, sample: int) -> Prepared:
    """A repetition evaluates the first few of so many meters in a loop."""
    x, u = meters(count)
    rows = list(zip(x[:, :sample].T.tolist(), u[:, :sample].T.tolist(), strict=True))
    dof = METER_DOF.tolist()
    return Prepared(sample, lambda: np.array([evaluate(meter, a, b, dof) for a, b in rows]))


# What does not fit the loop


def scalar_uncpy(count: int) -> Prepared:
    import uncpy as up

    model, u, dof = up.wrap(gauge), GAUGE_U.tolist(), GAUGE_DOF.tolist()
    blocks = gauges(count)[:20]

    def evaluate(x: Iterable[float]) -> Row:
        y = model(*[up.ufloat(a, b, dof=nu) for a, b, nu in zip(x, u, dof, strict=True)])
        return y.value, y.stdunc, up.dof(y)

    return Prepared(len(blocks), lambda: np.array([evaluate(x) for x in blocks]))


def scalar_suncal(count: int) -> Prepared:
    import suncal

    model = suncal.Model("y = " + GAUGE_MODEL)
    blocks = gauges(count)[:3]

    def evaluate(x: Iterable[float]) -> Row:
        for name, a, u, nu in zip(GAUGE_INPUTS, x, GAUGE_U, GAUGE_DOF, strict=True):
            model.var(name).clear_typeb().measure(a).typeb(dist="normal", std=u, df=nu)
        gum = model.calculate_gum()
        return gum.expected["y"], gum.uncertainty["y"], gum.degf["y"]

    return Prepared(len(blocks), lambda: np.array([evaluate(x) for x in blocks]))


def column_uncpy(count: int) -> Prepared:
    import uncpy as up

    x, u = meters(count)
    model = up.vmap(meter)

    def run() -> Float:
        inputs = [up.uarray(a, stdunc=b, dof=nu) for a, b, nu in zip(x, u, METER_DOF, strict=True)]
        y = model(*inputs)
        return np.column_stack([y.value, y.stdunc, up.dof(y)])

    for _ in range(4):  # JAX compiles anew until then
        run()
    return Prepared(count, run)


SCALAR = {
    "uncertainties": lambda count: one_by_one(of_uncertainties(), count, 1000),
    "GTC": lambda count: one_by_one(of_gtc(), count, 500),
    "noodlelab": lambda count: one_by_one(of_noodlelab(), count, 500),
    "metrolopy gummy": lambda count: one_by_one(of_metrolopy("gummy"), count, 300),
    "metrolopy ummy": lambda count: one_by_one(of_metrolopy("ummy"), count, 500),
    "uncpy": scalar_uncpy,
    "suncal": scalar_suncal,
}

COLUMN = {
    "uncpy": column_uncpy,
    "uncertainties": lambda count: looped(of_uncertainties(), count, 1000),
    "GTC": lambda count: looped(of_gtc(), count, 1000),
    "noodlelab": lambda count: looped(of_noodlelab(), count, 1000),
    "metrolopy gummy": lambda count: looped(of_metrolopy("gummy"), count, 500),
    "metrolopy ummy": lambda count: looped(of_metrolopy("ummy"), count, 500),
}
