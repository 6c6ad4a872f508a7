"""Signers of XML for tests: an authority, a laboratory and a rogue, with certificates of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import SignatureConstructionMethod, XMLSigner
from signxml.xades import XAdESSigner

from quanheng.evidence.formats.xmldsig.signer import Signer

SINCE, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Identity:
    """A key and the certificate that somebody issued for it."""

    key: Any
    certificate: x509.Certificate

    @property
    def signer(self) -> Signer:
        return Signer(self.certificate)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@cache
def identity(
    name: str, issuer: str = "", algorithm: str = "p256", since: datetime = SINCE, until: datetime = UNTIL,
    authority: bool = False,
) -> Identity:  # fmt: skip
    """An identity by name; issued by itself where no issuer is named."""
    return _made(
        name, identity(issuer, authority=True) if issuer else None, algorithm, since, until, authority
    )


def issued_by(above: Identity, name: str) -> Identity:
    """An identity that somebody issued, whether he may or not."""
    return _made(name, above, "p256", SINCE, UNTIL, False)


def _made(
    name: str, above: Identity | None, algorithm: str, since: datetime, until: datetime, authority: bool
) -> Identity:
    key: Any = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "rsa-1024": lambda: rsa.generate_private_key(65537, 1024),
    }[algorithm]()
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return Identity(key, built.sign(above.key if above else key, hashes.SHA256()))


DOCUMENT = (
    b'<c xmlns="urn:c" xmlns:d="urn:d" id="root"><lab>L\xc3\xa4b</lab><value id="v1">1.25</value>'
    b'<d:more lang="en"> text &amp; more </d:more></c>'
)


def signed(who: Identity, data: bytes = DOCUMENT, *, xades: bool = False, **options: Any) -> bytes:
    """A document with the signature that signxml puts inside."""
    root = etree.fromstring(data)
    kind = XAdESSigner if xades else XMLSigner
    kind_of_key = "rsa" if isinstance(who.key, rsa.RSAPrivateKey) else "ecdsa"
    options.setdefault("signature_algorithm", f"{kind_of_key}-sha256")
    signer = kind(method=SignatureConstructionMethod.enveloped, **options)
    key = who.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return bytes(etree.tostring(signer.sign(root, key=key, cert=[who.certificate])))
