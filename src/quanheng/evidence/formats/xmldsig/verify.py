"""A document with its signature inside, verified: XML-DSig and XAdES.

    1 it covers the whole document  2 digests  3 the signature, by a certificate that it brings and XAdES names
    The caller does 4: who vouches for that certificate, and as of when (anchors.py).
What the signature itself says of its time is the signer's claim and shows nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.formats.xmldsig.canonical import Canonical, Refused
from quanheng.evidence.formats.xmldsig.envelope import DIGESTS, DS, Envelope, Reference, envelope, unaccepted
from quanheng.evidence.formats.xmldsig.signer import LEAST_RSA, Signer, read

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
RSA = {MORE + f"rsa-{name}": hash_ for name, hash_ in HASHES.items()}
PSS = {f"http://www.w3.org/2007/05/xmldsig-more#{name}-rsa-MGF1": hash_ for name, hash_ in HASHES.items()}
ECDSA = {MORE + f"ecdsa-{name}": hash_ for name, hash_ in HASHES.items()}
ED25519 = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class Embedded:
    """What was found of the signature inside a document. Whose the certificate is, is not yet asked."""

    answer: Answer
    signer: Signer | None = None  # whose key signed the whole document; None: that does not hold
    others: tuple[Signer, ...] = ()  # certificates that came with it
    claimed: tuple[str, ...] = ()  # names that the document gives its laboratory


def verify(root: Any) -> Embedded | None:
    """Verify the signature inside a document; None: it has none. The document is left as it was."""
    try:
        found = envelope(root)
        if found is None:
            return None
        _digests(found)
        certificates = read(found.certificates)
        if not certificates:
            raise Refused("key_unknown", "签名没有带证书 / the signature brings no certificate")
        signer = _signer(found, _named(found, certificates))
    except Refused as refused:
        return Embedded(refused.answer)
    except ValueError as error:
        return Embedded(because("signature_malformed", detail=f"X.509: {error}"[:200]))
    return Embedded(VALID, signer, tuple(each for each in certificates if each is not signer))


def _digests(found: Envelope) -> None:
    with found.removed():
        holds = any(_holds(found.whole, form) for form in found.whole.form.readings())
    if not holds or not all(_holds(each, each.form) for each in found.parts):
        raise Refused("signature_wrong", "摘要不符 / a digest differs")


def _holds(reference: Reference, form: Canonical) -> bool:
    digest = hashlib.new(reference.digest, form.of(reference.target)).digest()
    return hmac.compare_digest(digest, reference.value)


def _named(found: Envelope, certificates: Sequence[Signer]) -> Sequence[Signer]:
    """XAdES: the certificates that the signed properties name by digest as the signer's; without XAdES all."""
    digest = None if found.properties is None else _certificate_digest(found.properties)
    if digest is None:
        return certificates
    method = digest.find(f"{{{DS}}}DigestMethod")
    name = "" if method is None else method.get("Algorithm", "")
    if name not in DIGESTS:
        raise unaccepted(name)
    value = "".join(digest.findtext(f"{{{DS}}}DigestValue", "").split())
    named = [each for each in certificates if each.digest(DIGESTS[name]) == value]
    if not named:
        raise Refused("signature_wrong", "XAdES 所指的是另一张证书 / XAdES names another certificate")
    return named


def _certificate_digest(properties: Any) -> Any:
    """CertDigest of the first certificate of SigningCertificate or SigningCertificateV2, which is the signer's."""
    for each in properties.iter("{*}SigningCertificate", "{*}SigningCertificateV2"):
        return each.find("{*}Cert/{*}CertDigest")
    return None


def _signer(found: Envelope, certificates: Sequence[Signer]) -> Signer:
    """The certificate whose key signed: XML-DSig does not say in which order they come."""
    if found.algorithm not in {*RSA, *PSS, *ECDSA, ED25519}:
        raise unaccepted(found.algorithm)
    data = found.form.of(found.signed_info)
    for each in certificates:
        key = each.certificate.public_key()
        try:
            signed = _signed(key, found.algorithm, found.value, data)
        except (InvalidSignature, UnsupportedAlgorithm):
            continue
        if signed and isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA:
            raise Refused("algorithm_refused", f"RSA {key.key_size}")
        if signed:
            return each
    raise Refused("signature_wrong")


def _signed(key: Any, name: str, value: bytes, data: bytes) -> bool:
    """Whether a key signed data by an algorithm; False: it is a key for another. Raises InvalidSignature."""
    if isinstance(key, rsa.RSAPublicKey) and name in RSA:
        key.verify(value, data, padding.PKCS1v15(), RSA[name])
    elif isinstance(key, rsa.RSAPublicKey) and name in PSS:
        hash_ = PSS[name]
        key.verify(value, data, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
    elif isinstance(key, ec.EllipticCurvePublicKey) and name in ECDSA:
        if key.curve.name not in CURVES:
            raise Refused("signature_unsupported", key.curve.name)
        key.verify(_dss(value, key.curve.key_size), data, ec.ECDSA(ECDSA[name]))
    elif isinstance(key, Ed25519PublicKey) and name == ED25519:
        key.verify(value, data)
    else:
        return False
    return True


def _dss(value: bytes, bits: int) -> bytes:
    """r and s of one length each, one after the other, as XML-DSig writes them (RFC 4050, 3.3)."""
    size = (bits + 7) // 8
    if len(value) != 2 * size:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big"))
