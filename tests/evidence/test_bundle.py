"""The bundle of a computation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quanheng.evidence.bundle import (
    Difference,
    differences,
    files_of,
    libraries,
    read_bundle,
    seal,
    sealed_files,
)
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import BadOutput

FACTS: dict[str, Any] = {
    "method": "m/1",
    "version": "0",
    "parameters": {"alpha": 0.05},
    "inputs": {},
    "counts": {"值": 1},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "detail").mkdir()
    (tmp_path / "a.parquet").write_bytes(b"a")
    (tmp_path / "detail" / "b.parquet").write_bytes(b"b")
    return tmp_path


def test_a_bundle_names_every_file_with_its_digest(folder: Path) -> None:
    bundle = seal(folder, FACTS)
    assert bundle.outputs == {"a.parquet": sha256_bytes(b"a"), "detail/b.parquet": sha256_bytes(b"b")}
    assert read_bundle(folder / "run.json") == bundle


def test_the_same_facts_give_the_same_bytes(folder: Path) -> None:
    seal(folder, FACTS)
    first = (folder / "run.json").read_bytes()
    seal(folder, dict(reversed(FACTS.items())))
    assert (folder / "run.json").read_bytes() == first
    assert first.endswith(b"}\n")
    assert "值".encode() in first


def test_what_is_learnt_later_does_not_break_the_seal(folder: Path) -> None:
    sealed = seal(folder, FACTS)
    (folder / "checks.parquet").write_bytes(b"checks")
    (folder / "learned.json").write_bytes(b"{}")
    assert seal(folder, FACTS) == sealed
    assert differences(folder, sealed.outputs, sealed_files(folder)) == []


def test_every_kind_of_difference_is_told_by_path(folder: Path) -> None:
    digests = seal(folder, FACTS).outputs
    (folder / "a.parquet").write_bytes(b"A")
    (folder / "detail" / "b.parquet").unlink()
    (folder / "c.parquet").write_bytes(b"c")
    present = [name for name in files_of(folder) if name != "run.json"]
    assert differences(folder, digests, present) == [
        Difference("a.parquet", "changed"),
        Difference("c.parquet", "added"),
        Difference("detail/b.parquet", "missing"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"method": 1}',
        b'{"format":"quanheng-run-1","method":"m"}',
        b'{"format":"quanheng-run-1","method":"m","version":"0","parameters":{},"inputs":{},"outputs":{"../x":"0"}}',
    ],
)
def test_what_is_no_bundle_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "run.json").write_bytes(text)
    with pytest.raises(BadOutput):
        read_bundle(tmp_path / "run.json")


def test_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="no such file"):
        read_bundle(tmp_path / "run.json")


def test_libraries_are_told_with_their_versions() -> None:
    assert libraries()["numpy"].count(".") == 2
