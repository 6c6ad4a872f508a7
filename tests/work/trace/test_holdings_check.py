"""Holdings, judged: what stands twice counts once, a bad copy takes nothing away, successors and forks are seen."""

from __future__ import annotations

import dataclasses
import time
from datetime import date

import pytest

from evidence import proof_world as world
from evidence.proof_world import INSTITUTE, ISSUED, LABORATORY, ON, RULES, World
from quanheng.evidence import procedures
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Use
from quanheng.evidence.document import ORDER, Document
from quanheng.work.trace.holdings_check import Whole, check_holdings
from quanheng.work.trace.part import Asked

TRUST = world.trusted()


def good_of(made: World) -> list[Document]:
    """The laboratory's certificate, the institute's, and their records; the institute's with a day when it is due."""
    root = dataclasses.replace(
        world.certificate("N-1", INSTITUTE, "item-0", date(2026, 1, 10), U=0.005), due=date(2027, 1, 9)
    )
    standard = made.certify(root, "institute")
    uses = (Use(standard.digest, "energy", 1.0, "kW·h"),)
    leaf = made.certify(world.certificate("2026-0131", LABORATORY, "item-1", ISSUED, uses), "laboratory")
    return [leaf, standard, *made.good()[2:]]


def judged(documents: list[Document], on: date = ON, known: date = ON) -> Whole:
    """Documents as holdings."""
    return check_holdings(documents, TRUST, RULES, Asked(on, known, procedures.regulations()))


def forbidding(documents: list[Document], digest: str, **days: date) -> set[str]:
    """Codes that keep a certificate from being valid."""
    reasons = judged(documents, **days).answer(digest).reasons
    return {each.code for each in reasons if each.standing != Standing.VALID}


def test_good_holdings_are_valid() -> None:
    found = judged(good_of(World()))
    assert {found.standing(digest) for digest in found.certificates} == {Standing.VALID}
    assert {each.answer.standing for each in found.others} == {Standing.VALID}


@pytest.mark.parametrize("changes", [("suspend", "resume"), ("suspend", "resume", "suspend")])
def test_records_of_one_day_count_in_the_order_of_the_log(changes: tuple[str, ...]) -> None:
    made = World()
    good = good_of(made)
    told = [
        made.record(
            dataclasses.replace(world.status(each, good[0].digest, ISSUED), why=f"{n}"), issued=ISSUED
        )
        for n, each in enumerate(changes)
    ]
    left = {"suspended"} if changes[-1] == "suspend" else set()
    for order in (told, told[::-1]):
        assert forbidding([*good, *order], good[0].digest) == left


def test_a_document_that_stands_twice_counts_once() -> None:
    good = good_of(World())
    found = judged([*good, *good])
    assert len(found.certificates) == 2
    assert len(found.others) == len(good) - 2
    assert {found.standing(digest) for digest in found.certificates} == {Standing.VALID}


@pytest.mark.parametrize(
    "changes", [{"signature": b"", "proof": b""}, {"proof": b"noise"}, {"statement": b"{}"}]
)
def test_a_bad_copy_beside_a_good_one_takes_nothing_away(changes: dict[str, bytes]) -> None:
    good = good_of(World())
    bad = [dataclasses.replace(each, **changes) for each in good]
    for listed in ([*bad, *good], [*good, *bad]):
        found = judged(listed)
        assert {found.standing(digest) for digest in found.certificates} == {Standing.VALID}
        assert {each.answer.standing for each in found.others} == {Standing.VALID}


def test_of_two_proofs_the_earlier_says_since_when_a_certificate_is_known() -> None:
    made = World()
    good = good_of(made)
    later = dataclasses.replace(
        good[0], proof=made.log.prove(good[0].statement, world.noon(date(2026, 3, 8)))
    )
    found = judged([later, *good], on=date(2026, 3, 5), known=date(2026, 3, 5))
    assert found.standing(good[0].digest) == Standing.VALID


def succeeded(made: World, good: list[Document]) -> list[Document]:
    """The laboratory's certificate, replaced by a later one of the same number."""
    old = world.WRITTEN[good[0].data]
    day = date(2026, 4, 1)
    new = dataclasses.replace(
        old, begun=day, ended=day, issued=day, supersedes=good[0].digest, remarks=("更正 / corrected",)
    )
    return [*good, made.certify(new, "laboratory")]


