"""`quanheng sample`: fill an empty site with a sample city."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from quanheng.cli.site import bring_up_to_date, set_up


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `sample` and its options."""
    parser = subparsers.add_parser(
        "sample",
        help="样例城市的网站 / the site of a sample city",
        description="把 quanheng simulate --chain 所生成的城市 CITY 装进空的网站（QUANHENG_HOME，QUANHENG_DEMO=1）。\n"
        "Fill an empty site (QUANHENG_HOME, QUANHENG_DEMO=1) with the CITY that quanheng simulate --chain made.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("city", metavar="CITY", type=Path, help="simulate 的 OUT / the OUT of simulate")
    add("--out", metavar="OUT", type=Path, help="已有的一次监督 / a cycle that was run already")
    add("--seed", metavar="S", type=int, default=7, help="随机种子 / seed (%(default)s)")
    add("--on", metavar="DATE", type=date.fromisoformat, help="样例的今天 / the day of the sample (today)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build; 0. Raises Fault where CITY lacks something or the site is not empty."""
    set_up()
    bring_up_to_date()
    from django.utils import timezone

    from quanheng.city.site.sample.build import build

    build(args.city, seed=args.seed, on=args.on or timezone.localdate(), said=print, out=args.out)
    return 0
