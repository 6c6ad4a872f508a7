"""Signed notes (C2SP signed-note): a text, and lines of signatures by keys that a reader knows by name and id.

A verifier key ("vkey") is `name+id+key`. Types: 1 Ed25519 over the text; 4 an Ed25519 cosignature of a checkpoint with
its time (C2SP tlog-cosignature). Keys of other types are read and never verify anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from quanheng.evidence.curve25519 import of_small_order
from quanheng.evidence.errors import BadNote

ED25519 = 1
COSIGNATURE = 4
LARGEST = 1 << 20  # bytes of a note
MOST_SIGNATURES = 100
DASH = "— "
NO_NAME = (
    "名称不能为空，不能有空格、加号、控制字符 / a name is not empty, has no space, plus or control character"
)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signer(Protocol):
    """Whatever signs bytes with Ed25519: a key in memory, or in a slot of a token."""

    def sign(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Signature:
    """A line under a note: who, by name and id of the key, and what it says."""

    name: str
    key_id: bytes  # 4 bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text, whole lines, and signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))


@dataclass(frozen=True)
class VerifierKey:
    """A public key as notes know it."""

    name: str
    kind: int
    key: bytes

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || newline || type || key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @cached_property
    def _public(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.key)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether an Ed25519 signature is of the message."""
        if self.kind not in (ED25519, COSIGNATURE) or len(signature) != 64:
            return False
        try:
            self._public.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def made(self, signature: Signature) -> bool:
        """Whether a line claims to be by this key."""
        return signature.name == self.name and signature.key_id == self.key_id


def parse_key(text: str) -> VerifierKey:
    """The key that a vkey says. Raises BadNote."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if not is_name(name) or len(data) < 2:
        raise BadNote(f"{text[:80]!r} 不是公钥；应为 名称+标识+公钥 / is no verifier key: name+id+key")
    key = VerifierKey(name, data[0], data[1:])
    if data[0] in (ED25519, COSIGNATURE):
        if len(data) != 33:
            raise BadNote(f"{name}：Ed25519 公钥应为 32 字节 / {name}: an Ed25519 key has 32 bytes")
        if of_small_order(data[1:]):
            raise BadNote(
                f"{name}：公钥的阶太小，任何人都能替它签名 / {name}: of small order, anybody signs for it"
            )
        if key.key_id.hex() != key_id:
            raise BadNote(f"{name}：标识与公钥不符 / {name}: the id {key_id[:16]!r} is not that of the key")
    return key


def parse(data: bytes) -> Note:
    """The note that bytes hold: text and at least one signature line. Raises BadNote."""
    if len(data) > LARGEST:
        raise BadNote("签名文本超过 1 MiB / the note is larger than 1 MiB")
    return _parse(data, MOST_SIGNATURES)


def parse_own(data: bytes) -> Note:
    """A note from the reader's own disk, however large and however many its signatures. Raises BadNote."""
    return _parse(data, len(data))


def _parse(data: bytes, most: int) -> Note:
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise BadNote("签名文本不是 UTF-8 / the note is not UTF-8") from error
    if CONTROL.search(whole):
        raise BadNote("签名文本中有控制字符 / control characters in the note")
    text, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise BadNote("没有签名行 / the note has no lines of signatures")
    lines = below[:-1].split("\n")
    if len(lines) > most:
        raise BadNote(f"签名多于 {most} 个 / more than {most} signatures")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """The signature that a line (without its end) says. Raises BadNote."""
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    data = unbase64(encoded)
    if not line.startswith(DASH) or not space or not is_name(name) or len(data) < 5:
        raise BadNote(f"{line[:80]!r} 不是签名行 / is no line of a signature")
    return Signature(name, data[:4], data[4:])


def once(signatures: Iterable[Signature]) -> tuple[Signature, ...]:
    """One line for each key, in the order in which the keys come: of several cosignatures the earliest.

    The signature of a cosignature begins with its time, so the least of them is the earliest.
    """
    kept: dict[tuple[str, bytes], Signature] = {}
    for each in signatures:
        key = (each.name, each.key_id)
        kept[key] = min(kept.get(key, each), each, key=lambda line: line.signature)
    return tuple(kept.values())


def is_name(name: str) -> bool:
    """Whether a text may name a key: not empty, no space, no plus, no control character, and UTF-8 as bytes."""
    plain = "+" not in name and not CONTROL.search(name) and not any(each.isspace() for each in name)
    return bool(name) and plain and _is_utf8(name)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def unbase64(text: str) -> bytes:
    """Bytes of standard base64 written in the one way; none where it is not. Raises BadNote."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote(f"{text[:60]!r} 不是 base64 / is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise BadNote(f"{text[:60]!r} 不是规范的 base64 / is not base64 as it is written in the one way")
    return data


def sign(text: str, name: str, public: bytes, signer: Signer) -> Signature:
    """The Ed25519 signature line of a note's text by a key named `name`. public: its 32 bytes."""
    return Signature(name, VerifierKey(name, ED25519, public).key_id, signer.sign(text.encode()))


def check(note: Note, key: VerifierKey) -> bool | None:
    """Whether the key's signature verifies; None where the note has no line of it.

    A line that claims to be of a known key and is not makes the whole note bad (signed-note, Signatures).
    """
    made = [each for each in note.signatures if key.made(each)]
    if not made:
        return None
    return all(key.verify(each.signature, note.text.encode()) for each in made)
