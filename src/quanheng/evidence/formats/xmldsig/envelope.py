"""The signature inside a document: what it says it covers, and whether that is the whole document.

XML-DSig lets a signature cover anything by any transformation; that is how wrapping works. Here one signature stands
as a child of the root and covers the document without itself, by canonical forms alone; a XAdES signature covers its
own signed properties besides. Everything else is refused. W3C xmldsig-core1, 4.4; ETSI EN 319 132-1.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from quanheng.evidence.formats.xmldsig import canonical
from quanheng.evidence.formats.xmldsig.canonical import Canonical, Refused

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"
ENVELOPED = DS + "enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
WITHOUT_SIGNATURES = "not(ancestor-or-self::ds:Signature)"  # what some write instead of `enveloped`
PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
WEAK = (
    "sha1",
    "sha224",
    "md5",
    "ripemd160",
    "hmac",
    "#dsa-",
)  # in names of algorithms that nobody should accept
MOST = 10  # references, transforms, certificates
OF_ID = etree.XPath("//*[@Id=$name or @ID=$name or @id=$name]")


@dataclass(frozen=True)
class Reference:
    """A part that is covered, its canonical form, and its digest as stated."""

    target: Any  # an element, or the tree of the document
    form: Canonical
    digest: str  # name in hashlib
    value: bytes


@dataclass(frozen=True)
class Envelope:
    """A signature as it stands in a document. Nothing is verified yet."""

    root: Any
    element: Any
    signed_info: Any
    form: Canonical  # of signed_info
    algorithm: str
    value: bytes
    whole: Reference  # the document without the signature
    parts: tuple[Reference, ...]  # of the signature itself: its properties, its key
    certificates: tuple[bytes, ...]  # DER, as given
    properties: Any  # SignedProperties of XAdES, None

    @contextmanager
    def removed(self) -> Iterator[None]:
        """The document without its signature, for a while."""
        signature, root = self.element, self.root
        place, tail, before = root.index(signature), signature.tail, signature.getprevious()
        text = (before.tail if before is not None else root.text) or ""
        root.remove(signature)
        _put(root, before, text + (tail or ""))
        try:
            yield
        finally:
            _put(root, before, text or None)
            signature.tail = tail
            root.insert(place, signature)


def envelope(root: Any) -> Envelope | None:
    """The signature of a document; None: there is none. Raises Refused."""
    found = list(islice(root.iter(SIGNATURE), 2))
    if not found:
        return None
    if len(found) > 1:
        raise Refused("signatures_several")
    signature = found[0]
    if signature.getparent() is not root:
        raise Refused("signature_wrapped", "签名不在根元素之下 / the signature is no child of the root")
    canonical.bounded(root)
    info = _one(signature, "SignedInfo")
    references = info.findall(f"{{{DS}}}Reference")
    if not 0 < len(references) <= MOST:
        raise Refused("signature_wrapped", f"{len(references)} Reference")
    inside = {each: target for each in references if (target := _inside(root, signature, each)) is not None}
    whole = [each for each in references if each not in inside]
    if len(whole) != 1:
        told = "没有恰好一处覆盖整份文件 / not just one reference to the document"
        raise Refused("signature_wrapped", told)
    properties = [target for each, target in inside.items() if each.get("Type") == PROPERTIES]
    if len(properties) > 1 or any(etree.QName(each).localname != "SignedProperties" for each in properties):
        raise Refused("signature_wrapped", "SignedProperties")
    certificates = signature.findall(f"{{{DS}}}KeyInfo//{{{DS}}}X509Certificate")
    if len(certificates) > MOST:
        raise Refused("signature_malformed", f"{len(certificates)} X509Certificate")
    return Envelope(
        root,
        signature,
        info,
        canonical.read(_one(info, "CanonicalizationMethod")),
        _one(info, "SignatureMethod").get("Algorithm", ""),
        _bytes(_one(signature, "SignatureValue")),
        _whole(root, whole[0]),
        tuple(_reference(each, target, _forms(each)) for each, target in inside.items()),
        tuple(_bytes(each) for each in certificates),
        properties[0] if properties else None,
    )


def unaccepted(algorithm: str) -> Refused:
    """Why an algorithm is not verified here: it is too weak, or it is not known."""
    weak = any(each in algorithm for each in WEAK)
    return Refused("algorithm_refused" if weak else "signature_unsupported", algorithm[:100])


def _put(root: Any, before: Any, text: str | None) -> None:
    if before is not None:
        before.tail = text
    else:
        root.text = text


def _whole(root: Any, reference: Any) -> Reference:
    uri = reference.get("URI")
    if uri is None:
        raise Refused("signature_wrapped", "Reference 没有 URI / a Reference without URI")
    if uri.startswith("#"):
        if _of_id(root, uri[1:]) is not root:
            raise Refused("signature_wrapped", f"{uri[:40]} 不是根元素 / is not the root")
        if any(each.tag is etree.PI for way in (True, False) for each in root.itersiblings(preceding=way)):
            raise Refused("signature_wrapped", "根元素之外有指令 / an instruction stands outside the root")
    elif uri:
        raise Refused("signature_wrapped", f"{uri[:80]} 在文件之外 / lies outside the document")
    forms = _forms(reference)
    if forms[:1] != [ENVELOPED]:
        told = "没有去掉签名自身的变换 / it does not leave out the signature itself"
        raise Refused("signature_wrapped", told)
    return _reference(reference, root if uri else root.getroottree(), forms[1:])


def _inside(root: Any, signature: Any, reference: Any) -> Any:
    """The part of the signature itself that a reference covers (properties of XAdES, the key); None: no such part."""
    uri = reference.get("URI") or ""
    target = _of_id(root, uri[1:]) if uri.startswith("#") else None
    if target is not None and any(each is signature for each in target.iterancestors(SIGNATURE)):
        return target
    if reference.get("Type") == PROPERTIES:
        raise Refused("signature_wrapped", "SignedProperties")
    return None


def _of_id(root: Any, name: str) -> Any:
    """The one element of an id, under whatever name ids go. Raises Refused where there are two."""
    found = OF_ID(root, name=name) if name else []
    if len(found) > 1:
        raise Refused("signature_wrapped", f"{name[:40]} 出现 {len(found)} 次 / stands {len(found)} times")
    return found[0] if found else None


def _forms(reference: Any) -> list[Any]:
    """The transforms: ENVELOPED, or canonical forms."""
    transforms = reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")
    if len(transforms) > MOST:
        raise Refused("signature_malformed", f"{len(transforms)} Transform")
    return [_transform(each) for each in transforms]


def _transform(element: Any) -> Any:
    algorithm = element.get("Algorithm", "")
    if algorithm == ENVELOPED:
        return ENVELOPED
    if algorithm == XPATH:
        inner = element.find(f"{{{DS}}}XPath")
        plain = inner is not None and len(inner) == 0 and inner.nsmap.get("ds") == DS
        if plain and (inner.text or "").strip() == WITHOUT_SIGNATURES:
            return ENVELOPED
    return canonical.read(element)


def _reference(element: Any, target: Any, forms: Sequence[Any]) -> Reference:
    if ENVELOPED in forms:
        raise Refused("signature_wrapped", "enveloped")
    if len(forms) > 1:
        raise Refused("signature_unsupported", f"{len(forms)} Transform")
    algorithm = _one(element, "DigestMethod").get("Algorithm", "")
    if algorithm not in DIGESTS:
        raise unaccepted(algorithm)
    form = forms[0] if forms else Canonical()
    return Reference(target, form, DIGESTS[algorithm], _bytes(_one(element, "DigestValue")))


def _one(parent: Any, name: str) -> Any:
    found = parent.findall(f"{{{DS}}}{name}")
    if len(found) != 1:
        raise Refused("signature_malformed", f"{len(found)} {name}")
    return found[0]


def _bytes(element: Any) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("signature_malformed", etree.QName(element).localname) from error
