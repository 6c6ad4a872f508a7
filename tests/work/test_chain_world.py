"""The sample world of chains: whatever is wrong in it is found by its code, and nothing else is called wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quanheng.evidence import holdings, procedures
from quanheng.evidence.answer import Standing
from quanheng.evidence.document_check import Rules
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.log.store import Log
from quanheng.evidence.reasons import REASONS
from quanheng.evidence.trust import read_trust
from quanheng.work.simulate.chain.world import Master
from quanheng.work.simulate.chain.write import write_chain
from quanheng.work.simulate.chain.wrong import WRONGS
from quanheng.work.trace.holdings_check import Whole, check_holdings
from quanheng.work.trace.part import Asked

ON = date(2026, 6, 15)
ALSO = {"digest_mismatch": {"signature_wrong"}}  # altered bytes are not those that were signed, either


def judged(world: Path, on: date = ON, known: date = ON) -> Whole:
    """All documents of a world."""
    rules = Rules(sealed.read, 7)
    asked = Asked(on, known, procedures.regulations())
    return check_holdings(holdings.read(world / "holdings"), read_trust(world / "trust"), rules, asked)


def agrees_with_its_truth(world: Path) -> None:
    """Every certificate has just the code that its truth says, and those without one are valid."""
    whole = judged(world)
    truth = {row["document"]: row["code"] for row in pq.read_table(world / "chain_truth.parquet").to_pylist()}
    for digest in whole.certificates:
        codes = {each.code for each in whole.answer(digest).reasons if each.standing != Standing.VALID}
        due = {truth[digest]} - {""}
        assert due <= codes <= due | ALSO.get(truth[digest], set()), (digest, truth[digest], codes)
    assert not [each for each in whole.others if each.answer.standing != Standing.VALID]
    assert whole.certificates


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world."""
    out = tmp_path_factory.mktemp("world")
    write_chain(out, seed=5, instruments=60, masters=[Master("A00010-M", 0.002, 0.005)])
    return out


def test_what_is_wrong_is_found_by_its_code_and_nothing_else_is_called_wrong(world: Path) -> None:
    agrees_with_its_truth(world)


def test_every_rule_is_broken_somewhere() -> None:
    assert {each.rule for each in WRONGS} == set(range(1, 13))
    assert all(REASONS[each.code].rule == each.rule or each.code == "digest_mismatch" for each in WRONGS)


@pytest.mark.drill
def test_ten_thousand_instruments_are_judged_as_their_truth_says(tmp_path: Path) -> None:
    write_chain(tmp_path, seed=1, instruments=10_000)
    agrees_with_its_truth(tmp_path)


def test_one_seed_gives_the_same_bytes(world: Path, tmp_path: Path) -> None:
    write_chain(tmp_path, seed=5, instruments=60, masters=[Master("A00010-M", 0.002, 0.005)])
    ours, theirs = (list(holdings.read(each / "holdings")) for each in (world, tmp_path))
    assert ours == theirs


def test_the_log_of_the_world_holds_together(world: Path) -> None:
    with Log.open(world / "log") as log:
        log.audit()


def test_what_was_revoked_later_was_good_by_what_was_known_before(world: Path) -> None:
    truth = {row["document"]: row["code"] for row in pq.read_table(world / "chain_truth.parquet").to_pylist()}
    early = judged(world, on=date(2026, 5, 10), known=date(2026, 5, 10))
    revoked = [digest for digest, code in truth.items() if code == "revoked"]
    assert revoked
    assert all(early.standing(digest) == Standing.VALID for digest in revoked)


def test_a_proof_file_out_of_holdings_holds_all_that_a_certificate_rests_on(world: Path) -> None:
    kept = holdings.Holdings(holdings.read(world / "holdings"))
    subject = next(each for each in kept.certificates() if b"V-A00010-M" in each.data)
    listed = kept.behind(subject, ["PA-master"])
    kinds = [each.kind for each in listed]
    assert kinds.count("certificate") == 5
    assert {"key binding", "scope", "type approval"} <= set(kinds)


def test_holdings_that_were_altered_are_refused_by_file_and_row(world: Path, tmp_path: Path) -> None:
    path = next((world / "holdings/documents").glob("*.parquet"))
    table = pq.read_table(path).to_pylist()
    table[3]["data"] += b" "
    folder = tmp_path / "documents"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(table, holdings.SCHEMA), folder / "x.parquet")
    with pytest.raises(BadDocument, match=r"x\.parquet.*row 3"):
        list(holdings.read(tmp_path))


@pytest.mark.parametrize("made", ["nothing", "noise", "other columns"])
def test_what_are_no_holdings_is_told(tmp_path: Path, made: str) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    if made == "noise":
        (folder / "a.parquet").write_bytes(b"noise")
    if made == "other columns":
        pq.write_table(pa.table({"a": [1]}), folder / "a.parquet")
    with pytest.raises(BadDocument):
        list(holdings.read(tmp_path))
