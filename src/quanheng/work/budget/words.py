"""What the parts of a report are called, in Chinese and in English."""

from __future__ import annotations

from typing import Literal, TypeAlias

from quanheng.ground.paper.markup import Words
from quanheng.measure.conformity import Verdict

Language: TypeAlias = Literal["both", "zh", "en"]
LANGUAGES: tuple[Language, ...] = ("both", "zh", "en")

TITLE = Words("不确定度报告", "Uncertainty report")
BUDGET = Words("不确定度预算", "Uncertainty budget")
INPUT = Words("输入量", "input")
VALUE = Words("值", "value")
UNIT = Words("单位", "unit")
STANDARD = Words("标准不确定度", "standard uncertainty")
TYPE = Words("类", "type")
DISTRIBUTION = Words("分布", "distribution")
DOF = Words("自由度", "dof")
SENSITIVITY = Words("灵敏系数", "sensitivity")
CONTRIBUTION = Words("贡献", "contribution")
SHARE = Words("占比", "share")
SOURCE = Words("来源", "source")
SOURCES = Words("按来源", "By source")
MODEL = Words("测量模型", "Measurement model")
RESULT = Words("结果", "Result")
LINEAR = Words("传播律", "law of propagation")
MONTE_CARLO = Words("蒙特卡洛", "Monte Carlo")
COMPARISON = Words("传播律与蒙特卡洛", "Law of propagation and Monte Carlo")
CORRELATION = Words("相关系数", "Correlation")
JOINT = Words("几个结果的联合包含区域", "Joint coverage regions of the results")
REGION = Words("区域", "region")
SIZE = Words("大小", "size")
EXTENT = Words("范围", "extent")
CONFORMITY = Words("合格判定", "Conformity")
NOTES = Words("说明", "Notes")
OUTPUT = Words("输出量", "output")
INTERVAL = Words("包含区间", "coverage interval")
LIMITS = Words("允许限", "limits")
RULE = Words("规则", "rule")
VERDICT = Words("判定", "verdict")
PROBABILITY = Words("合格概率", "conformance probability")
BY_TRIALS = Words("合格概率（蒙特卡洛）", "conformance probability by Monte Carlo")
ACCEPTANCE = Words("接受区间", "acceptance interval")
SPECIFIC_RISK = Words("误判的风险", "risk of being wrong")
EXACT = Words("精确", "exact")
UNDEFINED = Words("无定义", "undefined")
NOTHING = Words("无", "none")

DISTRIBUTIONS = {
    "normal": Words("正态", "normal"),
    "rectangular": Words("矩形", "rectangular"),
    "triangular": Words("三角", "triangular"),
    "trapezoidal": Words("梯形", "trapezoidal"),
    "arcsine": Words("反正弦", "arcsine"),
    "t": Words("t", "t"),
    "ctrap": Words("曲边梯形", "curvilinear trapezoid"),
    "exponential": Words("指数", "exponential"),
    "gamma": Words("伽马", "gamma"),
    "combined": Words("合成", "combined"),
    None: EXACT,
}

REGIONS = {
    "ellipsoid": Words("超椭球", "hyper-ellipsoid"),
    "rectangle": Words("超矩形", "hyper-rectangle"),
    "smallest": Words("最小区域", "smallest region"),
}

VERDICTS = {
    Verdict.CONFORMING: Words("合格", "conforming"),
    Verdict.NOT_CONFORMING: Words("不合格", "not conforming"),
    Verdict.UNDETERMINED: Words("未定", "undetermined"),
}

KINDS = {"symmetric": Words("概率对称", "symmetric"), "shortest": Words("最短", "shortest")}

RULES = {
    "simple": Words("简单接受", "simple acceptance"),
    "guarded": Words("保护带", "guard band"),
    "specific risk": Words("特定风险", "specific risk"),
}


def said(words: Words, language: Language, between: str = " ") -> str:
    """In the language asked for, or in both."""
    if words.zh == words.en:
        return words.zh
    return {"zh": words.zh, "en": words.en, "both": f"{words.zh}{between}{words.en}"}[language]


def rule(name: str) -> Words:
    """A rule's name; those of standards are their own."""
    return RULES.get(name, Words(name, name))


def printable(text: str) -> str:
    """A person's text without what would steer a terminal or break a file: control characters become spaces."""
    return "".join(each if each.isprintable() else " " for each in text)
