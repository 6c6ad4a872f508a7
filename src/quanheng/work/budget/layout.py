"""What stands in which column of the Excel sheet: one list for reading it, writing it and telling its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from quanheng.measure.conformity import RULES
from quanheng.work.budget import words
from quanheng.work.budget.budget_file import Interval
from quanheng.work.budget.effects import DISTRIBUTIONS

Kind: TypeAlias = Literal["number", "text", "count", "distribution", "rule", "interval"]


@dataclass(frozen=True)
class Column:
    """A column (in the settings: a row): the key it holds, its title, and what it takes."""

    key: str
    chinese: str
    kind: Kind
    takes: str  # 中文 / English

    @property
    def header(self) -> str:
        """Its title, the key last."""
        return f"{self.chinese} {self.key}"


@dataclass(frozen=True)
class Layout:
    """A sheet: its title in two languages, and its columns."""

    chinese: str
    english: str
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        return f"{self.chinese} {self.english}"

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.columns]


INFINITY = "∞"  # of degrees of freedom; Excel has no number for it

NOTE = Column("note", "备注", "text", "给人看，不读 / for people; not read")

SETTINGS = Layout(
    "设置",
    "Settings",
    (
        Column("title", "名称", "text", "报告的名称 / title of the report"),
        Column("title.en", "英文名称", "text", "英文名称 / English title"),
        Column(
            "coverage", "包含概率", "number", "包含概率，不填为 0.95 / coverage probability, 0.95 where empty"
        ),
        Column(
            "trials",
            "蒙特卡洛次数",
            "count",
            "蒙特卡洛试验次数，不填为自适应 / Monte Carlo trials, adaptive where empty",
        ),
        Column("seed", "随机种子", "number", "随机种子，不填为 1 / seed, 1 where empty"),
        Column(
            "interval",
            "包含区间",
            "interval",
            "包含区间，不填为概率对称 / coverage interval, symmetric where empty",
        ),
    ),
)
NAME = Column("name", "名称", "text", "同模型中的写法 / as the model has it")
UNIT = Column("unit", "单位", "text", "不填为 1 / 1 where empty")

OUTPUTS = Layout(
    "输出",
    "Outputs",
    (
        NAME,
        Column(
            "model", "模型", "text", "输入量和其他输出量的表达式 / an expression of inputs and other outputs"
        ),
        UNIT,
        NOTE,
    ),
)
INPUTS = Layout(
    "输入",
    "Inputs",
    (
        NAME,
        Column(
            "effect",
            "影响",
            "text",
            "填了：上面那个输入量的一项影响 / filled: one more effect on the input above",
        ),
        Column(
            "value", "值", "number", "有读数、上下限或计数时不填 / empty with readings, limits or a count"
        ),
        UNIT,
        Column("u", "标准不确定度", "number", "标准不确定度 / standard uncertainty"),
        Column("U", "扩展不确定度", "number", "扩展不确定度，与 k 同填 / expanded uncertainty, with k"),
        Column("k", "包含因子", "number", "U 的包含因子 / coverage factor of U"),
        Column("u_rel", "相对标准不确定度", "number", "u 与值之比 / u as a fraction of the value"),
        Column("distribution", "分布", "distribution", "不填为正态 / normal where empty"),
        Column("half_width", "半宽", "number", "界限的半宽 / of the limits"),
        Column("lower", "下限", "number", "与 upper 同填，代替半宽 / with upper, in place of the half-width"),
        Column("upper", "上限", "number", "与 lower 同填 / with lower"),
        Column("top", "上底半宽", "number", "梯形：上底的半宽 / trapezoidal: half-width of the top"),
        Column(
            "inexactness",
            "界限的不确切度",
            "number",
            "曲边梯形：界限只知到 ± 此数 / ctrap: the limits are known to ± this",
        ),
        Column(
            "scale",
            "尺度",
            "number",
            "t：JCGM 101 的尺度；或填 u，即标准偏差 / t: the scale of JCGM 101; or u, the standard deviation",
        ),
        Column("count", "计数", "number", "伽马：计数 / gamma: events counted"),
        Column("dof", "自由度", "number", "自由度，不填为无穷 / degrees of freedom, infinite where empty"),
        Column(
            "pooled_s",
            "合并标准偏差",
            "number",
            "读数的合并标准偏差 / of readings: pooled standard deviation",
        ),
        Column("pooled_dof", "合并自由度", "number", "合并标准偏差的自由度 / its degrees of freedom"),
        Column(
            "source",
            "来源",
            "text",
            "证书等：同一来源的输入量经由它相关 / certificate …: inputs of one source are correlated through it",
        ),
        NOTE,
    ),
)
COMPLEX = Layout(
    "复数",
    "Complex",
    (
        NAME,
        Column("re", "实部", "number", "与 im 同填 / with im"),
        Column("im", "虚部", "number", "与 re 同填 / with re"),
        Column("u_re", "实部的标准不确定度", "number", "不填为 0 / 0 where empty"),
        Column("u_im", "虚部的标准不确定度", "number", "不填为 0 / 0 where empty"),
        Column("r", "相关系数", "number", "两部分的相关系数 / of the two parts"),
        Column(
            "modulus",
            "模",
            "number",
            "与 argument 同填，代替实部、虚部 / with the argument, in place of the parts",
        ),
        Column("argument", "辐角", "number", "以 rad 计 / rad"),
        Column("u_modulus", "模的标准不确定度", "number", "不填为 0 / 0 where empty"),
        Column("u_argument", "辐角的标准不确定度", "number", "以 rad 计 / rad"),
        NOTE,
    ),
)
READINGS = Layout("读数", "Readings", ())  # a column for each input, its name on top
CORRELATIONS = Layout(
    "相关",
    "Correlations",
    (
        Column("a", "输入量", "text", "一个输入量 / an input"),
        Column("b", "输入量", "text", "另一个 / another"),
        Column("r", "相关系数", "number", "−1 到 1 / from -1 to 1"),
        NOTE,
    ),
)
CONFORMITY = Layout(
    "合格判定",
    "Conformity",
    (
        Column("output", "输出量", "text", "判定哪一个 / which is judged"),
        Column("lower", "下限", "number", "用输出量的单位 / in the unit of the output"),
        Column("upper", "上限", "number", "用输出量的单位 / in the unit of the output"),
        Column("rule", "规则", "rule", "不填为 simple / simple where empty"),
        Column("w", "保护带", "number", "guarded：保护带的宽度 / guarded: width of the guard band"),
        Column("r", "保护带倍数", "number", "guarded：w 与 U 之比 / guarded: w as a multiple of U"),
        Column(
            "risk",
            "风险",
            "number",
            "specific risk：判错概率的上限 / specific risk: of a wrong verdict, at most",
        ),
        NOTE,
    ),
)
NOTES = Layout("说明", "Notes", ())  # for people; not read

SHEETS = (SETTINGS, OUTPUTS, INPUTS, READINGS, CORRELATIONS, COMPLEX, CONFORMITY, NOTES)

# of a column with a list: what the list shows, and the word that counts
CHOICES: dict[str, dict[str, str]] = {
    "distribution": {f"{words.DISTRIBUTIONS[name].zh} {name}": name for name in DISTRIBUTIONS},
    "rule": {name: name for name in RULES},
    "interval": {f"{words.KINDS[name].zh} {name}": name for name in get_args(Interval)},
}
