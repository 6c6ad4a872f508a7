"""Certificates with a signature inside: judged with log, time and trust, and read without what the signature holds."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import proof_world as world
import pytest
from lxml import etree
from proof_world import INSTITUTE, ISSUED, LABORATORY, ON, World, proof_of
from xml_signers import Identity, identity, issued, signed

from quanheng.evidence import signature, statement
from quanheng.evidence.answer import Standing
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed, writing
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.formats.xmldsig.anchors import Anchors, trusted
from quanheng.evidence.formats.xmldsig.envelope import DS
from quanheng.evidence.formats.xmldsig.signer import read_pem
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.trust import Trust, trust

RULES = Rules(sealed.read, grace=7)
CA = identity("authority", authority=True)
LAB = identity(LABORATORY.name, "authority")
STRANGER = identity(INSTITUTE.name, "authority")
NAMES = tuple(filter(None, (LABORATORY.identifier, LABORATORY.name, LABORATORY.name_english)))


def trusting(*laboratories: Identity) -> Trust:
    """Trust in the authority and in the CA; and these signers are the laboratory."""
    anchors = Anchors((CA.signer,), {each.signer.fingerprint: NAMES for each in laboratories})
    return trust(world.policy_file(), [world.key_of("authority").public], anchors)


TRUST = trusting(LAB)
REMARKS = {"status_unseen", "business_finding"}
EXAMPLES = Path(__file__).parents[3] / "shared/data/dcc/examples"


def content() -> bytes:
    """A certificate of the laboratory."""
    return writing.write(world.certificate("2026-0131", LABORATORY, "item-1", ISSUED))


def logged(made: World, data: bytes, day: date = ISSUED, key: str = "") -> Document:
    """A certificate entered into the log, by its signer inside; key: whose detached signature it has besides."""
    said, _, embedded = sealed.read(data)
    assert said is not None
    signer = embedded.signer if embedded else None
    beside = signature.sign(data, world.key_of(key)) if key else b""
    salts = statement.derive_salts(world.SECRET, said.issuer.identifier, said.number)
    identifier = world.key_of(key).public.identifier if key else signer.key if signer else "-"
    entry = statement.of_certificate(said, data, key=identifier, signature=beside, salts=salts).write()
    return Document(CERTIFICATE, data, beside, entry, salts.write(), made.log.prove(entry, world.noon(day)))


def codes(*documents: Document, on: date = ON, trust: Trust = TRUST) -> set[str]:
    """Codes about the first document, without remarks."""
    return set(check_proof(proof_of(list(documents)), trust, RULES, on=on)[0].answer.codes) - REMARKS


# ---- with the log ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("xades", [False, True])
def test_a_logged_certificate_with_a_signature_inside_is_valid(xades: bool) -> None:
    assert codes(logged(World(), signed(LAB, content(), xades=xades))) == set()


def test_an_unlogged_one_lacks_just_that() -> None:
    assert codes(Document(CERTIFICATE, signed(LAB, content()))) == {"not_logged"}


def test_one_without_any_signature_is_unsigned() -> None:
    assert codes(Document(CERTIFICATE, content())) == {"not_logged", "unsigned"}
    assert codes(logged(World(), content())) == {"unsigned"}


def test_one_that_was_changed_is_invalid_whoever_is_trusted() -> None:
    data = signed(LAB, content()).replace(b"0.012", b"0.011", 1)
    assert codes(Document(CERTIFICATE, data)) == {"not_logged", "signature_wrong"}


def test_the_certificate_of_a_signer_counts_as_of_the_time_that_the_log_proves() -> None:
    short = issued(LABORATORY.name, CA, until=datetime(2026, 3, 10, tzinfo=UTC))
    data, known = signed(short, content()), trusting(short)
    assert codes(logged(World(), data), trust=known) == set()
    assert codes(Document(CERTIFICATE, data), trust=known) == {"certificate_expired", "not_logged"}
    late = logged(World(), data, date(2026, 5, 1))
    assert codes(late, trust=known) == {"key_expired", "registered_late"}


def test_another_laboratory_cannot_sign_for_this_one() -> None:
    assert codes(logged(World(), signed(STRANGER, content()))) == {"signer_differs"}


def test_a_signer_whose_code_nobody_has_bound_cannot_issue_under_it() -> None:
    assert codes(logged(World(), signed(LAB, content())), trust=trusting()) == {"signer_differs"}


def test_one_name_of_the_laboratory_that_is_not_the_signers_is_enough_to_differ() -> None:
    data = content().replace(
        b"calibrationLaboratoryCode>" + LABORATORY.identifier.encode(), b"calibrationLaboratoryCode>other"
    )
    assert codes(Document(CERTIFICATE, signed(LAB, data))) == {"key_of_other", "not_logged"}


def test_the_authority_revokes_the_key_of_a_signer_by_its_record() -> None:
    made = World()
    document = logged(made, signed(LAB, content()))
    before, after = (
        made.record(world.status("revoke key", LAB.signer.key, day), issued=day)
        for day in (date(2026, 2, 1), date(2026, 4, 1))
    )
    assert codes(document, before) == {"key_revoked"}
    assert codes(document, after) == set()


# ---- two signatures --------------------------------------------------------------------------------------------


def both(who: Identity = LAB, key: str = "laboratory") -> tuple[Document, list[Document]]:
    """A certificate with a signature inside and another beside it, and the binding of that key."""
    made = World()
    return logged(made, signed(who, content()), key=key), [
        made.record(world.binding("laboratory", LABORATORY))
    ]


def test_two_signatures_are_both_to_hold() -> None:
    document, more = both()
    assert codes(document, *more) == set()
    document, more = both(who=identity("rogue"))
    assert codes(document, *more) == {"key_unknown"}
    document, more = both(key="rogue")
    assert codes(document, *more) == {"key_unknown"}


def test_a_signature_inside_does_not_replace_one_that_was_taken_away() -> None:
    document, more = both()
    assert codes(dataclasses.replace(document, signature=b""), *more) == {"unsigned"}


# ---- what a signature holds is not read -------------------------------------------------------------------------


def with_object(data: bytes, *elements: etree._Element) -> bytes:
    """A signed document in whose signature somebody has put more, which no digest covers."""
    root = etree.fromstring(data)
    holder = etree.SubElement(root.find(f"{{{DS}}}Signature"), f"{{{DS}}}Object")  # type: ignore[arg-type]
    holder.extend(elements)
    return bytes(etree.tostring(root))


def foreign(data: bytes) -> bytes:
    """The same certificate as another laboratory might write it."""
    return data.replace(b"qh_kind", b"no_kind")


@pytest.mark.parametrize("data", [content(), foreign(content())])
def test_results_inside_a_signature_are_not_read(data: bytes) -> None:
    good = signed(LAB, data)
    result = next(etree.fromstring(good.replace(b"0.012", b"0.999")).iter(f"{{{DCC}}}result"))
    before, after = sealed.read(good), sealed.read(with_object(good, result))
    assert after == before
    assert before[0] is not None
    assert [each.value for each in before[0].points] == [0.012]


def test_a_laboratory_that_is_named_inside_a_signature_is_not_the_certificates() -> None:
    administrative = etree.fromstring(content()).find(f"{{{DCC}}}administrativeData")
    assert administrative is not None
    for each in administrative.iterfind(f"{{{DCC}}}calibrationLaboratory/{{{DCC}}}contact/{{{DCC}}}name/*"):
        each.text = INSTITUTE.name
    data = with_object(signed(STRANGER, content()), administrative)
    assert codes(Document(CERTIFICATE, data)) == {"not_logged", "signer_differs"}


def test_a_comment_inside_a_value_is_refused_although_the_signature_does_not_cover_it() -> None:
    data = signed(LAB, content()).replace(b"0.012", b"0.0<!-- -->12", 1)
    embedded = sealed.read(data)[2]
    assert embedded is not None
    assert embedded.answer.standing == Standing.VALID
    assert codes(Document(CERTIFICATE, data)) == {"not_logged", "value_interrupted"}


def test_a_document_type_is_refused() -> None:
    data = signed(LAB, content())
    start = data.index(b"<dcc:digital") if b"<dcc:digital" in data else 0
    entity = b'<!DOCTYPE x [<!ENTITY v "1">]>'
    assert "unsafe_xml" in codes(Document(CERTIFICATE, data[:start] + entity + data[start:]))


# ---- published certificates ------------------------------------------------------------------------------------


def published(name: str) -> bytes:
    if not EXAMPLES.is_dir():
        pytest.skip("the reference data are not beside the project")
    return (EXAMPLES / name).read_bytes()


@pytest.mark.reference
@pytest.mark.parametrize(
    "name", ["invalid_signature.xml", "dcc_gp_temperature_typical_v12_v3.2.0_signed_manipulated.xml"]
)
def test_a_published_certificate_that_was_manipulated_is_invalid(name: str) -> None:
    assert "signature_wrong" in codes(Document(CERTIFICATE, published(name)))


@pytest.mark.reference
def test_a_published_signed_certificate_is_by_its_authority_but_not_by_the_laboratory_that_it_names() -> None:
    authority = read_pem(published("dcclib_ca.pem"))
    content, form, embedded = sealed.read(published("valid_signature.xml"))
    assert content is not None
    assert form.standing == Standing.VALID
    assert embedded is not None
    assert embedded.signer is not None
    at = datetime(2026, 6, 1, tzinfo=UTC)
    assert trusted(embedded, Anchors(tuple(authority)), at=at, proven=True).codes == {"signer_differs"}
    bound = Anchors(tuple(authority), {embedded.signer.fingerprint: (content.issuer.name,)})
    assert trusted(embedded, bound, at=at, proven=True).standing == Standing.VALID
