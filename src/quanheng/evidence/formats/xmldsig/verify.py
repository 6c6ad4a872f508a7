"""A document with its signature inside, verified: XML-DSig and XAdES, as of a time that somebody else has proven.

    1 it covers the whole document  2 digests  3 the signature  4 the certificate that XAdES names
    5 the path to an anchor at the time of judging
The time is that of the log where the document is logged, else the day of asking. What the signature itself says of
its time is the signer's claim and shows nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.formats.xmldsig.envelope import DIGESTS, DS, Envelope, Refused, envelope, without
from quanheng.evidence.formats.xmldsig.signer import Signer, leads_to, read

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
RSA = {MORE + f"rsa-{name}": hash_ for name, hash_ in HASHES.items()}
PSS = {f"http://www.w3.org/2007/05/xmldsig-more#{name}-rsa-MGF1": hash_ for name, hash_ in HASHES.items()}
ECDSA = {MORE + f"ecdsa-{name}": hash_ for name, hash_ in HASHES.items()}
ED25519 = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
LEAST_RSA = 2048  # bits
CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class Sealed:
    """What was found of the signature inside a document."""

    answer: Answer
    signer: Signer | None = None


def verify(root: Any, anchors: Sequence[Signer], *, at: datetime, proven: bool) -> Sealed | None:
    """Verify the signature inside a document; None: it has none.

    anchors: certificates that are trusted here. at: the time of judging; proven: whether the log has shown that the
    document existed then. The document is left as it was.
    """
    try:
        found = envelope(root)
        if found is None:
            return None
        certificates = read(found.certificates)
        if not certificates:
            raise Refused("key_unknown", "签名没有带证书 / the signature brings no certificate")
        signer = certificates[0]
        _digests(root, found)
        _signature(found, signer)
        _named(found, signer)
    except Refused as refused:
        return Sealed(refused.answer)
    except ValueError as error:
        return Sealed(because("signature_malformed", detail=f"X.509: {error}"[:200]))
    return Sealed(_trusted(signer, certificates[1:], anchors, at, proven=proven), signer)


def _digests(root: Any, found: Envelope) -> None:
    for each in found.references:
        data = without(root, found.element, each.form) if each.target is None else each.form.of(each.target)
        if not hmac.compare_digest(hashlib.new(each.digest, data).digest(), each.value):
            raise Refused("signature_wrong", "摘要不符 / a digest differs")


def _signature(found: Envelope, signer: Signer) -> None:
    data, key, name = found.form.of(found.signed_info), signer.certificate.public_key(), found.algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and name in {**RSA, **PSS}:
            if key.key_size < LEAST_RSA:
                raise Refused("algorithm_refused", f"RSA {key.key_size}")
            hash_ = RSA.get(name) or PSS[name]
            pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
            key.verify(found.value, data, padding.PKCS1v15() if name in RSA else pss, hash_)
        elif isinstance(key, ec.EllipticCurvePublicKey) and name in ECDSA:
            if key.curve.name not in CURVES:
                raise Refused("algorithm_refused", key.curve.name)
            key.verify(_dss(found.value, key.curve.key_size), data, ec.ECDSA(ECDSA[name]))
        elif isinstance(key, Ed25519PublicKey) and name == ED25519:
            key.verify(found.value, data)
        else:
            raise Refused("algorithm_refused", name[:100])
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise Refused("signature_wrong") from error


def _dss(value: bytes, bits: int) -> bytes:
    """r and s of one length each, one after the other, as XML-DSig writes them (RFC 4050, 3.3)."""
    size = (bits + 7) // 8
    if len(value) != 2 * size:
        raise Refused("signature_malformed", f"{len(value)} byte")
    return encode_dss_signature(int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big"))


def _named(found: Envelope, signer: Signer) -> None:
    """XAdES: the signed properties name the signer's certificate by its digest."""
    if found.properties is None:
        return
    digests = [each for each in found.properties.iter("*") if str(each.tag).endswith("}CertDigest")]
    if not digests:
        return
    algorithm = digests[0].find(f"{{{DS}}}DigestMethod")
    value = digests[0].findtext(f"{{{DS}}}DigestValue") or ""
    name = DIGESTS.get(algorithm.get("Algorithm", "") if algorithm is not None else "")
    if name is None:
        raise Refused("algorithm_refused", "CertDigest")
    der = signer.certificate.public_bytes(serialization.Encoding.DER)
    if base64.b64encode(hashlib.new(name, der).digest()).decode() != "".join(value.split()):
        raise Refused("signature_wrong", "XAdES 所指的是另一张证书 / XAdES names another certificate")


def _trusted(
    signer: Signer, others: Sequence[Signer], anchors: Sequence[Signer], at: datetime, *, proven: bool
) -> Answer:
    told = f"{'，'.join(signer.names)}；{signer.since:%Y-%m-%d} – {signer.until:%Y-%m-%d}"
    if leads_to(signer, others, anchors, at):
        return VALID
    if at > signer.until:
        return because("key_expired" if proven else "certificate_expired", detail=told)
    if at < signer.since and proven:
        return because("key_not_yet", detail=told)
    return because("key_unknown", detail=told)


def names_laboratory(signer: Signer, names: Sequence[str]) -> Answer:
    """Whether a signer's certificate names the laboratory that a document names; letters alone count."""

    def letters(text: str) -> str:
        return "".join(each for each in text.casefold() if each.isalnum())

    theirs = {letters(each) for each in signer.names} - {""}
    if theirs & {letters(each) for each in names}:
        return VALID
    told = f"签名者 {'，'.join(signer.names)}，机构 {names[0] if names else ''}"
    return because("signer_differs", detail=f"{told} / signed by {', '.join(signer.names)}")
