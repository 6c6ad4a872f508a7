"""`quanheng chain` as a regulator uses it: check everything, recall a standard with its verdicts, draw a chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from quanheng.cli.main import main
from quanheng.evidence import holdings

ON = ("--on", "2026-06-15", "--known", "2026-06-15")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with its chains, supervised."""
    out = tmp_path_factory.mktemp("world") / "city"
    made = (
        "--areas",
        "2",
        "--meters",
        "10",
        "--days",
        "30",
        "--seed",
        "3",
        "--chain",
        "12",
        "--data",
        "registers",
    )
    assert main(["simulate", str(out), *made]) == 0
    assert main(["supervise", str(out / "lake"), "--out", str(out / "run"), "--workers", "1"]) == 0
    return out


def quanheng(world: Path, job: str, *words: str) -> int:
    return main(["chain", job, str(world / "holdings"), *words, "--trust", str(world / "trust")])


def test_a_check_tells_each_code_with_its_number_and_ends_with_no(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng(world, "check", *ON) == 1
    said = capsys.readouterr().out
    assert "standard_overdue" in said
    assert "使用时标准已超过有效期 / a standard was used after it was due" in said


def test_a_check_for_machines_is_one_object(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quanheng(world, "check", "--json", *ON) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["counts"]["ratio"] == 2
    assert all(len(each["sha256"]) == 64 for each in facts["found"])


def test_a_recall_reaches_verdicts_through_master_meters(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ("--run", str(world / "run"), "--lake", str(world / "lake"))
    words = ("B-energy-0", "--since", "2025-09-01", *run, "--json", *ON)
    assert quanheng(world, "recall", *words) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {"A00000-M", "A00001-M"} <= {item for each in facts["certificates"] for item in each["items"]}
    assert len(facts["verdicts"]) == 20
    assert {each["master"] for each in facts["verdicts"]} == {"A00000-M", "A00001-M"}


def test_a_recall_can_be_taken_along_as_a_table(world: Path, tmp_path: Path) -> None:
    words = ("C-mass-0", "--since", "2025-01-01", "--csv", str(tmp_path / "hit.csv"), *ON)
    assert quanheng(world, "recall", *words) == 0
    text = (tmp_path / "hit.csv").read_text("utf-8-sig")
    assert "B-mass-0 <- C-mass-0" in text


def test_a_chain_is_drawn_up_to_the_si(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng(world, "show", "A00000-M", "--svg", str(tmp_path / "tree.svg"), *ON) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✓ 台区总表 V-A00000-M")
    assert lines[-1].strip() == "└─ SI"
    root = etree.fromstring((tmp_path / "tree.svg").read_bytes())
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == 6


def test_a_proof_file_is_drawn_as_holdings_are(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = holdings.Holdings(holdings.read(world / "holdings"))
    subject = next(each for each in kept.certificates() if b"V-A00001-M" in each.data)
    file = tmp_path / "master.proof"
    file.write_bytes(kept.proof(subject, ["PA-master"]))
    assert main(["chain", "show", str(file), "--trust", str(world / "trust"), *ON]) == 0
    assert "SI" in capsys.readouterr().out
    assert (
        main(["certificate", "verify", str(file), "--trust", str(world / "trust"), "--on", "2026-06-15"]) == 0
    )


@pytest.mark.parametrize(
    ("job", "words", "told"),
    [
        ("recall", ("nobody", "--since", "2025-01-01"), "nobody"),
        ("recall", ("B-energy-0", "--since", "2025-01-01", "--run", "x"), "--lake"),
        ("show", (), "name a certificate"),
    ],
)
def test_what_cannot_be_answered_is_told(
    world: Path, capsys: pytest.CaptureFixture[str], job: str, words: tuple[str, ...], told: str
) -> None:
    assert quanheng(world, job, *words, *ON) == 2
    assert told in capsys.readouterr().err
