"""The budget as one JSON object. The same file gives the same bytes again: no clock and no path stand in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from quanheng.ground.digest import canonical_json
from quanheng.measure.quantity.freedom import INFINITE, UNDEFINED
from quanheng.work.budget.result import Budget, Decision, Effect, Float, MonteCarlo, Result, Row, Trials

Tree = dict[str, Any]


def as_bytes(budget: Budget) -> bytes:
    """The object as canonical bytes."""
    return canonical_json(as_json(budget))


def as_json(budget: Budget) -> Tree:
    """The object. A complex output's numbers are {"re", "im"}; what has no number is null."""
    monte_carlo = budget.monte_carlo
    return {
        "title": {"zh": budget.title.zh, "en": budget.title.en},
        "outputs": {name: _output(budget, _parts(name, budget.results)) for name in budget.models},
        "correlation": _correlation(budget, budget.correlation),
        "monte_carlo": None if monte_carlo is None else _monte_carlo(budget, monte_carlo),
        "conformity": {name: _decision(each) for name, each in budget.conformity.items()},
        "notes": [{"at": note.at, "zh": note.zh, "en": note.en} for note in budget.notes],
    }


def _parts(name: str, results: Sequence[Result]) -> list[Result]:
    return [each for each in results if each.name in (name, f"{name}.re", f"{name}.im")]


def _both(values: Sequence[Any]) -> Any:
    """A value, or that of both parts."""
    return values[0] if len(values) == 1 else dict(zip(("re", "im"), values, strict=True))


def _output(budget: Budget, parts: Sequence[Result]) -> Tree:
    first = parts[0]
    found = {
        "value": _both([number(each.value) for each in parts]),
        "unit": first.unit.symbol,
        "u": _both([number(each.u) for each in parts]),
        "dof": _both([number(each.dof) for each in parts]),
        "dof_reason": _both([dof_reason(each.dof) for each in parts]),
        "k": _both([number(each.k) for each in parts]),
        "U": _both([number(each.U) for each in parts]),
        "coverage": budget.coverage,
        "linear_enough": all(each.linear_enough for each in parts),
        "u_second_order": _both([number(each.second_order_u) for each in parts]),
        "bias_second_order": _both([number(each.second_order_bias) for each in parts]),
        "budget": [_row(rows) for rows in zip(*(each.rows for each in parts), strict=True)],
        "sources": [
            {"source": c.name, "u": number(c.u), "share": number(c.share)} for c in first.certificates
        ],
    }
    if len(parts) > 1:
        i, j = (budget.results.index(each) for each in parts)
        found["r"] = number(float(budget.correlation[i, j]))
        found["sources"] = _sources(parts)
    return found


def _sources(parts: Sequence[Result]) -> list[Tree]:
    names = dict.fromkeys(c.name for each in parts for c in each.certificates)
    held = [{c.name: c for c in each.certificates} for each in parts]
    return [
        {
            "source": name,
            "u": _both([number(each[name].u) if name in each else 0.0 for each in held]),
            "share": _both([number(each[name].share) if name in each else 0.0 for each in held]),
        }
        for name in names
    ]


def _row(rows: Sequence[Row]) -> Tree:
    """One input's row; of the parts of a complex output they differ in what the output has of it."""
    row = rows[0]
    found = {
        "input": row.input,
        "value": number(row.value),
        "unit": row.unit.symbol,
        "u": number(row.u),
        "type": row.kind,
        "distribution": row.distribution,
        "dof": number(row.dof),
        "sensitivity": _both([number(each.sensitivity) for each in rows]),
        "contribution": _both([number(each.contribution) for each in rows]),
        "share": _both([number(each.share) for each in rows]),
    }
    if row.is_sum:
        found["effects"] = [_effect(each) for each in zip(*(each.effects for each in rows), strict=True)]
    return found


def _effect(effects: Sequence[Effect]) -> Tree:
    effect = effects[0]
    return {
        "name": effect.name,
        "u": number(effect.u),
        "type": effect.kind,
        "distribution": effect.distribution,
        "dof": number(effect.dof),
        "contribution": _both([number(each.contribution) for each in effects]),
        "share": _both([number(each.share) for each in effects]),
    }


def _correlation(budget: Budget, matrix: Float) -> Tree:
    return {
        "names": [each.name for each in budget.results],
        "matrix": [[number(r) for r in row] for row in matrix],
    }


def _monte_carlo(budget: Budget, monte_carlo: MonteCarlo) -> Tree:
    outputs = {
        name: _trials([monte_carlo.outputs[each.name] for each in _parts(name, budget.results)])
        for name in budget.models
    }
    return {
        "trials": monte_carlo.trials,
        "seed": monte_carlo.seed,
        "converged": monte_carlo.converged,
        "outputs": outputs,
        "correlation": _correlation(budget, monte_carlo.correlation),
    }


def _trials(parts: Sequence[Trials]) -> Tree:
    return {
        "value": _both([number(each.value) for each in parts]),
        "u": _both([number(each.u) for each in parts]),
        "interval": _both([[number(end) for end in each.interval] for each in parts]),
        "interval_kind": parts[0].kind,
        "linear_validated": all(each.linear_validated for each in parts),
    }


def _decision(decision: Decision) -> Tree:
    nothing = math.isnan(decision.acceptance[0])
    return {
        "probability": number(decision.probability),
        "probability_monte_carlo": number(decision.by_trials),
        "rule": decision.spec.rule,
        "verdict": decision.verdict.word,
        "acceptance": None if nothing else [number(end) for end in decision.acceptance],
        "specific_risk": number(decision.specific_risk),
    }


def number(x: float) -> float | None:
    """What JSON can say of a number: null where it is not finite; no negative zero."""
    return float(x) + 0.0 if math.isfinite(x) else None


def dof_reason(dof: float) -> str | None:
    """Why degrees of freedom are null."""
    return UNDEFINED if math.isnan(dof) else INFINITE if math.isinf(dof) else None
