"""Checks the units of a model once, on its graph, before any number is computed.

Each operation says what it asks of the dimensions of its operands and what comes out. Kinds of quantity pass through
sums, and through products with a literal number; any other product is of no known kind. A literal number is of
dimension 1; a literal 0 may be added to anything.
A Celsius temperature is a point on a scale, not an interval: two of them may be subtracted, and one may be moved by a
difference in K, but not added, doubled or multiplied, for then the numbers in °C and in K would differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.constants import CONSTANTS
from quanheng.measure.quantity.dimension import NUMBER, Dimension
from quanheng.measure.quantity.graph import Entry
from quanheng.measure.quantity.legal_units import KINDS
from quanheng.measure.quantity.units import Unit, compatible, parse_unit

POINT, INTERVAL = "Celsius temperature", "temperature difference"
ANGLE = "plane angle"
DEGREES = (180 / math.pi, math.pi / 180)
LARGEST_ROOT = 12
TEXT_DEPTH = 4


class Found(NamedTuple):
    """What a term of a model measures: its dimension, its kind where known, and the literal factors that it has."""

    dimension: Dimension
    kind: str | None = None
    factor: float = 1.0


def check(
    entries: Sequence[Entry], units: Mapping[str, Unit], wanted: Iterable[int] | None = None
) -> dict[int, Found]:
    """What each place of a graph measures, given the units of its inputs; constants of the SI bring their own.

    entries: of a Graph, operands before operations. wanted: places of the outputs, if only what they are made of is
    to be checked (a graph may also hold derivatives). UnitError names both sides of what does not fit.
    """
    pending = _Check(entries, units)
    for place in sorted(range(len(entries)) if wanted is None else _made_of(entries, wanted)):
        pending.found[place] = pending.measured(entries[place])
    return pending.found


def require_unit(name: str, unit: Unit, found: Found) -> None:
    """UnitError unless an output of a model, found to measure so, can be stated in the unit."""
    if compatible(unit, found):
        return
    if found.kind == INTERVAL and unit.kind == POINT:
        raise UnitError(
            f"{name} 是温度差，单位写 K，不写 {unit} / {name} is a temperature difference: its unit is K, not {unit}"
        )
    zh, en = _words(found)
    raise UnitError(
        f"{name} 的单位写作 {unit}，模型给出的是 {zh} / {name} is stated in {unit}, the model gives {en}"
    )


def _made_of(entries: Sequence[Entry], wanted: Iterable[int]) -> set[int]:
    needed = set(wanted)
    for place in range(max(needed, default=-1), -1, -1):
        if place in needed:
            needed.update(entries[place].operands)
    return needed


class _Check:
    """One pass over a graph; `found` holds what is known of earlier places."""

    def __init__(self, entries: Sequence[Entry], units: Mapping[str, Unit]) -> None:
        self.entries = entries
        self.units = units
        self.found: dict[int, Found] = {}

    def measured(self, entry: Entry) -> Found:
        if entry.name is not None:
            unit = self.unit(entry.name)
            return Found(unit.dimension, unit.kind)
        if entry.operation is None:
            return Found(NUMBER)
        return RULES[entry.operation.name](self, entry.operation.name, *entry.operands)

    def unit(self, name: str) -> Unit:
        if name in self.units:
            return self.units[name]
        if name in CONSTANTS:
            return parse_unit(CONSTANTS[name].unit)
        raise UnitError(
            f"输入 {name} 没有单位；纯数写 1 / the input {name} has no unit; write 1 for a pure number"
        )

    # ---- rules: from the name of an operation and its operands' places to what it measures

    def sum(self, name: str, a: int, b: int) -> Found:
        for zero, other in ((a, b), (b, a)):
            if self.entries[zero].constant == 0.0:
                return self.same("negative", b) if name == "subtract" and zero == a else self.found[other]
        left, right = self.found[a], self.found[b]
        if POINT in (left.kind, right.kind) and left.dimension == right.dimension:
            return self.moved_point(name, a, b)
        self.require_same(name, a, b)
        return Found(left.dimension, left.kind or right.kind)

    def moved_point(self, name: str, a: int, b: int) -> Found:
        left, right = self.found[a], self.found[b]
        interval = (None, INTERVAL)
        if name == "subtract" and left.kind == right.kind:
            return Found(left.dimension, INTERVAL)
        if (left.kind == POINT and right.kind in interval) or (name == "add" and left.kind in interval):
            return Found(left.dimension, POINT)
        raise UnitError(
            f"{self.says(a)[0]}，{self.says(b)[0]}：摄氏温度只能相减，或加减以 K 为单位的温度差；修正值写 K，"
            "平均值写 t1 + (t2 - t1)/2 / "
            f"{self.says(a)[1]}, {self.says(b)[1]}: Celsius temperatures can only be subtracted, or moved by a "
            "difference in K; state a correction in K, write a mean as t1 + (t2 - t1)/2"
        )

    def ratio(self, name: str, a: int, b: int) -> Found:
        """arctan2 and hypot: operands of one dimension."""
        same = self.sum(name, a, b)
        self.refuse_points(name, a, b)
        return Found(NUMBER, ANGLE) if name == "arctan2" else same

    def product(self, name: str, a: int, b: int) -> Found:
        self.refuse_points(name, a, b)
        left, right = self.found[a], self.found[b]
        dimension = (
            left.dimension * right.dimension if name == "multiply" else left.dimension / right.dimension
        )
        literal = self.entries[b].constant
        if literal is not None:
            factor = left.factor * literal if name == "multiply" or not literal else left.factor / literal
            return self.multiple(a, Found(dimension, left.kind, factor))
        literal = self.entries[a].constant
        if literal is not None and name == "multiply":
            return self.multiple(b, Found(dimension, right.kind, right.factor * literal))
        return Found(dimension)

    def multiple(self, place: int, found: Found) -> Found:
        """Angles are in rad wherever a model computes: who turns them into degrees, or back, would do it twice."""
        if found.kind == ANGLE and any(math.isclose(found.factor, each, rel_tol=1e-6) for each in DEGREES):
            zh, en = self.says(place)
            raise UnitError(
                f"{zh}：模型里的角都是 rad，不要再换算；去掉 degrees、radians 或 180/π，单位写 ° / "
                f"{en}: angles are in rad inside a model; leave out degrees, radians or 180/π and state the unit °"
            )
        return found

    def power(self, name: str, a: int, b: int) -> Found:
        self.refuse_points(name, a)
        self.require_number(name, b, zh="指数", en="an exponent")
        base, exponent = self.found[a], self.entries[b].constant
        if base.dimension == NUMBER:
            return Found(NUMBER)
        if exponent is None:
            zh, en = self.says(a)
            raise UnitError(
                f"{zh}，指数 {self.text(b)} 不是常数：量纲不定 / "
                f"{en} and the exponent {self.text(b)} is no constant: the dimension would vary"
            )
        return Found(base.dimension ** self.rational(exponent), base.kind if exponent == 1.0 else None)

    def rational(self, exponent: float) -> Fraction:
        fraction = Fraction(exponent).limit_denominator(LARGEST_ROOT)
        if abs(float(fraction) - exponent) > 1e-12 * abs(exponent):
            raise UnitError(
                f"有量纲的量的指数 {exponent:g} 不是简单分数 / "
                f"the exponent {exponent:g} of a quantity with a dimension is no simple fraction"
            )
        return fraction

    def root(self, name: str, a: int) -> Found:
        self.refuse_points(name, a)
        return Found(self.found[a].dimension ** Fraction(1, 2 if name == "sqrt" else 3))

    def same(self, name: str, a: int) -> Found:
        self.refuse_points(name, a)
        return self.found[a]

    def sign(self, name: str, a: int) -> Found:
        self.refuse_points(name, a)
        return Found(NUMBER)

    def number(self, name: str, a: int) -> Found:
        self.require_number(name, a)
        return Found(NUMBER)

    def of_angle(self, name: str, a: int) -> Found:
        self.require_number(name, a)
        if self.found[a].kind not in (None, ANGLE):
            zh, en = self.says(a)
            raise UnitError(
                f"{name} 的参数应是角，单位 rad 或 °：{zh} / {name} takes an angle in rad or °: {en}"
            )
        return Found(NUMBER)

    def to_angle(self, name: str, a: int) -> Found:
        self.require_number(name, a)
        return Found(NUMBER, ANGLE)

    # ---- what a rule asks

    def require_same(self, name: str, a: int, b: int) -> None:
        if not compatible(self.found[a], self.found[b]):
            (zh_a, en_a), (zh_b, en_b) = self.says(a), self.says(b)
            zh, en = CANNOT.get(name, (f"不能同作 {name} 的参数", f"cannot both be operands of {name}"))
            raise UnitError(f"{zh_a}，{zh_b}：{zh} / {en_a}, {en_b}: they {en}")

    def require_number(self, name: str, a: int, zh: str = "参数", en: str = "its argument") -> None:
        if self.found[a].dimension != NUMBER:
            says = self.says(a)
            raise UnitError(
                f"{name} 的{zh}应是纯数：{says[0]} / {name} wants a pure number as {en}: {says[1]}"
            )

    def refuse_points(self, name: str, *places: int) -> None:
        for place in places:
            if self.found[place].kind == POINT:
                zh, en = self.says(place)
                raise UnitError(
                    f"{zh}：摄氏温度不能直接用于 {name}；先减去参考温度（如 t - t0），或以 K 为单位给出热力学温度 / "
                    f"{en}: a Celsius temperature has no place in {name}; subtract a reference first (t - t0), or "
                    "state the thermodynamic temperature in K"
                )

    # ---- words

    def says(self, place: int) -> tuple[str, str]:
        """ "ls is nm", in Chinese and English."""
        entry, text = self.entries[place], self.text(place)
        if entry.name is not None:
            unit = self.unit(entry.name)
            zh, en = (f"（{KINDS[unit.kind][0]}）", f" ({unit.kind})") if unit.kind else ("", "")
            return f"{text} 的单位是 {unit}{zh}", f"{text} is {unit}{en}"
        zh, en = _words(self.found[place])
        return f"{text} 是 {zh}", f"{text} is {en}"

    def text(self, place: int, depth: int = TEXT_DEPTH) -> str:
        """The term as one would write it, its depths left out."""
        entry = self.entries[place]
        if entry.name is not None:
            return entry.name
        if entry.constant is not None:
            return f"{entry.constant:g}"
        if depth == 0 or entry.operation is None:
            return "…"
        operands = [self.text(each, depth - 1) for each in entry.operands]
        if entry.operation.name in INFIX:
            return f"({INFIX[entry.operation.name].join(operands)})"
        return f"{entry.operation.name}({', '.join(operands)})"


def _words(found: Found) -> tuple[str, str]:
    """A dimension and a kind in words."""
    if found.dimension == NUMBER and found.kind is None:
        return "纯数", "a pure number"
    if found.kind is None:
        return str(found.dimension), str(found.dimension)
    return f"{found.dimension}（{KINDS[found.kind][0]}）", f"{found.dimension} ({found.kind})"


CANNOT = {"add": ("不能相加", "cannot be added"), "subtract": ("不能相减", "cannot be subtracted")}
INFIX = {"add": " + ", "subtract": " - ", "multiply": "*", "divide": "/", "power": "**"}
RULES: dict[str, Callable[..., Found]] = {
    **dict.fromkeys(("add", "subtract"), _Check.sum),
    **dict.fromkeys(("arctan2", "hypot"), _Check.ratio),
    **dict.fromkeys(("multiply", "divide"), _Check.product),
    "power": _Check.power,
    **dict.fromkeys(("sqrt", "cbrt"), _Check.root),
    **dict.fromkeys(("negative", "absolute"), _Check.same),
    "sign": _Check.sign,
    **dict.fromkeys(("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"), _Check.number),
    **dict.fromkeys(("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"), _Check.number),
    **dict.fromkeys(("sin", "cos", "tan"), _Check.of_angle),
    **dict.fromkeys(("arcsin", "arccos", "arctan"), _Check.to_angle),
}
