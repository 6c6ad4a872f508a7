"""Figures of a point for people: as the certificate states them, nothing rounded, value and U to one last place."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import NamedTuple

from quanheng.evidence.certificate import Point
from quanheng.measure.quantity.rounding import number

LONGEST = 15  # digits before the decimal mark, and after it; beyond them powers of ten are easier to read
EXACT = Context(prec=4 * LONGEST)


class Figures(NamedTuple):
    """Texts, with their units. limits: "" where there are none."""

    nominal: str
    value: str
    U: str
    k: str
    limits: str


def figures(point: Point) -> Figures:
    """The figures of a point."""
    unit = "" if point.unit == "1" else f" {point.unit}"
    value, U = pair(point.value, point.expanded_uncertainty)
    allowed = limits(point)
    return Figures(
        f"{number(point.nominal)} {point.nominal_unit}",
        value + unit,
        U + unit,
        number(point.coverage_factor),
        allowed and allowed + unit,
    )


def pair(value: float, U: float) -> tuple[str, str]:
    """A value and its U as people read them (`plain`); too long for that, with powers of ten."""
    if (texts := plain(value, U)) is None:
        return number(value), number(U)
    return texts[0].replace("-", "−"), texts[1]


def plain(value: float, U: float) -> tuple[str, str] | None:
    """A value and its U: U with two digits or all it has, the value as far as U goes (JJF 1059.1—2012, 5.3.8).

    Both texts read back as the same floats. None where they would be longer than LONGEST before or after the mark.
    """
    exact = [Decimal(repr(float(each))).normalize() for each in (value, U)]
    if not all(each.is_finite() and abs(each.adjusted()) <= LONGEST for each in exact):
        return None
    ends = [_end(each) for each in exact]
    place = min(ends[1], exact[1].adjusted() - 1)
    said_value, said_U = (
        f"{each.quantize(Decimal(1).scaleb(min(end, place)), context=EXACT):f}"
        for each, end in zip(exact, ends, strict=True)
    )
    return said_value, said_U


def limits(point: Point) -> str:
    """What is permitted: "±1", "0.9 … 1.1", "≥ 0.9"; "" where nothing is said."""
    lower = number(point.lower) if point.lower is not None else ""
    upper = number(point.upper) if point.upper is not None else ""
    if lower and upper:
        return f"±{upper}" if point.lower == -(point.upper or 0) else f"{lower} … {upper}"
    return f"≥ {lower}" if lower else f"≤ {upper}" if upper else ""


def _end(exact: Decimal) -> int:
    exponent = exact.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
