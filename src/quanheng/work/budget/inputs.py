"""One input of a budget file: its value, real or complex, and the effects that make its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import Unit, parse_unit
from quanheng.work.budget.budget_file import Cartesian, EffectSpec, InputSpec, Polar
from quanheng.work.budget.effects import (
    EFFECT_KEYS,
    READINGS_KEYS,
    effect_of,
    of_readings,
    readings_of,
    stated,
)
from quanheng.work.budget.statement import Table

INPUT_KEYS = ("value", "unit", *EFFECT_KEYS, *READINGS_KEYS, "effects")
LISTED_KEYS = ("name", *EFFECT_KEYS)
CARTESIAN_KEYS = ("re", "im", "u_re", "u_im", "r")
POLAR_KEYS = ("modulus", "argument", "u_modulus", "u_argument")


def input_of(name: str, table: Table) -> InputSpec | None:
    """The input that a table states; None with notes when it is wrong."""
    table.only(INPUT_KEYS)
    unit, before = unit_of(table), len(table.notes.found)
    if isinstance(table.entries.get("value"), dict):
        found = complex_input(name, table, unit)
    else:
        found = real_input(name, table, unit)
    return None if len(table.notes.found) > before else found


def unit_of(table: Table) -> Unit | None:
    """The unit as in the file; absent: 1."""
    text = table.text("unit") if "unit" in table else "1"
    if text is None:
        return None
    try:
        return parse_unit(text)
    except UnitError as error:
        table.wrong("unit", str(error))
        return None


# ---- real --------------------------------------------------------------------------------------------------------


def real_input(name: str, table: Table, unit: Unit | None) -> InputSpec | None:
    """1 readings  2 the value  3 what the table says of itself  4 its list of effects."""
    readings: tuple[float, ...] | None = ()
    own: EffectSpec | None = None
    check_relative(table, unit)
    if "readings" in table:
        check_readings(table)
        readings = readings_of(table)
    else:
        for key in READINGS_KEYS[1:]:
            if key in table:
                table.wrong("readings", f"缺少：{key} 须与 readings 同写 / missing: {key} goes with readings")
    value: float | None = None
    if readings:
        value, own = of_readings(table, readings, alone="effects" not in table) or (None, None)
    elif readings is not None:
        value = value_of(table)
        own = effect_of(table, "", value) if stated(table) else None
    effects = listed_effects(table, value)
    if value is None or unit is None or readings is None:
        return None
    both = (*(() if own is None else (own,)), *effects)
    return InputSpec(name, value, unit, both, table.text("source"), readings)


def check_relative(table: Table, unit: Unit | None) -> None:
    """Note a relative uncertainty on a scale whose zero is a convention."""
    for each in (table, *table.listed("effects")):
        if "u_rel" in each and unit is not None and unit.offset:
            each.wrong(
                "u_rel",
                f"{unit.symbol} 的零点是约定的，没有相对值；请写 u"
                f" / the zero of {unit.symbol} is a convention and nothing is relative to it; state u",
            )


def check_readings(table: Table) -> None:
    """What cannot stand beside readings."""
    for key in ("value", *EFFECT_KEYS):
        if key in table and key not in ("source", "distribution"):
            table.wrong(
                key,
                f"{key} 与 readings 只应写一个；其他影响写在 effects"
                f" / {key} and readings: state only one of them; other causes go into effects",
            )
    if table.entries.get("distribution", "t") != "t":
        table.wrong(
            "distribution",
            "读数的平均值服从 t 分布（JCGM 101，6.4.9.2）；请删去"
            " / the mean of readings has a t distribution (JCGM 101, 6.4.9.2); leave it out",
        )


def value_of(table: Table) -> float | None:
    """As stated; else the midpoint of the limits, or count + 1 (JCGM 101:2008, 6.4.11)."""
    limits = "lower" in table and "upper" in table
    if "value" in table:
        value = table.number("value")
        return check_midpoint(table, value) if limits and value is not None else value
    if limits:
        lower, upper = table.number("lower"), table.number("upper")
        return None if lower is None or upper is None else lower / 2 + upper / 2
    if table.entries.get("distribution") == "gamma" and "count" in table:
        count = table.number("count")
        return None if count is None else count + 1
    if "lower" not in table and "upper" not in table:
        table.needs(
            "value", "数，或 readings，或 lower 和 upper", "a number, or readings, or lower and upper"
        )
    return None


def check_midpoint(table: Table, value: float) -> float | None:
    """The value, which must be the midpoint of the limits beside it."""
    lower, upper = table.number("lower"), table.number("upper")
    if lower is None or upper is None:
        return None
    middle = lower / 2 + upper / 2
    if abs(value - middle) > 1e-9 * max(abs(lower), abs(upper)):
        table.wrong(
            "value",
            f"value = {value:.12g} 不是 lower 与 upper 的中点 {middle:.12g}；请删去 value，或写 half_width"
            f" / is not the midpoint {middle:.12g} of lower and upper: leave it out, or state half_width",
        )
        return None
    return value


def listed_effects(table: Table, value: float | None) -> list[EffectSpec]:
    """Effects of the list, of mean 0 each; those without a source of their own have that of the input."""
    found = []
    named: set[str] = set()
    for each in table.listed("effects"):
        each.only(LISTED_KEYS)
        each.needs("name", "这一影响的名称", "a name of this effect")
        name = each.text("name") or ""
        if name in named:
            each.wrong("name", f"“{name}”已经用过 / {name!r} stands twice")
        named.add(name)
        effect = effect_of(each, name, value) if has_mean_nought(each) else None
        if effect is not None:
            found.append(effect)
    if "effects" in table and not named and isinstance(table.entries["effects"], list):
        table.wrong("effects", "列表是空的 / the list is empty")
    return with_source(found, table)


def with_source(effects: Sequence[EffectSpec], table: Table) -> list[EffectSpec]:
    """The effects, with the source of the input where they name none."""
    source = table.entries.get("source")
    return [
        replace(each, source=source) if each.source is None and isinstance(source, str) else each
        for each in effects
    ]


def has_mean_nought(table: Table) -> bool:
    """Whether an effect of a list adds nothing to the value."""
    distribution = table.entries.get("distribution")
    if distribution in ("exponential", "gamma"):
        table.wrong(
            "distribution",
            f"effects 中各项的均值为 0；{distribution} 分布请另列为一个输入量"
            f" / an effect has mean 0; make {distribution} an input of its own",
        )
        return False
    if "lower" not in table or "upper" not in table:
        return True
    lower, upper = table.number("lower"), table.number("upper")
    if lower is None or upper is None:
        return False
    if abs(lower + upper) > 1e-9 * max(abs(lower), abs(upper)):
        table.wrong(
            "lower",
            "effects 中各项的均值为 0：lower 应等于 -upper，偏移写入 value"
            " / an effect has mean 0: lower should be -upper, and the offset goes into value",
        )
        return False
    return True


# ---- complex -----------------------------------------------------------------------------------------------------


def complex_input(name: str, table: Table, unit: Unit | None) -> InputSpec | None:
    """Parts or modulus and argument, each with its u; normal."""
    for key in (*EFFECT_KEYS, *READINGS_KEYS, "effects"):
        if key in table and key not in ("dof", "source", "distribution"):
            table.wrong(
                key,
                f"复数的不确定度写在 value 中（u_re、u_im 或 u_modulus、u_argument），不用 {key}"
                f" / u of a complex value stands in value (u_re, u_im or u_modulus, u_argument), not in {key}",
            )
    if table.entries.get("distribution", "normal") != "normal":
        table.wrong("distribution", "复数输入量服从正态分布 / a complex input is normal")
    dof = table.at_least("dof", 1.0) if "dof" in table else math.inf
    parts = table.table("value")
    assert parts is not None
    value = polar(parts, dof) if any(key in parts for key in POLAR_KEYS) else cartesian(parts, dof)
    if unit is not None and unit.offset:
        table.wrong(
            "unit",
            f"复数不用 {unit}：它的零点不是 0；写 K / a complex value is not in {unit}, which has a zero of its own:"
            " state it in K",
        )
        return None
    if unit is None or value is None:
        return None
    return InputSpec(name, value, unit, (), table.text("source"))


def cartesian(parts: Table, dof: float | None) -> Cartesian | None:
    """re, im, u_re, u_im, r."""
    parts.only(CARTESIAN_KEYS)
    for key in ("re", "im"):
        parts.needs(key, "数", "a number")
    if "r" in parts and not ("u_re" in parts and "u_im" in parts):
        parts.wrong("r", "r 须有 u_re 和 u_im / r needs u_re and u_im")
    re, im, r = parts.number("re"), parts.number("im"), correlation_coefficient(parts, "r")
    u = [parts.positive(key) if key in parts else 0.0 for key in ("u_re", "u_im")]
    if re is None or im is None or u[0] is None or u[1] is None or dof is None:
        return None
    return Cartesian(re, im, u[0], u[1], r or 0.0, dof)


def polar(parts: Table, dof: float | None) -> Polar | None:
    """modulus, argument (rad), u_modulus, u_argument."""
    parts.only(POLAR_KEYS)
    for key in ("modulus", "argument"):
        parts.needs(key, "数", "a number")
    modulus, argument = parts.number("modulus"), parts.number("argument")
    if modulus is not None and modulus < 0:
        parts.wrong("modulus", f"模不能为负：{modulus:g} / a modulus is not negative")
    u = [parts.positive(key) if key in parts else 0.0 for key in ("u_modulus", "u_argument")]
    if modulus is None or argument is None or u[0] is None or u[1] is None or dof is None:
        return None
    return Polar(modulus, argument, u[0], u[1], dof)


def correlation_coefficient(table: Table, key: str) -> float | None:
    """A number in [-1, 1]."""
    r = table.number(key)
    if r is not None and abs(r) > 1:
        table.wrong(key, f"{key} = {r:g}，应在 -1 与 1 之间 / should be from -1 to 1")
        return None
    return r
