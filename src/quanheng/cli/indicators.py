"""`quanheng indicators`: compute the indicators of the policy from the registers."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from quanheng.cli.site import set_up
from quanheng.ground.errors import Fault, NotShown


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `indicators` and its options."""
    parser = subparsers.add_parser(
        "indicators",
        help="由登记册计算指标 / compute the indicators from the registers",
        description="按定义由登记册（QUANHENG_HOME）计算某一天的指标；同一天、同一事件，得出同样的字节。\n"
        "Compute the indicators of a day from the registers (QUANHENG_HOME); the same day and event: the same bytes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--on", metavar="DATE", type=date.fromisoformat, help="哪一天 / the day (今天 today)")
    add(
        "--known",
        metavar="N",
        type=int,
        help="登记册截至第 N 个事件 / as the registers stood at event N (最后 last)",
    )
    add("--json", action="store_true", help="输出 JSON / print JSON")
    add(
        "--against",
        metavar="FILE",
        type=Path,
        help="与以前输出的 JSON 比较 / compare with JSON printed before",
    )
    add("--lang", choices=("zh", "en"), default="zh", help="语言 / language (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print them, 0; with --against 0 identical, 1 not. Raises Fault, NotShown for an event that never was."""
    set_up()
    from django.utils import timezone

    from quanheng.city.audit.past import last_event
    from quanheng.city.indicators.compute import compute, written

    before = _before(args.against) if args.against else None
    on = date.fromisoformat(before["on"]) if before else args.on or timezone.localdate()
    last = last_event()
    known = before["known"] if before else last if args.known is None else args.known
    if not 0 <= known <= last:
        raise NotShown(f"事件 {known}：只有 0 至 {last} / event {known}: there are 0 to {last}")
    found = compute(on, known)
    data = written(on, known, found)
    if before is not None:
        return _compared(args.against.read_bytes(), data)
    if args.json:
        sys.stdout.write(data.decode())
    else:
        _print(on, known, found, args.lang)
    return 0


def _before(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text("utf-8"))
        date.fromisoformat(said["on"])
        if not isinstance(said["known"], int) or not isinstance(said["indicators"], list):
            raise TypeError
    except OSError as error:
        raise Fault(f"{path}：读不出来 / cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Fault(f"{path}：不是 quanheng indicators --json 的输出 / is not what --json prints") from error
    found: dict[str, Any] = said
    return found


def _compared(before: bytes, now: bytes) -> int:
    if before == now:
        print("identical")
        return 0
    old, new = (
        {(e["key"], e["version"]): e for e in json.loads(each)["indicators"]} for each in (before, now)
    )
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place):
            print(f"{place[0]}/{place[1]}: {old.get(place)} → {new.get(place)}")
    return 1


def _print(on: date, known: int, found: list[Any], lang: str) -> None:
    from django.utils.translation import override

    from quanheng.city.indicators.catalogue import indicators
    from quanheng.city.indicators.shown import number, target

    with override("en" if lang == "en" else "zh-hans"):
        print(f"{on}  #{known}")
        for each in found:
            indicator = indicators()[each.key]
            parts = "" if each.of is None else f"  {each.count} / {each.of}"
            digest = f"  {each.population[:16]}" if each.population else ""
            print(
                f"{indicator} v{each.version}: {number(indicator, each)}{parts}  {target(indicator)}{digest}".rstrip()
            )
