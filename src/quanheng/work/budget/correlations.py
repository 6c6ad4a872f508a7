"""Correlations of the inputs of a budget file: between whom, and whether they can be together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidCorrelation
from quanheng.measure.quantity.source import checked_correlation
from quanheng.work.budget.budget_file import CorrelationSpec, InputSpec
from quanheng.work.budget.inputs import correlation_coefficient
from quanheng.work.budget.names import identifier
from quanheng.work.budget.sources import Variables, variables_of
from quanheng.work.budget.statement import Table, nearest


def correlations_of(
    top: Table, inputs: Mapping[str, InputSpec], known: Sequence[str]
) -> tuple[CorrelationSpec, ...]:
    """All pairs that the file states. known: names of inputs, also of those that are wrong otherwise."""
    found: list[CorrelationSpec] = []
    pairs: set[tuple[str, str]] = set()
    for table in top.listed("correlation"):
        table.only(("between", "r"))
        table.needs("r", "-1 到 1 的数", "a number from -1 to 1")
        pair, r = pair_of(table, inputs, known), correlation_coefficient(table, "r")
        if pair is None:
            continue
        a, b = sorted(pair)
        if (a, b) in pairs:
            table.wrong("between", f"{a} 与 {b} 的 r 给了两次 / r of {a} and {b} is given twice")
            continue
        pairs.add((a, b))
        if r is not None:
            found.append(CorrelationSpec(pair, r))
    return tuple(found)


def pair_of(table: Table, inputs: Mapping[str, InputSpec], known: Sequence[str]) -> tuple[str, str] | None:
    """The two inputs of one correlation: known, two, real, not exact."""
    names = table.entries.get("between")
    if not (isinstance(names, list) and len(names) == 2 and all(isinstance(each, str) for each in names)):
        table.wrong(
            "between", '应为两个输入量的名称 ["V", "I"] / should be the names of two inputs, ["V", "I"]'
        )
        return None
    a, b = (identifier(each) for each in names)
    missing = [each for each in (a, b) if each not in known]
    for each in missing:
        zh, en = nearest(each, known)
        table.wrong("between", f"没有输入量“{each}”{zh} / there is no input {each!r}{en}")
    if missing:
        return None
    if a == b:
        table.wrong(
            "between", f"{a} 与自身的 r 总是 1；请删去 / r of {a} and itself is 1 always; leave it out"
        )
        return None
    for each in (a, b):
        if each in inputs and not inputs[each].effects:
            table.wrong("between", why_not(inputs[each]))
            return None
    return a, b


def why_not(spec: InputSpec) -> str:
    """Why an input without effects has no correlation."""
    if isinstance(spec.value, float):
        return f"{spec.name} 没有不确定度，不能相关 / {spec.name} is exact and has no correlation"
    return (
        f"{spec.name} 是复数：其两部分的相关写在 value 的 r / "
        f"{spec.name} is complex: the correlation of its parts is r in its value"
    )


def check_possible(specs: Sequence[CorrelationSpec], inputs: Mapping[str, InputSpec], top: Table) -> None:
    """Note r that is stated beside a common source, and coefficients that no variables can have together."""
    clash, variables = False, variables_of(inputs)
    for index, spec in enumerate(specs):
        a, b = spec.between
        shared = common_sources(inputs[a], inputs[b], variables)
        if shared:
            clash = True
            top.notes.add(
                ("correlation", index, "r"),
                f"{a} 与 {b} 已通过来源“{shared[0]}”相关；删去 r 或来源"
                f" / {a} and {b} are correlated through the source {shared[0]!r} already; leave out r or the source",
            )
    names = list(dict.fromkeys(name for spec in specs for name in spec.between))
    if not names or clash:
        return
    matrix = matrix_of(names, specs, inputs)
    try:
        checked_correlation(names, matrix)
    except InvalidCorrelation:
        pair = pair_to_look_at(names, matrix, specs)
        a, b = specs[pair].between
        top.notes.add(
            ("correlation", pair, "r"),
            f"这些相关系数（未写的为 0）不能同时成立；先检查 {a} 与 {b} 的 r = {specs[pair].r:g}"
            f" / no variables have all these correlations (0 where none is stated);"
            f" look first at {a} and {b}, r = {specs[pair].r:g}",
        )


def common_sources(a: InputSpec, b: InputSpec, variables: Variables) -> list[str]:
    """Sources through which two inputs are correlated."""
    mine = {variables[each.source, each.name] for each in a.effects if each.source}
    return [each.source for each in b.effects if each.source and variables[each.source, each.name] in mine]


def matrix_of(
    names: Sequence[str], specs: Sequence[CorrelationSpec], inputs: Mapping[str, InputSpec]
) -> NDArray[np.float64]:
    """Correlation coefficients (q, q) of the named inputs: as stated, and through common sources."""
    place = {name: index for index, name in enumerate(names)}
    matrix, variables = np.eye(len(names)), variables_of(inputs)
    for i, a in enumerate(names):
        for b in names[:i]:
            matrix[i, place[b]] = matrix[place[b], i] = through_sources(inputs[a], inputs[b], variables)
    for spec in specs:
        i, j = (place[name] for name in spec.between)
        matrix[i, j] = matrix[j, i] = spec.r
    return matrix


def through_sources(a: InputSpec, b: InputSpec, variables: Variables) -> float:
    """Correlation coefficient of two inputs by the variables that they share."""
    products = [
        (mine.u / a.u) * (each.u / b.u)
        for mine in a.effects
        for each in b.effects
        if mine.source and each.source
        if variables[mine.source, mine.name] == variables[each.source, each.name]
    ]
    return math.fsum(products)


def pair_to_look_at(
    names: Sequence[str], matrix: NDArray[np.float64], specs: Sequence[CorrelationSpec]
) -> int:
    """The stated pair that weighs most in the direction of negative variance."""
    direction = dict(zip(names, np.linalg.eigh(matrix)[1][:, 0], strict=True))
    weights = [spec.r * direction[spec.between[0]] * direction[spec.between[1]] for spec in specs]
    return int(np.argmin(weights))
