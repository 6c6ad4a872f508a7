"""`quanheng explain`: why a meter was judged as it was."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from quanheng.ground.errors import BadOutput
from quanheng.work.supervise.explain import Explanation, explain
from quanheng.work.supervise.pages import meter as page
from quanheng.work.supervise.pages import words
from quanheng.work.supervise.pages.markup import number, percent


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `explain` and its options."""
    parser = subparsers.add_parser(
        "explain",
        help="说明一只电表为何如此判定 / why a meter was judged as it was",
        description="说明一只电表为何如此判定：估计值与区间、后验分布、假如它没有误差、可能与谁混淆。\n"
        "Say why a meter was judged as it was.",
        epilog="退出状态 / exit status: 0 已说明 / shown; 2 OUT 或表号有误 / OUT or the meter is at fault; "
        "3 数据湖不是所判定的那个 / the lake is not the one that was judged",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("meter", metavar="METER", help="表号 / id of the meter")
    parser.add_argument("out", metavar="OUT", type=Path, help="supervise 的结果 / what supervise wrote")
    parser.add_argument(
        "--lake", metavar="LAKE", type=Path, required=True, help="所判定的数据湖 / the lake it judged"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="写成一页 / write a page")
    parser.add_argument("--json", action="store_true", help="供机器读取 / for machines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Explain one meter; 0. Raises errors.QuanhengError where it cannot."""
    explanation = explain(args.meter, args.out, args.lake)
    if args.html is not None:
        _write(args.html, page.write(explanation))
    if args.json:
        print(json.dumps(plain(explanation), ensure_ascii=False, allow_nan=False))
    else:
        show(explanation, Console(highlight=False))
    return 0


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8", newline="\n")
    except OSError as fault:
        raise BadOutput(
            f"{path} 写不进去：{fault.strerror} / {path} cannot be written: {fault.strerror}"
        ) from fault


def show(e: Explanation, console: Console) -> None:
    """Print the explanation for a person."""
    name, reason = words.verdict(e.verdict), words.reason(e.reason)
    console.print(f"[bold]{e.meter}[/bold]  {name.zh} / {name.en}" + _because(e, reason))
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for label, value in _lines(e):
        table.add_row(label, value)
    console.print(table)
    for text in (e.outlook, words.SCREENING):
        console.print(text.zh)
        console.print(text.en, style="dim")


def _because(e: Explanation, reason: words.Words) -> str:
    return "" if e.reason == "ok" else f"：{reason.zh} / {reason.en}"


def _lines(e: Explanation) -> list[tuple[str, str]]:
    interval = f"{percent(e.lower, 2, sign=True)} … {percent(e.upper, 2, sign=True)}"
    lines = [
        ("误差 error", f"{percent(e.error, 2, sign=True)}，95 %: {interval}，u = {percent(e.u, 2)}"),
        ("超差概率 P(out)", f"{percent(e.p_out, 2)}（允许 mpe ± {percent(e.mpe, 2)}）"),
        ("用电量 energy", f"{number(e.kwh_day, 2)} kWh/d，{e.days} 天 days"),
    ]
    if e.since is not None:
        lines.append(("始于 since", e.since.isoformat()))
    if e.residual is not None:
        now, then = page.spread(e.residual)
        lines.append(
            (
                "残差 residual",
                f"{number(now, 3)} kWh/d；假如此表没有误差 if it were right: {number(then, 3)} kWh/d",
            )
        )
    if e.line_loss is not None:
        lines.append(("线损 line loss", f"{number(e.line_loss, 3)} kWh/d"))
    if e.neighbour:
        lines.append(("易混淆 confusable", f"{e.neighbour}（r = {number(e.correlation, 2)}）"))
    if e.alike:
        lines.append(("用电相似 alike", "，".join(f"{m}（{number(r, 2)}）" for m, r in e.alike)))
    health = words.cause(e.health).name
    return [
        *lines,
        ("台区 area", f"{e.area.area} {e.area.district or ''}：{health.zh} / {health.en}"),
        (
            "总表 master",
            f"{e.area.master}，u = {percent(e.area.master_u, 2)}，mpe ± {percent(e.area.master_mpe, 2)}",
        ),
    ]


def plain(e: Explanation) -> dict[str, Any]:
    """The explanation as JSON can say it: NaN as null, dates as text, arrays as lists."""
    found: dict[str, Any] = _plain(asdict(e))
    return found


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(v) for key, v in value.items()}
        case words.Words():
            return {"zh": value.zh, "en": value.en}
        case list() | tuple():
            return [_plain(v) for v in value]
        case np.ndarray():
            return _plain(value.tolist())
        case date():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
