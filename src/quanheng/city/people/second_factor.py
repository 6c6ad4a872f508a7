"""The second factor: one-time passwords by time (TOTP, RFC 6238: SHA-1, six digits, 30 seconds), and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

STEP = 30  # seconds (RFC 6238, 5.2)
SKEW = 1  # steps that a clock may be off, either way
RECOVERY = 8  # codes
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like another


def new_secret() -> bytes:
    """160 random bits (RFC 4226, 4, R6)."""
    return secrets.token_bytes(20)


def code(secret: bytes, step: int) -> str:
    """The password of a time step (RFC 6238, 4.2; RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def accepted(secret: bytes, given: str, *, now: float, used: int) -> int | None:
    """The step whose password was given, later than the step `used`: a password counts once. None: none."""
    middle, typed = int(now) // STEP, _typed(given)
    found = None
    for step in range(middle - SKEW, middle + SKEW + 1):
        if hmac.compare_digest(code(secret, step).encode(), typed) and step > used:
            found = step
    return found


def _typed(given: str) -> bytes:
    """A code as somebody types it: full-width digits of an input method are digits."""
    return unicodedata.normalize("NFKC", given).strip().lower().encode()


def address(secret: bytes, user: str, issuer: str) -> str:
    """What the QR code of an authenticator holds."""
    key = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(issuer)}:{quote(user)}?secret={key}&issuer={quote(issuer)}"


def seal(secret: bytes, site_secret: str) -> str:
    """The secret as the database keeps it: AES-256-GCM under a key drawn from the site's secret (HKDF)."""
    nonce = secrets.token_bytes(12)
    return base64.b64encode(nonce + AESGCM(_key(site_secret)).encrypt(nonce, secret, None)).decode()


def unseal(sealed: str, site_secret: str) -> bytes | None:
    """The secret; None: sealed under another secret of the site, or altered."""
    data = base64.b64decode(sealed)
    try:
        return AESGCM(_key(site_secret)).decrypt(data[:12], data[12:], None)
    except InvalidTag:
        return None


def recovery_codes() -> list[str]:
    """Codes of 50 random bits, each good for once."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY)]


def digest(recovery: str) -> str:
    """What is kept of a recovery code."""
    return hashlib.sha256(_typed(recovery)).hexdigest()


def _key(site_secret: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"quanheng second factor").derive(site_secret.encode())
