"""The sample world of chains: whatever is wrong in it is found by its code, and nothing else is called wrong."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from quanheng.evidence import holdings, procedures
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.log.store import Log
from quanheng.evidence.reasons import REASONS
from quanheng.evidence.trust import read_trust
from quanheng.work.simulate.chain.kinds import KINDS
from quanheng.work.simulate.chain.world import Master
from quanheng.work.simulate.chain.write import write_chain
from quanheng.work.simulate.chain.wrong import WRONGS
from quanheng.work.trace.holdings_check import Whole, check_holdings
from quanheng.work.trace.part import Asked
from quanheng.work.trace.recall import Dependants, find, recall

ON = date(2026, 6, 15)
SMALL = 200
MASTERS = [Master("A00010-M", 0.002, 0.005), Master("A00011-M", 0.0015, 0.005)]


@cache
def judged(world: Path, on: date = ON, known: date = ON) -> Whole:
    """All documents of a world."""
    rules = Rules(sealed.read, 7)
    asked = Asked(on, known, procedures.regulations())
    return check_holdings(holdings.read(world / "holdings"), read_trust(world / "trust"), rules, asked)


def codes_of(world: Path) -> dict[str, set[str]]:
    """What is true of each document: the codes by which what is wrong with it shows."""
    found: dict[str, set[str]] = {}
    for row in pq.read_table(world / "chain_truth.parquet").to_pylist():
        found.setdefault(row["document"], set()).update({row["code"]} - {""})
    return found


def agrees_with_its_truth(world: Path) -> None:
    """Every document has just the codes that its truth says, and one without any is valid."""
    whole, due = judged(world), codes_of(world)
    found = {digest: whole.answer(digest) for digest in whole.certificates}
    found |= {each.document.digest: each.answer for each in whole.others}
    assert found.keys() == due.keys()
    codes = {
        digest: {each.code for each in answer.reasons if each.standing != Standing.VALID}
        for digest, answer in found.items()
    }
    assert not {digest: (codes[digest], due[digest]) for digest in due if codes[digest] != due[digest]}
    assert all(whole.standing(d) == Standing.VALID for d in whole.certificates if not due[d])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world."""
    out = tmp_path_factory.mktemp("world")
    write_chain(out, seed=5, instruments=SMALL, masters=MASTERS)
    return out


def test_what_is_wrong_is_found_by_its_code_and_nothing_else_is_called_wrong(world: Path) -> None:
    agrees_with_its_truth(world)


def test_every_rule_is_broken_somewhere() -> None:
    codes = {each.code for each in WRONGS}
    by_rule = {rule: sum(REASONS[code].rule == rule for code in codes) for rule in range(1, 13)}
    assert min(by_rule.values()) >= 2, by_rule


@pytest.mark.drill
def test_ten_thousand_instruments_are_judged_as_their_truth_says(tmp_path: Path) -> None:
    write_chain(tmp_path, seed=1, instruments=10_000)
    agrees_with_its_truth(tmp_path)


def test_one_seed_gives_the_same_bytes(world: Path, tmp_path: Path) -> None:
    write_chain(tmp_path, seed=5, instruments=SMALL, masters=MASTERS)
    ours, theirs = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (world, tmp_path)
    )
    assert ours == theirs


def test_another_seed_gives_other_keys(world: Path, tmp_path: Path) -> None:
    write_chain(tmp_path, seed=6, instruments=0)
    ours, theirs = (
        {each.signature for each in holdings.read(folder / "holdings")} for folder in (world, tmp_path)
    )
    assert not (ours & theirs) - {b""}


def test_the_keys_of_the_sample_say_that_they_are_worth_nothing(world: Path) -> None:
    assert "never use them in a real installation" in (world / "trust/README.txt").read_text("utf-8")


def test_the_world_reaches_from_instruments_of_six_quantities_to_the_si_in_five_levels(world: Path) -> None:
    chain = judged(world).judged.chain
    assert set(chain.names.quantities) >= {kind.quantity for kind in KINDS}
    instruments = [row for row, number in enumerate(chain.numbers) if number.startswith("V-energy-0000")]
    assert {int(chain.certificates.level[row]) for row in instruments} == {4}


def test_certificates_of_master_meters_state_the_u_of_the_lake(world: Path) -> None:
    whole = judged(world)
    for master in MASTERS:
        row = find(whole.judged.chain, master.item)
        points = whole.judged.chain.points
        assert points.u[points.certificate == row] == pytest.approx(master.u)
        assert whole.standing(whole.judged.chain.digest(row)) == Standing.VALID


@pytest.mark.parametrize("standard", ["N-energy-0", "C-mass-0", "B-energy-0", "V-energy-000000"])
@pytest.mark.parametrize("since", [date(2025, 1, 1), date(2026, 3, 1)])
def test_a_recall_agrees_with_a_search_through_all_certificates(
    world: Path, standard: str, since: date
) -> None:
    whole = judged(world)
    chain = whole.judged.chain
    contents = {
        d: each.content for d, each in whole.certificates.items() if isinstance(each.content, Certificate)
    }
    row = find(chain, standard)
    hit, grown = {chain.digest(row)}, True
    while grown:
        more = {d for d, c in contents.items() if c.ended >= since and hit & set(c.standards)} - hit
        hit, grown = hit | more, bool(more)
    found = recall(Dependants.of(chain), row, since)
    assert {chain.digest(each) for each in found.certificates.tolist()} == hit - {chain.digest(row)}
    for each in found.certificates.tolist():
        path = [chain.digest(step) for step in found.path(each)]
        assert path[-1] == chain.digest(row)
        assert all(b in contents[a].standards for a, b in pairwise(path))


def test_the_log_of_the_world_holds_together(world: Path) -> None:
    with Log.open(world / "log") as log:
        log.audit()


def test_what_was_revoked_later_was_good_by_what_was_known_before(world: Path) -> None:
    early = judged(world, on=date(2026, 5, 10), known=date(2026, 5, 10))
    truth = codes_of(world)
    later = (digest for digest, codes in truth.items() if codes == {"revoked"})
    revoked = [digest for digest in later if b">V-" in early.certificates[digest].document.data]
    assert revoked
    assert all(early.standing(digest) == Standing.VALID for digest in revoked)


def test_a_proof_file_out_of_holdings_holds_all_that_a_certificate_rests_on(world: Path) -> None:
    kept = holdings.Holdings(holdings.read(world / "holdings"))
    subject = next(each for each in kept.certificates() if b"V-A00010-M" in each.data)
    listed = kept.behind(subject, ["PA-master"])
    kinds = [each.kind for each in listed]
    assert kinds.count("certificate") == 5
    assert {"key binding", "scope", "type approval"} <= set(kinds)
