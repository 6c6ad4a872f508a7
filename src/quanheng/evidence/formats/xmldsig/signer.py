"""Who signed: a certificate X.509, its key, and the path from it to an anchor that is trusted here (RFC 5280, 6.1).

Only what documents need: names chain, signatures hold, issuers are authorities, all are valid at one time. Revocation
lists are not looked at, for nothing is fetched; the authority withdraws by its own records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

DEEPEST = 5  # certificates above the signer's
MOST = 20  # certificates that a signature brings


@dataclass(frozen=True)
class Signer:
    """The certificate of a signer."""

    certificate: x509.Certificate

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Organisation, unit and common name of the subject."""
        oids = (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.COMMON_NAME)
        subject = self.certificate.subject
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


def read(certificates: Iterable[bytes]) -> list[Signer]:
    """Certificates from their DER, of which all that is asked for later can be read. Raises ValueError."""
    found = []
    for each in certificates:
        try:
            signer = Signer(x509.load_der_x509_certificate(each))
            _ = signer.certificate.public_key(), signer.names, signer.since, signer.until
            found.append(signer)
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from error
    return found


def read_pem(data: bytes) -> list[Signer]:
    """Certificates from PEM. Raises ValueError."""
    return [Signer(each) for each in x509.load_pem_x509_certificates(data)]


def leads_to(signer: Signer, others: Sequence[Signer], anchors: Sequence[Signer], at: datetime) -> bool:
    """Whether a path leads from a signer to an anchor, or it is one itself, all of it valid at a time."""
    known = {each.fingerprint for each in anchors}
    here = signer
    for _ in range(DEEPEST + 1):
        if not here.valid(at):
            return False
        if here.fingerprint in known:
            return True
        above = next((each for each in (*anchors, *others[:MOST]) if _issued(here, each)), None)
        if above is None or above.fingerprint == here.fingerprint:
            return False
        here = above
    return False


def _issued(below: Signer, above: Signer) -> bool:
    try:
        below.certificate.verify_directly_issued_by(above.certificate)
        constraints = above.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return bool(constraints.ca) and _may_sign_certificates(above.certificate)


def _may_sign_certificates(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign)
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
