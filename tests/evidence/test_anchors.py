"""Who vouches for a signer, and as of when: paths to anchors, times, names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from lxml import etree
from xml_signers import AT, SINCE, UNTIL, Identity, identity, issued, signed

from quanheng.evidence.answer import Answer, Standing
from quanheng.evidence.formats.xmldsig.anchors import Anchors, read_parties, trusted
from quanheng.evidence.formats.xmldsig.signer import Signer, leads_to
from quanheng.evidence.formats.xmldsig.verify import Embedded, verify

CA, LAB = identity("authority", authority=True), identity("laboratory", "authority")
LATER = datetime(2028, 1, 1, tzinfo=UTC)


def answer(
    who: Identity = LAB,
    *anchors: Identity,
    others: tuple[Identity, ...] = (),
    at: datetime = AT,
    proven: bool = False,
    claimed: tuple[str, ...] = ("laboratory",),
    parties: dict[str, tuple[str, ...]] | None = None,
) -> Answer:
    """What is said of a signer whose signature holds; without anchors the authority is trusted."""
    embedded = Embedded(Answer(), who.signer, tuple(each.signer for each in others), claimed)
    pinned = Anchors(tuple(each.signer for each in anchors or (CA,)), parties or {})
    return trusted(embedded, pinned, at=at, proven=proven)


def leads(who: Identity, *others: Identity, anchors: tuple[Identity, ...] = (CA,), at: datetime = AT) -> bool:
    """Whether a path leads from somebody to an anchor."""
    return leads_to(who.signer, [each.signer for each in others], [each.signer for each in anchors], at)


# ---- paths -----------------------------------------------------------------------------------------------------


def test_a_signer_below_an_anchor_is_vouched_for() -> None:
    assert answer().standing == Standing.VALID


def test_an_anchor_may_be_the_signer_itself() -> None:
    alone = identity("alone")
    assert leads(alone, anchors=(alone,))
    assert alone.signer.valid(SINCE)
    assert alone.signer.valid(UNTIL)


def test_nobody_vouches_for_a_rogue() -> None:
    assert answer(identity("rogue")).codes == {"key_unknown"}


def test_without_anchors_nobody_is_vouched_for() -> None:
    embedded = Embedded(Answer(), LAB.signer, (), ("laboratory",))
    assert trusted(embedded, Anchors(), at=AT, proven=False).codes == {"key_unknown"}


def test_an_authority_of_the_same_name_with_another_key_is_not_the_authority() -> None:
    impostor = issued("authority", None, authority=True)
    theirs = issued("laboratory", impostor)
    assert impostor.certificate.subject == CA.certificate.subject
    assert not leads(theirs, impostor)


def test_a_laboratory_cannot_issue_certificates_for_others() -> None:
    assert not leads(issued("child", LAB), LAB)
    assert not leads(issued("child", LAB), anchors=(LAB,))


def test_a_path_leads_through_authorities_between() -> None:
    between = issued("between", CA, authority=True)
    below = issued("below", between, authority=True)
    who = issued("laboratory", below)
    assert leads(who, below, between)
    assert leads(who, between, below)
    assert not leads(who, below)


def test_a_path_is_no_longer_than_its_authorities_allow() -> None:
    short = issued("short", None, authority=True, length=0)
    between = issued("between", short, authority=True)
    assert leads(issued("laboratory", short), anchors=(short,))
    assert not leads(issued("laboratory", between), between, anchors=(short,))


def test_a_path_of_too_many_authorities_is_not_followed() -> None:
    chain = [CA]
    for n in range(5):
        chain.append(issued(f"authority {n}", chain[-1], authority=True))
    assert leads(issued("laboratory", chain[4]), *chain)
    assert not leads(issued("laboratory", chain[5]), *chain)


def test_an_authority_that_was_certified_again_leads_on_whichever_comes_first() -> None:
    old = issued("between", CA, authority=True, until=datetime(2025, 6, 1, tzinfo=UTC))
    new = issued("between", CA, authority=True, key=old.key)
    who = issued("laboratory", old)
    assert leads(who, old, new)
    assert leads(who, new, old)
    assert not leads(who, old)


def test_authorities_that_certify_each_other_lead_nowhere() -> None:
    one = issued("one", None, authority=True)
    two = issued("two", one, authority=True)
    again = issued("one", two, authority=True, key=one.key)
    assert not leads(issued("laboratory", two), two, again)


def test_what_is_critical_and_not_understood_breaks_a_path() -> None:
    limits = x509.NameConstraints([x509.DNSName("example")], None)
    between = issued("between", CA, authority=True, extensions=[(limits, True)])
    assert not leads(issued("laboratory", between), between)
    harmless = issued("between", CA, authority=True, extensions=[(limits, False)])
    assert leads(issued("laboratory", harmless), harmless)


def usage(**what: bool) -> tuple[x509.ExtensionType, bool]:
    """What a key is for."""
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: what.get(name, False) for name in names}), True


def test_a_key_must_be_one_for_what_it_does() -> None:
    for_names = issued("between", CA, authority=True, extensions=[usage(digital_signature=True)])
    assert not leads(issued("laboratory", for_names), for_names)
    for_certificates = issued("between", CA, authority=True, extensions=[usage(key_cert_sign=True)])
    assert leads(issued("laboratory", for_certificates), for_certificates)
    for_secrets = issued("laboratory", CA, extensions=[usage(key_encipherment=True)])
    assert answer(for_secrets).codes == {"key_of_other_role"}
    for_documents = issued("laboratory", CA, extensions=[usage(content_commitment=True)])
    assert answer(for_documents).standing == Standing.VALID


def test_an_authority_with_a_short_key_leads_nowhere() -> None:
    weak = issued("weak", None, authority=True, algorithm="rsa-1024")
    assert not leads(issued("laboratory", weak), anchors=(weak,))


# ---- times -----------------------------------------------------------------------------------------------------


def test_a_signature_outlives_its_certificate_where_the_log_proves_that_it_was_there_before() -> None:
    assert answer(at=LATER).codes == {"certificate_expired"}
    assert answer(at=AT, proven=True).standing == Standing.VALID
    assert answer(at=LATER, proven=True).codes == {"key_expired"}


def test_a_document_logged_before_its_signer_was_certified_is_invalid() -> None:
    assert answer(at=datetime(2024, 6, 1, tzinfo=UTC), proven=True).codes == {"key_not_yet"}


def test_a_signer_whose_authority_has_expired_is_not_shown() -> None:
    short = issued("short", None, authority=True, until=datetime(2025, 6, 1, tzinfo=UTC))
    assert answer(issued("laboratory", short), short).codes == {"certificate_expired"}


def test_a_time_of_signing_that_the_signer_states_shows_nothing() -> None:
    since, until = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    alone = issued("laboratory", None, since=since, until=until)
    root = etree.fromstring(signed(alone, xades=True))
    stated = datetime.fromisoformat(next(root.iter("{*}SigningTime")).text or "")
    assert since < stated < until
    embedded = verify(root)
    assert embedded is not None
    assert embedded.answer.standing == Standing.VALID
    told = trusted(embedded, Anchors((alone.signer,)), at=datetime(2101, 1, 1, tzinfo=UTC), proven=False)
    assert told.codes == {"certificate_expired"}


# ---- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["laboratory", "  LABORATORY ", "Labo-ratory."])
def test_a_certificate_names_the_laboratory_whatever_the_spelling(name: str) -> None:
    assert answer(claimed=(name,)).standing == Standing.VALID
    assert answer(claimed=("laboratory", name)).standing == Standing.VALID


@pytest.mark.parametrize("claimed", [("another",), (), ("",), ("…",), ("国家计量院", "laboratory")])
def test_a_signer_that_is_not_the_laboratory_is_not_shown_to_be(claimed: tuple[str, ...]) -> None:
    assert answer(claimed=claimed).codes == {"signer_differs"}


def test_whose_a_certificate_is_may_be_bound_by_whoever_verifies() -> None:
    bound = {LAB.signer.fingerprint: ("Institute of Examples", "样例院")}
    assert answer(claimed=("样例院",), parties=bound).standing == Standing.VALID
    assert answer(claimed=("laboratory",), parties=bound).codes == {"key_of_other"}
    other = {CA.signer.fingerprint: ("Institute of Examples",)}
    assert answer(parties=other).standing == Standing.VALID


def test_bindings_are_read_a_line_each() -> None:
    one, two = "ab" * 32, "cd" * 32
    found = read_parties(f"# whose they are\n\n{one}  Institute of Examples\n{one} 样例院 \n{two}\tOther")
    assert found == {one: ("Institute of Examples", "样例院"), two: ("Other",)}


@pytest.mark.parametrize("line", ["ab", "ab" * 32, "AB" * 32 + " name", "x" * 64 + " name"])
def test_a_binding_that_is_none_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="2"):
        read_parties("#\n" + line)


def test_the_key_of_a_certificate_has_the_id_that_all_keys_have() -> None:
    again = issued("laboratory", CA, key=LAB.key)
    assert isinstance(again.signer, Signer)
    assert again.signer.key == LAB.signer.key
    assert again.signer.fingerprint != LAB.signer.fingerprint
