"""`quanheng backup`: everything a site keeps, in one file, while it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from quanheng.cli.site import set_up
from quanheng.ground.digest import sha256_file


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `backup` and its options."""
    parser = subparsers.add_parser(
        "backup",
        help="备份网站：数据库与文件 / back up the site: its database and files",
        description="把数据库和 QUANHENG_HOME 之下的文件写成一个 tar 文件 FILE；网站可以照常运行。\n"
        "其中有密钥和秘密：与 QUANHENG_HOME 一样保密。\n"
        "Write the database and the files below QUANHENG_HOME as one tar file, FILE, while the site runs.\n"
        "Keys and secrets are in it: keep it as QUANHENG_HOME is kept.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "file",
        metavar="FILE",
        type=Path,
        help="新文件，在 QUANHENG_HOME 之外 / a new file, outside QUANHENG_HOME",
    )
    add(
        "--without",
        metavar="NAME",
        action="append",
        default=[],
        help="不带 QUANHENG_HOME 里的 NAME，例如另有副本的 lakes；可重复"
        " / leave out NAME of QUANHENG_HOME, e.g. lakes that are kept elsewhere; may be repeated",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Back up; 0. Raises Fault, BadOutput where FILE exists."""
    set_up()
    from quanheng.city.site.backup.make import make

    facts = make(args.file, tuple(args.without))
    rows, files = sum(facts["rows"].values()), facts["files"]
    print(f"{args.file}：{rows} 行、{files} 个文件 / {rows} rows, {files} files")
    print(f"SHA-256 {sha256_file(args.file)}")
    return 0
