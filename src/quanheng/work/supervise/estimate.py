"""The solution of an area's equations, with what the gate found as part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.energy_balance import Equation, Noise, Solution, solve, without
from quanheng.measure.expectation_propagation import Mixture, mixture
from quanheng.work.supervise.balance import Steps
from quanheng.work.supervise.findings import Known, Prior
from quanheng.work.supervise.gate import Change, PhaseVerdict

Float = NDArray[np.float64]

VERIFIED_SHARE = 1e-3  # chance that a verified meter went out of tolerance since


def priors_of_meters(
    names: tuple[str, ...], prior: Prior, known: Mapping[str, Known], bias: float
) -> Mixture:
    """Prior of each meter's correction: the common one, widened by `bias`, or what a field check established."""
    n = len(names)
    base = mixture(
        n,
        mean=prior.mean,
        spike=np.hypot(prior.spike, bias),
        slab=np.hypot(prior.slab, bias),
        share=prior.share,
    )
    mean, spike, share = base.mean.copy(), base.spike.copy(), base.share.copy()
    for i, name in enumerate(names):
        if name in known:
            mean[i] = 1 / (1 + known[name].error) - 1
            spike[i] = np.hypot(max(known[name].u, 1e-4), bias)
            share[i] = VERIFIED_SHARE
    return Mixture(mean, spike, base.slab, share)


def with_changes(equation: Equation, changes: tuple[Change, ...], per_day: int, n: int) -> Equation:
    """The equation where a changed meter's energy before the change belongs to a coefficient of its own, n + k."""
    energy, meter, errors = equation.energy.copy(), equation.meter, equation.read_error
    for k, change in enumerate(changes):
        profile = np.repeat(change.profile, per_day)
        for row in np.flatnonzero(equation.meter == change.meter):
            before = equation.energy[:, row] * (1 - profile)
            energy[:, row] *= profile
            energy = np.concatenate([energy, before[:, None]], axis=1)
            meter = np.append(meter, n + k)
            errors = np.concatenate([errors, np.zeros((len(errors), 1))], axis=1)
    return replace(equation, energy=energy, meter=meter, read_error=errors)


def estimate(
    steps: Steps,
    prior: Mixture,
    changes: tuple[Change, ...],
    verdicts: tuple[PhaseVerdict, ...],
    noise: Noise,
) -> Solution:
    """Posterior of the corrections, meters first, then what changed meters showed before their change.

    Days that the gate set aside bear no weight; a phase that carries no verdicts takes no part.
    """
    n = len(prior.mean)
    index = [c.meter for c in changes]
    extended = Mixture(
        *(np.concatenate([a, a[index]]) for a in (prior.mean, prior.spike, prior.slab, prior.share))
    )
    equations = []
    for k, equation in enumerate(steps.equations):
        aside = np.zeros(steps.days, dtype=bool)
        if verdicts:
            aside = np.ones(steps.days, dtype=bool) if verdicts[k].lost else verdicts[k].aside
        equation = with_changes(equation, changes, steps.per_day, n) if changes else equation
        equations.append(without(equation, np.repeat(aside, steps.per_day)) if aside.any() else equation)
    return solve(equations, extended, noise=[noise] * len(equations))
