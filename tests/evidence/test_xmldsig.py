"""Signatures inside documents: what others sign we verify, and nothing that was moved, added or changed passes."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable

import pytest
import xmlsec
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod
from xml_signers import (
    DOCUMENT,
    FORMS,
    Covers,
    identity,
    issued,
    signed,
    whole,
    xmlsec_signed,
    xmlsec_verifies,
)

from quanheng.evidence import xml
from quanheng.evidence.answer import Standing
from quanheng.evidence.errors import UnsafeXml
from quanheng.evidence.formats.xmldsig.canonical import MOST
from quanheng.evidence.formats.xmldsig.envelope import DS
from quanheng.evidence.formats.xmldsig.verify import Embedded, verify

LAB = identity("laboratory", "authority")
S = f"{{{DS}}}"


def found(data: bytes) -> Embedded:
    """What is found of a signature."""
    embedded = verify(xml.parse(data))
    assert embedded is not None
    return embedded


def codes(data: bytes) -> frozenset[str]:
    """Why a signature does not hold; nothing where it does."""
    return found(data).answer.codes


# ---- what others sign ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["p256", "p384", "p521", "rsa"])
@pytest.mark.parametrize("xades", [False, True])
def test_what_signxml_signs_is_verified(algorithm: str, xades: bool) -> None:
    who = identity("laboratory", "authority", algorithm)
    embedded = found(signed(who, xades=xades))
    assert embedded.answer.standing == Standing.VALID
    assert embedded.signer == who.signer


DOCUMENTS = {
    "plain": DOCUMENT,
    "comments everywhere": b'<!--a--><c xmlns="urn:c" id="root"><!--b--><v>1</v></c><!--c-->',
    "instructions inside": b'<c xmlns="urn:c" id="root"><?show all?><v>1</v></c>',
    "names of several spaces": b'<c xmlns="urn:c" xmlns:q="urn:q" id="root">'
    b'<v xmlns="">1<w xmlns="urn:w" q:a="1"/></v></c>',
    "odd characters": b'<c xmlns="urn:c" id="root" a="x&#10;&#9;&quot;&lt;">\r\n'
    b"<v>&#13;&gt; <![CDATA[<x>&]]>\xe2\x82\xac</v></c>",
}


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("form", ["", *FORMS])
@pytest.mark.parametrize("uri", ["", "#root"])
def test_what_libxmlsec_signs_is_verified_in_every_canonical_form(document: str, form: str, uri: str) -> None:
    data = xmlsec_signed(LAB, DOCUMENTS[document], covers=whole(uri, form), form=form or "inclusive 1.0")
    assert codes(data) == set()


@pytest.mark.parametrize("prefixes", [["#default"], ["q"], ["#default", "q", "none"]])
def test_an_exclusive_form_keeps_the_prefixes_that_it_lists(prefixes: list[str]) -> None:
    def covers(template: object) -> None:
        reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri="")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        form = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        xmlsec.template.transform_add_c14n_inclusive_namespaces(form, prefixes)

    assert codes(xmlsec_signed(LAB, DOCUMENTS["names of several spaces"], covers=covers)) == set()


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        *((f"rsa-{hash_}", "rsa") for hash_ in ("sha256", "sha384", "sha512")),
        *((f"ecdsa-{hash_}", key) for hash_, key in (("sha256", "p384"), ("sha384", "p256"), ("sha512", "p521"))),
    ],
)  # fmt: skip
def test_every_algorithm_of_libxmlsec_that_is_strong_is_verified(algorithm: str, key: str) -> None:
    assert codes(xmlsec_signed(identity("laboratory", "authority", key), algorithm=algorithm)) == set()


@pytest.mark.parametrize("hash_", ["SHA256", "SHA384", "SHA512"])
def test_rsa_pss_is_verified(hash_: str) -> None:
    algorithm = SignatureMethod[f"{hash_}_RSA_MGF1"]
    assert codes(signed(identity("laboratory", "authority", "rsa"), signature_algorithm=algorithm)) == set()


@pytest.mark.parametrize(
    "digest", [xmlsec.Transform.SHA256, xmlsec.Transform.SHA384, xmlsec.Transform.SHA512]
)
def test_every_strong_digest_is_verified(digest: object) -> None:
    assert codes(xmlsec_signed(LAB, covers=whole(digest=digest))) == set()


def test_the_signer_is_found_among_certificates_in_any_order() -> None:
    authority = identity("authority", authority=True)
    root = etree.fromstring(signed(LAB, chain=[authority]))
    holder = next(root.iter(S + "X509Data"))
    holder.insert(0, holder[-1])
    embedded = found(etree.tostring(root))
    assert embedded.signer == LAB.signer
    assert embedded.others == (authority.signer,)


def test_a_document_without_a_signature_has_none() -> None:
    assert verify(etree.fromstring(DOCUMENT)) is None


def test_verifying_leaves_the_document_as_it_was() -> None:
    root = etree.fromstring(b"<!--a-->" + signed(LAB).replace(b"</c>", b"tail</c>"))
    before = etree.tostring(root.getroottree())
    verify(root)
    assert etree.tostring(root.getroottree()) == before


# ---- algorithms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "key", "code"),
    [
        ("rsa-sha1", "rsa", "algorithm_refused"),
        ("rsa-sha256", "rsa-1024", "algorithm_refused"),
        ("ecdsa-sha256", "k256", "signature_unsupported"),
    ],
)
def test_what_libxmlsec_signs_by_other_algorithms_is_not_accepted(
    algorithm: str, key: str, code: str
) -> None:
    assert codes(xmlsec_signed(identity("laboratory", "authority", key), algorithm=algorithm)) == {code}


def test_an_algorithm_that_is_not_known_here_shows_nothing() -> None:
    assert codes(signed(LAB, signature_algorithm=SignatureMethod.ECDSA_SHA3_256)) == {"signature_unsupported"}
    assert codes(signed(LAB, digest_algorithm=DigestAlgorithm.SHA3_256)) == {"signature_unsupported"}


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        (xmlsec.Transform.SHA1, "algorithm_refused"),
        (xmlsec.Transform.SHA224, "algorithm_refused"),
    ],
)
def test_other_digests_are_not_accepted(digest: object, code: str) -> None:
    assert codes(xmlsec_signed(LAB, covers=whole(digest=digest))) == {code}


@pytest.mark.parametrize("form", ["inclusive 1.0", "inclusive 1.1"])
def test_an_inclusive_form_that_takes_a_language_from_around_it_is_not_judged(form: str) -> None:
    data = DOCUMENT.replace(b'id="root"', b'id="root" xml:lang="en"')
    assert codes(xmlsec_signed(LAB, data, form=form)) == {"signature_unsupported"}
    assert codes(xmlsec_signed(LAB, data, form="exclusive", covers=whole(form=form))) == set()


# ---- what was changed, moved or added --------------------------------------------------------------------------

SIGNED = {False: signed(LAB), True: signed(LAB, xades=True)}


def content(root: etree._Element) -> bytes:
    """The canonical form of a document without its signature."""
    root.remove(root.find(S + "Signature"))  # type: ignore[arg-type]
    return etree.tostring(root, method="c14n", with_comments=False)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_changed_character_passes(seed: int, xades: bool) -> None:
    good, chance = SIGNED[xades], random.Random(seed)
    place = chance.randrange(len(good))
    data = good[:place] + bytes([chance.randrange(32, 127)]) + good[place + 1 :]
    try:
        root = etree.fromstring(data)
    except etree.XMLSyntaxError:
        return
    embedded = verify(root)
    # white space in base64 and unsigned parts of the signature itself say nothing; the document is what counts
    if embedded is not None and embedded.answer.standing == Standing.VALID:
        assert content(root) == content(etree.fromstring(good))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_element_that_was_dropped_doubled_or_moved_passes(seed: int, xades: bool) -> None:
    root, chance = etree.fromstring(SIGNED[xades]), random.Random(seed)
    elements = list(root.iter("*"))[1:]
    one, other = chance.choice(elements), chance.choice(elements)
    parent = one.getparent()
    assert parent is not None
    match chance.randrange(3):
        case 0:
            parent.remove(one)
        case 1:
            parent.append(copy.deepcopy(one))
        case _ if one not in other.iterancestors() and one is not other:
            other.append(one)
    embedded = verify(root)
    if embedded is not None and embedded.answer.standing == Standing.VALID:
        assert content(root) == content(etree.fromstring(SIGNED[xades]))


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


def of_object(root: etree._Element, signature: etree._Element) -> etree._Element:
    original = _original(root)
    original.set("id", "original")
    etree.SubElement(signature, S + "Object").append(original)
    next(signature.iter(S + "Reference")).set("URI", "#original")
    return forged(root)


def beside(root: etree._Element, signature: etree._Element) -> etree._Element:
    root.append(_original(root))
    return forged(root)


def of_beside(root: etree._Element, signature: etree._Element) -> etree._Element:
    root.append(_original(root))
    root.set("id", "other")
    next(signature.iter(S + "Reference")).set("URI", "#root")
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


def nested(root: etree._Element, signature: etree._Element) -> etree._Element:
    etree.SubElement(signature, S + "Object").append(copy.deepcopy(signature))
    return forged(root)


def more(root: etree._Element, signature: etree._Element) -> etree._Element:
    etree.SubElement(root, "{urn:c}value").text = "9.99"
    return root


def text_after(root: etree._Element, signature: etree._Element) -> etree._Element:
    signature.tail = "9.99"
    return root


def of_id(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "#v1")
    return root


def two_of_one_id(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "#root")
    root[0].set("Id", "root")
    return root


def by_pointer(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "#xpointer(id('v1'))")
    return root


def outside(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "Reference")).set("URI", "file:///etc/passwd")
    return root


def nowhere(root: etree._Element, signature: etree._Element) -> etree._Element:
    del next(signature.iter(S + "Reference")).attrib["URI"]
    return root


def nothing(root: etree._Element, signature: etree._Element) -> etree._Element:
    info = signature.find(S + "SignedInfo")
    assert info is not None
    for each in info.findall(S + "Reference"):
        info.remove(each)
    return root


def doubled(root: etree._Element, signature: etree._Element) -> etree._Element:
    reference = next(signature.iter(S + "Reference"))
    reference.addnext(copy.deepcopy(reference))
    return root


def two_infos(root: etree._Element, signature: etree._Element) -> etree._Element:
    signature.insert(0, copy.deepcopy(signature[0]))
    return root


def with_transform(algorithm: str, expression: str = "") -> Wrap:
    def wrap(root: etree._Element, signature: etree._Element) -> etree._Element:
        extra = etree.SubElement(next(signature.iter(S + "Transforms")), S + "Transform", Algorithm=algorithm)
        if expression:
            etree.SubElement(extra, S + "XPath").text = expression
        return forged(root)

    return wrap


def without_enveloped(root: etree._Element, signature: etree._Element) -> etree._Element:
    transforms = next(signature.iter(S + "Transforms"))
    transforms.remove(transforms[0])
    return root


def named(tag: str, algorithm: str) -> Wrap:
    def wrap(root: etree._Element, signature: etree._Element) -> etree._Element:
        next(signature.iter(S + tag)).set("Algorithm", algorithm)
        return root

    return wrap


def other_key(root: etree._Element, signature: etree._Element) -> etree._Element:
    theirs = etree.fromstring(signed(identity("rogue"))).find(S + "Signature")
    assert theirs is not None
    old, new = next(signature.iter(S + "X509Certificate")), next(theirs.iter(S + "X509Certificate"))
    old.text = new.text
    return root


def many_keys(root: etree._Element, signature: etree._Element) -> etree._Element:
    holder = next(signature.iter(S + "X509Data"))
    for _ in range(20):
        holder.append(copy.deepcopy(holder[0]))
    return root


def value_of_noise(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "SignatureValue")).text = "!!"
    return root


def short_value(root: etree._Element, signature: etree._Element) -> etree._Element:
    next(signature.iter(S + "SignatureValue")).text = "AAAA"
    return root


def comment_in_value(root: etree._Element, signature: etree._Element) -> etree._Element:
    value = root.find("{urn:c}value")
    assert value is not None
    value.text = "1."
    value.append(etree.Comment("x"))
    value[0].tail = "250"
    return root


def comment_in_digest(root: etree._Element, signature: etree._Element) -> etree._Element:
    digest = next(signature.iter(S + "DigestValue"))
    text, digest.text = digest.text, ""
    digest.append(etree.Comment("x"))
    digest[0].tail = text
    return root


def other_space(root: etree._Element, signature: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(root).replace(b'xmlns:d="urn:d"', b'xmlns:d="urn:other"'))


def other_prefix(root: etree._Element, signature: etree._Element) -> etree._Element:
    data = etree.tostring(root).replace(b'xmlns:d="urn:d"', b'xmlns:e="urn:d"')
    return etree.fromstring(data.replace(b"<d:", b"<e:").replace(b"</d:", b"</e:"))


def long_list(root: etree._Element, signature: etree._Element) -> etree._Element:
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    method = next(signature.iter(S + "CanonicalizationMethod"))
    method.set("Algorithm", exclusive)
    prefixes = " ".join(f"n{n}" for n in range(MOST + 1))
    etree.SubElement(method, f"{{{exclusive}}}InclusiveNamespaces", PrefixList=prefixes)
    return root


WRAPPED: dict[str, tuple[Wrap, str]] = {
    "the original inside an Object": (into_object, "signature_wrong"),
    "a reference to the original inside an Object": (of_object, "signature_wrapped"),
    "the original beside": (beside, "signature_wrong"),
    "a reference to the original beside": (of_beside, "signature_wrapped"),
    "another root around": (around, "signature_wrapped"),
    "the signature deeper": (deeper, "signature_wrapped"),
    "a second signature": (twice, "signatures_several"),
    "a signature inside the signature": (nested, "signatures_several"),
    "another element at the end": (more, "signature_wrong"),
    "text after the signature": (text_after, "signature_wrong"),
    "a reference to one element": (of_id, "signature_wrapped"),
    "two elements of one id": (two_of_one_id, "signature_wrapped"),
    "a reference by XPointer": (by_pointer, "signature_wrapped"),
    "a reference to a file": (outside, "signature_wrapped"),
    "a reference to nothing": (nowhere, "signature_wrapped"),
    "no reference": (nothing, "signature_wrapped"),
    "the reference twice": (doubled, "signature_wrapped"),
    "two SignedInfo": (two_infos, "signature_malformed"),
    "an XPath filter": (
        with_transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "false()"),
        "algorithm_refused",
    ),
    "an XPath filter of the second kind": (
        with_transform("http://www.w3.org/2002/06/xmldsig-filter2"),
        "algorithm_refused",
    ),
    "a transformation by XSLT": (
        with_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        "algorithm_refused",
    ),
    "decoding of base64": (with_transform(DS + "base64"), "algorithm_refused"),
    "a second removal of the signature": (with_transform(DS + "enveloped-signature"), "signature_wrapped"),
    "covering itself": (without_enveloped, "signature_wrapped"),
    "digest SHA-1": (named("DigestMethod", DS + "sha1"), "algorithm_refused"),
    "digest MD5": (
        named("DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        "algorithm_refused",
    ),
    "a symmetric algorithm": (
        named("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        "algorithm_refused",
    ),
    "an algorithm of another kind of key": (
        named("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        "signature_wrong",
    ),
    "another canonical form": (
        named("CanonicalizationMethod", "http://www.w3.org/2001/10/xml-exc-c14n#"),
        "signature_wrong",
    ),
    "an endless list of prefixes": (long_list, "signature_malformed"),
    "another certificate": (other_key, "signature_wrong"),
    "a heap of certificates": (many_keys, "signature_malformed"),
    "a value of noise": (value_of_noise, "signature_malformed"),
    "a value too short": (short_value, "signature_wrong"),
    "a comment inside a changed value": (comment_in_value, "signature_wrong"),
    "a comment inside the digest": (comment_in_digest, "signature_wrong"),
    "a prefix for another name space": (other_space, "signature_wrong"),
    "another prefix": (other_prefix, "signature_wrong"),
}


@pytest.mark.parametrize("how", WRAPPED)
@pytest.mark.parametrize("xades", [False, True])
def test_a_wrapped_or_weakened_signature_is_refused_by_its_code(how: str, xades: bool) -> None:
    wrap, code = WRAPPED[how]
    root = etree.fromstring(SIGNED[xades])
    signature = root.find(S + "Signature")
    assert signature is not None
    assert codes(etree.tostring(wrap(root, signature))) == {code}


def test_a_signature_without_a_certificate_shows_nothing_but_a_wrong_digest_is_wrong_all_the_same() -> None:
    root = etree.fromstring(SIGNED[False])
    holder = next(root.iter(S + "KeyInfo"))
    holder.clear()
    assert codes(etree.tostring(root)) == {"key_unknown"}
    assert codes(etree.tostring(forged(root))) == {"signature_wrong"}


def part(template: object) -> None:
    """Covers one element."""
    xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri="#v1")


def filtered(template: object) -> None:
    """Covers what an XPath leaves, which is nothing."""
    reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri="")
    transform = xmlsec.template.add_transform(reference, xmlsec.Transform.XPATH)
    etree.SubElement(transform, S + "XPath").text = "false()"


def also_part(template: object) -> None:
    """Covers the document, and one element again."""
    whole()(template)
    part(template)


@pytest.mark.parametrize(
    ("covers", "code"),
    [(part, "signature_wrapped"), (filtered, "algorithm_refused"), (also_part, "signature_wrapped")],
)
def test_a_signature_that_libxmlsec_verifies_but_covers_less_or_other_parts_is_refused(
    covers: Covers, code: str
) -> None:
    assert codes(xmlsec_signed(LAB, covers=covers)) == {code}


def test_an_instruction_outside_a_root_that_alone_is_covered_is_refused() -> None:
    data = xmlsec_signed(LAB, covers=whole("#root"))
    assert codes(b"<?xml-stylesheet href='other'?>" + data) == {"signature_wrapped"}
    assert xmlsec_verifies(b"<?xml-stylesheet href='other'?>" + data, LAB)
    assert codes(b"<?xml-stylesheet href='other'?>" + xmlsec_signed(LAB)) == {"signature_wrong"}


def test_an_entity_in_a_signed_document_is_refused_before_anything_is_looked_at() -> None:
    data = signed(LAB).replace(b"1.25", b"&v;")
    with pytest.raises(UnsafeXml):
        xml.parse(b'<!DOCTYPE c [<!ENTITY v "1.25">]>' + data)


def test_a_signature_under_another_name_is_none() -> None:
    assert verify(etree.fromstring(signed(LAB).replace(DS.encode(), b"urn:ds"))) is None


# ---- XAdES -----------------------------------------------------------------------------------------------------


def xades() -> tuple[etree._Element, etree._Element]:
    """A document signed by XAdES, and its signed properties."""
    root = etree.fromstring(SIGNED[True])
    return root, next(root.iter("{*}SignedProperties"))


def test_properties_that_stand_outside_the_signature_are_refused() -> None:
    root, properties = xades()
    root.append(properties)
    assert codes(etree.tostring(root)) == {"signature_wrapped"}


def test_a_time_of_signing_that_was_changed_is_refused() -> None:
    root, properties = xades()
    next(properties.iter("{*}SigningTime")).text = "2025-06-01T00:00:00Z"
    assert codes(etree.tostring(root)) == {"signature_wrong"}


def test_the_certificate_must_be_the_one_that_the_properties_name_even_for_the_same_key() -> None:
    again = issued("laboratory", identity("authority", authority=True), key=LAB.key)
    assert again.signer.key == LAB.signer.key
    root, _ = xades()
    place = next(root.iter(S + "X509Certificate"))
    other = next(etree.fromstring(signed(again)).iter(S + "X509Certificate"))
    place.text = other.text
    assert codes(etree.tostring(root)) == {"signature_wrong"}
    plain = etree.fromstring(SIGNED[False])
    next(plain.iter(S + "X509Certificate")).text = other.text
    assert codes(etree.tostring(plain)) == set()


# ---- bounds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heap",
    [
        b"<c %s>%s" % (b" ".join(b'xmlns:n%d="u:%d"' % (n, n) for n in range(5_000)), b"<d/>" * 50_000),
        b"<c>" + b"".join(b'<d xmlns:n%d="u:%d">' % (n, n) for n in range(150)) + b"</d>" * 150,
        b"<c %s>" % b" ".join(b'a%d=""' % n for n in range(50_000)),
        b"<c %s>" % b" ".join(b'xmlns:n%d="u:%d"' % (n, n) for n in range(97))
        + (b"<d>" * 200 + b"<d/>" * 50_000 + b"</d>" * 200),
    ],
)
def test_a_heap_of_names_is_refused_at_once(heap: bytes) -> None:
    signature = etree.tostring(next(etree.fromstring(SIGNED[False]).iter(S + "Signature")))
    root = xml.parse(heap + signature + b"</c>")
    start = time.process_time()
    embedded = verify(root)
    assert embedded is not None
    assert embedded.answer.codes == {"unsafe_xml"}
    assert time.process_time() - start < 0.5


def test_a_relative_name_space_has_no_canonical_form() -> None:
    data = signed(LAB).replace(b'xmlns:d="urn:d"', b'xmlns:d="d"')
    assert codes(data) == {"signature_malformed"}
