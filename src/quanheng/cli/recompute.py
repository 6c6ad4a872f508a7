"""`quanheng recompute`: compute a run again from its bundle."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quanheng.evidence.bundle import Difference
from quanheng.ground.errors import Fault
from quanheng.work.supervise.recompute import (
    ABSOLUTE,
    RELATIVE,
    ChangedVerdict,
    Comparison,
    recompute,
)

WHAT = {"changed": "已改变 / changed", "missing": "缺失 / missing", "added": "多出 / added"}
LISTED = 50  # verdicts told one by one; --json tells them all


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `recompute` and its options."""
    parser = subparsers.add_parser(
        "recompute",
        help="由凭据重算一次运行 / compute a run again from its bundle",
        description="按 run.json 的记录在 LAKE 上重算，与记录和结果逐字节比较。\n"
        "退出码：0 相同；1 输入或结果不同；2 不是 run.json；3 无法重算。\n"
        "Compute a run again over LAKE and compare it byte by byte with what was recorded.\n"
        "Exit status: 0 identical; 1 an input or a result differs; 2 no run.json; 3 cannot be shown.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run_json", metavar="OUT/run.json", type=Path, help="凭据 / the bundle")
    add("--lake", metavar="LAKE", type=Path, required=True, help="当时的数据湖 / the lake of the run")
    add("--previous", metavar="OUT", type=Path, help="它承接的上一周期 / the cycle that it began from")
    add("--workers", metavar="N", type=int, default=1, help="进程数 / processes (%(default)s)")
    add("--json", action="store_true", help="只输出一个 JSON 对象 / print one JSON object and nothing else")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare and say what differs; 0 if nothing does, or last bits alone, else 1."""
    if args.workers < 1:
        raise Fault(f"--workers {args.workers}：至少为 1 / must be at least 1")
    found = recompute(args.run_json, args.lake, workers=args.workers, previous=args.previous)
    if args.json:
        print(json.dumps(as_json(found), ensure_ascii=False, default=str))
    else:
        print("\n".join(words(found)))
    return 0 if found.identical or found.last_bits else 1


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison for a machine."""
    return {"identical": found.identical, **asdict(found)}


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
