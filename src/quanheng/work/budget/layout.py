"""What stands in which column of the Excel sheet: one list for reading it, writing it and telling its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from quanheng.measure.conformity import RULES
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


NOTE = Column("note", "备注", "text")  # for people; not read

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
OUTPUTS = Layout(
    "输出",
    "Outputs",
    (Column("name", "名称", "text"), Column("model", "模型", "text"), Column("unit", "单位", "text"), NOTE),
)
INPUTS = Layout(
    "输入",
    "Inputs",
    (
        Column("name", "名称", "text"),
        Column("effect", "影响", "text"),
        Column("value", "值"),
        Column("unit", "单位", "text"),
        Column("u", "标准不确定度"),
        Column("U", "扩展不确定度"),
        Column("k", "包含因子"),
        Column("u_rel", "相对标准不确定度"),
        Column("distribution", "分布", "distribution"),
        Column("half_width", "半宽"),
        Column("lower", "下限"),
        Column("upper", "上限"),
        Column("top", "梯形上底半宽"),
        Column("inexactness", "界限的半宽"),
        Column("scale", "t 的尺度"),
        Column("count", "计数"),
        Column("dof", "自由度"),
        Column("pooled_s", "合并标准偏差"),
        Column("pooled_dof", "其自由度"),
        Column("source", "来源", "text"),
        NOTE,
    ),
)
COMPLEX = Layout(
    "复数",
    "Complex",
    (
        Column("name", "名称", "text"),
        Column("re", "实部"),
        Column("im", "虚部"),
        Column("u_re", "实部的"),
        Column("u_im", "虚部的"),
        Column("r", "两部相关系数"),
        Column("modulus", "模"),
        Column("argument", "辐角(rad)"),
        Column("u_modulus", "模的"),
        Column("u_argument", "辐角的"),
        NOTE,
    ),
)
READINGS = Layout("读数", "Readings", ())  # a column for each input, its name on top
CORRELATIONS = Layout(
    "相关",
    "Correlations",
    (Column("a", "输入量", "text"), Column("b", "输入量", "text"), Column("r", "相关系数"), NOTE),
)
CONFORMITY = Layout(
    "合格判定",
    "Conformity",
    (
        Column("output", "输出量", "text"),
        Column("lower", "下限"),
        Column("upper", "上限"),
        Column("rule", "规则", "rule"),
        Column("w", "保护带"),
        Column("r", "w/U"),
        Column("risk", "风险上限"),
        NOTE,
    ),
)
NOTES = Layout("说明", "Notes", ())  # for people; not read

SHEETS = (SETTINGS, OUTPUTS, INPUTS, READINGS, CORRELATIONS, COMPLEX, CONFORMITY, NOTES)

INTERVALS = {"symmetric": "概率对称", "shortest": "最短"}
# of a column with a list: what the list shows, and the word that counts
CHOICES: dict[str, dict[str, str]] = {
    "distribution": {f"{each.chinese} {name}": name for name, each in DISTRIBUTIONS.items()},
    "rule": {name: name for name in RULES},
    "interval": {f"{INTERVALS[name]} {name}": name for name in get_args(Interval)},
}
