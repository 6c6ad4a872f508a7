"""`quanheng catalogue`: load versions of the catalogue of compulsory items."""

from __future__ import annotations

import argparse
from pathlib import Path

from quanheng.cli.site import bring_up_to_date, set_up


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `catalogue` and its options."""
    parser = subparsers.add_parser(
        "catalogue",
        help="强检目录：装入各版本 / the catalogue of compulsory items: load its versions",
        description="把强检目录的数据文件装入网站；已有而相同的不动，每一处更改都有记录。\n"
        "不写 FILE 就装入随附的各版本。\n"
        "Load files of the catalogue of compulsory items; what is there and the same stays, every change is recorded.\n"
        "Without FILE the versions that come with quanheng.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", type=Path, nargs="*", help="数据文件 / data files (TOML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Load; 0. Raises BadTable where a file is none."""
    set_up()
    bring_up_to_date()
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.instruments import versions

    for path in args.files or versions.FILES:
        written = versions.load(SYSTEM, path)
        print(f"{path.name}：写入 / written {written}")
    return 0
