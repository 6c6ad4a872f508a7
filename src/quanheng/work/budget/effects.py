"""From the words in which people state an uncertainty to u and a shape.

Formulas: JCGM 100:2008, 4.2 and 4.3; JCGM 101:2008, 6.4, clause by clause in measure/quantity/shapes.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quanheng.measure.errors import InvalidData, InvalidDistribution
from quanheng.measure.quantity import shapes
from quanheng.measure.quantity.shapes import Normal, Rectangular, Shape, StudentT, Triangular
from quanheng.measure.statistics.type_a import TypeA, type_a
from quanheng.work.budget.budget_file import EffectSpec
from quanheng.work.budget.statement import Table

Sized = tuple[float, Shape]


@dataclass(frozen=True)
class Distribution:
    """How the size of a distribution may be stated (one of `sizes`), and what it takes beside."""

    sizes: tuple[str, ...]
    parameters: tuple[str, ...] = ()


STANDARD = ("u", "U", "u_rel")
WIDTH = ("half_width", "lower")  # lower goes with upper
DISTRIBUTIONS = {
    "normal": Distribution(STANDARD),
    "rectangular": Distribution(WIDTH + STANDARD),
    "triangular": Distribution(WIDTH + STANDARD),
    "trapezoidal": Distribution(WIDTH, ("top",)),
    "arcsine": Distribution(WIDTH + STANDARD),
    "t": Distribution(("scale", "u", "u_rel"), ("dof",)),
    "ctrap": Distribution(WIDTH, ("inexactness",)),
    "exponential": Distribution(()),
    "gamma": Distribution(("count",)),
}
# what goes only with another key
BESIDE = {"U": "k", "k": "U", "lower": "upper", "upper": "lower"}
SIZES = ("u", "U", "u_rel", "half_width", "lower", "scale", "count")
EFFECT_KEYS = (
    *("distribution", "u", "U", "k", "u_rel", "half_width", "lower", "upper"),
    *("top", "inexactness", "scale", "count", "dof", "source"),
)
READINGS_KEYS = ("readings", "pooled_s", "pooled_dof")


def stated(table: Table) -> bool:
    """Whether the table says anything of an uncertainty."""
    return any(key in table for key in EFFECT_KEYS if key != "source")


def effect_of(table: Table, name: str, value: float | None) -> EffectSpec | None:
    """The effect that a table states; None with a note when it is wrong. value: of the input, None if that is wrong.

    1 the distribution  2 what its size is stated by  3 nothing that does not go with it  4 u and shape  5 dof
    """
    distribution = table.one_of("distribution", DISTRIBUTIONS) if "distribution" in table else "normal"
    dof = table.at_least("dof", 1.0) if "dof" in table else math.inf
    source = table.text("source")
    if distribution is None or not fits(table, distribution):
        return None
    found = sized(table, distribution, value, dof)
    if found is None or dof is None:
        return None
    u, shape = found
    if not (math.isfinite(u) and u > 0):
        table.wrong(None, f"标准不确定度为 {u}，应为有限正数 / u is {u}; it should be positive and finite")
        return None
    if isinstance(shape, StudentT) and shape.of == "standard deviation":
        dof = math.inf  # u holds already what few degrees of freedom add; k would add it again
    relative = "u_rel" in table or distribution in ("exponential", "gamma")
    return EffectSpec(name, u, shape, dof, "B", distribution, source, relative)


def fits(table: Table, distribution: str) -> bool:
    """Whether the size is stated once, in a way of this distribution, with all that goes with it."""
    before = len(table.notes.found)
    check_size(table, distribution)
    for key, other in BESIDE.items():
        if key in table and other not in table:
            table.wrong(other, f"缺少：{key} 须与 {other} 同写 / missing: {key} goes with {other}")
    check_parameters(table, distribution)
    return len(table.notes.found) == before


def check_size(table: Table, distribution: str) -> None:
    """Note a size that is missing, of another distribution, or stated twice."""
    allowed = DISTRIBUTIONS[distribution].sizes
    given = [key for key in SIZES if key in table or (key in ("U", "lower") and BESIDE[key] in table)]
    if not given and allowed:
        words = ", ".join(map(said, allowed))
        table.wrong(
            None,
            f"{distribution} 分布缺少大小：写 {words} 之一 / {distribution} has no size: state one of {words}",
        )
    for key in given:
        if key not in allowed:
            foreign(table, key, distribution)
    first, *others = [key for key in given if key in allowed] or [""]
    for key in others:
        zh, en = f"{said(first)} 与 {said(key)}", f"{said(first)} and {said(key)}"
        table.wrong(key, f"{zh} 只应写一个 / {en}: state only one of them")


def check_parameters(table: Table, distribution: str) -> None:
    """Note a second length of another distribution, and parameters that are missing."""
    parameters = DISTRIBUTIONS[distribution].parameters
    for key in ("top", "inexactness"):
        if key in table and key not in parameters:
            foreign(table, key, distribution)
    for key in parameters:
        table.needs(key, f"{distribution} 分布的 {key}", f"{key} of distribution {distribution}")


def foreign(table: Table, key: str, distribution: str) -> None:
    """Note a key that this distribution does not take, with those that do."""
    names = [name for name, each in DISTRIBUTIONS.items() if key in each.sizes + each.parameters]
    table.wrong(
        key,
        f"{distribution} 分布不用 {said(key)}，它用于 {'、'.join(names)}"
        f" / {distribution} takes no {said(key)}; it is of {', '.join(names)}",
    )


def said(size: str) -> str:
    """A size with the key that goes with it."""
    return f"{size} + {BESIDE[size]}" if size in BESIDE else size


def sized(table: Table, distribution: str, value: float | None, dof: float | None) -> Sized | None:
    """u and shape; what is stated fits the distribution."""
    match distribution:
        case "exponential":
            return exponential(table, value)
        case "gamma":
            return gamma(table, value)
        case "trapezoidal" | "ctrap":
            return of_width_and_ratio(table, distribution)
        case "t":
            return student(table, value, dof)
        case _:
            return plain(table, distribution, value)


def plain(table: Table, distribution: str, value: float | None) -> Sized | None:
    """Of a shape without parameters: by its half-width, or by u."""
    width = half_width(table)
    if width is not None:
        by_width = {
            "rectangular": shapes.rectangular,
            "triangular": shapes.triangular,
            "arcsine": shapes.arcsine,
        }
        return by_width[distribution](width)
    u = standard_uncertainty(table, value)
    shape = {
        "normal": Normal,
        "rectangular": Rectangular,
        "triangular": Triangular,
        "arcsine": shapes.Arcsine,
    }
    return None if u is None else (u, shape[distribution]())


def half_width(table: Table) -> float | None:
    """Of the limits, as stated."""
    if "half_width" in table:
        return table.positive("half_width")
    lower, upper = table.number("lower"), table.number("upper")
    if lower is None or upper is None:
        return None
    if not lower < upper:
        table.wrong("lower", f"lower = {lower:g} 应小于 upper = {upper:g} / lower should be below upper")
        return None
    return upper / 2 - lower / 2


def standard_uncertainty(table: Table, value: float | None) -> float | None:
    """From u, from U and k, or from u_rel and the value."""
    if "u" in table:
        return table.positive("u")
    if "U" in table:
        expanded, k = table.positive("U"), table.positive("k")
        return None if expanded is None or k is None else expanded / k
    relative = table.positive("u_rel") if "u_rel" in table else None
    if relative is None or value is None:
        return None
    if value == 0:
        table.wrong(
            "u_rel", "value 为 0，没有相对值；请写 u / value is 0 and nothing is relative to it; state u"
        )
        return None
    return relative * abs(value)


def student(table: Table, value: float | None, dof: float | None) -> Sized | None:
    """t by its scale (JCGM 101:2008, 6.4.9), or by its standard deviation u."""
    if "scale" in table:
        scale = table.positive("scale")
        return None if scale is None or dof is None else (scale, StudentT(dof, "scale"))
    u = standard_uncertainty(table, value)
    if u is None or dof is None:
        return None
    if dof <= 2:
        table.wrong(
            "dof",
            f"dof = {dof:g} 的 t 分布没有标准偏差：dof 应大于 2，或改写 scale"
            f" / a t of {dof:g} degrees of freedom has no standard deviation: dof above 2, or state scale",
        )
        return None
    return u, StudentT(dof, "standard deviation")


def of_width_and_ratio(table: Table, distribution: str) -> Sized | None:
    """Trapezoid and rectangle of inexact limits: the second length is stated in the unit of the input."""
    key = DISTRIBUTIONS[distribution].parameters[0]
    width, length = half_width(table), table.number(key)
    if width is None or length is None:
        return None
    make = {"trapezoidal": shapes.trapezoidal, "ctrap": shapes.ctrap}[distribution]
    try:
        return make(width, length / width)
    except InvalidDistribution:
        table.wrong(
            key, f"{key} = {length:g}，应在 0 与半宽 {width:g} 之间 / should be from 0 to the half-width"
        )
        return None


def exponential(table: Table, value: float | None) -> Sized | None:
    """JCGM 101:2008, 6.4.10: the value is the mean, and u."""
    if value is None:
        return None
    if value <= 0:
        table.wrong(
            "value", f"指数分布的均值应大于 0，不是 {value:g} / the mean should be above 0, not {value:g}"
        )
        return None
    return shapes.exponential(value)


def gamma(table: Table, value: float | None) -> Sized | None:
    """JCGM 101:2008, 6.4.11: of count + 1 events, or of a value that these stand for."""
    count = table.whole("count", 0, 10**15)
    if count is None or value is None:
        return None
    if value <= 0:
        table.wrong(
            "value", f"伽马分布的均值应大于 0，不是 {value:g} / the mean should be above 0, not {value:g}"
        )
        return None
    u, shape = shapes.gamma(count)
    return value / (count + 1) * u, shape


# ---- type A ------------------------------------------------------------------------------------------------------


def readings_of(table: Table) -> tuple[float, ...] | None:
    """The readings of an input; None with a note when they are wrong."""
    values = table.entries["readings"]
    if not isinstance(values, list) or not values:
        table.wrong(
            "readings", "应为读数的列表 [ … ]，至少一个 / should be a list of readings [ … ], at least one"
        )
        return None
    numbers = [table.finite(each, "readings", index) for index, each in enumerate(values)]
    return None if None in numbers else tuple(each for each in numbers if each is not None)


def of_readings(
    table: Table, readings: Sequence[float], alone: bool
) -> tuple[float, EffectSpec | None] | None:
    """The mean of the readings and what it does not tell: a scaled t. JCGM 101:2008, 6.4.9.2.

    alone: the input has no other effect, so that equal readings would leave it without any uncertainty. Beside
    another effect they add nothing.
    """
    pooled_s, pooled_dof = pooled(table)
    if pooled_s is None and ("pooled_s" in table or "pooled_dof" in table):
        return None
    if len(readings) == 1 and pooled_s is None:
        table.wrong(
            "readings",
            "一个读数没有标准偏差：至少两个，或写 pooled_s"
            " / one reading has no standard deviation: state two or more, or pooled_s",
        )
        return None
    found = evaluated(table, readings, pooled_s, pooled_dof)
    if found is None:
        return None
    mean, u, dof = float(found.mean), float(found.u), float(found.dof)
    if u == 0:
        if alone:
            table.wrong(
                "readings",
                "读数全部相同，s = 0：请把分辨力写成 effects 之一"
                " / all readings are equal and s is 0: state the resolution as one of effects",
            )
        return mean, None
    shape: Shape = Normal() if dof == math.inf else StudentT(dof, "scale")
    return mean, EffectSpec("", u, shape, dof, "A", shape.name, table.text("source"))


def evaluated(
    table: Table, readings: Sequence[float], pooled_s: float | None, pooled_dof: float | None
) -> TypeA | None:
    """Mean, u and degrees of freedom, of numbers that leave room for their squares."""
    try:
        with np.errstate(over="raise", invalid="raise"):
            return type_a(readings, pooled_s=pooled_s, pooled_dof=pooled_dof)
    except (FloatingPointError, InvalidData):
        table.wrong("readings", "数过大，算不出标准偏差 / the numbers are too large for a standard deviation")
        return None


def pooled(table: Table) -> tuple[float | None, float | None]:
    """pooled_s, and pooled_dof or infinity beside it; without notes both or none."""
    s = table.positive("pooled_s") if "pooled_s" in table else None
    dof = table.at_least("pooled_dof", 1.0) if "pooled_dof" in table else math.inf
    if "pooled_dof" in table and "pooled_s" not in table:
        table.wrong(
            "pooled_s", "缺少：pooled_dof 须与 pooled_s 同写 / missing: pooled_dof goes with pooled_s"
        )
    return (None, None) if s is None or dof is None else (s, dof)
