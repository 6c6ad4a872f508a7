"""Make a backup while the site runs.

1 a snapshot of the database: one transaction that only reads, and hinders nobody who writes
2 every table, as Parquet  3 the files below HOME
Files come after the snapshot: what a row names was written before the row, and is never changed or deleted.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from quanheng import __version__
from quanheng.city.site.backup import tables
from quanheng.ground.archive import Writer
from quanheng.ground.errors import Fault
from quanheng.ground.files import check_new_folder

FORMAT = 1
# what the site makes anew, or what says only how it is at this moment
PASSING = {"metrics", "static", "worker.alive", "limits.sqlite3"}


def make(path: Path, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write a backup; what it holds. without: files and folders of HOME that are left out. Raises Fault, BadOutput."""
    home = Path(settings.HOME)
    check_new_folder(path, outside=home)
    for each in without:
        if "/" in each or each in ("", ".", ".."):
            raise Fault(
                f"--without {each!r}：应为 {home} 之下的名字 / should be a name of something in {home}"
            )
    try:
        with Writer(path) as archive:
            with snapshot():
                applied, models = tables.state()
                if not applied:
                    raise Fault("数据库是空的：没有可备份的 / the database is empty: nothing to back up")
                counts = _tables(archive, models, path.parent)
            for name, source in _files(home, {*PASSING, *without}):
                archive.add(f"home/{name}", source)
            facts = {
                "format": FORMAT,
                "quanheng": __version__,
                "made": timezone.now().isoformat(timespec="seconds"),
                "database": connection.vendor,
                "migrations": sorted(applied),
                "rows": counts,
                "without": sorted(without),
            }
            archive.finish(facts)
    except OSError as error:
        named = error.filename or path
        raise Fault(f"{named}：{error.strerror or error} / {named}: {error.strerror or error}") from error
    return {**facts, "files": sum(each.startswith("home/") for each in archive.files)}


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads within see one state of the database, whatever others write meanwhile."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # not `atomic`, which asks for the right to write and would keep everybody waiting (settings: IMMEDIATE)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            cursor.execute("SELECT count(*) FROM sqlite_master")  # the snapshot begins with the first look
            yield
        finally:
            cursor.execute("ROLLBACK")


def _tables(archive: Writer, models: list[tables.Model], place: Path) -> dict[str, int]:
    counts = {}
    with tempfile.TemporaryDirectory(prefix=".tables-", dir=place) as folder:
        for model in models:
            name = model._meta.db_table
            made = Path(folder) / f"{name}.parquet"
            counts[name] = tables.write(model, made)
            archive.add(f"tables/{made.name}", made)
            made.unlink()
    return counts


def _files(home: Path, left_out: set[str]) -> Iterator[tuple[str, Path]]:
    """Files and links below HOME, by name. Hidden ones and *.partial are being written, and are left out."""
    # The log can be opened again where its parts are taken in this order: what was acknowledged, the checkpoint, the
    # tiles. Tiles are looked for only then: those that a checkpoint covers were there before it (evidence/log/store).
    first = [each for each in ("log/journal", "log/checkpoint") if "log" not in left_out]
    for name in first:
        if (home / name).exists():
            yield name, home / name
    database = Path(str(settings.DATABASES["default"]["NAME"]))
    for folder, folders, names in os.walk(home):
        here = Path(folder)
        top = here == home
        folders[:] = sorted(each for each in folders if not (_passing(each) or (top and each in left_out)))
        links = [each for each in folders if (here / each).is_symlink()]
        for each in sorted([*names, *links]):
            path = here / each
            name = path.relative_to(home).as_posix()
            beside = each.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
            if _passing(each) or (top and beside in left_out) or path.with_name(beside) == database:
                continue
            if name not in first and name != "log/lock":
                yield name, path


def _passing(name: str) -> bool:
    return name.startswith(".") or name.endswith(".partial")
