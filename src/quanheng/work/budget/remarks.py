"""What a report says in sentences: how far the linear result holds, and by what it is known."""

from __future__ import annotations

import math

from quanheng.ground.paper.markup import Words
from quanheng.work.budget import words
from quanheng.work.budget.figures import coverage_of, plain, with_unit
from quanheng.work.budget.result import Budget, Joint, MonteCarlo, Result, Trials


def linearity(result: Result) -> Words:
    """Whether terms of second order change anything."""
    if not math.isfinite(result.second_order_u):
        return Words(
            "二阶项在此处没有定义，不能判断是否足够线性。",
            "Terms of second order are undefined here: whether the model is linear enough is not known.",
        )
    u = with_unit(plain(result.second_order_u, 3), result.unit)
    bias = with_unit(plain(result.second_order_bias, 2), result.unit)
    if result.linear_enough:
        return Words(
            f"模型在此处足够线性：计入二阶项后 u = {u}，偏移 {bias}，两位有效数字不变。",
            f"The model is linear enough here: with terms of second order u = {u}, bias {bias}; two digits stay.",
        )
    return Words(
        f"模型在此处不够线性：计入二阶项后 u = {u}，偏移 {bias}。",
        f"The model is not linear enough here: with terms of second order u = {u}, bias {bias}.",
    )


def validation(result: Result, trials: Trials) -> Words:
    """What clause 8 of JCGM 101 says."""
    low, high = (with_unit(plain(each, 2), result.unit) for each in trials.differences)
    delta = with_unit(plain(trials.tolerance, 2), result.unit)
    how = f"d_low = {low}, d_high = {high}, δ = {delta}"
    if trials.linear_validated:
        return Words(
            f"{result.name}：蒙特卡洛验证了传播律的结果（{how}；JCGM 101，第 8 章）。",
            f"{result.name}: Monte Carlo validates the law of propagation ({how}; JCGM 101, clause 8).",
        )
    if trials.undecided:
        return Words(
            f"{result.name}：试验的次数不足以判定蒙特卡洛是否验证传播律的结果（{how}；JCGM 101，第 8 章）。",
            f"{result.name}: too few trials to tell whether Monte Carlo validates the law of propagation ({how}; "
            "JCGM 101, clause 8).",
        )
    return Words(
        f"{result.name}：蒙特卡洛没有验证传播律的结果，应采用蒙特卡洛的（{how}；JCGM 101，第 8 章）。",
        f"{result.name}: Monte Carlo does not validate the law of propagation; use what Monte Carlo gives "
        f"({how}; JCGM 101, clause 8).",
    )


def together(budget: Budget, joint: Joint) -> Words:
    """What the regions hold, and why some are not given."""
    names, share = ", ".join(joint.names), coverage_of(budget.coverage)
    zh = f"{share} 的试验中 {names} 同时落在区域内（JCGM 102:2011，7.7），y 与 U 为试验的均值与协方差矩阵。"
    en = (
        f"In {share} of the trials {names} lie within together (JCGM 102:2011, 7.7); y and U are the mean and the "
        "covariance matrix of the trials."
    )
    if all(each.kind != "ellipsoid" for each in joint.regions):
        zh += "有结果由其他结果决定，所以没有超椭球和最小区域。"
        en += " A result is determined by the others: there is no hyper-ellipsoid and no smallest region."
    return Words(zh, en)


def trials_of(budget: Budget, monte_carlo: MonteCarlo) -> Words:
    """How many trials, of which kind."""
    kind = words.KINDS[next(iter(monte_carlo.outputs.values())).kind]
    count = plain(float(monte_carlo.trials))
    way = Words("，自适应", ", adaptive") if monte_carlo.adaptive else Words("", "")
    return Words(
        f"{count} 次试验{way.zh}，种子 {monte_carlo.seed}，{kind.zh}区间。",
        f"{count} trials{way.en}, seed {monte_carlo.seed}, {kind.en} interval.",
    )
