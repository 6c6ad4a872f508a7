"""`quanheng supervise`: run the cycle over a lake."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from quanheng.ground.engine import ENGINES, cores
from quanheng.ground.errors import Fault
from quanheng.work.supervise.costs import read_costs
from quanheng.work.supervise.cycle import Choices, Hands, supervise
from quanheng.work.supervise.cycle import Progress as Said

STEPS = {
    "assess": "评估台区 / assess areas",
    "seek": "查找错挂的表 / seek misplaced meters",
    "repair": "更正后重评 / assess repaired areas",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `supervise` and its options."""
    parser = subparsers.add_parser(
        "supervise",
        help="由读数得出判定、工单和证据 / from readings to verdicts, orders and evidence",
        description="对数据湖运行一个监督周期：判定、工单、凭据和报告写入新文件夹 OUT。\n"
        "中断后用同样的参数再次运行即可继续。\n"
        "Run the supervision cycle over a lake; verdicts, orders, evidence and a report go to the new OUT.\n"
        "After an interruption the same command continues.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("lake", metavar="LAKE", type=Path, help="数据湖 / the lake; it is only read")
    add("--out", metavar="OUT", type=Path, required=True, help="新文件夹 / a folder that does not exist yet")
    add(
        "--alpha",
        metavar="A",
        type=float,
        default=0.05,
        help="错换份额上限 / false-replacement share (%(default)s)",
    )
    add("--workers", metavar="N", type=int, default=cores(), help="进程数 / processes (%(default)s)")
    add(
        "--engine",
        choices=ENGINES,
        default="local",
        help="本机或 Dask 集群 / processes or Dask (%(default)s)",
    )
    add("--scheduler", metavar="ADDR", help="已有 Dask 集群的地址 / address of a Dask cluster")
    add("--costs", metavar="FILE", type=Path, help="费用 TOML / costs, a TOML file")
    add("--budget", metavar="VISITS", type=int, help="每周上门次数 / visits a week")
    add("--previous", metavar="OUT", type=Path, help="上一周期的 OUT / OUT of the last cycle")
    add("--json", action="store_true", help="只输出一个 JSON 对象 / print one JSON object and nothing else")
    add(
        "--lang",
        choices=("zh", "en"),
        default="zh",
        help="小结的语言 / language of the summary (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the cycle and say what came out; 0. Raises what cycle.supervise raises, and Fault."""
    check(args)
    choices = Choices(args.alpha, read_costs(args.costs), args.budget, args.previous)
    hands = Hands(args.workers, args.engine, args.scheduler)
    with progress_bars() as progress:
        facts = supervise(args.lake, args.out, choices, hands, say=to_stderr, progress=progress)
    if args.json:
        print(json.dumps(machine_summary(facts, args.out), ensure_ascii=False))
    else:
        print("\n".join(SUMMARIES[args.lang](facts, args.out)))
    return 0


def check(args: argparse.Namespace) -> None:
    """Raises Fault for options out of their range."""
    if not 0 < args.alpha < 1:
        raise Fault(f"--alpha {args.alpha}：应在 0 与 1 之间 / must lie between 0 and 1")
    if args.workers < 1:
        raise Fault(f"--workers {args.workers}：至少为 1 / must be at least 1")
    if args.budget is not None and args.budget < 1:
        raise Fault(f"--budget {args.budget}：至少为 1 / must be at least 1")
    if args.scheduler and args.engine != "dask":
        raise Fault("--scheduler 只用于 --engine dask / --scheduler goes with --engine dask")


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def progress_bars() -> Iterator[Said]:
    """A bar for each step, on stderr."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    known: dict[str, TaskID] = {}

    def advance(step: str, done: int, total: int) -> None:
        if total and step not in known:
            known[step] = bars.add_task(STEPS.get(step, step), total=total)
        if total:
            bars.update(known[step], completed=done)

    with bars:
        yield advance


def machine_summary(facts: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """The facts of the run that a machine asks for first."""
    names = ("counts", "stated_false_share", "expected_false_share", "version")
    return {"out": str(out), "report": str(out / "report.html"), **{name: facts[name] for name in names}}


def summary_zh(facts: Mapping[str, Any], out: Path) -> list[str]:
    """The summary in Chinese, by line."""
    counts = facts["counts"]
    verdicts = counts["verdicts"]
    return [
        f"台区 {counts['areas']}，电表 {counts['meters']}：{listed(counts['health'])}",
        f"更换 {verdicts.get('replace', 0)}，合格 {verdicts.get('cleared', 0)}，"
        f"未定 {verdicts.get('undetermined', 0)}（{listed(counts['undetermined'])}）",
        f"预期错换份额 {facts['expected_false_share']:.2%}（上限 {facts['stated_false_share']:.2%}）",
        f"工单：{listed(counts['orders'])}",
        f"报告：{out / 'report.html'}",
    ]


def summary_en(facts: Mapping[str, Any], out: Path) -> list[str]:
    """The summary in English, by line."""
    counts = facts["counts"]
    verdicts = counts["verdicts"]
    return [
        f"areas {counts['areas']}, meters {counts['meters']}: {listed(counts['health'])}",
        f"replace {verdicts.get('replace', 0)}, cleared {verdicts.get('cleared', 0)}, "
        f"undetermined {verdicts.get('undetermined', 0)} ({listed(counts['undetermined'])})",
        f"expected false share {facts['expected_false_share']:.2%} of {facts['stated_false_share']:.2%}",
        f"orders: {listed(counts['orders'])}",
        f"report: {out / 'report.html'}",
    ]


SUMMARIES = {"zh": summary_zh, "en": summary_en}


def listed(found: Mapping[str, int]) -> str:
    """Codes with their numbers, the most frequent first."""
    return (
        ", ".join(f"{k} {n}" for k, n in sorted(found.items(), key=lambda each: (-each[1], each[0]))) or "–"
    )
