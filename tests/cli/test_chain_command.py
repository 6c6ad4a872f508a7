"""`quanheng chain` as a regulator uses it: check everything, recall a standard with its verdicts, draw a chain."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lxml import etree

from quanheng.cli import recall
from quanheng.cli.main import main
from quanheng.cli.recall import Hit
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


def test_simulate_says_that_the_keys_are_worth_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ("--areas", "1", "--meters", "2", "--days", "2", "--data", "registers", "--chain", "1")
    assert main(["simulate", str(tmp_path / "city"), *made]) == 0
    assert "never use them in a real installation" in capsys.readouterr().out


def test_a_check_tells_the_worst_first_each_code_with_its_number_and_places(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng(world, "check", *ON) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2026-06-15，按 2026-06-15 所知 / on 2026-06-15, as known on 2026-06-15"
    invalid, unshown = (
        next(n for n, line in enumerate(lines) if line.startswith(w)) for w in ("无效", "未得")
    )
    assert invalid < unshown
    at = next(n for n, line in enumerate(lines) if "standard_overdue" in line)
    assert lines[at].endswith("2  使用时标准已超过有效期 / a standard was used after it was due")
    assert "points p0, p1, p2, standard B-" in lines[at + 1]
    assert invalid < at < unshown


def test_a_check_for_machines_is_one_object(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quanheng(world, "check", "--json", *ON) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["counts"]["ratio"] == 2
    assert facts["standing"] == "invalid"
    truth = pq.read_table(world / "chain_truth.parquet").to_pylist()
    assert {each["sha256"] for each in facts["found"]} == {row["document"] for row in truth if row["code"]}
    assert all(each["reasons"] for each in facts["found"])


def test_a_check_without_trust_shows_nothing(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = holdings.Holdings(holdings.read(world / "holdings"))
    subject = next(each for each in whole.certificates() if b"V-voltage-000004" in each.data)
    file = tmp_path / "one.proof"
    file.write_bytes(whole.proof(subject))
    assert main(["chain", "check", str(file), *ON]) == 3
    assert "log_unknown" in capsys.readouterr().out
    assert main(["chain", "check", str(file), "--trust", str(world / "trust"), *ON]) == 0


def test_a_folder_of_proof_files_is_checked_as_holdings_are(world: Path, tmp_path: Path) -> None:
    whole = holdings.Holdings(holdings.read(world / "holdings"))
    for mark in (b"V-A00000-M", b"V-A00001-M"):
        subject = next(each for each in whole.certificates() if mark in each.data)
        (tmp_path / f"{mark.decode()}.proof").write_bytes(whole.proof(subject, ["PA-master"]))
    assert main(["chain", "check", str(tmp_path), "--trust", str(world / "trust"), *ON]) == 0


def test_a_recall_reaches_verdicts_through_master_meters(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ("--run", str(world / "run"), "--lake", str(world / "lake"))
    words = ("B-energy-0", "--since", "2025-09-01", *run, "--json", *ON)
    assert quanheng(world, "recall", *words) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {"A00000-M", "A00001-M"} <= {item for each in facts["certificates"] for item in each["items"]}
    verdicts = pq.read_table(world / "run/verdicts.parquet").select(["meter", "verdict"]).to_pylist()
    assert [{"meter": e["meter"], "verdict": e["verdict"]} for e in facts["verdicts"]] == verdicts
    assert {each["master"] for each in facts["verdicts"]} == {"A00000-M", "A00001-M"}


def test_a_recall_of_a_master_meter_hits_the_verdicts_of_its_area_alone(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("A00001-M", "--since", "2025-09-01", "--run", str(world / "run"), "--json", *ON)
    assert quanheng(world, "recall", *words) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["certificates"] == []
    assert {each["area"] for each in facts["verdicts"]} == {"A00001"}


def test_a_recall_says_what_to_do(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("B-energy-0", "--since", "2025-09-01", "--run", str(world / "run"), *ON)
    assert quanheng(world, "recall", *words) == 0
    said = capsys.readouterr().out
    assert "take B-energy-0 out of use" in said
    assert "supervise them again" in said
    assert quanheng(world, "recall", "V-energy-000000", "--since", "2025-09-01", *ON) == 0
    assert "nothing is hit" in capsys.readouterr().out


def test_a_recall_can_be_taken_along_as_a_table(world: Path, tmp_path: Path) -> None:
    table = tmp_path / "hit.csv"
    run = ("--run", str(world / "run"))
    assert (
        quanheng(world, "recall", "C-energy-0", "--since", "2025-01-01", *run, "--csv", str(table), *ON) == 0
    )
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    paths = {row["path"] for row in rows if row["kind"] == "certificate"}
    assert {"C-energy-0", "B-energy-0 <- C-energy-0"} <= paths
    verdict = next(row for row in rows if row["kind"] == "verdict")
    assert verdict["path"] == "A00000-M <- V-A00000-M <- B-energy-0 <- C-energy-0"


def test_a_table_runs_no_formula(world: Path, tmp_path: Path) -> None:
    hit = Hit("=1+1", "0" * 64, ("@item",), "2026-01-01", ("-S",))
    rows = list(csv.reader(io.StringIO(recall.table([hit], []).decode("utf-8-sig"))))
    assert [rows[1][at] for at in (1, 3, 8)] == ["'=1+1", "'@item", "'-S"]


def test_a_chain_is_drawn_up_to_the_si(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng(world, "show", "A00000-M", "--svg", str(tmp_path / "tree.svg"), *ON) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓ V-A00000-M  台区总表 / master meter"
    assert lines[-1].strip() == "└─ SI"
    root = etree.fromstring((tmp_path / "tree.svg").read_bytes())
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == 6


@pytest.mark.parametrize(
    ("number", "status"), [("V-A00000-M", 0), ("V-energy-900000", 1), ("B-energy-900012", 3)]
)
def test_a_drawn_chain_ends_with_how_it_stands(
    world: Path, capsys: pytest.CaptureFixture[str], number: str, status: int
) -> None:
    assert quanheng(world, "show", number, "--json", *ON) == status
    node = json.loads(capsys.readouterr().out)
    assert node["number"] == number
    assert node["standing"] == {0: "valid", 1: "invalid", 3: "not shown"}[status]


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
        ("recall", ("B-energy-0", "--since", "2025-01-01", "--lake", "x"), "--run"),
        ("recall", ("B-energy-0", "--since", "2025-01-01", "--run", "nowhere"), "nowhere"),
        ("show", ("A00000-M", "--svg", "nowhere/tree.svg"), "nowhere/tree.svg"),
        ("show", (), "name a certificate"),
    ],
)
def test_what_cannot_be_answered_is_told(
    world: Path, capsys: pytest.CaptureFixture[str], job: str, words: tuple[str, ...], told: str
) -> None:
    assert quanheng(world, job, *words, *ON) == 2
    assert told in capsys.readouterr().err


def test_a_lake_of_another_run_is_told(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "areas.parquet").write_bytes((world / "lake/meters.parquet").read_bytes())
    run = ("--run", str(world / "run"), "--lake", str(tmp_path))
    assert quanheng(world, "recall", "B-energy-0", "--since", "2025-01-01", *run, *ON) == 2
    assert "is not the lake of the run" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4", b"%PDF", b"noise"])
def test_what_are_no_holdings_is_told_or_called_invalid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "some.file"
    if content is not None:
        path.write_bytes(content)
    status = main(["chain", "check", str(path), *ON])
    said = capsys.readouterr()
    assert (status, "some.file" in said.err) in {(2, True), (1, False)}
    assert "Traceback" not in said.err + said.out


def test_an_empty_folder_is_no_empty_holdings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chain", "check", str(tmp_path), *ON]) == 2
    assert "neither documents/ nor proof files" in capsys.readouterr().err
