"""run.json, from which a run can be computed again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quanheng.evidence.bundle import changed_files, read_bundle, seal
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import BadOutput

FACTS: dict[str, Any] = {
    "method": "energy balance 1",
    "version": "0.1.0",
    "parameters": {"alpha": 0.05, "previous": None},
    "inputs": {"readings/甲.parquet": "0" * 64},
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "detail").mkdir()
    (tmp_path / "verdicts.parquet").write_bytes(b"verdicts")
    (tmp_path / "detail" / "lots.parquet").write_bytes(b"lots")
    return tmp_path


def test_bundle_records_every_output_and_reads_back(out: Path) -> None:
    digest = seal(out, FACTS)
    bundle = read_bundle(out / "run.json")
    assert bundle.digest == digest == sha256_bytes((out / "run.json").read_bytes())
    assert bundle.outputs == {
        "detail/lots.parquet": sha256_bytes(b"lots"),
        "verdicts.parquet": sha256_bytes(b"verdicts"),
    }
    assert (bundle.parameters, bundle.inputs) == (FACTS["parameters"], FACTS["inputs"])


def test_bundle_is_the_same_bytes_whenever_and_however_the_facts_are_ordered(out: Path) -> None:
    first = seal(out, FACTS)
    assert seal(out, dict(reversed(FACTS.items()))) == first
    assert "readings/甲.parquet" in (out / "run.json").read_text(encoding="utf-8")
    assert (out / "run.json").read_bytes().endswith(b"}\n")


def test_what_is_learnt_later_does_not_break_the_seal(out: Path) -> None:
    first = seal(out, FACTS)
    (out / "checks.parquet").write_bytes(b"checks")
    (out / "learned.json").write_bytes(b"{}")
    assert seal(out, FACTS) == first


def test_changed_and_missing_files_are_named(out: Path) -> None:
    seal(out, FACTS)
    outputs = read_bundle(out / "run.json").outputs
    assert changed_files(outputs, out) == ()
    (out / "verdicts.parquet").write_bytes(b"verdictS")
    (out / "detail" / "lots.parquet").unlink()
    assert changed_files(outputs, out) == ("detail/lots.parquet", "verdicts.parquet")


def test_a_recorded_path_that_leaves_the_folder_is_not_followed(out: Path) -> None:
    outside = out.parent / "outside.txt"
    outside.write_bytes(b"x")
    recorded = {"../outside.txt": sha256_bytes(b"x"), str(outside): sha256_bytes(b"x")}
    assert set(changed_files(recorded, out)) == set(recorded)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[1]", b"{}", b'{"format": "other"}', json.dumps({**FACTS, "format": "quanheng-run-1"}).encode()]
)  # fmt: skip
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "run.json").write_bytes(data)
    with pytest.raises(BadOutput, match=r"run\.json"):
        read_bundle(tmp_path / "run.json")


def test_a_missing_bundle_is_told_apart_from_a_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="cannot be read"):
        read_bundle(tmp_path / "run.json")
