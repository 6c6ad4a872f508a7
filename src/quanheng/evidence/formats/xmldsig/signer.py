"""A signer's certificate X.509, its key, and the path from it to an anchor that is trusted here (RFC 5280, 6.1).

Only what documents need: names chain, signatures hold, issuers are authorities over that depth, nothing critical is
left unread, all are valid at one time. Revocation lists are not looked at, for nothing is fetched; the authority
revokes keys by its own records.
"""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

DEEPEST = 5  # certificates above the signer's
LEAST_RSA = 2048  # bits
STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
READ = (x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid)  # may be critical


@dataclass(frozen=True)
class Signer:
    """The certificate of a signer or of an authority."""

    certificate: x509.Certificate

    @cached_property
    def der(self) -> bytes:
        """Its bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def key(self) -> str:
        """Id of its key, as all keys here have one: SHA-256 of the DER SubjectPublicKeyInfo, hexadecimal."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return hashlib.sha256(
            self.certificate.public_key().public_bytes(serialization.Encoding.DER, form)
        ).hexdigest()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Organisation and common name of the subject: what an authority checks before it issues."""
        subject, oids = self.certificate.subject, (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        return tuple(str(each.value) for oid in oids for each in subject.get_attributes_for_oid(oid))

    @property
    def since(self) -> datetime:
        """Valid from."""
        return self.certificate.not_valid_before_utc

    @property
    def until(self) -> datetime:
        """Valid until."""
        return self.certificate.not_valid_after_utc

    def valid(self, at: datetime) -> bool:
        """Whether the certificate was valid at a time."""
        return self.since <= at.astimezone(UTC) <= self.until

    def digest(self, name: str) -> str:
        """Digest of the certificate by a name in hashlib, base64."""
        return base64.b64encode(hashlib.new(name, self.der).digest()).decode()

    def signs_documents(self) -> bool:
        """Whether its key may sign documents: it says so, or does not say for what it is."""
        usage = self._extension(x509.KeyUsage)
        return usage is None or usage.digital_signature or usage.content_commitment

    def issues(self, below: int) -> bool:
        """Whether it is an authority over so many others between it and a signer."""
        constraints, usage = self._extension(x509.BasicConstraints), self._extension(x509.KeyUsage)
        if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
            return False
        key, length = self.certificate.public_key(), constraints.path_length
        weak = isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA
        return not weak and (length is None or below <= length)

    def understood(self) -> bool:
        """Whether all that is critical about it was looked at."""
        return all(each.oid in READ for each in self.certificate.extensions if each.critical)

    def _extension(self, kind: Any) -> Any:
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


def read(certificates: Iterable[bytes]) -> list[Signer]:
    """Certificates from their DER, of which all that is asked for later can be read. Raises ValueError."""
    return _readable(lambda: [x509.load_der_x509_certificate(each) for each in certificates])


def read_pem(data: bytes) -> list[Signer]:
    """Certificates from PEM, readable like those of `read`. Raises ValueError."""
    return _readable(lambda: x509.load_pem_x509_certificates(data))


def _readable(load: Callable[[], list[x509.Certificate]]) -> list[Signer]:
    """Signers, of whom everything was read once: what cannot be read fails here."""
    try:
        found = [Signer(each) for each in load()]
        for each in found:
            _ = each.key, each.names, each.since, each.until, each.certificate.extensions
            _ = each.certificate.issuer
    except (UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise ValueError(str(error)) from error
    return found


def leads_to(
    signer: Signer, others: Sequence[Signer], anchors: Sequence[Signer], at: datetime | None
) -> bool:
    """Whether a path leads from a signer to an anchor, or it is one itself, all of it valid at a time; None: ever."""
    pinned = {each.fingerprint for each in anchors}
    above, met = (*anchors, *others), set[str]()
    places = deque([(signer, 0)])  # shortest paths first
    while places:
        here, below = places.popleft()
        if here.fingerprint in met or not here.understood() or not (at is None or here.valid(at)):
            continue
        if here.fingerprint in pinned:
            return True
        met.add(here.fingerprint)
        if below < DEEPEST:
            places += [(each, below + 1) for each in above if _issued(here, each, below)]
    return False


def _issued(here: Signer, above: Signer, below: int) -> bool:
    if here.certificate.issuer != above.certificate.subject or not above.issues(below):
        return False
    try:
        hash_ = here.certificate.signature_hash_algorithm  # None: Ed25519 has none of its own
        if hash_ is not None and not isinstance(hash_, STRONG):
            return False
        here.certificate.verify_directly_issued_by(above.certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
