"""Keys that sign documents: Ed25519, ECDSA P-256 with SHA-256, SM2 with SM3.

A key is known by its id, the SHA-256 of its DER SubjectPublicKeyInfo. `PrivateKey` is a protocol: whatever signs bytes
and knows its public key is one, a key in memory (`generate`, key_file.py) as well as one in a slot of a PKCS#11 token.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from quanheng.evidence import sm2
from quanheng.evidence.curve25519 import of_small_order
from quanheng.evidence.errors import BadKey

ED25519 = "ed25519"
P256 = "ecdsa-p256-sha256"
SM2 = "sm2-sm3"
ALGORITHMS = (ED25519, P256, SM2)
ECDSA = ec.ECDSA(hashes.SHA256())
ECDSA_OF_DIGEST = ec.ECDSA(Prehashed(hashes.SHA256()))
LARGEST = 64 * 1024  # bytes of a file of a key


@dataclass(frozen=True)
class PublicKey:
    """A public key: its algorithm and its DER SubjectPublicKeyInfo."""

    algorithm: str
    der: bytes
    _verify: Callable[[bytes, bytes], bool] = field(repr=False, compare=False)
    _verify_digest: Callable[[bytes, bytes], bool] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def identifier(self) -> str:
        """SHA-256 of the DER SubjectPublicKeyInfo, hexadecimal."""
        return sha256(self.der).hexdigest()

    def verify(self, signature: bytes, data: bytes, *, sha256: bytes = b"") -> bool:
        """Whether the signature is of just these bytes. NotShown for SM2 where this machine lacks it.

        sha256: their digest where the caller has made it; P-256 signs no more than that.
        """
        if sha256 and self._verify_digest is not None:
            return self._verify_digest(signature, sha256)
        return self._verify(signature, data)

    def pem(self) -> bytes:
        """As a PEM file."""
        lines = base64.b64encode(self.der)
        wrapped = b"\n".join(lines[k : k + 64] for k in range(0, len(lines), 64))
        return b"-----BEGIN PUBLIC KEY-----\n" + wrapped + b"\n-----END PUBLIC KEY-----\n"


class PrivateKey(Protocol):
    """What signs bytes."""

    @property
    def public(self) -> PublicKey: ...
    def sign(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class MemoryKey:
    """A private key in memory. der: its PKCS#8, not encrypted."""

    public: PublicKey
    der: bytes = field(repr=False)
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    def sign(self, data: bytes, /) -> bytes:
        """The signature of just these bytes; DER for ECDSA and SM2."""
        return self._sign(data)


# ---- making and reading ----------------------------------------------------------------------------------------


def generate(algorithm: str) -> MemoryKey:
    """A new key from the system's random numbers. BadKey for an unknown algorithm; NotShown where SM2 is absent."""
    match algorithm:
        case "ed25519":
            return _of_ed25519(Ed25519PrivateKey.generate())
        case "ecdsa-p256-sha256":
            return _of_p256(ec.generate_private_key(ec.SECP256R1()))
        case "sm2-sm3":
            return _of_sm2(sm2.generate())
    raise BadKey(
        f"未知的签名算法 {algorithm!r}；应为 {', '.join(ALGORITHMS)} / unknown algorithm of signatures {algorithm!r}"
    )


