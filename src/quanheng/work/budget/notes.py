"""What a reader of a budget should know and would not see in its figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import Normal, StudentT
from quanheng.work.budget.budget_file import BudgetFile, EffectSpec, dotted
from quanheng.work.budget.columns import Columns, Given
from quanheng.work.budget.result import MonteCarlo, Note, Result
from quanheng.work.budget.sources import unrelated


def notes_of(
    file: BudgetFile,
    columns: Columns,
    model: Model,
    results: Sequence[Result],
    monte_carlo: MonteCarlo | None,
) -> tuple[Note, ...]:
    """Notes on inputs, on results, and on trials."""
    return (
        *of_inputs(file, columns, model, results),
        *(note for result in results for note in of_result(result, file, monte_carlo)),
        *of_trials(file, columns, monte_carlo),
    )


def of_inputs(file: BudgetFile, columns: Columns, model: Model, results: Sequence[Result]) -> Iterator[Note]:
    """Inputs that no model uses, whose sensitivity is 0, or that are taken as one variable."""
    used = {model.inputs[i] for row in model.first.places for i, _ in row}
    idle = [each for each in columns.given if each.name not in used]
    if idle:
        yield Note(
            "inputs",
            f"没有模型用到 {listed(idle)}。",
            f"No model uses {listed(idle)}.",
        )
    moving = {row.input for result in results for row in result.rows if row.sensitivity}
    still = [each for each in columns.given if each.u and each.name in used and each.shown not in moving]
    if still:
        yield Note(
            "inputs",
            f"{listed(still)} 的灵敏系数在此处为 0：线性的 u 中没有它。",
            f"{listed(still)}: the sensitivity is 0 here, and the linear u has nothing of it.",
        )
    for a, b, source in unrelated(file.inputs):
        yield Note(
            "inputs",
            f"{a} 与 {b} 都出自“{source}”，但影响的名称不同：按互相独立计。",
            f"{a} and {b} are both of {source!r}, by effects of different names: they are taken as independent.",
        )
    between = {name for spec in file.correlations if spec.r for name in spec.between}
    condensed = [each for each in columns.given if each.name in between and len(each.effects) > 1]
    if condensed:
        yield Note(
            "inputs",
            f"{listed(condensed)} 与别的输入量相关，它的各项影响合为一个正态变量。",
            f"{listed(condensed)}: correlated with another input, its effects are taken together as one normal "
            "variable.",
        )


def of_result(result: Result, file: BudgetFile, monte_carlo: MonteCarlo | None) -> Iterator[Note]:
    """Degrees of freedom that are not defined, a u of 0 that is none, and a decision that rests on too little."""
    at = dotted(("outputs", result.name.partition(".")[0]))
    if math.isnan(result.dof):
        yield Note(
            at,
            f"{result.name}：相关的输入量带有限自由度，有效自由度没有定义；k 取自正态分布。",
            f"{result.name}: inputs with finite degrees of freedom are correlated, so that effective degrees of "
            "freedom are undefined; k is that of the normal distribution.",
        )
    if result.u == 0 and not result.linear_enough:
        yield Note(
            at,
            f"{result.name} 的灵敏系数在此处都是 0：线性的 u 为 0，不可用；请看蒙特卡洛。",
            f"{result.name}: all sensitivities are 0 here; the linear u of 0 is of no use. See Monte Carlo.",
        )
    trials = None if monte_carlo is None else monte_carlo.outputs[result.name]
    if result.name in file.conformity and trials is not None and not trials.linear_validated:
        yield Note(
            dotted(("conformity", result.name)),
            f"{result.name} 的判定按传播律的 u，而蒙特卡洛没有验证它：应比较两个合格概率。",
            f"{result.name} is judged by u of the law of propagation, which Monte Carlo does not validate: compare the "
            "two conformance probabilities.",
        )


def of_trials(file: BudgetFile, columns: Columns, monte_carlo: MonteCarlo | None) -> Iterator[Note]:
    """What is drawn otherwise than JCGM 101 would, and trials that ended before two digits were sure."""
    effects = [(given, effect) for given in columns.given for effect in given.effects]
    few = [each for each in effects if math.isfinite(each[1].dof)]
    plain = [each for each in few if isinstance(each[1].shape, Normal)]
    bounded = [each for each in few if not isinstance(each[1].shape, Normal | StudentT)]
    if bounded:
        yield Note(
            "monte_carlo",
            f"{named(bounded)} 的分布已写明，自由度有限：蒙特卡洛按分布抽样，传播律的 k 却随自由度变大。"
            '界限不确切时写 distribution = "ctrap"。',
            f"{named(bounded)}: of a stated distribution and finite degrees of freedom; trials are drawn from the "
            "distribution, while k of the law of propagation grows with few degrees of freedom. Where limits are "
            'inexact, write distribution = "ctrap".',
        )
    if plain:
        yield Note(
            "monte_carlo",
            f"{named(plain)} 自由度有限，蒙特卡洛按所写的正态分布抽样；JCGM 101 6.4.9.7 会用 t 分布："
            '写 distribution = "t"，scale = u。',
            f"{named(plain)}: of finite degrees of freedom, and drawn as normal, as stated; JCGM 101, 6.4.9.7, would "
            'draw a t: write distribution = "t", scale = u.',
        )
    whole = [
        each
        for each in effects
        if isinstance(each[1].shape, StudentT) and each[1].shape.of == "standard deviation"
    ]
    if whole:
        yield Note(
            "inputs",
            f"{named(whole)} 的 t 分布由标准偏差给出：u 已含自由度的影响，传播律中不再计其自由度。",
            f"{named(whole)}: a t stated by its standard deviation; u holds what few degrees of freedom add, and the "
            "law of propagation does not count them again.",
        )
    wild = [
        each for each in effects if isinstance(each[1].shape, StudentT) and math.isinf(each[1].shape.variance)
    ]
    if wild:
        yield Note(
            "monte_carlo",
            f"{named(wild)} 服从自由度不大于 2 的 t 分布，没有标准偏差：蒙特卡洛应看区间，不看 u。",
            f"{named(wild)}: a t of at most 2 degrees of freedom has no standard deviation; by Monte Carlo "
            "look at the interval, not at u.",
        )
    if monte_carlo is not None and monte_carlo.trials < (
        least := math.ceil(round(100 / (1 - file.coverage), 6))
    ):
        yield Note(
            "monte_carlo.trials",
            f"{monte_carlo.trials} 次试验对 {file.coverage:g} 的包含概率太少：区间的端点由极少几次决定；至少 {least} 次"
            "（JCGM 101，7.2）。",
            f"{monte_carlo.trials} trials are too few for a coverage probability of {file.coverage:g}: very few of "
            f"them make the ends of the interval; take at least {least} (JCGM 101, 7.2).",
        )
    if monte_carlo is not None and monte_carlo.adaptive and not monte_carlo.converged:
        yield Note(
            "monte_carlo",
            f"{monte_carlo.trials} 次试验后两位有效数字仍未稳定（JCGM 101 7.9）。",
            f"After {monte_carlo.trials} trials two significant digits are not stable yet (JCGM 101, 7.9).",
        )


def listed(inputs: Iterable[Given]) -> str:
    """Inputs by name."""
    return ", ".join(each.shown for each in inputs)


def named(effects: Iterable[tuple[Given, EffectSpec]]) -> str:
    """Effects by their inputs and names."""
    return ", ".join(" · ".join(filter(None, (given.shown, effect.name))) for given, effect in effects)
