"""Where supervision keeps its files, all below HOME, and which lakes may be pointed to.

HOME/lakes/…            lakes that may be pointed to; further roots: QUANHENG_LAKES
HOME/lakes/handed-in/…  lakes made of deliveries
HOME/deliveries/SHA256  what was handed in, as it came
HOME/runs/N/out         results of cycle N; HOME/runs/N/before: what it took from the cycle before
HOME/photos/SHA256      photos of field checks
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from quanheng.ground.errors import Fault
from quanheng.ground.files import sync
from quanheng.ground.text import unfit


def home() -> Path:
    """HOME."""
    return Path(settings.HOME)


def below(*names: str) -> Path:
    """A folder below HOME, made where it is missing."""
    folder = home().joinpath(*names)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def roots() -> list[Path]:
    """Folders below which lakes may lie."""
    further = os.environ.get("QUANHENG_LAKES", "")
    return [below("lakes"), *(Path(each) for each in further.split(os.pathsep) if each)]


def allowed(folder: str) -> Path:
    """The lake that somebody points to. Raises Fault unless it is a folder below one of the roots, links followed."""
    listed = "、".join(str(each) for each in roots())
    path = home() if unfit(folder) else (home() / folder).resolve()
    if not any(path.is_relative_to(root.resolve()) and path != root.resolve() for root in roots()):
        raise Fault(
            f"{folder!r}：不在允许的位置之下：{listed}"
            f" / is not below a place that is allowed: {listed} (QUANHENG_LAKES)"
        )
    if not os.path.isdir(path):  # Path.is_dir raises where a name is too long  # noqa: PTH112
        raise Fault(f"{folder}：没有这个文件夹 / {folder}: no such folder")
    return path


def said(path: Path) -> str:
    """How the database calls a folder: relative to HOME where it lies below it, so that HOME can be moved."""
    inside = home().resolve()
    return str(path.relative_to(inside)) if path.is_relative_to(inside) else str(path)


def lake(folder: str) -> Path:
    """The folder of a lake that the database names."""
    return home() / folder


def run(number: int) -> Path:
    """The folder of a cycle."""
    return below("runs", str(number))


def keep(chunks: Iterable[bytes], folder: str, stated: str, most: int) -> tuple[Path, str, int]:
    """Keep bytes by their digest: (file, SHA-256, size). Raises Fault where they are too many or not as stated.

    1 a temporary file  2 write and digest  3 fsync  4 rename  5 fsync of the folder; nothing stays of what is refused.
    """
    place = below(folder)
    hidden = place / f".{os.getpid()}-{os.urandom(6).hex()}"
    digest, size = hashlib.sha256(), 0
    try:
        with hidden.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise Fault(f"文件大于 {most} 字节 / the file is larger than {most} bytes")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        found = digest.hexdigest()
        if stated and found != stated.strip().lower():
            raise Fault(
                f"收到的 SHA-256 是 {found}，声明的是 {stated[:80]}；没有收下"
                f" / SHA-256 of what came is {found}, stated was {stated[:80]}; not taken"
            )
        hidden.rename(place / found)
        sync(place)
    finally:
        hidden.unlink(missing_ok=True)
    return place / found, found, size