def read_private(der: bytes) -> MemoryKey:
    """The key in PKCS#8. BadKey if there is none of the three algorithms."""
    if sm2.is_private(der):
        return _of_sm2(sm2.PrivateKey(der))
    try:
        key = serialization.load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as error:
        raise BadKey("不是 PKCS#8 私钥 / is no private key in PKCS#8") from error
    if isinstance(key, Ed25519PrivateKey):
        return _of_ed25519(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return _of_p256(key)
    raise BadKey(f"应为 {', '.join(ALGORITHMS)} 的密钥 / should be a key for one of {', '.join(ALGORITHMS)}")


def of_seed(algorithm: str, seed: bytes) -> MemoryKey:
    """The key that a seed gives, the same every time: for sample worlds and tests, never for a laboratory. BadKey."""
    digest = sha256(seed).digest()
    match algorithm:
        case "ed25519":
            return _of_ed25519(Ed25519PrivateKey.from_private_bytes(digest))
        case "ecdsa-p256-sha256":
            return _of_p256(ec.derive_private_key(int.from_bytes(digest, "big") >> 8, ec.SECP256R1()))
        case "sm2-sm3":
            return _of_sm2(sm2.of_number(int.from_bytes(digest, "big") >> 8))
    raise BadKey(f"未知的签名算法 {algorithm!r} / unknown algorithm of signatures {algorithm!r}")


def read_public(data: bytes) -> PublicKey:
    """The public key in PEM or DER SubjectPublicKeyInfo. BadKey if there is none of the three algorithms."""
    if len(data) > LARGEST:
        raise BadKey("公钥文件过大 / the file of a public key is too large")
    der = _unarmoured(data) if data.lstrip().startswith(b"-----") else data
    if sm2.is_public(der):
        if not sm2.on_curve(der):
            raise BadKey("SM2 公钥的点不在曲线上 / the point of the SM2 public key is not on its curve")
        return PublicKey(SM2, der, sm2.PublicKey(der).verify)
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("不是公钥（SubjectPublicKeyInfo）/ is no public key (SubjectPublicKeyInfo)") from error
    # a compressed point is another spelling of the key: one key has one identifier
    if isinstance(key, Ed25519PublicKey | ec.EllipticCurvePublicKey) and _spki(key) != der:
        raise BadKey("公钥应写成未压缩的点 / a public key is written with its point uncompressed")
    if isinstance(key, Ed25519PublicKey):
        if of_small_order(key.public_bytes_raw()):
            raise BadKey(
                "Ed25519 公钥的阶太小，任何人都能替它签名 / of small order: anybody signs for this key"
            )
        return _ed25519(key, der)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return _p256(key, der)
    raise BadKey(f"应为 {', '.join(ALGORITHMS)} 的公钥 / should be a key for one of {', '.join(ALGORITHMS)}")


def _unarmoured(data: bytes) -> bytes:
    lines = data.strip().splitlines()
    if lines[0] != b"-----BEGIN PUBLIC KEY-----" or lines[-1] != b"-----END PUBLIC KEY-----":
        raise BadKey("不是 PEM 公钥 / is no public key in PEM: BEGIN PUBLIC KEY … END PUBLIC KEY")
    try:
        return base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except ValueError as error:
        raise BadKey("PEM 公钥不是 base64 / the PEM is not base64") from error


def _spki(key: Ed25519PublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _pkcs8(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, none)


def _ed25519(key: Ed25519PublicKey, der: bytes) -> PublicKey:
    return PublicKey(ED25519, der, _whether(key.verify))


def _p256(key: ec.EllipticCurvePublicKey, der: bytes) -> PublicKey:
    return PublicKey(P256, der, _whether(key.verify, ECDSA), _whether(key.verify, ECDSA_OF_DIGEST))


def _whether(verify: Callable[..., None], *how: object) -> Callable[[bytes, bytes], bool]:
    """Whether a signature verifies, of a function that raises where it does not."""

    def verified(signature: bytes, data: bytes) -> bool:
        try:
            verify(signature, data, *how)
        except InvalidSignature:
            return False
        return True

    return verified


def _of_ed25519(key: Ed25519PrivateKey) -> MemoryKey:
    public = key.public_key()
    return MemoryKey(_ed25519(public, _spki(public)), _pkcs8(key), key.sign)


def _of_p256(key: ec.EllipticCurvePrivateKey) -> MemoryKey:
    public = key.public_key()
    return MemoryKey(_p256(public, _spki(public)), _pkcs8(key), lambda data: key.sign(data, ECDSA))


def _of_sm2(key: sm2.PrivateKey) -> MemoryKey:
    public = PublicKey(SM2, key.public_der, sm2.PublicKey(key.public_der).verify)
    return MemoryKey(public, key.der, key.sign)


def raw_ed25519(key: PublicKey) -> bytes:
    """The 32 bytes of an Ed25519 public key, as logs and witnesses name it. BadKey for another algorithm."""
    if key.algorithm != ED25519:
        raise BadKey("日志与见证人用 Ed25519 / logs and witnesses sign with Ed25519")
    return key.der[-32:]
