"""`quanheng worker`: does what the site asks for in the background."""

from __future__ import annotations

import argparse
import signal
import threading

from quanheng.cli.site import set_up


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `worker` and its options."""
    parser = subparsers.add_parser(
        "worker",
        help="网站的后台工作进程 / the worker of the site",
        description="依次做网站交办的任务；被杀死时，别的工作进程会接手。\n"
        "Does the tasks of the site, one after the other; what a killed one had begun is taken over.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--once", action="store_true", help="做完到期的就结束 / end when nothing is due")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Work until asked to stop; 0."""
    set_up()
    from quanheng.city.queue.clock import Clock
    from quanheng.city.queue.worker import work

    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    work(stop, once=args.once, on_idle=Clock())
    return 0
