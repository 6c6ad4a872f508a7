"""What the settings take from the environment, checked where it enters."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from quanheng.ground.errors import Fault
from quanheng.ground.files import write_durably

RESTORING = ".restoring"  # in HOME while a backup is being restored into it


def home(*, restoring: bool = False) -> Path:
    """The folder of everything that the site keeps; made, for its owner alone, where it is missing.

    Raises Fault where it cannot be made, or a restore was begun there and not finished (unless `restoring`).
    """
    folder = Path(os.environ.get("QUANHENG_HOME", "quanheng-home")).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(
            f"QUANHENG_HOME {folder}：建不了：{error.strerror} / cannot be made: {error.strerror}"
        ) from error
    if (folder / RESTORING).exists() and not restoring:
        raise Fault(
            f"{folder}：恢复没有完成；请清空它，重新运行 quanheng restore"
            f" / {folder}: a restore was not finished: empty it and run quanheng restore again"
        )
    return folder


def secret(folder: Path) -> str:
    """The secret of sessions and tokens: QUANHENG_SECRET, else a random one that is kept in `folder`/secret."""
    if given := os.environ.get("QUANHENG_SECRET"):
        return given
    path = folder / "secret"
    if not path.exists():
        write_durably(path, secrets.token_hex(32).encode())
        path.chmod(0o600)
    return path.read_text("ascii")


def database(folder: Path) -> dict[str, object]:
    """Django's settings of the database that QUANHENG_DATABASE names. Raises Fault."""
    url = os.environ.get("QUANHENG_DATABASE", f"sqlite:///{folder}/quanheng.sqlite3")
    parts = urlsplit(url)
    match parts.scheme:
        case "sqlite":
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": url.removeprefix("sqlite:///"),
                "OPTIONS": {
                    # IMMEDIATE: who will write waits for its turn at the beginning instead of failing in the middle
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 30,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
                },
            }
        case "postgresql" | "postgres":
            query = dict(each.split("=", 1) for each in parts.query.split("&") if "=" in each)
            return {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": unquote(parts.path.lstrip("/")),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": unquote(query.get("host", parts.hostname or "")),
                "PORT": str(parts.port or ""),
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
            }
    raise Fault(
        f"QUANHENG_DATABASE：{parts.scheme!r} 不认识；应为 sqlite:///路径 或 postgresql://用户:口令@主机/库名"
        f" / {parts.scheme!r} is unknown; should be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    )


def flag(name: str) -> bool:
    """Whether a variable is set to 1."""
    return os.environ.get(name, "") == "1"


def number(name: str, otherwise: int) -> int:
    """A whole number of zero or more. Raises Fault."""
    text = os.environ.get(name, "") or str(otherwise)
    if not text.isdecimal():
        raise Fault(f"{name}：{text!r} 应为不小于零的整数 / should be a whole number of zero or more")
    return int(text)


def choice(name: str, allowed: Sequence[str], otherwise: str) -> str:
    """One of some words. Raises Fault."""
    text = os.environ.get(name, "") or otherwise
    if text not in allowed:
        raise Fault(
            f"{name}：{text!r} 应为 {'、'.join(allowed)} 之一 / should be one of {', '.join(allowed)}"
        )
    return text
