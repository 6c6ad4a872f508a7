"""The bundle of a run: run.json, from which anybody who holds the inputs can compute the run again.

It holds what was put in (digest of every input file by its path relative to the lake), what was done (method,
version, parameters, seeds), and what came out (digest of every output file by its path relative to the folder).
It holds no clock, no absolute path and no number of workers: the same run on another day gives the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quanheng.ground.digest import canonical_json, sha256_bytes, sha256_file
from quanheng.ground.errors import BadOutput

NAME = "run.json"
FORMAT = "quanheng-run-1"
UNSEALED = frozenset({NAME, "checks.parquet", "learned.json"})  # what is added to a folder after its run
NEEDED = {"method": str, "version": str, "parameters": dict, "inputs": dict, "outputs": dict}


@dataclass(frozen=True)
class Bundle:
    """A run as recorded."""

    facts: Mapping[str, Any]  # all of run.json
    digest: str  # of its bytes

    @property
    def method(self) -> str:
        """Name of the method, with its version where results changed."""
        return str(self.facts["method"])

    @property
    def version(self) -> str:
        """Version of the program."""
        return str(self.facts["version"])

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the run was told."""
        return dict(self.facts["parameters"])

    @property
    def inputs(self) -> Mapping[str, str]:
        """Digest by path relative to the lake."""
        return dict(self.facts["inputs"])

    @property
    def outputs(self) -> Mapping[str, str]:
        """Digest by path relative to the folder of run.json."""
        return dict(self.facts["outputs"])


def output_digests(folder: Path) -> dict[str, str]:
    """Digest of every file in the folder by its path relative to it, run.json and what was learnt left out."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return {name: sha256_file(folder / name) for name in files if name not in UNSEALED}


def seal(folder: Path, facts: Mapping[str, Any]) -> str:
    """Write run.json into a folder whose other files are complete; returns its digest.

    facts: JSON-able, with method, version, parameters and inputs; `outputs` and `format` are filled in here.
    Durable: temporary file, write, fsync, rename, fsync of the folder.
    """
    data = canonical_json({**facts, "format": FORMAT, "outputs": output_digests(folder)})
    _check(json.loads(data), folder / NAME)
    hidden = folder / f".{NAME}.part"
    with hidden.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    hidden.rename(folder / NAME)
    _sync(folder)
    return sha256_bytes(data)


def read_bundle(path: Path) -> Bundle:
    """Read a run.json. Raises BadOutput if it is missing or not ours."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadOutput(
            f"{path}：读不到（{error.strerror}）/ {path}: cannot be read: {error.strerror}"
        ) from error
    try:
        facts = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _foreign(path, f"不是 JSON：{error}", f"is not JSON: {error}") from error
    _check(facts, path)
    return Bundle(facts, sha256_bytes(data))


def changed_files(recorded: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Paths whose file is missing, unreadable or not as recorded; sorted.

    recorded: digest by path relative to `folder`. Paths that lead out of the folder count as changed, unread.
    """
    return tuple(name for name in sorted(recorded) if not _as_recorded(folder, name, recorded[name]))


def _as_recorded(folder: Path, name: str, digest: str) -> bool:
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    try:
        return sha256_file(folder / path) == digest
    except OSError:
        return False


def _check(facts: Any, path: Path) -> None:
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise _foreign(path, f"没有 format = {FORMAT}", f"has no format = {FORMAT}")
    for key, kind in NEEDED.items():
        if not isinstance(facts.get(key), kind):
            raise _foreign(path, f"缺少 {key} 或其类型不对", f"{key} is missing or of another type")
    for key in ("inputs", "outputs"):
        if not all(isinstance(v, str) for v in facts[key].values()):
            raise _foreign(path, f"{key} 应当是 路径 → 摘要值", f"{key} should be path → digest")


def _foreign(path: Path, chinese: str, english: str) -> BadOutput:
    return BadOutput(
        f"{path} 不是 quanheng supervise 写的 run.json：{chinese}"
        f" / {path} is no run.json that quanheng supervise wrote: {english}"
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
