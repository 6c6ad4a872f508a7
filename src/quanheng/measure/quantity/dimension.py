"""Dimensions of quantities, as exponents over base units (ISO 80000-1:2022, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

BASES = ("kg", "m", "s", "A", "K", "mol", "cd")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Dimension:
    """Exponents over the base units m kg s A K mol cd, and over scales that nothing converts to (NTU, HRC).

    exponents: pairs of base unit and exponent, in the order of the SI, none of them 0.
    """

    exponents: tuple[tuple[str, Fraction], ...] = ()

    def __mul__(self, other: Dimension) -> Dimension:
        total = dict(self.exponents)
        for base, exponent in other.exponents:
            total[base] = total.get(base, Fraction(0)) + exponent
        return Dimension(tuple((base, total[base]) for base in sorted(total, key=_rank) if total[base]))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: Fraction | int) -> Dimension:
        return Dimension(tuple((base, exponent * power) for base, exponent in self.exponents if power))

    def __str__(self) -> str:
        return "·".join(base + superscript(exponent) for base, exponent in self.exponents) or "1"


NUMBER = Dimension()


def _rank(base: str) -> tuple[int, str]:
    return (BASES.index(base) if base in BASES else len(BASES), base)


def superscript(power: Fraction) -> str:
    """²; ^(1/2) where the power is broken; nothing for 1."""
    if power == 1:
        return ""
    return str(power).translate(SUPERSCRIPTS) if power.denominator == 1 else f"^({power})"
