"""Decisions on conformity by every named rule, batched over columns.

A rule turns u and the limits into an acceptance interval, and an interval outside of which the measurand is taken not
to conform; what lies between the two is undetermined. JCGM 106:2012, 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanheng.measure.conformance_probability import (
    checked,
    checked_finite,
    checked_probability,
    guard_band_for_specific_risk,
    inside,
    outside,
    quantile,
)
from quanheng.measure.errors import InvalidLimits
from quanheng.measure.quantity.freedom import coverage_factor

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]


class Verdict(IntEnum):
    """Three answers, never two."""

    NOT_CONFORMING = 0
    CONFORMING = 1
    UNDETERMINED = 2

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, eq=False)
class Decision:
    """What a rule says of each item; arrays of one shape.

    Limits between which nothing lies are NaN: where even the middle of the tolerance is not accepted. An item that is
    undetermined and `within` is ILAC-G8's conditional pass, one that is undetermined and not `within` its
    conditional fail.
    """

    rule: str  # its name in RULES
    probability: Float  # that the measurand lies between the limits
    acceptance_lower: Float
    acceptance_upper: Float
    rejection_lower: Float  # outside of these: not conforming
    rejection_upper: Float
    verdict: Codes  # of Verdict
    within: Flags  # the value lies between the limits
    specific_risk: Float  # that the verdict is wrong; NaN where it is undetermined. JCGM 106:2012, 3.3


# ── rules


@dataclass(frozen=True, eq=False)
class Question:
    """What a rule is asked, arrays of one shape: u and its degrees of freedom, the limits, and its own parameters."""

    u: Float
    dof: Float
    lower: Float
    upper: Float
    coverage: float
    w: Float | None = None
    r: Float | None = None
    risk: Float | None = None

    def expanded(self, coverage: float) -> Float:
        """U = k·u at this coverage probability."""
        return coverage_factor(coverage, self.dof) * self.u

    @property
    def u95(self) -> Float:
        """U at about 95 %: that of the report where it speaks of 95 % (k = 2 among them), otherwise at 95 %."""
        return self.expanded(self.coverage if abs(self.coverage - 0.95) < 0.005 else 0.95)


@dataclass(frozen=True, eq=False)
class Zones:
    """Distances inwards of the acceptance limits from the limits, and outwards of the rejection limits."""

    accept: Float
    reject: Float


def simple(q: Question) -> Zones:
    """Simple acceptance, shared risk: JCGM 106:2012, 8.2; ILAC-G8:09/2019, 4.2.1. Accepted in the tolerance."""
    return Zones(0.0 * q.u, 0.0 * q.u)


def guarded(q: Question) -> Zones:
    """Guard band of width w, or w = r·U: JCGM 106:2012, 8.3. Two outcomes; negative widths are guarded rejection."""
    match q.w, q.r:
        case None, np.ndarray() as r:
            w = checked_finite(r, "r") * q.expanded(q.coverage)
        case np.ndarray() as w, None:
            checked_finite(w, "w")
        case _:
            raise InvalidLimits(
                "规则 guarded 要求给出 w 或 r（w = r·U）之一 / rule guarded takes either w, or r (w = r·U)"
            )
    return Zones(w, -w)


def specific_risk(q: Question) -> Zones:
    """Accepted, or rejected, where the probability of being wrong is at most `risk`: JCGM 106:2012, 8.3."""
    if q.risk is None:
        raise InvalidLimits("规则 specific risk 要求给出 risk / rule specific risk takes a risk")
    return _at_risk(q, checked_probability(q.risk, "risk"))


def iso_14253_1(q: Question) -> Zones:
    """ISO 14253-1:2017: conformity, or non-conformity, is proved with a probability of 95 %; w = 1.645 u.

    Where u is not small beside the tolerance both limits count, and w of acceptance is larger.
    """
    return _at_risk(q, np.asarray(0.05))


def iso_14253_1_2013(q: Question) -> Zones:
    """ISO 14253-1:1998 and 2013: proved where the value with ±U lies inside, or outside; U at 95 %."""
    return Zones(q.u95, q.u95)


def ilac_g8(q: Question) -> Zones:
    """ILAC-G8:03/2009, and ILAC-G8:09/2019, 4.2.3 (non-binary with guard band w = U): U at 95 %."""
    return Zones(q.u95, q.u95)


def ilac_g8_binary(q: Question) -> Zones:
    """ILAC-G8:09/2019, 4.2.2: binary with guard band w = U; U at 95 %."""
    return Zones(q.u95, -q.u95)


def jjf_1094(q: Question) -> Zones:
    """JJF 1094-2002, 5.3.1.4 to 5.3.1.6: simple where U95 <= MPEV/3; otherwise |error| <= MPEV − U95 conforms,
    |error| >= MPEV + U95 does not, and between is undetermined. MPEV is half the tolerance.
    """
    mpev = _half_tolerance(q, "JJF 1094")
    grey = np.where(q.u95 <= mpev / 3 * (1 + 1e-12), 0.0, q.u95)
    return Zones(grey, grey)


def z540_3_method_6(q: Question) -> Zones:
    """Managed guard band for a false acceptance of at most 2 %, ANSI/NCSL Z540.3 handbook, method 6.

    w = U95·(1.04 − exp(0.38 ln TUR − 0.54)), TUR = tolerance/(2 U95), none where that is negative. M. Dobbert, A
    guard-band strategy for managing false-accept risk, NCSLI Measure 3 (2008).
    """
    ratio = _half_tolerance(q, "Z540.3 method 6") / q.u95
    w = np.maximum(1.04 - np.exp(0.38 * np.log(ratio) - 0.54), 0.0) * q.u95
    return Zones(w, -w)


RULES: dict[str, Callable[[Question], Zones]] = {
    "simple": simple,
    "guarded": guarded,
    "specific risk": specific_risk,
    "ISO 14253-1": iso_14253_1,
    "ISO 14253-1:2013": iso_14253_1_2013,
    "ILAC-G8": ilac_g8,
    "ILAC-G8 binary": ilac_g8_binary,
    "JJF 1094": jjf_1094,
    "Z540.3 method 6": z540_3_method_6,
}

PARAMETERS = {"guarded": {"w", "r"}, "specific risk": {"risk"}}

OTHER_NAMES = {
    "shared risk": "simple",
    "simple acceptance": "simple",
    "ILAC-G8 simple": "simple",
    "简单接受": "simple",
    "guard band": "guarded",
    "保护带": "guarded",
    "ISO 14253-1:2017": "ISO 14253-1",
    "ISO 14253-1:1998": "ISO 14253-1:2013",
    "ILAC-G8:2009": "ILAC-G8",
    "ILAC-G8:09/2019": "ILAC-G8",
    "ILAC-G8:2019": "ILAC-G8",
    "JJF 1094-2002": "JJF 1094",
    "Dobbert": "Z540.3 method 6",
}


def rule_name(name: str) -> str:
    """The name in RULES that is meant, whatever its hyphens, spaces and capitals. InvalidLimits lists the nearest."""
    known = {_letters(each): each for each in RULES} | {_letters(k): v for k, v in OTHER_NAMES.items()}
    if (found := known.get(_letters(name))) is not None:
        return found
    near = [known[each] for each in get_close_matches(_letters(name), known, n=3, cutoff=0.5)]
    listed = ", ".join(dict.fromkeys(near or RULES))
    raise InvalidLimits(f"没有判定规则“{name}”，可用：{listed} / no rule '{name}'; there is: {listed}")


def decide(
    value: ArrayLike,
    u: ArrayLike,
    *,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    rule: str = "simple",
    coverage: float = 0.95,
    dof: ArrayLike = np.inf,
    w: ArrayLike | None = None,
    r: ArrayLike | None = None,
    risk: ArrayLike | None = None,
) -> Decision:
    """Verdicts of a named rule of RULES; arrays broadcast, in one unit.

    coverage: that of the U in w = r·U; the rules that speak of U95 take it at 95 %. w (in the unit of the value) or
    r belong to rule "guarded", risk to "specific risk". A value on a limit, but for rounding in its last digits,
    counts as on the limit. Errors as for `conformance_probability`, and InvalidLimits for a rule that is not known
    or lacks its parameter.
    """
    # 1 the rule and what it takes  2 arrays of one shape  3 its zones  4 verdicts and the risk of being wrong
    name = rule_name(rule)
    _check_parameters(name, w=w, r=r, risk=risk)
    own = [x if x is None else np.asarray(x, dtype=float) for x in (w, r, risk)]
    shape = np.broadcast_shapes(*(x.shape for x in own if x is not None))
    y, s, a, b, nu, _ = np.broadcast_arrays(*checked(value, u, lower, upper, dof), np.empty(shape))
    zones = RULES[name](Question(s, nu, a, b, coverage, *own))
    return _decided(name, y, zones, s, a, b, nu)


def _decided(name: str, y: Float, zones: Zones, s: Float, a: Float, b: Float, nu: Float) -> Decision:
    slack = 8 * np.spacing(_largest(y, a, b, zones.accept))
    low, high = _interval(a + zones.accept, b - zones.accept, slack)
    far_low, far_high = _interval(a - zones.reject, b + zones.reject, slack)
    accepted = (y >= low - slack) & (y <= high + slack)
    between = (y > far_low + slack) & (y < far_high - slack)
    rest = np.where(between, Verdict.UNDETERMINED, Verdict.NOT_CONFORMING)
    verdict = np.where(accepted, Verdict.CONFORMING, rest).astype(np.int8)
    probability = inside(y, s, a, b, nu)
    risk = np.where(accepted, outside(y, s, a, b, nu), np.where(between, np.nan, probability))
    within = np.asarray((y >= a - slack) & (y <= b + slack))
    return Decision(name, probability, low, high, far_low, far_high, verdict, within, risk)


def _interval(low: Float, high: Float, slack: Float) -> tuple[Float, Float]:
    """NaN where the limits have passed each other and nothing lies between."""
    passed = ~(low <= high + slack)
    return np.where(passed, np.nan, low), np.where(passed, np.nan, high)


def _at_risk(q: Question, risk: Float) -> Zones:
    if np.any(risk > 0.5):
        raise InvalidLimits("risk 须不大于 0.5 / the risk of a decision is at most 0.5")
    accept = guard_band_for_specific_risk(q.u, lower=q.lower, upper=q.upper, risk=risk, dof=q.dof)
    return Zones(accept, -quantile(risk, q.dof) * q.u)


def _half_tolerance(q: Question, rule: str) -> Float:
    half = (q.upper - q.lower) / 2
    if not np.isfinite(half).all():
        raise InvalidLimits(f"规则 {rule} 要求两个限值 / rule {rule} needs both limits")
    return np.asarray(half)


def _check_parameters(rule: str, **given: ArrayLike | None) -> None:
    foreign = [k for k, x in given.items() if x is not None and k not in PARAMETERS.get(rule, set())]
    if foreign:
        raise InvalidLimits(
            f"规则 {rule} 不用参数 {'、'.join(foreign)} / rule {rule} takes no {', '.join(foreign)}"
        )


def _largest(*arrays: Float) -> Float:
    finite = [np.where(np.isfinite(x), np.abs(x), 0.0) for x in arrays]
    return np.asarray(np.maximum.reduce(np.broadcast_arrays(*finite)))


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
