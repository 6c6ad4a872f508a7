"""The signature inside a document: what it says it covers, and whether that is the whole document.

XML-DSig lets a signature cover anything by any transformation; that is how wrapping works. Here one signature stands
as a child of the root and covers the document without itself, by canonical forms alone; a XAdES signature covers its
own signed properties besides. Everything else is refused. W3C xmldsig-core1, 4.4; ETSI EN 319 132-1.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from quanheng.evidence.answer import Answer, because

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"
ENVELOPED = DS + "enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
WITHOUT_SIGNATURES = "not(ancestor-or-self::ds:Signature)"  # what some write instead of `enveloped`
PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
C14N_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
WITH_COMMENTS = "WithComments"
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
MOST = 10  # references, transforms


class Refused(Exception):  # noqa: N818 - an answer on its way
    """The signature cannot be judged further."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.answer: Answer = because(code, detail=detail)


@dataclass(frozen=True)
class Canonical:
    """A canonical form: which, and the prefixes that an exclusive one keeps."""

    exclusive: bool = False
    comments: bool = False
    prefixes: tuple[str, ...] = ()

    def of(self, node: Any) -> bytes:
        """The bytes of an element with all in it, or of a whole document where its tree is given."""
        return bytes(
            etree.tostring(
                node,
                method="c14n",
                exclusive=self.exclusive,
                with_comments=self.comments,
                inclusive_ns_prefixes=list(self.prefixes) or None,
            )
        )


@dataclass(frozen=True)
class Reference:
    """A part that is covered, its canonical form, and its digest as stated."""

    target: Any  # an element; None: the whole document without the signature
    form: Canonical
    digest: str  # name in hashlib
    value: bytes


@dataclass(frozen=True)
class Envelope:
    """A signature as it stands in a document. Nothing is verified yet."""

    element: Any
    signed_info: Any
    form: Canonical  # of signed_info
    algorithm: str
    value: bytes
    references: tuple[Reference, ...]  # the first is the whole document
    certificates: tuple[bytes, ...]  # DER, as given
    properties: Any  # SignedProperties of XAdES, None


def envelope(root: Any) -> Envelope | None:
    """The signature of a document; None: there is none. Raises Refused."""
    found = list(root.iter(SIGNATURE))
    if not found:
        return None
    if len(found) > 1:
        raise Refused("signatures_several", f"{len(found)}")
    signature = found[0]
    if signature.getparent() is not root:
        raise Refused("signature_wrapped", "签名不在根元素之下 / the signature is no child of the root")
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
    if any(not str(each.tag).endswith("}SignedProperties") for each in properties):
        raise Refused("signature_wrapped", "SignedProperties")
    return Envelope(
        signature,
        info,
        _canonical(_one(info, "CanonicalizationMethod")),
        _one(info, "SignatureMethod").get("Algorithm", ""),
        _bytes(_one(signature, "SignatureValue")),
        (
            _whole(root, whole[0]),
            *(_reference(each, target, _forms(each)) for each, target in inside.items()),
        ),
        tuple(_bytes(each) for each in signature.iterfind(f"{{{DS}}}KeyInfo//{{{DS}}}X509Certificate")),
        properties[0] if properties else None,
    )


def without(root: Any, signature: Any, form: Canonical) -> bytes:
    """The canonical form of the whole document without its signature; the document is left as it was."""
    place, tail = root.index(signature), signature.tail
    before = signature.getprevious()
    root.remove(signature)
    text = (before.tail if before is not None else root.text) or ""
    _put(root, before, text + (tail or ""))
    try:
        return form.of(root.getroottree())
    finally:
        _put(root, before, text or None)
        signature.tail = tail
        root.insert(place, signature)


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
    elif uri:
        raise Refused("signature_wrapped", f"{uri[:80]} 在文件之外 / lies outside the document")
    forms = _forms(reference)
    enveloped, rest = forms[:1], forms[1:]
    if enveloped != [ENVELOPED] or ENVELOPED in rest:
        raise Refused(
            "signature_wrapped", "没有去掉签名自身的变换 / it does not leave out the signature itself"
        )
    return _reference(reference, None, rest)


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
    if not name:
        return None
    found = [each for each in root.iter("*") if name in (each.get("Id"), each.get("ID"), each.get("id"))]
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
        expression = "".join(element.itertext()).strip()
        inner = element.find(f"{{{DS}}}XPath")
        if expression == WITHOUT_SIGNATURES and inner is not None and inner.nsmap.get("ds") == DS:
            return ENVELOPED
    return _canonical(element)


def _canonical(element: Any) -> Canonical:
    """A canonical form by its name. Raises Refused: other transforms can make anything of a document."""
    name = element.get("Algorithm", "")
    comments = name.endswith(WITH_COMMENTS)
    plain = name.removesuffix(WITH_COMMENTS).removesuffix("#") if comments else name
    if plain in (EXCLUSIVE, EXCLUSIVE.rstrip("#")):
        listed = next((each for each in element.iter(f"{{{EXCLUSIVE}}}InclusiveNamespaces")), None)
        words = tuple((listed.get("PrefixList") or "").split()) if listed is not None else ()
        return Canonical(True, comments, words)
    if plain in (C14N_10, C14N_11):
        # 1.1 differs from 1.0 where a part inherits xml:base or xml:id; the parts that are covered inherit none
        if plain == C14N_11 and any(
            "xml/1998" in name for each in element.iterancestors() for name in each.attrib
        ):
            raise Refused("signature_unsupported", "C14N 1.1, xml:*")
        return Canonical(False, comments)
    raise Refused("algorithm_refused", name[:100])


def _reference(element: Any, target: Any, forms: Sequence[Any]) -> Reference:
    if len(forms) > 1:
        raise Refused("signature_unsupported", f"{len(forms)} Transform")
    algorithm = _one(element, "DigestMethod").get("Algorithm", "")
    if algorithm not in DIGESTS:
        raise Refused("algorithm_refused", algorithm[:100])
    form = forms[0] if forms else Canonical()
    if form == ENVELOPED:
        raise Refused("signature_wrapped", "enveloped")
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
