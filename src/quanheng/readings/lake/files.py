"""The Parquet files of a lake: opened by path, decoded by row group, and noticed when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.ground.errors import BadLake
from quanheng.readings.lake import schema
from quanheng.readings.lake.columns import fault


@dataclass(frozen=True, order=True)
class Stamp:
    """What tells that a file is still the one that was opened."""

    file: str  # relative to the lake
    size: int  # bytes
    modified: int  # ns


def stamp(lake: Path, file: str) -> Stamp:
    """Raises BadLake if the file cannot be reached."""
    try:
        status = (lake / file).stat()
    except OSError as error:
        raise fault(file, "读不到这个文件", f"cannot be reached: {error.strerror}") from error
    return Stamp(file, status.st_size, status.st_mtime_ns)


def list_files(lake: Path) -> tuple[Stamp, ...]:
    """The files that belong to the lake, sorted by name. Raises BadLake if the folder is no lake."""
    for name in ("areas.parquet", "meters.parquet"):
        if not (lake / name).is_file():
            raise BadLake(
                f"{lake} 不是数据湖：没有 {name}；应有 areas.parquet、meters.parquet、readings/*.parquet"
                f" / {lake} is no lake: it has no {name};"
                " should hold areas.parquet, meters.parquet, readings/*.parquet"
            )
    names = ["areas.parquet", "meters.parquet"]
    for folder in schema.FOLDERS:
        names += [f"{folder}/{each.name}" for each in sorted((lake / folder).glob("*.parquet"))]
    return tuple(stamp(lake, name) for name in names)


@lru_cache(maxsize=8)
def open_file(lake: Path, known: Stamp) -> pq.ParquetFile:
    """The opened file, kept for the next call. Not memory-mapped: a mapped file that shrinks kills us.

    Raises BadLake if it is foreign, truncated or no longer as stamped.
    """
    check_unchanged(lake, known)
    try:
        return pq.ParquetFile(lake / known.file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(known.file, error) from error


def read_row_groups(lake: Path, known: Stamp, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Decode row groups of one file, in one thread. Raises BadLake if the file is damaged or has changed."""
    file = open_file(lake, known)
    present = [name for name in columns if name in file.schema_arrow.names]
    try:
        table = file.read_row_groups(list(groups), present, use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        check_unchanged(lake, known)
        raise unreadable(known.file, error) from error
    check_unchanged(lake, known)
    return table


def check_unchanged(lake: Path, known: Stamp) -> None:
    """Raises BadLake if the file is not the one that was stamped."""
    if stamp(lake, known.file) != known:
        raise changed(known.file)


def changed(file: str) -> BadLake:
    return fault(
        file,
        "读取期间文件变了；请在数据湖写完之后重新运行",
        "changed while it was read; run again once nobody writes to the lake",
    )


def digest(lake: Path, known: Stamp) -> str:
    """SHA-256 of a file, streamed. Raises BadLake if it is not the one that was stamped."""
    with (lake / known.file).open("rb") as handle:
        value = hashlib.file_digest(handle, "sha256").hexdigest()
    check_unchanged(lake, known)
    return value


def unreadable(file: str, error: Exception) -> BadLake:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return fault(
        file,
        f"不是完整的 Parquet 文件（{reason}），请重新导出",
        f"is no whole Parquet file ({reason}); export it again",
    )
