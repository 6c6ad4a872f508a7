"""Digests: SHA-256 in lower-case hexadecimal, of files, of bytes, and of values written in one way."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, read in pieces. Raises OSError where it cannot be read."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


LONGEST_NUMBER = 300  # digits of a whole number; a float holds 308
DEEPEST = 64  # tables and lists in one another


def read_json(data: bytes) -> Any:
    """The value that JSON says.

    Raises ValueError, also where it is nested too deeply, holds a number that no float holds, or half a character.
    """
    try:
        value = json.loads(data.decode(), parse_int=_whole)
        if b"\\u" in data:  # only so can JSON say what UTF-8 cannot
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("嵌套过深 / nested too deeply") from error
    return value


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def read_toml(data: bytes) -> dict[str, Any]:
    """The tables that TOML says, with or without a byte order mark.

    Raises ValueError, also where it is nested too deeply, or holds a whole number beyond 64 bits (TOML 1.0, Integer).
    """
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
        check_nesting(table)
        _check_whole(table)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"第 {line} 行不是 UTF-8 / line {line} is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("嵌套过深 / nested too deeply") from error
    return table


def check_nesting(value: Any, depth: int = 0) -> None:
    """ValueError where tables and lists stand in one another deeper than anybody writes: `a.a.a.…` is no recursion to a
    reader of TOML, but to whoever walks what it has read."""
    if isinstance(value, dict | list):
        if depth > DEEPEST:
            raise ValueError("嵌套过深 / nested too deeply")
        for each in value.values() if isinstance(value, dict) else value:
            check_nesting(each, depth + 1)


def _check_whole(value: Any, key: str = "") -> None:
    match value:
        case dict():
            for name, each in value.items():
                _check_whole(each, f"{key}.{name}" if key else name)
        case list():
            for n, each in enumerate(value):
                _check_whole(each, f"{key}[{n}]")
        case int() if not -(2**63) <= value < 2**63:
            raise ValueError(f"{key}：整数超出 64 位 / {key}: a whole number beyond 64 bits")


def canonical_json(value: Any) -> bytes:
    """One value, one sequence of bytes: keys sorted, UTF-8, floats by their shortest repr, newline last.

    Raises ValueError for NaN and infinity, which JSON cannot say: write null.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode()


def canonical_line(value: Any) -> bytes:
    """As `canonical_json`, in one line without a space or a newline: for what is kept many times over."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
