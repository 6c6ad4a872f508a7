"""Durable files: what stands there under its name is whole, also after a crash."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quanheng.ground.errors import BadOutput, Fault


def read_bytes(path: Path, fault: type[Fault], *, at_most: int = -1) -> bytes:
    """The bytes of a file, of a longer one the first `at_most` + 1. Raises `fault` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(at_most + 1 if at_most >= 0 else -1)
    except OSError as error:
        raise fault(
            f"{path}：读不出来：{error.strerror} / {path}: cannot be read: {error.strerror}"
        ) from error


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all.

    1 temporary file beside it  2 write  3 fsync  4 rename  5 fsync of the folder. Raises OSError.
    """
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    with hidden.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    hidden.rename(path)
    sync(path.parent)


def write_out(path: Path, data: bytes) -> None:
    """Write a file that the command line asks for, durably. Raises BadOutput."""
    try:
        write_durably(path, data)
    except OSError as error:
        raise BadOutput(f"{path}：写不了：{error.strerror} / cannot be written: {error.strerror}") from error


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(folder: Path, target: Path) -> None:
    """Give a finished folder its name: fsync of every file and folder in it, rename, fsync of the parent.

    Raises BadOutput if `target` has appeared meanwhile; then `folder` stays as it is.
    """
    for path in (*sorted(folder.rglob("*")), folder):
        sync(path)
    if target.exists() or target.is_symlink():
        raise BadOutput(f"{target}：写入期间出现了同名文件夹 / {target}: appeared while it was being written")
    folder.rename(target)
    sync(target.parent)


def check_new_folder(target: Path, *, outside: Path | None = None) -> None:
    """Raises BadOutput unless `target` can become a new folder, outside `outside` if given. Touches nothing."""
    if target.exists() or target.is_symlink():
        raise BadOutput(
            f"{target} 已存在，不会改动它；请另选一个名字"
            f" / {target}: exists and is left untouched; choose another name"
        )
    if outside is not None and target.resolve().is_relative_to(outside.resolve()):
        raise BadOutput(
            f"{target} 在 {outside} 之内，那里只读；请另选一个位置"
            f" / {target}: lies within {outside}, which is only read; choose another place"
        )
    parent = target.absolute().parent
    if not parent.is_dir():
        raise BadOutput(f"{parent} 不是文件夹；请先建好 / {parent}: is no folder; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise BadOutput(f"{parent} 不可写；请换一个位置 / {parent}: cannot be written; choose another place")


def fresh_folder(folder: Path) -> Path:
    """The folder, empty: what an interrupted run left in it is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; the system lets go of it when the process ends, however it ends.

    Raises BadOutput if another process holds it.
    """
    with path.open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadOutput(
                f"{path.parent}：另一个进程正在写这次运行"
                f" / {path.parent}: another process is at work on this run"
            ) from error
        yield
