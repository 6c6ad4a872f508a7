"""`quanheng restore`: a site from its backup, into an empty folder and an empty database."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import Any

from quanheng.city.environment import RESTORING, home
from quanheng.cli.site import set_up
from quanheng.evidence.errors import BadLog
from quanheng.evidence.log.store import Log
from quanheng.ground.archive import Reader
from quanheng.ground.errors import BadArchive, BadOutput, Fault
from quanheng.ground.files import sync

HARMLESS = {RESTORING, "lost+found"}
SQLITE = "sqlite:///"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `restore` and its options."""
    parser = subparsers.add_parser(
        "restore",
        help="由备份恢复网站 / restore the site from a backup",
        description="把 quanheng backup 写的 FILE 恢复到空的 QUANHENG_HOME 和空的数据库；先核对每个文件的摘要。\n"
        "数据库可以与备份时的不同：SQLite 的备份可恢复到 PostgreSQL，反之亦然。\n"
        "Restore FILE, written by quanheng backup, into an empty QUANHENG_HOME and an empty database; every digest\n"
        "is compared first. The database may be another one: from SQLite to PostgreSQL, and back.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", metavar="FILE", type=Path, help="备份 / the backup")
    add(
        "--log",
        metavar="FOLDER",
        type=Path,
        help="比备份更新的日志：不让日志退回去 / a later copy of the log: it is not set back",
    )
    add("--check", action="store_true", help="只核对，不恢复 / only compare the digests")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Restore; 0, with --check 1 where it is damaged. Raises BadArchive, BadOutput; then nothing is changed."""
    try:
        with Reader(args.file) as archive:
            archive.verify()
            if not args.check:
                check_folder()
                _restore(archive, args.log)
            _tell(archive.facts)
    except BadArchive as error:
        if not args.check:
            raise
        print(error)
        return 1
    except OSError as error:  # the disk is full, say
        named = error.filename or home(restoring=True)
        raise BadOutput(f"{named}：{error.strerror} / {named}: {error.strerror}") from error
    return 0


def check_folder() -> None:
    """Raises BadOutput where HOME holds anything: a restore takes nobody's place."""
    folder = home(restoring=True)
    if there := sorted(each.name for each in folder.iterdir() if each.name not in HARMLESS)[:3]:
        raise BadOutput(
            f"{folder} 里已有 {'、'.join(there)}，不会改动；请用空的 QUANHENG_HOME"
            f" / {folder} holds {', '.join(there)} and is left untouched: use an empty QUANHENG_HOME"
        )


def _restore(archive: Reader, log: Path | None) -> None:
    # 1 all is put together in HOME/.restoring  2 it is on the disk  3 it is moved up.
    # While .restoring stands there no command opens HOME: a restore that was killed is not taken for a site.
    folder = home(restoring=True)
    made = folder / RESTORING
    database = _beside(folder, made)
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    try:
        _put_together(archive, made, log)
    except BaseException:
        shutil.rmtree(made)
        for end in ("", "-wal", "-shm"):
            if database:
                database.with_name(database.name + end).unlink(missing_ok=True)
        raise
    for path in (*made.rglob("*"), made):
        if not path.is_symlink():
            sync(path)
    for path in made.iterdir():
        path.rename(folder / path.name)
    made.rmdir()
    sync(folder)


def _put_together(archive: Reader, made: Path, log: Path | None) -> None:
    archive.extract("home", made)
    if log:
        check_continues(made / "log", log)
        shutil.rmtree(made / "log")
        shutil.copytree(log, made / "log")
    tables = made / ".tables"
    tables.mkdir()
    archive.extract("tables", tables)
    os.environ["QUANHENG_HOME"] = str(made)
    set_up()
    _load(tables, archive.facts)
    shutil.rmtree(tables)


def check_continues(folder: Path, later: Path) -> None:
    """Raises BadLog unless `later` is the log in `folder` with what was entered since, and whole."""
    with Log.open(folder) as earlier, Log.open(later) as found:
        found.audit()
        size = earlier.published.size
        same = found.key == earlier.key and found.published.size >= size and found.size >= earlier.size
        if (
            not same
            or found.root(size) != earlier.published.root
            or any(found.entry(n) != earlier.entry(n) for n in range(size, earlier.size))
        ):
            raise BadLog(
                f"{later}：不是备份中日志的后续 / {later}: does not continue the log that is in the backup"
            )


def _beside(folder: Path, made: Path) -> Path | None:
    """Where QUANHENG_DATABASE is a file within HOME, have it made with the rest; else that file, if it is one."""
    url = os.environ.get("QUANHENG_DATABASE", "")
    if not url.startswith(SQLITE):
        return None
    path = Path(url.removeprefix(SQLITE)).absolute()
    if path.is_relative_to(folder):
        os.environ["QUANHENG_DATABASE"] = f"{SQLITE}{made / path.relative_to(folder)}"
        return None
    if path.exists():
        raise BadOutput(f"{path} 已存在，不会改动它 / {path} exists and is left untouched")
    return path


def _load(tables: Path, facts: dict[str, Any]) -> None:
    from django.db import DatabaseError, connections

    from quanheng.city.site.backup.restore import load

    try:
        load(tables, facts)
    except DatabaseError as error:  # no room, no right, or rows that contradict one another
        raise Fault(f"数据库拒绝了备份：{error} / the database refused the backup: {error}") from error
    finally:
        connections.close_all()  # SQLite puts its journal away when the last one closes


def _tell(facts: dict[str, Any]) -> None:
    rows = sum(facts["rows"].values())
    print(f"{facts['made']} 的备份：{rows} 行 / backup of {facts['made']}: {rows} rows")
    for name in facts["without"]:
        print(f"其中没有 {name}：须另行放回 / without {name}: put it back from elsewhere")
