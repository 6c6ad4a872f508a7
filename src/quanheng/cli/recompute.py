"""`quanheng recompute`: compute a run again from its bundle."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quanheng.ground.errors import Fault
from quanheng.work.supervise.pages.comparison import words
from quanheng.work.supervise.recompute import Comparison, recompute


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
