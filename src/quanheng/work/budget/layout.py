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
    kind: Kind = "number"
    english: str = ""

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

NOTE = Column("note", "备注", "text", "for people; not read")

SETTINGS = Layout(
    "设置",
    "Settings",
    (
        Column("title", "名称", "text", "title"),
        Column("title.en", "英文名称", "text", "English title"),
        Column("coverage", "包含概率", "number", "coverage probability, 0.95 where empty"),
        Column("trials", "蒙特卡洛次数", "count", "Monte Carlo trials, adaptive where empty"),
        Column("seed", "随机种子", "number", "seed, 1 where empty"),
        Column("interval", "包含区间", "interval", "coverage interval, symmetric where empty"),
    ),
)
NAME = Column("name", "名称", "text", "as the model has it")
UNIT = Column("unit", "单位", "text", "1 where empty")

OUTPUTS = Layout(
    "输出",
    "Outputs",
    (NAME, Column("model", "模型", "text", "an expression of inputs and other outputs"), UNIT, NOTE),
)
INPUTS = Layout(
    "输入",
    "Inputs",
    (
        NAME,
        Column("effect", "影响", "text", "filled: one more effect on the input above"),
        Column("value", "值", "number", "empty with readings, limits or a count"),
        UNIT,
        Column("u", "标准不确定度", "number", "standard uncertainty"),
        Column("U", "扩展不确定度", "number", "expanded uncertainty, with k"),
        Column("k", "包含因子", "number", "coverage factor of U"),
        Column("u_rel", "相对标准不确定度", "number", "u as a fraction of the value"),
        Column("distribution", "分布", "distribution", "normal where empty"),
        Column("half_width", "半宽", "number", "of the limits"),
        Column("lower", "下限", "number", "with upper, in place of the half-width"),
        Column("upper", "上限"),
        Column("top", "上底半宽", "number", "trapezoidal: half-width of the top"),
        Column("inexactness", "界限的不确切度", "number", "ctrap: the limits are known to ± this"),
        Column("scale", "尺度", "number", "t: the scale of JCGM 101; or u, the standard deviation"),
        Column("count", "计数", "number", "gamma: events counted"),
        Column("dof", "自由度", "number", "degrees of freedom, infinite where empty"),
        Column("pooled_s", "合并标准偏差", "number", "of readings: pooled standard deviation"),
        Column("pooled_dof", "合并自由度", "number", "its degrees of freedom"),
        Column("source", "来源", "text", "certificate …: inputs of one source are correlated through it"),
        NOTE,
    ),
)
COMPLEX = Layout(
    "复数",
    "Complex",
    (
        NAME,
        Column("re", "实部"),
        Column("im", "虚部"),
        Column("u_re", "实部的标准不确定度"),
        Column("u_im", "虚部的标准不确定度"),
        Column("r", "相关系数", "number", "of the two parts"),
        Column("modulus", "模", "number", "with the argument, in place of the parts"),
        Column("argument", "辐角", "number", "rad"),
        Column("u_modulus", "模的标准不确定度"),
        Column("u_argument", "辐角的标准不确定度", "number", "rad"),
        NOTE,
    ),
)
READINGS = Layout("读数", "Readings", ())  # a column for each input, its name on top
CORRELATIONS = Layout(
    "相关",
    "Correlations",
    (
        Column("a", "输入量", "text", "an input"),
        Column("b", "输入量", "text", "another"),
        Column("r", "相关系数", "number", "from -1 to 1"),
        NOTE,
    ),
)
CONFORMITY = Layout(
    "合格判定",
    "Conformity",
    (
        Column("output", "输出量", "text", "which is judged"),
        Column("lower", "下限", "number", "in the unit of the output"),
        Column("upper", "上限"),
        Column("rule", "规则", "rule", "simple where empty"),
        Column("w", "保护带", "number", "guarded: width of the guard band"),
        Column("r", "保护带倍数", "number", "guarded: w as a multiple of U"),
        Column("risk", "风险", "number", "specific risk: of a wrong verdict, at most"),
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
