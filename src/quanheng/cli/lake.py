"""`quanheng lake`: what a lake holds and what is wrong with it; curves reduced to terms."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quanheng.ground.errors import Fault
from quanheng.readings.lake.condense import condense
from quanheng.readings.lake.open import Lake, open_lake
from quanheng.readings.lake.survey import Note, Survey, survey

WORDS = {
    "zh": {
        "lake": "数据湖", "areas": "台区", "meters": "电表", "days": "天数", "data": "数据", "rate": "采集率",
        "files": "文件", "unsorted": "未按台区排列，读取前须先整理", "fine": "没有发现异常",
        "notes": "记录的异常（不妨碍运行）", "none": "—",
        "no_rows": "台区没有任何读数", "no_master": "台区没有总表读数", "few_meters": "台区至多一块表",
        "few_days": "台区天数太少", "never_read": "电表从未读到", "backwards": "示值倒走或换表",
        "rollover": "示值翻转",
    },
    "en": {
        "lake": "lake", "areas": "areas", "meters": "meters", "days": "days", "data": "data",
        "rate": "read rate", "files": "files", "unsorted": "not sorted by area: gathered first",
        "fine": "nothing odd was found", "notes": "recorded (a run goes on)", "none": "–",
        "no_rows": "areas without any reading", "no_master": "areas without a master reading",
        "few_meters": "areas of one meter or none", "few_days": "areas of too few days",
        "never_read": "meters never read", "backwards": "registers that run backwards, or exchanged meters",
        "rollover": "registers that roll over",
    },
}  # fmt: skip


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `lake check` and `lake reduce`."""
    parser = subparsers.add_parser("lake", help="检查或压缩数据湖 / check a lake, or reduce its curves")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    check = jobs.add_parser("check", help="有什么、有何异常 / what it holds and what is wrong")
    check.add_argument("lake", metavar="LAKE", type=Path, help="数据湖 / a lake")
    check.add_argument("--json", action="store_true", help="给程序读的一个 JSON 对象 / one JSON object")
    check.add_argument("--lang", choices=tuple(WORDS), default="zh", help="语言 / language (%(default)s)")
    reduce = jobs.add_parser(
        "reduce", help="把曲线压缩为能量平衡各项 / turn curves into terms of the balance"
    )
    reduce.add_argument("lake", metavar="LAKE", type=Path, help="数据湖 / a lake")
    reduce.add_argument("--out", metavar="LAKE2", type=Path, required=True, help="新的数据湖 / the new lake")
    reduce.add_argument("--hours", metavar="H", type=float, default=6.0, help="步长 / step (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check or reduce; 0. Raises errors.Fault for a lake that is refused, an OUT that exists, a bad step."""
    return _check(args) if args.job == "check" else _reduce(args)


def _check(args: argparse.Namespace) -> int:
    with open_lake(args.lake, say=_say) as lake, _bar() as bar:
        task = bar.add_task("检查 / check", total=lake.n_areas)
        found = survey(lake, lambda: bar.advance(task))
    if args.json:
        print(json.dumps({**asdict(found), "read_rate": found.read_rate}, ensure_ascii=False))
    else:
        print("\n".join(summary(args.lake, found, WORDS[args.lang])))
    return 0


def _reduce(args: argparse.Namespace) -> int:
    step = step_minutes(args.hours)
    with open_lake(args.lake, say=_say) as lake, _bar() as bar:
        _check_has_curves(lake)
        task = bar.add_task("压缩 / reduce", total=lake.n_areas)
        condense(lake, args.out, step, lambda: bar.advance(task))
    return 0


def step_minutes(hours: float) -> int:
    """Hours as minutes. Raises Fault unless they divide a day into whole quarter-hours."""
    minutes = hours * 60
    if not (0 < minutes <= 1440 and minutes % 15 == 0 and 1440 % minutes == 0):
        raise Fault(
            f"--hours {hours:g}：应把一天等分为整刻钟，如 0.25、1、6、24"
            f" / --hours {hours:g}: should divide a day into whole quarter-hours, such as 0.25, 1, 6, 24"
        )
    return int(minutes)


def summary(path: Path, found: Survey, words: dict[str, str]) -> list[str]:
    """Lines for a person."""
    rate = words["none"] if found.read_rate is None else f"{100 * found.read_rate:.2f} %"
    lines = [
        f"{words['lake']}  {path}",
        f"{words['areas']}  {found.areas} ({_counts(found.utilities)})",
        f"{words['meters']}  {found.meters}",
        f"{words['days']}  {found.days} ({found.first_day or '–'} – {found.last_day or '–'})",
        f"{words['data']}  {_counts(found.data)}",
        f"{words['rate']}  {rate}",
        f"{words['files']}  {found.files} ({found.bytes / 1e6:.1f} MB)",
    ]
    if not found.sorted_by_area:
        lines.append(words["unsorted"])
    notes = [_note(words[kind], note) for kind, note in found.notes.items() if note.count]
    return [*lines, words["notes"], *notes] if notes else [*lines, words["fine"]]


def _note(name: str, note: Note) -> str:
    more = " …" if note.count > len(note.first) else ""
    return f"  {name}  {note.count}: {', '.join(map(repr, note.first))}{more}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _check_has_curves(lake: Lake) -> None:
    if not lake.holds("curves").any():
        raise Fault(f"{lake.path} 没有曲线可压缩 / has no curves to reduce")


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
