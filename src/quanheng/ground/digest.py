"""Digests: SHA-256 in lower-case hexadecimal, of files, of bytes, and of values written in one way."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, read in pieces. Raises OSError where it cannot be read."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def read_json(data: bytes) -> Any:
    """The value that JSON says. Raises ValueError, also where it is nested too deeply."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


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
