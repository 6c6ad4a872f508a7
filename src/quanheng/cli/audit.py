"""`quanheng audit`: the events of the site, compared with what the transparency log says of them."""

from __future__ import annotations

import argparse

from quanheng.cli.site import set_up

ALTERED, UNLOGGED = 1, 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `audit`."""
    parser = subparsers.add_parser(
        "audit",
        help="核对网站的事件与日志 / compare the site's events with the log",
        description="由数据库的事件重算每个已登记的根，并在透明日志中找到它。\n"
        "Compute every root again from the events of the database, and find it in the transparency log.",
        epilog="退出状态 / exit status: 0 相同 / same，1 有事件被改动或取走 / events were altered or taken away，"
        "3 没有登记 / not logged",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare; 0, 1 where an event was altered, 3 where a root is not logged, or there is none."""
    set_up()
    from quanheng.city.audit.past import last_event
    from quanheng.city.certificates.actions.auditing import check

    found, sound = check(), 0
    for each in found:
        if not each.same:
            print(
                f"事件 {sound + 1} 至 {each.seal.last}：被改动或取走 / events {sound + 1} to {each.seal.last}:"
                " altered or taken away"
            )
            return ALTERED
        sound = each.seal.last
    unlogged = [each.seal.last for each in found if not each.logged]
    for last in unlogged:
        print(f"截至事件 {last} 的根不在日志中 / the root up to event {last} is not in the log")
    print(f"截至事件 {sound} 相同，共 {last_event()} / same up to event {sound} of {last_event()}")
    return UNLOGGED if unlogged or not found else 0
