"""Detached signatures: a small file beside the exact bytes that it signs, which are not touched."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.keys import ALGORITHMS, PrivateKey, PublicKey
from quanheng.ground.digest import canonical_line, read_json, sha256_bytes

FORMAT = "quanheng-signature-1"
LARGEST = 4096


@dataclass(frozen=True)
class Signature:
    """Which key signed which bytes, and how."""

    algorithm: str
    key: str  # id of the key
    sha256: str  # of the signed bytes
    signature: bytes

    def write(self) -> bytes:
        """The bytes of the file: one signature, one sequence of bytes."""
        encoded = base64.b64encode(self.signature).decode()
        facts = {"algorithm": self.algorithm, "key": self.key, "sha256": self.sha256, "signature": encoded}
        return canonical_line({"format": FORMAT, **facts})


def sign(data: bytes, key: PrivateKey) -> bytes:
    """The file of a signature of the bytes."""
    public = key.public
    return Signature(public.algorithm, public.identifier, sha256_bytes(data), key.sign(data)).write()


def read(data: bytes) -> Signature:
    """The signature that a file holds. Raises BadDocument if it is none, or not written in the one way."""
    try:
        facts = read_json(data) if len(data) <= LARGEST else {}
        found = Signature(
            facts["algorithm"],
            facts["key"],
            facts["sha256"],
            base64.b64decode(facts["signature"], validate=True),
        )
        same = found.write() == data and found.algorithm in ALGORITHMS
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadDocument("不是签名文件 / is no file of a signature") from error
    if not same:
        raise BadDocument(
            "签名文件没有按唯一的写法写出 / the file of the signature is not as it is written in the one way"
        )
    return found


def check(data: bytes, signature: Signature, key: PublicKey) -> bool:
    """Whether the key made the signature of just these bytes. NotShown for SM2 where this machine lacks it."""
    digest = sha256(data)
    return (
        signature.algorithm == key.algorithm
        and signature.key == key.identifier
        and signature.sha256 == digest.hexdigest()
        and key.verify(signature.signature, data, sha256=digest.digest())
    )
