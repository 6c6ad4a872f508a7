"""Keys of a log and its witnesses, from seeds."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from quanheng.evidence.log.note import COSIGNATURE, ED25519, VerifierKey

ORIGIN = "log.example/city"


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def public(name: str) -> bytes:
    return key(name).public_key().public_bytes_raw()


def log_key(name: str = ORIGIN) -> VerifierKey:
    return VerifierKey(name, ED25519, public(name))


def witness_key(name: str) -> VerifierKey:
    return VerifierKey(name, COSIGNATURE, public(name))
