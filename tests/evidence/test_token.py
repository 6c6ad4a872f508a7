"""A slot of a token signs wherever a key in memory does: the seam asks for `public` and `sign` alone."""

from __future__ import annotations

from pathlib import Path

import proof_world as world
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from quanheng.evidence import keys, registry, signature
from quanheng.evidence.keys import PrivateKey, PublicKey
from quanheng.evidence.log import checkpoint
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import Request, Witness


class Token:
    """A device that keeps its key and signs as CKM_ECDSA_SHA256 of PKCS#11 does: r and s, 32 bytes each."""

    def __init__(self) -> None:
        self._key = ec.derive_private_key(7, ec.SECP256R1())

    def point(self) -> bytes:
        """CKA_EC_POINT, uncompressed."""
        numbers = self._key.public_key().public_numbers()
        return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Slot:
    """What stands between a token and us: its public key as SubjectPublicKeyInfo, its signatures as DER."""

    HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # SPKI of a point on P-256

    def __init__(self, token: Token) -> None:
        self._token = token

    @property
    def public(self) -> PublicKey:
        return keys.read_public(self.HEAD + self._token.point())

    def sign(self, data: bytes, /) -> bytes:
        both = self._token.sign(data)
        return encode_dss_signature(int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big"))


class EdSlot:
    """The same for Ed25519, whose signatures need no other form."""

    def __init__(self, name: str) -> None:
        self._hidden = world.key_of(name)

    @property
    def public(self) -> PublicKey:
        return self._hidden.public

    def sign(self, data: bytes, /) -> bytes:
        return self._hidden.sign(data)


def test_a_slot_signs_a_certificate_that_verifies() -> None:
    slot: PrivateKey = Slot(Token())
    content = world.certificate("N-1", world.INSTITUTE, "item-0", world.ISSUED)
    document = registry.certificate(content, world.write(content), slot, world.SECRET)
    signed = signature.read(document.signature)
    assert signed.algorithm == keys.P256
    assert signature.check(document.data, signed, slot.public)
    assert not signature.check(document.data + b" ", signed, slot.public)


def test_a_slot_signs_for_a_log_and_for_a_witness(tmp_path: Path) -> None:
    of_log, of_witness = EdSlot(world.ORIGIN), EdSlot("witness")
    public = keys.raw_ed25519(of_witness.public)
    with Log.create(tmp_path / "LOG", world.ORIGIN, keys.raw_ed25519(of_log.public), of_log) as log:
        log.append([b"entry"])
        published = log.publish(of_log)
        witness = Witness(tmp_path, "witness.example", public, of_witness, {world.ORIGIN: (log.key,)})
        line = witness.add_checkpoint(str(Request(0, (), published)).encode(), 1)
        assert checkpoint.cosigned_at(published.bearing([*published.note.signatures, line]), witness.key) == 1
