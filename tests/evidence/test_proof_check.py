"""Every document of a proof file is what it claims: one altered example for each way of failing."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import proof_world as world
import pytest
from proof_world import ISSUED, LABORATORY, ON, RULES, World, proof_of

from quanheng.evidence import signature, statement
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Party
from quanheng.evidence.document import Document
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.proof_check import check_proof, overall
from quanheng.evidence.records import write as record_bytes

TRUST = world.trusted()


def codes(documents: list[Document], trust=TRUST, on: date = ON) -> set[str]:
    """Codes about the subject, without the remark that nobody looked further."""
    return set(check_proof(proof_of(documents), trust, RULES, on=on)[0].answer.codes) - {"status_unseen"}


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256"])
def test_good_proof_is_valid(algorithm):
    found = check_proof(proof_of(World().good(algorithm)), TRUST, RULES, on=ON)
    assert overall(found).codes == {"status_unseen"}
    assert overall(found).standing == Standing.VALID
    assert [each.logged for each in found[:2]] == [world.noon(ISSUED), world.noon(date(2026, 1, 10))]


def test_good_proof_is_valid_however_many_strangers_are_in_the_log():
    for extra in (1, 2, 3, 64, 100):
        assert codes(World(world.Log(extra=extra)).good()) == set()


def _leaf(documents, **changes):
    return [dataclasses.replace(documents[0], **changes), *documents[1:]]


def test_unsigned_is_not_shown():
    assert "unsigned" in codes(_leaf(World().good(), signature=b""))


def test_not_logged_is_not_shown():
    documents = _leaf(World().good(), proof=b"", statement=b"", salts=b"")
    assert codes(documents) == {"not_logged"}


def test_altered_certificate_is_invalid():
    documents = World().good()
    altered = world.write(dataclasses.replace(world.WRITTEN[documents[0].data], number="2026-0132"))
    assert codes(_leaf(documents, data=altered)) >= {
        "digest_mismatch",
        "signature_wrong",
        "statement_differs",
    }


def test_altered_certificate_signed_again_by_a_rogue_is_not_vouched_for():
    documents = World().good()
    altered = world.write(dataclasses.replace(world.WRITTEN[documents[0].data], place="elsewhere"))
    again = signature.sign(altered, world.key_of("rogue"))
    assert codes(_leaf(documents, data=altered, signature=again)) == {
        "digest_mismatch", "key_unknown", "statement_differs",
    }  # fmt: skip


def test_unreadable_certificate_is_invalid():
    assert "malformed" in codes(_leaf(World().good(), data=b"<"))


def test_signature_by_another_of_the_same_bytes_is_invalid():
    documents = World().good()
    signed = signature.read(documents[0].signature)
    wrong = dataclasses.replace(signed, signature=bytes(64)).write()
    assert codes(_leaf(documents, signature=wrong)) == {"signature_wrong", "statement_differs"}


def test_malformed_signature_is_invalid():
    assert "signature_malformed" in codes(_leaf(World().good(), signature=b"{}"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "0" * 64), ("items", ("0" * 64,)), ("issuer", "other"), ("issued", ISSUED - timedelta(1)),
     ("standards", ()), ("supersedes", "0" * 64)],
)  # fmt: skip
def test_statement_that_says_something_else_is_invalid(field, value):
    here = World()
    documents = here.good()
    other = here.certify(world.WRITTEN[documents[0].data], "laboratory", **{field: value})
    assert codes([other, *documents[1:]]) == {"statement_differs"}


def test_wrong_salts_are_invalid():
    documents = World().good()
    assert codes(_leaf(documents, salts=documents[1].salts)) == {"statement_differs"}
    assert "statement_differs" in codes(_leaf(documents, salts=b"{}"))


def test_damaged_proof_is_invalid():
    documents = World(world.Log(extra=9)).good()
    for old, new in (
        (b"index ", b"index 1"),
        (b"tlog-proof", b"tlog-prove"),
        (b"log.example/city\n", b"log.example/cit\n"),
    ):
        altered = documents[0].proof.replace(old, new, 1)
        assert codes(_leaf(documents, proof=altered)) & {"proof_wrong", "log_unknown"}
    assert codes(_leaf(documents, proof=documents[1].proof)) == {"proof_wrong"}


def test_strange_log_is_not_shown():
    here = World()
    documents = here.good()
    proof = here.log.prove(documents[0].statement, world.noon(ISSUED), signer="another log")
    assert codes(_leaf(documents, proof=proof)) == {"log_unknown"}


def test_wrong_signature_of_the_log_or_a_witness_is_invalid():
    documents = World().good()
    proof = proofs.parse(documents[0].proof)
    for wrong in range(len(proof.checkpoint.note.signatures)):
        lines = [
            dataclasses.replace(line, signature=line.signature[:-1] + b"\xff") if n == wrong else line
            for n, line in enumerate(proof.checkpoint.note.signatures)
        ]
        note = dataclasses.replace(proof.checkpoint.note, signatures=tuple(lines))
        altered = dataclasses.replace(proof, checkpoint=dataclasses.replace(proof.checkpoint, note=note))
        assert codes(_leaf(documents, proof=str(altered).encode())) == {"proof_wrong"}


def test_time_that_no_calendar_holds_is_invalid():
    here = World()
    documents = here.good()
    for time in (253_402_300_800, 2**63 - 1):
        assert codes(_leaf(documents, proof=here.log.prove(documents[0].statement, time))) == {"proof_wrong"}


def test_too_few_witnesses_are_not_shown():
    here = World()
    documents = here.good()
    proof = here.log.prove(documents[0].statement, world.noon(ISSUED), witnesses=tuple(world.WITNESSES[:1]))
    assert codes(_leaf(documents, proof=proof)) == {"witnesses_too_few"}


def test_policy_without_witnesses_shows_no_time():
    free = world.trust(world.policy_file().replace(b"quorum all", b"quorum none"), TRUST.authority.values())
    assert "witnesses_too_few" in codes(World().good(), free)


def test_key_nobody_vouches_for_is_not_shown():
    documents = World().good()
    assert codes([documents[0], documents[1]]) == {"key_unknown"}


def _bound(*bindings):
    here = World()
    documents = here.good()
    return [*documents[:3], *(here.record(each) for each in bindings)]


def test_key_of_another_party_is_invalid():
    other = Party("other", "别的机构")
    assert codes(_bound(world.binding("laboratory", other))) == {"key_of_other"}


def test_key_for_another_role_is_invalid():
    assert codes(_bound(world.binding("laboratory", LABORATORY, role="bundles"))) == {"key_of_other_role"}


def test_key_before_and_after_its_binding_is_invalid():
    after, before = ISSUED + timedelta(1), ISSUED - timedelta(1)
    assert codes(_bound(world.binding("laboratory", LABORATORY, since=after))) == {"key_not_yet"}
    assert codes(_bound(world.binding("laboratory", LABORATORY, until=before))) == {"key_expired"}


def test_second_binding_of_a_key_extends_it():
    first = world.binding("laboratory", LABORATORY, until=ISSUED - timedelta(1))
    assert codes(_bound(first, world.binding("laboratory", LABORATORY, since=ISSUED))) == set()


def test_binding_that_the_key_itself_signed_does_not_count():
    here = World()
    documents = here.good()
    own = here.record(world.binding("laboratory", LABORATORY), key="laboratory")
    assert codes([*documents[:3], own]) == {"key_unknown"}


def test_binding_by_a_key_that_the_authority_bound_counts():
    here = World()
    documents = here.good()
    bureau = Party("bureau", "市场监管局")
    deputy = here.record(world.binding("deputy", bureau, role="authority"))
    by_deputy = here.record(world.binding("laboratory", LABORATORY), key="deputy")
    assert codes([*documents[:3], deputy, by_deputy]) == set()
    second = here.record(world.binding("second", bureau, role="authority"), key="deputy")
    by_second = here.record(world.binding("laboratory", LABORATORY), key="second")
    assert codes([*documents[:3], deputy, second, by_second]) == {"key_unknown"}


def test_binding_of_a_key_under_a_false_id_is_no_record():
    here = World()
    documents = here.good()
    false = dataclasses.replace(
        world.binding("rogue", LABORATORY), key=world.key_of("laboratory").public.identifier
    )
    found = check_proof(proof_of([*documents[:3], here.record(false)]), TRUST, RULES, on=ON)
    assert "record_malformed" in found[3].answer.codes
    assert "key_unknown" in found[0].answer.codes


def test_record_of_another_kind_than_said_is_no_record():
    documents = World().good()
    wrong = dataclasses.replace(documents[2], kind="scope")
    assert (
        "record_malformed"
        in check_proof(proof_of([*documents[:2], wrong]), TRUST, RULES, on=ON)[2].answer.codes
    )


def test_document_logged_before_a_keys_revocation_stays_valid():
    here = World()
    documents = here.good()
    key = world.key_of("laboratory").public.identifier
    later = here.record(world.status("revoke key", key, ISSUED + timedelta(1)), issued=ISSUED + timedelta(1))
    assert codes([*documents, later]) == set()
    then = here.record(world.status("revoke key", key, ISSUED), issued=ISSUED)
    assert codes([*documents, then]) == {"key_revoked"}


def test_registered_late_or_early_is_invalid():
    for days, code in ((-1, "registered_early"), (0, None), (7, None), (8, "registered_late")):
        here = World()
        documents = here.good()
        leaf = here.certify(world.WRITTEN[documents[0].data], "laboratory", logged=ISSUED + timedelta(days))
        assert codes([leaf, *documents[1:]]) == ({code} if code else set())


@pytest.mark.parametrize(
    ("change", "code"), [("revoke", "revoked"), ("supersede", "superseded"), ("suspend", "suspended")]
)
def test_withdrawn_certificate_is_invalid_from_that_day_on(change, code):
    here = World()
    documents = here.good()
    day = date(2026, 5, 1)
    documents.append(here.record(world.status(change, documents[0].digest, day), issued=day))
    assert codes(documents, on=day) == {code}
    assert codes(documents, on=day - timedelta(1)) == set()


def test_suspended_certificate_may_be_resumed():
    here = World()
    documents = here.good()
    for change, day in (("suspend", date(2026, 4, 1)), ("resume", date(2026, 5, 1))):
        documents.append(here.record(world.status(change, documents[0].digest, day), issued=day))
    assert codes(documents, on=date(2026, 4, 30)) == {"suspended"}
    assert codes(documents, on=date(2026, 5, 1)) == set()


@pytest.mark.parametrize(
    "why", ["a", "b", "c", "d", "e", "f"]
)  # another digest, and so another place in the file
def test_records_of_one_day_count_in_the_order_of_the_log(why):
    here, day = World(), date(2026, 4, 1)
    documents = here.good()
    for n, change in enumerate(("suspend", "resume", "suspend", "resume")):
        status = dataclasses.replace(world.status(change, documents[0].digest, day), why=f"{why} {n}")
        documents.append(here.record(status, issued=day))
        assert codes(documents, on=day) == ({"suspended"} if change == "suspend" else set())


def test_standard_is_judged_on_the_day_it_was_used():
    here = World()
    documents = here.good()
    after = here.record(
        world.status("revoke", documents[1].digest, ISSUED + timedelta(1)), issued=ISSUED + timedelta(1)
    )
    assert overall(check_proof(proof_of([*documents, after]), TRUST, RULES, on=ON)).codes == {"status_unseen"}
    before = here.record(world.status("revoke", documents[1].digest, ISSUED), issued=ISSUED)
    assert "revoked" in check_proof(proof_of([*documents, before]), TRUST, RULES, on=ON)[1].answer.codes


def test_two_versions_of_a_number_are_invalid_unless_one_replaces_the_other():
    here = World()
    documents = here.good()
    content = world.WRITTEN[documents[0].data]
    second = here.certify(dataclasses.replace(content, place="elsewhere"), "laboratory")
    assert codes([documents[0], second, *documents[1:]]) == {"second_version"}
    replacing = dataclasses.replace(content, place="elsewhere", supersedes=documents[0].digest)
    new = here.certify(replacing, "laboratory")
    found = check_proof(proof_of([new, documents[0], *documents[1:]]), TRUST, RULES, on=ON)
    assert found[0].answer.codes == {"status_unseen"}
    assert found[1].answer.codes == {"superseded"}


def test_two_that_amend_one_certificate_are_two_versions():
    assert codes(world.amended("0", "0")[1:]) == {"second_version"}
    assert codes(world.amended("0", "1")) == set()


def test_who_amends_nothing_there_is_does_not_take_the_place_of_the_genuine_one():
    genuine, forged, *rest = world.amended("?")
    assert codes([forged, genuine, *rest]) == {"second_version"}


@pytest.mark.parametrize(
    ("revoking", "found"), [("", set()), ("authority", {"key_unknown"}), ("d1", {"key_unknown"})]
)
def test_whom_a_key_binds_that_the_authority_or_a_deputy_revoked_is_nobody(revoking: str, found: set[str]):
    assert codes(world.delegated(revoking)) == found


def test_a_record_that_a_deputy_withdraws_does_not_count():
    assert codes(world.withdrawn_by_deputy(3)) == {"key_unknown"}
    found = check_proof(proof_of(world.withdrawn_by_deputy(5)), TRUST, RULES, on=ON)
    assert "revoked" in found[5].answer.codes


@pytest.mark.parametrize(
    ("public", "algorithm"),
    [
        (world.OF_SMALL_ORDER, "ed25519"), (world.OFF_ITS_CURVE, "sm2-sm3"), (world.COMPRESSED, "ecdsa-p256-sha256"),
    ],
)  # fmt: skip
def test_a_key_that_anybody_signs_for_or_that_is_none_is_bound_to_nobody(public: bytes, algorithm: str):
    documents = world.bound_anew(public, algorithm)
    assert "key_unknown" in codes(documents)
    found = check_proof(proof_of(documents), TRUST, RULES, on=ON)
    assert "record_malformed" in found[-1].answer.codes


def test_a_statement_whose_record_has_other_bytes_differs():
    documents = World().good()
    scope = statement.read(documents[4].statement)
    entry = dataclasses.replace(scope, record={**scope.record, "upper": 100}).write()
    assert entry != documents[4].statement
    altered = [*documents[:4], dataclasses.replace(documents[4], statement=entry), documents[5]]
    found = check_proof(proof_of(altered), TRUST, RULES, on=ON)
    assert "statement_differs" in found[4].answer.codes


def test_forked_log_is_invalid():
    one, other = World(), World(world.Log([b"another first entry"]))
    documents = one.good()
    forked = [other.record(world.binding("laboratory", LABORATORY))]
    while len(other.log.entries) < len(one.log.entries):
        forked.append(
            other.record(world.scope(LABORATORY, "accreditation", 0.01 * len(other.log.entries) + 1))
        )
    sizes = {proofs.parse(each.proof).checkpoint.size for each in documents}
    assert any(proofs.parse(each.proof).checkpoint.size in sizes for each in forked)
    found = check_proof(proof_of([*documents[:3], *forked]), TRUST, RULES, on=ON)
    assert "log_forked" in overall(found).codes


def test_bundle_is_checked_like_a_certificate():
    here = World()
    here.good()
    bundle = here.bundle(b'{"run":1}', "cycle", LABORATORY.identifier, ISSUED)
    bound = here.record(world.binding("cycle", LABORATORY, role="bundles"))
    assert codes([bundle, bound]) == set()
    assert codes([dataclasses.replace(bundle, data=b'{"run":2}'), bound]) == {
        "digest_mismatch",
        "signature_wrong",
    }


def test_record_is_bound_to_its_bytes():
    documents = World().good()
    changed = record_bytes(world.binding("laboratory", LABORATORY, until=date(2030, 1, 1)))
    altered = dataclasses.replace(documents[3], data=changed)
    found = check_proof(proof_of([*documents[:3], altered]), TRUST, RULES, on=ON)
    assert found[3].answer.codes >= {"digest_mismatch", "signature_wrong", "statement_differs"}
    assert "key_unknown" in found[0].answer.codes


def test_every_reason_says_of_which_document():
    documents = _leaf(World().good(), signature=b"")
    for reason in check_proof(proof_of(documents), TRUST, RULES, on=ON)[0].answer.reasons:
        assert reason.where.startswith("certificate 2026-0131")
