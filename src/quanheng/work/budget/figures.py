"""How numbers stand in a report: rounded as u asks for, grouped, and never without a sign for what is not known."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from quanheng.measure.quantity.rounding import EXACT, concise, expanded, number
from quanheng.measure.quantity.units import Unit
from quanheng.work.budget.result import Result, Row
from quanheng.work.budget.words import UNDEFINED, Language, said

NONE = "–"
ALMOST = 1e-6  # of a probability: what is nearer to 1 is not told by its digits


def value_of(value: float, u: float, digits: int = 2) -> str:
    """A value to the last of so many digits of its u; an exact one with all it has."""
    if not (math.isfinite(value) and math.isfinite(u) and u > 0) or value == 0:
        return plain(value)
    head, _, rest = concise(value, u, digits).partition("(")
    return head + rest.partition(")")[2]


def plain(x: float, digits: int | None = None) -> str:
    """A number; a dash where it is not finite."""
    return number(x, digits) if math.isfinite(x) else NONE


def u_of(row: Row) -> str:
    """Standard uncertainty of an input; a dash for an exact one."""
    return plain(row.u, 3) if row.u else NONE


def with_unit(text: str, unit: Unit) -> str:
    """A printed number with its unit."""
    return text if unit.symbol == "1" or text == NONE else f"{text} {unit.symbol}"


def dof_of(dof: float, language: Language = "both") -> str:
    """Degrees of freedom to a tenth."""
    if math.isnan(dof):
        return said(UNDEFINED, language)
    return "∞" if math.isinf(dof) else plain(round(dof, 1))


def percent(share: float) -> str:
    """A share in per cent, to a tenth."""
    return (
        f"{100 * share:.1f}".replace("-", "−").replace("−0.0", "0.0") + " %" if math.isfinite(share) else NONE
    )


def coverage_of(p: float) -> str:
    """A coverage probability in per cent, as it was stated."""
    return f"{plain(float(f'{100 * p:.10g}'))} %"


def chance(p: float) -> str:
    """A probability in per cent, to two digits of it or of what it lacks of 1; a tiny one as × 10ⁿ.

    What is nearer to 1 than ALMOST is told to be so.
    """
    if not math.isfinite(p):
        return NONE
    small = min(p, 1 - p)
    if 0 < small < ALMOST:
        return f"{number(100 * p, 2)} %" if p < 0.5 else f"> {100 * (1 - ALMOST):.4f} %"
    places = 1 if small <= 0 else max(1, -1 - math.floor(math.log10(small)))
    return f"{100 * p:.{places}f} %"


def interval_of(ends: tuple[float, float], u: float) -> str:
    """An interval, its ends to the last place of u."""
    return "[" + ", ".join(value_of(end, u) if math.isfinite(end) else infinite(end) for end in ends) + "]"


def limits_of(lower: float, upper: float) -> str:
    """Limits as they were stated: exact numbers, that no u rounds."""
    return "[" + ", ".join(plain(x) if math.isfinite(x) else infinite(x) for x in (lower, upper)) + "]"


def acceptance_of(ends: tuple[float, float], limits: tuple[float, float], u: float) -> str:
    """An acceptance interval, its ends rounded inwards: nothing is accepted that the rule does not accept.

    To two digits of u, or as many more as tell an end from its limit and from the other end.
    """
    low, high = ends
    apart = [abs(end - limit) for end, limit in zip(ends, limits, strict=True)]
    sizes = [x for x in (u, *apart, high - low) if math.isfinite(x) and x > 0]
    shown = [
        end if not math.isfinite(end) or end == limit else inwards(end, min(sizes), up)
        for end, limit, up in ((low, limits[0], True), (high, limits[1], False))
    ]
    return limits_of(shown[0], shown[1])


def inwards(x: float, size: float, up: bool) -> float:
    """x to the second digit of `size`, up or down; what lies behind the 15th digit of x is noise."""
    exact = Decimal(f"{x:.15g}")
    place = Decimal(1).scaleb(math.floor(math.log10(size)) - 1)
    return float(exact.quantize(place, ROUND_CEILING if up else ROUND_FLOOR, EXACT))


def infinite(x: float) -> str:
    """An end that is no limit; a dash where there is none."""
    return NONE if math.isnan(x) else "∞" if x > 0 else "−∞"


def line_of(result: Result, language: Language = "both") -> str:
    """`l = (50 000 838 ± 93) nm, k = 2.92, ν = 16`; U is rounded up (JJF 1059.1—2012, 5.3.8)."""
    if not result.u > 0:
        return f"{result.name} = {with_unit(plain(result.value), result.unit)}"
    dof = dof_of(math.floor(result.dof + 1e-9) if math.isfinite(result.dof) else result.dof, language)
    # an excess in the last bits is no reason to round up
    expanded_u = float(f"{result.U:.12g}")
    return (
        f"{result.name} = {expanded(result.value, expanded_u, result.k, result.unit, rule='up')}, ν = {dof}"
    )
