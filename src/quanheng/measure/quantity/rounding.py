"""Rounds and prints results, exactly on the decimal digits that a float stands for.

Numbers are grouped by threes with thin spaces, the minus sign is U+2212, powers of ten stand as × 10ⁿ
(GB 3101—1993, 3.4; ISO 80000-1:2022, 7.3). An uncertainty keeps one or two significant digits and its value ends at
the same place (JCGM 100:2008, 7.2.6; JJF 1059.1—2012, 5.3.8).
"""

from __future__ import annotations

import decimal
import math
from dataclasses import dataclass
from decimal import Decimal

from quanheng.measure.errors import InvalidData, InvalidUncertainty
from quanheng.measure.quantity.dimension import SUPERSCRIPTS
from quanheng.measure.quantity.units import Unit

THIN_SPACE, MINUS = "\u2009", "\u2212"
UNSPACED = ("°", "′", "″")  # stand directly behind the number
EXACT = decimal.Context(prec=800)  # holds every float to its last digit


@dataclass(frozen=True)
class RoundingRule:
    """How an uncertainty and a value are rounded, and where that is laid down."""

    name: str
    uncertainty: str
    value: str
    source: str


RULES = {
    rule.name: rule
    for rule in (
        RoundingRule("half-even", decimal.ROUND_HALF_EVEN, decimal.ROUND_HALF_EVEN, "GB/T 8170—2008, 3.2"),
        RoundingRule("half-away", decimal.ROUND_HALF_UP, decimal.ROUND_HALF_UP, "DIN 1333:1992"),
        RoundingRule("up", decimal.ROUND_UP, decimal.ROUND_HALF_EVEN, "JJF 1059.1—2012, 5.3.8"),
    )
}


def round_uncertainty(u: float, digits: int = 2, rule: str = "half-even") -> Decimal:
    """An uncertainty to so many significant digits. InvalidUncertainty unless u is positive and finite."""
    if not (math.isfinite(u) and u > 0):
        raise InvalidUncertainty(
            f"不确定度 {u} 不是正的有限数，无法修约 / the uncertainty {u} is not positive and finite: it has no digits"
        )
    return _significant(Decimal(repr(float(u))), digits, _rule(rule).uncertainty)


def round_value(value: float, u: Decimal, rule: str = "half-even") -> Decimal:
    """A value to the last place of a rounded uncertainty. InvalidData unless it is finite."""
    quantum = Decimal(1).scaleb(_last_place(u))
    rounded = _decimal(value).quantize(quantum, _rule(rule).value, EXACT)
    return rounded if rounded else abs(rounded)


def concise(value: float, u: float, digits: int = 2, rule: str = "half-even") -> str:
    """`12.345(67)`: the standard uncertainty in the last digits (JCGM 100:2008, 7.2.2)."""
    rounded = round_uncertainty(u, digits, rule)
    value_digits, shift = _shifted(round_value(value, rounded, rule), rounded)
    in_last_places = int(rounded.scaleb(-_last_place(rounded)))
    return f"{_grouped(value_digits)}({in_last_places}){_power_of_ten(shift)}"


def expanded(
    value: float, U: float, k: float, unit: Unit | str = "1", digits: int = 2, rule: str = "half-even"
) -> str:
    """`(12.345 ± 0.013) mm, k = 2`: a result with its expanded uncertainty (JCGM 100:2008, 7.2.4)."""
    if not (math.isfinite(k) and k > 0):
        raise InvalidUncertainty(
            f"包含因子 k = {k} 不是正的有限数 / the coverage factor k = {k} is not positive and finite"
        )
    rounded = round_uncertainty(U, digits, rule)
    value_digits, shift = _shifted(round_value(value, rounded, rule), rounded)
    u_digits = rounded.scaleb(-shift)
    pair = f"{_grouped(value_digits)} ± {_grouped(u_digits)}"
    power, symbol = _power_of_ten(shift), _unit_after(unit)
    result = f"({pair}){power}{symbol}" if power or symbol else pair
    return f"{result}, k = {number(float(f'{k:.3g}'))}"


def number(value: float, digits: int | None = None, rule: str = "half-even") -> str:
    """A number for print: to so many significant digits, or as many as it takes to read it back."""
    exact = _decimal(value).normalize(EXACT)
    last = min(_last_place(exact), 0)
    if digits is not None and exact:
        exact = _significant(exact, digits, _rule(rule).value)
        last = _last_place(exact)
    shown, shift = _shifted(exact, Decimal(1).scaleb(last))
    return f"{_grouped(shown)}{_power_of_ten(shift)}"


def _rule(name: str) -> RoundingRule:
    if name not in RULES:
        known = ", ".join(RULES)
        raise InvalidData(
            f"没有修约规则 {name}；可用 {known} / there is no rounding rule {name}; there are {known}"
        )
    return RULES[name]


def _decimal(value: float) -> Decimal:
    if not math.isfinite(value):
        raise InvalidData(
            f"{value} 不是有限数，无法修约 / {value} is not finite: it cannot be rounded or printed"
        )
    return Decimal(repr(float(value)))


def _last_place(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _significant(exact: Decimal, digits: int, mode: str) -> Decimal:
    if digits < 1:
        raise InvalidData(f"有效位数 {digits} 小于 1 / {digits} significant digits are fewer than 1")
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), mode, EXACT)
    if rounded.adjusted() > exact.adjusted():  # 0.0996 is 0.10, not 0.100
        rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1), mode, EXACT)
    return rounded


def _shifted(value: Decimal, last: Decimal) -> tuple[Decimal, int]:
    """The number to print before × 10ⁿ, and n: 0 unless trailing zeros would be unknown, or leading ones many."""
    leading = max(each.adjusted() for each in (value, last) if each) if value or last else 0
    shift = leading if _last_place(last) > 0 or not -4 < leading < 15 else 0
    return value.scaleb(-shift), shift


def _power_of_ten(shift: int) -> str:
    return f" × 10{str(shift).translate(SUPERSCRIPTS)}" if shift else ""


def _grouped(number: Decimal) -> str:
    """Digits by threes from the decimal sign, where a side has more than four."""
    whole, _, fraction = f"{abs(number):f}".partition(".")
    if len(whole) > 4:
        head = len(whole) % 3
        whole = THIN_SPACE.join(filter(None, [whole[:head], *_threes(whole[head:])]))
    if len(fraction) > 4:
        fraction = THIN_SPACE.join(_threes(fraction))
    sign = MINUS if number < 0 else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _threes(digits: str) -> list[str]:
    return [digits[k : k + 3] for k in range(0, len(digits), 3)]


def _unit_after(unit: Unit | str) -> str:
    symbol = str(unit)
    if symbol == "1":
        return ""
    return symbol if symbol in UNSPACED else f" {symbol}"