def test_a_certificate_is_superseded_by_a_valid_later_one_that_says_so() -> None:
    made = World()
    documents = succeeded(made, good_of(made))
    assert forbidding(documents, documents[0].digest) == {"superseded"}
    assert forbidding(documents, documents[-1].digest) == set()


def test_a_successor_that_was_not_known_yet_takes_nothing_away() -> None:
    made = World()
    documents = succeeded(made, good_of(made))
    before = date(2026, 3, 31)
    assert forbidding(documents, documents[0].digest, on=before, known=before) == set()


def test_a_successor_that_nobody_vouches_for_takes_nothing_away() -> None:
    made = World()
    good = good_of(made)
    new = dataclasses.replace(
        world.WRITTEN[good[0].data], number="2026-9999", supersedes=good[0].digest, issued=date(2026, 4, 1)
    )
    assert forbidding([*good, made.certify(new, "stranger")], good[0].digest) == set()


def test_two_versions_in_the_log_are_told_of_both() -> None:
    made = World()
    good = good_of(made)
    other = dataclasses.replace(world.WRITTEN[good[0].data], remarks=("另一个 / another",))
    documents = [*good, made.certify(other, "laboratory")]
    for digest in (documents[0].digest, documents[-1].digest):
        assert "second_version" in forbidding(documents, digest)


def test_a_number_claimed_by_what_is_not_in_the_log_takes_nothing_away() -> None:
    good = good_of(World())
    other = dataclasses.replace(world.WRITTEN[good[0].data], remarks=("另一个 / another",))
    assert forbidding([*good, Document("certificate", world.write(other))], good[0].digest) == set()


def test_a_forked_log_is_told_of_what_rests_on_either_branch() -> None:
    made = World()
    good = good_of(made)
    size = len(made.log.entries)
    branch = World(world.Log(extra=size - 1))
    other = branch.certify(
        world.certificate(
            "2026-0500", LABORATORY, "item-5", ISSUED, world.WRITTEN[good[0].data].points[0].uses
        ),
        "laboratory",
    )
    last = dataclasses.replace(good[-1], proof=made.log.prove(good[-1].statement, world.noon(ISSUED)))
    documents = [*good[:-1], last, other]
    assert "log_forked" in forbidding(documents, other.digest)
    assert "log_forked" in {code for each in judged(documents).others for code in each.answer.codes}


def test_orders_and_bundles_of_runs_are_no_certificates() -> None:
    made = World()
    good = good_of(made)
    bundle = made.bundle(b"{}", "laboratory", LABORATORY.identifier, ISSUED)
    found = judged([*good, Document(ORDER, b"{}"), bundle])
    assert len(found.certificates) == 2
    assert [each.document.kind for each in found.others].count("bundle") == 1
    assert all(each.document.kind != ORDER for each in found.others)


def test_what_cannot_be_read_is_answered_for_by_its_document() -> None:
    noise = Document("certificate", b"noise")
    found = judged([*good_of(World()), noise])
    assert found.standing(noise.digest) == Standing.INVALID
    assert "malformed" in found.answer(noise.digest).codes


def test_holdings_without_a_certificate_that_can_be_read_are_judged_all_the_same() -> None:
    records = good_of(World())[2:]
    assert judged(records).certificates == {}
    assert judged([]).others == ()
    assert judged([Document("certificate", b"")]).judged.standing.tolist() == []


def test_many_quantities_and_many_scopes_are_not_tried_one_by_one() -> None:
    made = World()
    content = world.certificate("2026-0131", LABORATORY, "item-1", ISSUED)
    points = tuple(
        dataclasses.replace(content.points[0], identifier=f"p{n}", quantity=f"q{n}") for n in range(3000)
    )
    leaf = made.certify(dataclasses.replace(content, points=points), "laboratory")
    scope = world.scope(LABORATORY, "accreditation", 0.015)
    scopes = [made.record(dataclasses.replace(scope, reference=f"{n}")) for n in range(100)]
    start = time.process_time()
    assert "not_entitled" in forbidding([leaf, *scopes], leaf.digest)
    assert time.process_time() - start < 6
