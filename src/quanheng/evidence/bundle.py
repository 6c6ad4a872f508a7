"""A bundle records a computation: the digests of what went in and of what came out, and all that chose the way.

It holds no clock, no path of a machine and no number of workers: the same computation has the same bundle, to the
byte. Whoever has the inputs can compute it again.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from quanheng.ground.digest import canonical_json, sha256_file
from quanheng.ground.errors import BadTable
from quanheng.ground.files import write_durably

RUN = "run.json"
UNSEALED = frozenset({RUN, "checks.parquet", "learned.json"})  # what joins a folder after its run
LIBRARIES = ("numpy", "scipy", "pyarrow", "altair", "vl-convert-python")
REQUIRED: Mapping[str, type] = {
    "method": str, "version": str, "parameters": dict, "inputs": dict, "outputs": dict, "counts": dict,
}  # fmt: skip

Bundle = dict[str, Any]


@dataclass(frozen=True, order=True)
class Difference:
    """A file that is not as a bundle says."""

    path: str  # relative
    what: Literal["changed", "missing", "added"]


def libraries() -> dict[str, str]:
    """Versions of what a result may depend on in its last bits."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def files_of(folder: Path) -> list[str]:
    """Every file below a folder, relative to it, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def sealed_files(folder: Path) -> list[str]:
    """The files of a run's folder that its bundle answers for; what was learnt later is not among them."""
    return [name for name in files_of(folder) if name not in UNSEALED]


def digest_files(folder: Path, names: Iterable[str], *, threads: int = 1) -> dict[str, str]:
    """SHA-256 of files of a folder by name. Raises OSError where one cannot be read."""
    listed = list(names)
    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(listed, pool.map(lambda name: sha256_file(folder / name), listed), strict=True))


def seal(folder: Path, facts: Mapping[str, Any]) -> Bundle:
    """Write run.json, durably, with the facts and the digests of all sealed files; returns what was written."""
    bundle = {**facts, "outputs": digest_files(folder, sealed_files(folder))}
    write_durably(folder / RUN, canonical_json(bundle))
    return bundle


def read_bundle(path: Path) -> Bundle:
    """Read run.json. Raises BadTable if there is none, or it is no bundle."""
    try:
        bundle = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise BadTable(f"{path}：没有这个文件；应是一次运行的 run.json / {path}: no such file") from error
    except (OSError, ValueError) as error:
        raise BadTable(f"{path}：读不出来（{error}） / {path}: cannot be read: {error}") from error
    if not isinstance(bundle, dict):
        raise BadTable(f"{path}：不是 run.json / {path}: is no run.json: not one JSON object")
    for key, kind in REQUIRED.items():
        if not isinstance(bundle.get(key), kind):
            raise BadTable(f"{path}：缺少 {key} 或类型不对 / {path}: {key!r} is missing or of another type")
    for name in (*bundle["inputs"], *bundle["outputs"]):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BadTable(f"{path}：{name} 不是相对路径 / {path}: {name!r} is no path below the folder")
    return bundle


def differences(
    folder: Path, digests: Mapping[str, str], present: Iterable[str], *, threads: int = 1
) -> list[Difference]:
    """What is not as the digests say, by path; `present`: the files that the folder holds and that count."""
    there = set(present)
    now = digest_files(folder, sorted(there & set(digests)), threads=threads)
    found = [Difference(name, "changed") for name, digest in now.items() if digest != digests[name]]
    found += [Difference(name, "missing") for name in set(digests) - there]
    found += [Difference(name, "added") for name in there - set(digests)]
    return sorted(found)
