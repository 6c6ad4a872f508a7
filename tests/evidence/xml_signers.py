"""Signers of XML for tests: an authority, a laboratory and a rogue, with certificates of their own; two programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import xmlsec
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
KEYS: dict[str, Callable[[], Any]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "k256": lambda: ec.generate_private_key(ec.SECP256K1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-1024": lambda: rsa.generate_private_key(65537, 1024),
}


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

    @property
    def key_pem(self) -> bytes:
        form = serialization.PrivateFormat.PKCS8
        return bytes(self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


@cache
def identity(name: str, issuer: str = "", algorithm: str = "p256", authority: bool = False) -> Identity:
    """An identity by name, the same each time; issued by itself where no issuer is named."""
    above = identity(issuer, authority=True) if issuer else None
    return issued(name, above, algorithm=algorithm, authority=authority)


def issued(
    name: str,
    above: Identity | None,
    *,
    key: Any = None,
    algorithm: str = "p256",
    since: datetime = SINCE,
    until: datetime = UNTIL,
    authority: bool = False,
    length: int | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Identity:
    """A new identity that somebody issued, whether he may or not; key: another's, to have it certified again."""
    key = KEYS[algorithm]() if key is None else key
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(authority, length if authority else None), critical=True)
    )
    for extension, critical in extensions:
        built = built.add_extension(extension, critical)
    return Identity(key, built.sign(above.key if above else key, hashes.SHA256()))


DOCUMENT = (
    b'<c xmlns="urn:c" xmlns:d="urn:d" id="root"><lab>L\xc3\xa4b</lab><value id="v1">1.25</value>'
    b'<d:more lang="en"> text &amp; more </d:more></c>'
)


def signed(
    who: Identity,
    data: bytes = DOCUMENT,
    *,
    xades: bool = False,
    chain: Sequence[Identity] = (),
    **options: Any,
) -> bytes:
    """A document with the signature that signxml puts inside, and the certificates of a chain after the signer's."""
    root = etree.fromstring(data)
    kind = XAdESSigner if xades else XMLSigner
    kind_of_key = "rsa" if isinstance(who.key, rsa.RSAPrivateKey) else "ecdsa"
    options.setdefault("signature_algorithm", f"{kind_of_key}-sha256")
    signer = kind(method=SignatureConstructionMethod.enveloped, **options)
    certificates = [who.certificate, *(each.certificate for each in chain)]
    return bytes(etree.tostring(signer.sign(root, key=who.key_pem, cert=certificates)))


# ---- libxmlsec, which knows more of the standard ---------------------------------------------------------------

FORMS = {
    "inclusive 1.0": xmlsec.Transform.C14N,
    "inclusive 1.0 with comments": xmlsec.Transform.C14N_COMMENTS,
    "inclusive 1.1": xmlsec.Transform.C14N11,
    "inclusive 1.1 with comments": xmlsec.Transform.C14N11_COMMENTS,
    "exclusive": xmlsec.Transform.EXCL_C14N,
    "exclusive with comments": xmlsec.Transform.EXCL_C14N_COMMENTS,
}
ALGORITHMS = {
    "rsa-sha256": xmlsec.Transform.RSA_SHA256,
    "rsa-sha384": xmlsec.Transform.RSA_SHA384,
    "rsa-sha512": xmlsec.Transform.RSA_SHA512,
    "rsa-sha1": xmlsec.Transform.RSA_SHA1,
    "ecdsa-sha256": xmlsec.Transform.ECDSA_SHA256,
    "ecdsa-sha384": xmlsec.Transform.ECDSA_SHA384,
    "ecdsa-sha512": xmlsec.Transform.ECDSA_SHA512,
}
Covers = Callable[[Any], None]  # adds references to a template


def whole(uri: str = "", form: str = "exclusive", digest: Any = xmlsec.Transform.SHA256) -> Covers:
    """One reference to the document without its signature."""

    def add(template: Any) -> None:
        reference = xmlsec.template.add_reference(template, digest, uri=uri)
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        if form:
            xmlsec.template.add_transform(reference, FORMS[form])

    return add


def xmlsec_signed(
    who: Identity,
    data: bytes = DOCUMENT,
    *,
    covers: Covers | None = None,
    form: str = "exclusive",
    algorithm: str = "ecdsa-sha256",
) -> bytes:
    """A document with the signature that libxmlsec puts inside; it verifies what it made."""
    root = etree.fromstring(data)
    template = xmlsec.template.create(root, FORMS[form], ALGORITHMS[algorithm], ns="ds")
    root.append(template)
    (covers or whole())(template)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(who.key_pem, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(who.pem, xmlsec.KeyFormat.CERT_PEM)
    _ids(context, root)
    context.sign(template)
    signed = bytes(etree.tostring(root.getroottree()))
    assert xmlsec_verifies(signed, who)
    return signed


def xmlsec_verifies(data: bytes, who: Identity) -> bool:
    """Whether libxmlsec verifies the signature of a document by a certificate."""
    root = etree.fromstring(data)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(who.pem, xmlsec.KeyFormat.CERT_PEM)
    _ids(context, root)
    try:
        context.verify(xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature))
    except xmlsec.Error:
        return False
    return True


def _ids(context: Any, root: Any) -> None:
    for each in root.iter("*"):
        for name in ("id", "Id"):
            if each.get(name):
                context.register_id(each, name)
