"""What a recomputation found, in words; --json of `quanheng recompute` tells all of it."""

from __future__ import annotations

from typing import Any

from quanheng.evidence.bundle import Difference
from quanheng.work.supervise.recompute import ABSOLUTE, RELATIVE, ChangedVerdict, Comparison
from quanheng.work.supervise.recompute_area import AreaComparison

WHAT = {"changed": "已改变 / changed", "missing": "缺失 / missing", "added": "多出 / added"}
LISTED = 50  # told one by one


def words(found: Comparison) -> list[str]:
    """The comparison for people, by line; the first says which."""
    if found.identical:
        return ["identical"]
    if found.last_bits:
        return [
            f"判定全部相同；数值只在末位不同（容差 {RELATIVE:g} 相对，{ABSOLUTE:g} 绝对）"
            f" / every decision is equal; numbers differ in last bits alone "
            f"(tolerance {RELATIVE:g} relative, {ABSOLUTE:g} absolute)",
            "以下文件的字节不同；页面与日平衡由这些表得出，未逐项比较"
            " / these files differ in bytes; pages and daily balances were not compared in detail:",
            *(f"  {name}" for name in found.recomputed),
        ]
    return [
        "不同 / differs",
        *section("数据湖中 / in the lake", [told(d) for d in found.inputs]),
        *section("结果中，运行之后 / in OUT, after the run", [told(d) for d in found.results]),
        *section("重算的结果不同 / computed otherwise", list(found.recomputed)),
        *section("run.json 中 / in run.json", list(found.facts)),
        *([f"无法重算 / cannot be computed again: {found.refused}"] if found.refused else []),
        *section("判定变化 / verdicts that changed", [verdict(v) for v in found.verdicts]),
    ]


def section(title: str, lines: list[str]) -> list[str]:
    """A titled list; nothing where it is empty."""
    more = [f"  … {len(lines) - LISTED}"] if len(lines) > LISTED else []
    return [f"{title} ({len(lines)})：", *(f"  {line}" for line in lines[:LISTED]), *more] if lines else []


def told(difference: Difference) -> str:
    """A file and what became of it."""
    return f"{difference.path}  {WHAT[difference.what]}"


def verdict(changed: ChangedVerdict) -> str:
    """A meter, recorded → recomputed."""
    return f"{changed.meter}: {brief(changed.recorded)} → {brief(changed.recomputed)}"


def brief(row: dict[str, Any] | None) -> str:
    """A verdict in a few words."""
    if row is None:
        return "–"
    error = "" if row["error"] is None else f" {100 * row['error']:+.3f} % p_out {row['p_out']:.4f}"
    return f"{row['verdict']} ({row['reason']}){error}"


def words_of_area(found: AreaComparison) -> list[str]:
    """The comparison of one area, by line; the first says which."""
    scope = (
        f"台区 {found.area}：{found.compared} 个数由读数重算；批次先验、错挂与“更换”的界限取自记录，全部重算才核对它们"
        f" / area {found.area}: {found.compared} numbers computed again from its readings; priors of lots, misplaced "
        "meters and where replace ends are taken as recorded: a recomputation of the whole checks them"
    )
    if found.identical:
        return ["identical", scope]
    if not found.differing:
        return [
            f"数值只在末位不同：{found.last_bits} 个 / {found.last_bits} numbers differ in last bits alone",
            scope,
        ]
    return ["不同 / differs", scope, *section("数值 / numbers", list(found.differing))]
