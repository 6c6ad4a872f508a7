"""Signatures inside documents: what others sign we verify, and nothing that was moved, added or changed passes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from xml_signers import AT, DOCUMENT, SINCE, UNTIL, identity, issued_by, signed

from quanheng.evidence.answer import Standing
from quanheng.evidence.formats.dcc.sealed import seal
from quanheng.evidence.formats.xmldsig.envelope import DS
from quanheng.evidence.formats.xmldsig.signer import Signer
from quanheng.evidence.formats.xmldsig.verify import Sealed, verify

CA, LAB = identity("authority", authority=True), identity("laboratory", "authority")
ANCHORS = [CA.signer]
EXAMPLES = Path(__file__).parents[3] / "shared/data/dcc/examples"
S = f"{{{DS}}}"


def found(
    data: bytes, *, at: datetime = AT, proven: bool = False, anchors: list[Signer] | None = None
) -> Sealed:
    """What is found of a signature."""
    sealed = verify(etree.fromstring(data), ANCHORS if anchors is None else anchors, at=at, proven=proven)
    assert sealed is not None
    return sealed


@pytest.mark.parametrize("algorithm", ["p256", "p384", "rsa"])
@pytest.mark.parametrize("xades", [False, True])
def test_what_signxml_signs_is_verified(algorithm: str, xades: bool) -> None:
    data = signed(identity("laboratory", "authority", algorithm), xades=xades)
    assert found(data).answer.standing == Standing.VALID


@pytest.mark.parametrize(
    "form",
    [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2006/12/xml-c14n11",
    ],
)
def test_every_canonical_form_is_verified(form: str) -> None:
    assert found(signed(LAB, c14n_algorithm=form)).answer.standing == Standing.VALID


def test_a_document_without_a_signature_has_none() -> None:
    assert verify(etree.fromstring(DOCUMENT), ANCHORS, at=AT, proven=False) is None


def test_verifying_leaves_the_document_as_it_was() -> None:
    root = etree.fromstring(signed(LAB).replace(b"</c>", b"tail</c>"))
    before = etree.tostring(root)
    verify(root, ANCHORS, at=AT, proven=False)
    assert etree.tostring(root) == before


# ---- whose key, and when ---------------------------------------------------------------------------------------


def test_a_signer_whom_nobody_here_vouches_for_is_not_shown() -> None:
    assert found(signed(identity("rogue"))).answer.codes == {"key_unknown"}


def test_an_authority_of_the_same_name_with_another_key_is_not_the_authority() -> None:
    rogue = identity("authority", authority=True, since=datetime(2024, 1, 1, tzinfo=UTC))
    impostor = identity("laboratory")
    assert rogue.certificate.subject == CA.certificate.subject
    assert found(signed(impostor)).answer.codes == {"key_unknown"}


def test_a_laboratory_cannot_issue_certificates_for_others() -> None:
    child = issued_by(LAB, "child")
    assert found(signed(child), anchors=[LAB.signer]).answer.codes == {"key_unknown"}


def test_a_signature_outlives_its_certificate_where_the_log_proves_that_it_was_there_before() -> None:
    data = signed(LAB)
    later = datetime(2028, 1, 1, tzinfo=UTC)
    assert found(data, at=later).answer.codes == {"certificate_expired"}
    assert found(data, at=AT, proven=True).answer.standing == Standing.VALID
    assert found(data, at=later, proven=True).answer.codes == {"key_expired"}


def test_a_document_logged_before_its_signer_was_certified_is_invalid() -> None:
    assert found(signed(LAB), at=datetime(2024, 6, 1, tzinfo=UTC), proven=True).answer.codes == {
        "key_not_yet"
    }


def test_an_anchor_may_be_the_signer_itself() -> None:
    alone = identity("alone")
    assert found(signed(alone), anchors=[alone.signer]).answer.standing == Standing.VALID
    assert alone.signer.valid(SINCE)
    assert alone.signer.valid(UNTIL)


def test_a_short_rsa_key_is_refused() -> None:
    data = signed(identity("laboratory", "authority", "rsa-1024"))
    assert found(data).answer.codes == {"algorithm_refused"}


# ---- what was changed, moved or added --------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.integers(0, 2**32), st.booleans())
def test_no_changed_character_passes(seed: int, xades: bool) -> None:
    good, chance = SIGNED[xades], random.Random(seed)
    place = chance.randrange(len(good))
    data = good[:place] + bytes([chance.randrange(32, 127)]) + good[place + 1 :]
    try:
        root, whole = etree.fromstring(data), etree.fromstring(good)
    except etree.XMLSyntaxError:
        return
    if etree.tostring(root, method="c14n") == etree.tostring(whole, method="c14n"):
        return
    sealed = verify(root, ANCHORS, at=AT, proven=False)
    # white space in base64 and unsigned parts of the signature itself say nothing; the document is what counts
    if sealed is not None and sealed.answer.standing == Standing.VALID:
        for each in (root, whole):
            each.remove(each.find(S + "Signature"))
        assert etree.tostring(root, method="c14n") == etree.tostring(whole, method="c14n")


SIGNED = {False: signed(LAB), True: signed(LAB, xades=True)}
Wrap = Callable[[etree._Element, etree._Element], etree._Element]


def forged(root: etree._Element) -> etree._Element:
    """The document as a forger wants it."""
    value = root.find("{urn:c}value")
    assert value is not None
    value.text = "9.99"
    return root


def _original(root: etree._Element) -> etree._Element:
    copied = copy.deepcopy(root)
    signature = copied.find(S + "Signature")
    assert signature is not None
    copied.remove(signature)
    return copied


def into_object(root: etree._Element, signature: etree._Element) -> etree._Element:
    etree.SubElement(signature, S + "Object").append(_original(root))
    return forged(root)


def beside(root: etree._Element, signature: etree._Element) -> etree._Element:
    root.append(_original(root))
    return forged(root)


def around(root: etree._Element, signature: etree._Element) -> etree._Element:
    outer = etree.Element("{urn:c}c", nsmap={None: "urn:c"})
    outer.append(root)
    return outer


def deeper(root: etree._Element, signature: etree._Element) -> etree._Element:
    root[0].append(signature)
    return root


def twice(root: etree._Element, signature: etree._Element) -> etree._Element:
    root.append(copy.deepcopy(signature))
    return forged(root)


def of_id(root: etree._Element, signature: etree._Element) -> etree._Element:
    reference = next(signature.iter(S + "Reference"))
    reference.set("URI", "#v1")
    return root


def two_of_one_id(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "#root")
    root[0].set("id", "root")
    return root


def outside(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "file:///etc/passwd")
    return root


def nothing(root: etree._Element, signature: etree._Element) -> etree._Element:
    info = signature.find(S + "SignedInfo")
    assert info is not None
    for each in info.findall(S + "Reference"):
        info.remove(each)
    return root


def by_xpath(root: etree._Element, signature: etree._Element) -> etree._Element:
    transforms = next(signature.iter(S + "Transforms"))
    extra = etree.SubElement(
        transforms, S + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"
    )
    etree.SubElement(extra, S + "XPath").text = "false()"
    return forged(root)


def by_xslt(root: etree._Element, signature: etree._Element) -> etree._Element:
    transforms = next(signature.iter(S + "Transforms"))
    etree.SubElement(transforms, S + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    return root


def without_enveloped(root: etree._Element, signature: etree._Element) -> etree._Element:
    transforms = next(signature.iter(S + "Transforms"))
    transforms.remove(transforms[0])
    return root


def sha1(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "DigestMethod")).set("Algorithm", DS + "sha1")
    return root


def hmac(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "SignatureMethod")).set(
        "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    )
    return root


def other_key(root: etree._Element, signature: etree._Element) -> etree._Element:
    theirs = etree.fromstring(signed(identity("rogue"))).find(S + "Signature")
    assert theirs is not None
    old, new = next(signature.iter(S + "X509Certificate")), next(theirs.iter(S + "X509Certificate"))
    old.text = new.text
    return root


def value_of_noise(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "SignatureValue")).text = "!!"
    return root


def comment_in_value(root: etree._Element, signature: etree._Element) -> etree._Element:
    value = root.find("{urn:c}value")
    assert value is not None
    value.text = "1."
    value.append(etree.Comment("x"))
    value[0].tail = "250"
    return root


WRAPPED: dict[str, tuple[Wrap, str]] = {
    "the original inside an Object": (into_object, "signature_wrong"),
    "the original beside": (beside, "signature_wrong"),
    "another root around": (around, "signature_wrapped"),
    "the signature deeper": (deeper, "signature_wrapped"),
    "a second signature": (twice, "signatures_several"),
    "a reference to one element": (of_id, "signature_wrapped"),
    "two elements of one id": (two_of_one_id, "signature_wrapped"),
    "a reference to a file": (outside, "signature_wrapped"),
    "no reference": (nothing, "signature_wrapped"),
    "an XPath filter": (by_xpath, "algorithm_refused"),
    "a transformation by XSLT": (by_xslt, "algorithm_refused"),
    "covering itself": (without_enveloped, "signature_wrapped"),
    "digest SHA-1": (sha1, "algorithm_refused"),
    "a symmetric algorithm": (hmac, "algorithm_refused"),
    "another certificate": (other_key, "signature_wrong"),
    "a value of noise": (value_of_noise, "signature_malformed"),
    "a comment inside a value": (comment_in_value, "signature_wrong"),
}


@pytest.mark.parametrize("how", WRAPPED)
@pytest.mark.parametrize("xades", [False, True])
def test_a_wrapped_or_weakened_signature_is_refused_by_its_code(how: str, xades: bool) -> None:
    wrap, code = WRAPPED[how]
    root = etree.fromstring(SIGNED[xades])
    signature = root.find(S + "Signature")
    assert signature is not None
    assert found(etree.tostring(wrap(root, signature))).answer.codes == {code}


def test_properties_of_xades_that_stand_outside_the_signature_are_refused() -> None:
    root = etree.fromstring(SIGNED[True])
    properties = next(each for each in root.iter("*") if str(each.tag).endswith("}SignedProperties"))
    root.append(properties)
    assert found(etree.tostring(root)).answer.codes == {"signature_wrapped"}


# ---- in a DCC --------------------------------------------------------------------------------------------------


def published(name: str) -> bytes:
    if not EXAMPLES.is_dir():
        pytest.skip("the reference data are not beside the project")
    return (EXAMPLES / name).read_bytes()


@pytest.mark.reference
@pytest.mark.parametrize(
    "name", ["invalid_signature.xml", "dcc_gp_temperature_typical_v12_v3.2.0_signed_manipulated.xml"]
)
def test_a_published_certificate_that_was_manipulated_is_invalid(name: str) -> None:
    answer = seal(published(name), [], AT, False)
    assert answer is not None
    assert answer.codes == {"signature_wrong"}


@pytest.mark.reference
def test_a_published_signed_certificate_is_by_its_authority_but_not_by_the_laboratory_that_it_names() -> None:
    authority = [Signer(each) for each in x509.load_pem_x509_certificates(published("dcclib_ca.pem"))]
    answer = seal(published("valid_signature.xml"), authority, datetime(2026, 6, 1, tzinfo=UTC), True)
    assert answer is not None
    assert answer.codes == {"signer_differs"}
