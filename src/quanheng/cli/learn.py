"""`quanheng learn`: bring back what field checks found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quanheng.work.supervise.learn import learn


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `learn` and its options."""
    parser = subparsers.add_parser(
        "learn",
        help="把现场核查结果带回来 / bring back what field checks found",
        description="checks.csv 的列：meter,date,error,u,found,note；found 为\n"
        "ok、out_of_tolerance、stopped、foreign、tampered、not_found 之一；error、u 为相对值，未测则都留空。\n"
        "Columns of checks.csv: meter,date,error,u,found,note; error and u are relative, empty if not measured.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="一次运行的文件夹 / folder of a run")
    parser.add_argument("checks", metavar="checks.csv", type=Path, help="现场核查结果 / what was found")
    parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象 / print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Take the checks in and say what they teach; 0."""
    found = learn(args.out, args.checks)
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(words(found)))
    return 0


def words(found: Mapping[str, Any]) -> list[str]:
    """What was learnt, by line."""
    precision, recall, risk = found["precision"], found["recall"], found["risk"]
    counts = ", ".join(f"{name} {n}" for name, n in found["found"].items())
    return [
        f"已核查 / checked {found['checked']}：{counts}",
        f"更换判定的精确率 / precision of replace: {rate(precision['share'], precision['jeffreys'])}"
        f"（{precision['bad']}/{precision['checked']}）",
        f"召回率 / recall: {rate(recall['share'], recall['interval'])}"
        f"（随机抽检 / random checks {recall['sampled']}，其中超差 / bad {recall['sampled_bad']}）",
        f"错换风险 / false replacements: {rate(risk['realised'], risk['jeffreys'])}，"
        f"声明 / stated {percent(risk['stated'])}，预期 / expected {percent(risk['expected'])}",
        *(group("工单 / orders", name, each) for name, each in found["kinds"].items()),
        *(group("批次 / lot", name, each) for name, each in found["batches"].items()),
        f"下一周期已知的表 / meters that the next cycle knows: {len(found['known'])}",
    ]


def group(title: str, name: str, each: Mapping[str, Any]) -> str:
    """A kind of order or a lot: how many of it were bad."""
    return f"  {title} {name}: {each['bad']}/{each['checked']}  {rate(each['share'], each['jeffreys'])}"


def rate(share: float | None, interval: list[float]) -> str:
    """A share with its 95 % interval."""
    return f"{percent(share)} [{percent(interval[0])}, {percent(interval[1])}]"


def percent(share: float | None) -> str:
    """A share in per cent; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.1f} %"
