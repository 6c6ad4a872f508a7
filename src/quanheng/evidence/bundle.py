"""A bundle records a computation: run.json, from which whoever has the inputs can compute it again.

It holds the digests of what went in (by path relative to the lake) and of what came out (relative to its
folder), and all that chose the way: method, version, parameters, seeds. It holds no clock, no path of a
machine and no number of workers: the same computation has the same bundle, to the byte.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from quanheng.ground.digest import canonical_json, read_json, sha256_bytes, sha256_file
from quanheng.ground.errors import BadOutput
from quanheng.ground.files import write_durably

NAME = "run.json"
FORMAT = "quanheng-run-1"
SIGNATURE, PROOF = "run.signature.json", "run.proof"
UNSEALED = frozenset(
    {NAME, SIGNATURE, PROOF, "checks.parquet", "learned.json"}
)  # what joins a folder after its run
LIBRARIES = ("numpy", "scipy", "pyarrow", "altair", "vl-convert-python")
REQUIRED: Mapping[str, type] = {
    "method": str, "version": str, "parameters": dict, "inputs": dict, "outputs": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Bundle:
    """A computation as recorded."""

    facts: Mapping[str, Any]  # all of run.json
    digest: str  # of its bytes

    @property
    def method(self) -> str:
        """Name of the method; another name means that results may differ beyond their last bits."""
        return str(self.facts["method"])

    @property
    def version(self) -> str:
        """Version of the program."""
        return str(self.facts["version"])

    @property
    def parameters(self) -> dict[str, Any]:
        """What the run was told."""
        return dict(self.facts["parameters"])

    @property
    def inputs(self) -> dict[str, str]:
        """Digest by path relative to the lake."""
        return dict(self.facts["inputs"])

    @property
    def outputs(self) -> dict[str, str]:
        """Digest by path relative to the folder of run.json."""
        return dict(self.facts["outputs"])


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
    """Write run.json, durably, with the facts and the digests of all sealed files of the folder.

    facts: JSON-able, with method, version, parameters and inputs; `format` and `outputs` are filled in here.
    """
    outputs = digest_files(folder, sealed_files(folder))
    data = canonical_json({**facts, "format": FORMAT, "outputs": outputs})
    bundle = parse(data, folder / NAME)
    write_durably(folder / NAME, data)
    return bundle


def read_bundle(path: Path) -> Bundle:
    """Read run.json. Raises BadOutput if there is none, or it is no bundle."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadOutput(
            f"{path}：没有这个文件；应是一次运行的 run.json"
            f" / {path}: no such file; give the run.json of a run"
        ) from error
    except OSError as error:
        reason = error.strerror
        raise BadOutput(f"{path}：读不出来（{reason}） / {path}: cannot be read: {reason}") from error
    return parse(data, path)


def parse(data: bytes, path: Path) -> Bundle:
    """The bundle that the bytes of `path` hold. Raises BadOutput if they are none."""
    try:
        facts = read_json(data)
    except ValueError as error:
        raise foreign(path, f"不是 JSON（{error}）", f"is not JSON: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise foreign(path, f"没有 format = {FORMAT}", f"has no format = {FORMAT}")
    for key, kind in REQUIRED.items():
        if not isinstance(facts.get(key), kind):
            raise foreign(path, f"缺少 {key} 或类型不对", f"{key!r} is missing or of another type")
    for name, digest in (*facts["inputs"].items(), *facts["outputs"].items()):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise foreign(path, f"{name} 不是相对路径", f"{name!r} is no path below the folder")
        if not isinstance(digest, str):
            raise foreign(path, f"{name} 的摘要值不是文字", f"the digest of {name!r} is no text")
    return Bundle(facts, sha256_bytes(data))


def foreign(path: Path, chinese: str, english: str) -> BadOutput:
    """The fault of a file that is no bundle."""
    return BadOutput(
        f"{path} 不是一次运行的 run.json：{chinese} / {path}: is no run.json of a run: {english}"
    )


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
