"""Rule 10: what a certificate says agrees with itself: dates, coverage, decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import ndtr

from quanheng.evidence.chain.columns import DISTRIBUTIONS, KINDS, NEVER, NONE, OUTCOMES, Flags, Float, Small
from quanheng.measure.conformity import Verdict, decide, rule_name
from quanheng.measure.errors import MeasureError
from quanheng.work.trace.part import Found, Part

ROUNDED = 0.01  # k = 2 goes with "95 %", which is 95.45 %
SLACK = 1e-9  # of a limit: a sum of figures differs from it in its last digits
VERIFICATION = KINDS.index("verification")
PASS, FAIL = OUTCOMES.index("pass"), OUTCOMES.index("fail")


def in_order(part: Part) -> Iterator[Found]:
    """Received ≤ begun ≤ ended ≤ issued, and due after the end (ISO/IEC 17025:2017, 7.8.2.1)."""
    c = part.certificates
    wrong = (c.begun > c.ended) | (c.ended > c.issued) | (c.due < c.ended)
    wrong |= (c.received != NEVER) & (c.received > c.begun)
    yield from part.of_certificates("dates_disordered", wrong)


def coverage(part: Part) -> Iterator[Found]:
    """u is positive; k, p and distribution agree (GUM 6.2, 6.3; JJF 1059.1)."""
    points = part.points
    yield from part.of_points("uncertainty_impossible", ~((points.u > 0) & np.isfinite(points.u)))
    yield from part.of_points("coverage_inconsistent", _disagree(points.k, points.p, points.distribution))


def _disagree(k: Float, p: Float, distribution: Small) -> Flags:
    """Most points say k = 2, 95 %, normal: only others are computed."""
    usual = (k == 2) & (p >= 0.95 - 1e-12) & (p <= 0.9546) & (distribution == DISTRIBUTIONS.index("normal"))
    if usual.all():
        return np.zeros(len(k), bool)
    rows = np.flatnonzero(~usual)
    k, p, distribution = k[rows], p[rows], distribution[rows]
    normal = 2 * ndtr(k) - 1
    rectangular = np.minimum(k / np.sqrt(3), 1.0)
    expected = np.where(distribution == DISTRIBUTIONS.index("rectangular"), rectangular, normal)
    apart = np.abs(expected - p) > ROUNDED
    # a t distribution has degrees of freedom that a certificate seldom states: from one on
    one = 2 / np.pi * np.arctan(k)
    apart = np.where(
        distribution == DISTRIBUTIONS.index("t"), (p > normal + ROUNDED) | (p < one - ROUNDED), apart
    )
    # of a distribution that is not known here: no less than any has (Chebyshev), no more than has the arc sine at its
    # ends, or between them the one that is steepest of those in use (Laplace)
    least = np.where(k > 1, 1 - 1 / np.maximum(k, 1.0) ** 2, 0.0)
    arc_sine = 2 / np.pi * np.arcsin(np.clip(k / np.sqrt(2), 0.0, 1.0))
    most = np.maximum(np.maximum(arc_sine, normal), 1 - np.exp(-np.sqrt(2) * k))
    apart = np.where(
        distribution == DISTRIBUTIONS.index("other"), (p < least - ROUNDED) | (p > most + ROUNDED), apart
    )
    wrong = np.zeros(len(usual), bool)
    wrong[rows] = apart | ~(k > 0) | ~((p > 0) & (p <= 1))
    return wrong


def decided(part: Part) -> Iterator[Found]:
    """Each outcome follows from value, U and limits by the stated rule, and the whole from its points (JCGM 106)."""
    points, outcome = part.points, part.points.outcome
    if not points.limited.all():
        c = part.certificates
        passed = c.outcome == PASS  # what fails may have failed by its looks
        at_every_point = (passed & (c.kind == VERIFICATION))[part.of_point]
        yield from part.of_points("limits_missing", ~points.limited & ((outcome != NONE) | at_every_point))
        limited = np.zeros(len(c), bool)
        limited[part.of_point[points.limited]] = True
        yield from part.of_certificates("limits_missing", passed & ~limited)
    if (silent := outcome == NONE).any():
        # a whole that passes says of each point with limits that it does
        implied = silent & points.limited & (part.certificates.outcome[part.of_point] == PASS)
        outcome = np.where(implied, PASS, outcome)
    stated = outcome != NONE
    if not stated.any():
        return
    rules = part.at_points(one_or_all(part.certificates.rule))
    if np.ndim(rules) == 0 and stated.all():
        yield from part.of_points(
            "decision_differs", _decided_otherwise(part, outcome, slice(None), int(rules))
        )
    else:
        rows = np.flatnonzero(stated)
        chosen_rules = np.broadcast_to(rules, len(outcome))[rows]
        wrong = np.zeros(len(outcome), bool)
        for code in np.unique(chosen_rules):
            chosen = rows[chosen_rules == code]
            wrong[chosen] = _decided_otherwise(part, outcome, chosen, int(code))
        yield from part.of_points("decision_differs", wrong)
    fails = outcome == FAIL
    if fails.any():
        failed = np.zeros(len(part.certificates), bool)
        failed[part.of_point[fails]] = True
        yield from part.of_certificates("decision_differs", (part.certificates.outcome == PASS) & failed)


def one_or_all(codes: Any) -> Any:
    """One code where all are one."""
    return codes[0] if len(codes) and (codes == codes[0]).all() else codes


def _decided_otherwise(part: Part, outcome: Small, rows: Any, code: int) -> Flags:
    points = part.points
    rule, ratio, risk = ("simple", None, None) if code == NONE else part.whole.chain.names.decisions[code]
    value, u = points.value[rows], points.u[rows]
    lower, upper = points.lower[rows], points.upper[rows]
    passed = outcome[rows] == PASS
    if rule_is_simple(rule):
        inside = (value >= lower - SLACK * np.abs(lower)) & (value <= upper + SLACK * np.abs(upper))
        return np.asarray(passed != inside)
    try:
        verdict = decide(value, u, lower=lower, upper=upper, rule=rule, r=ratio, risk=risk).verdict
    except MeasureError:
        return np.ones(len(value), bool)  # a rule that nobody knows, or limits that it cannot use
    return np.asarray(np.where(passed, verdict != Verdict.CONFORMING, verdict != Verdict.NOT_CONFORMING))


def rule_is_simple(rule: str) -> bool:
    """Whether a rule accepts whatever lies between the limits."""
    try:
        return rule_name(rule) == "simple"
    except MeasureError:
        return False
