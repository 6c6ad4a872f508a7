"""Checkpoints (C2SP tlog-checkpoint) and their cosignatures (tlog-cosignature): how large a log is, and who saw it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log import note as notes
from quanheng.evidence.log.merkle import EMPTY, SIZE
from quanheng.evidence.log.note import COSIGNATURE, ED25519, Note, Signature, Signer, VerifierKey, unbase64

LARGEST_SIZE = 1 << 62
LATEST = (1 << 63) - 1


@dataclass(frozen=True)
class Checkpoint:
    """Size and root of a log, with the note that says so. The signatures are not verified by being read."""

    origin: str
    size: int
    root: bytes
    note: Note

    def __str__(self) -> str:
        return str(self.note)

    def bearing(self, lines: Iterable[Signature]) -> Checkpoint:
        """The same checkpoint with just these signatures beneath."""
        return replace(self, note=Note(self.note.text, tuple(lines)))


def text(origin: str, size: int, root: bytes) -> str:
    """What a log signs: three lines."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def sign(origin: str, size: int, root: bytes, public: bytes, signer: Signer) -> Checkpoint:
    """A checkpoint signed by the log's Ed25519 key; its name is the origin."""
    said = text(origin, size, root)
    return Checkpoint(origin, size, root, Note(said, (notes.sign(said, origin, public, signer),)))


def parse(data: bytes) -> Checkpoint:
    """The checkpoint that bytes hold. Raises BadNote."""
    return _said(notes.parse(data))


def parse_own(data: bytes) -> Checkpoint:
    """A checkpoint that the reader has written itself, with one line for each key. Raises BadNote.

    Logs were written in which a witness stands as often as it was asked, more often than `parse` reads.
    """
    note = notes.parse_own(data)
    return _said(Note(note.text, notes.once(note.signatures)))


def _said(note: Note) -> Checkpoint:
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise BadNote("检查点应有来源、大小、根三行 / a checkpoint has three lines: origin, size, root")
    size, root = decimal(lines[1]), unbase64(lines[2])
    if len(root) != SIZE:
        raise BadNote("检查点的根应为 32 字节 / the root of a checkpoint has 32 bytes")
    if not size and root != EMPTY:
        raise BadNote("空日志的根不对 / this is not the root of an empty log")
    return Checkpoint(lines[0], size, root, note)


def decimal(written: str) -> int:
    """A size or index: ASCII digits without leading zeroes. Raises BadNote."""
    digits = written.isascii() and written.isdigit() and len(written) <= 19
    if not digits or (written[0] == "0" and written != "0") or int(written) > LARGEST_SIZE:
        raise BadNote(f"{written[:40]!r} 不是大小 / is no size of a log")
    return int(written)


def check(checkpoint: Checkpoint, key: VerifierKey) -> bool:
    """Whether the log whose key this is has signed the checkpoint: key of type 1, named as the origin."""
    return key.kind == ED25519 and key.name == checkpoint.origin and notes.check(checkpoint.note, key) is True


# ---- cosignatures ----------------------------------------------------------------------------------------------


def cosigned_message(checkpoint: Checkpoint, time: int) -> bytes:
    """What a witness signs at a POSIX time (tlog-cosignature, Ed25519 signed message)."""
    return f"cosignature/v1\ntime {time}\n{checkpoint.note.text}".encode()


def cosign(checkpoint: Checkpoint, name: str, public: bytes, signer: Signer, time: int) -> Signature:
    """The cosignature of a witness at a POSIX time."""
    key = VerifierKey(name, COSIGNATURE, public)
    signed = signer.sign(cosigned_message(checkpoint, time))
    return Signature(name, key.key_id, time.to_bytes(8, "big") + signed)


def cosigned_at(checkpoint: Checkpoint, key: VerifierKey) -> int | None:
    """When the witness whose key this is saw the checkpoint; None where no cosignature of it verifies.

    Raises BadNote where a line claims to be of the witness and is not.
    """
    if key.kind != COSIGNATURE:
        return None
    times = []
    for each in checkpoint.note.signatures:
        if key.made(each):
            time = int.from_bytes(each.signature[:8], "big")
            if time > LATEST or not key.verify(each.signature[8:], cosigned_message(checkpoint, time)):
                raise BadNote(f"{key.name}：见证签名不成立 / the cosignature of {key.name} does not verify")
            times.append(time)
    return min(times, default=None)
