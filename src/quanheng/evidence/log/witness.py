"""A witness (C2SP tlog-witness): cosigns checkpoints of logs it knows, and only such as continue what it saw before.

It keeps one line of state for each log, the size and root that it cosigned last, so anybody can run one.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quanheng.evidence.errors import BadLog, BadNote
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import merkle
from quanheng.evidence.log import note as notes
from quanheng.evidence.log.checkpoint import Checkpoint, decimal
from quanheng.evidence.log.note import COSIGNATURE, ED25519, Signature, Signer, VerifierKey, unbase64
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.files import write_durably

LONGEST_PROOF = 63


class Refused(Exception):  # noqa: N818 - an answer of the protocol
    """A checkpoint that is not cosigned: the HTTP status of the protocol and what is said with it."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What a log asks: a checkpoint, and the proof that it continues the tree of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    def __str__(self) -> str:
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.proof)
        return f"old {self.old}\n{lines}\n{self.checkpoint}"


def parse(data: bytes) -> Request:
    """The request that bytes hold. Raises BadNote."""
    above, blank, below = data.partition(b"\n\n")
    lines = above.decode("ascii", "replace").split("\n")
    if not blank or not lines[0].startswith("old ") or len(lines) > 1 + LONGEST_PROOF:
        raise BadNote(
            "请求应为 old 行、证明、空行、检查点 / a request is a line “old”, a proof, a blank line, a checkpoint"
        )
    return Request(decimal(lines[0][4:]), tuple(map(unbase64, lines[1:])), checkpoints.parse(below))


@dataclass
class Witness:
    """A witness with its state in a folder.

    name, public (32 bytes) and signer: its Ed25519 key. logs: keys of the logs it knows, by origin.
    """

    folder: Path
    name: str
    public: bytes
    signer: Signer
    logs: Mapping[str, Sequence[VerifierKey]]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def key(self) -> VerifierKey:
        """The witness's verifier key."""
        return VerifierKey(self.name, COSIGNATURE, self.public)

    def latest(self, origin: str) -> Checkpoint | None:
        """The checkpoint of a log that was cosigned last, with the cosignature. BadLog where the state is damaged."""
        path = self._path(origin)
        if not path.exists():
            return None
        try:
            return checkpoints.parse_own(path.read_bytes())
        except BadNote as error:
            raise BadLog(f"{path}：见证人的状态损坏 / {path}: the witness's state is damaged") from error

    def add_checkpoint(self, data: bytes, now: int) -> Signature:
        """Cosign the checkpoint of a request at POSIX time `now`. Raises Refused with the status of the protocol.

        1 the origin is known  2 its log has signed  3 the old size is not beyond  4 and is that of the last time
        5 the tree continues what was seen  6 the new state is on the disk  7 the cosignature
        """
        try:
            request = parse(data)
        except BadNote as error:
            raise Refused(400, str(error)) from error
        new = request.checkpoint
        self._check_signed(new)
        if request.old > new.size:
            raise Refused(400, "old is larger than the checkpoint")
        with self._lock:  # checked and stored as one: else a slower request would roll the state back
            seen = self.latest(new.origin)
            known = seen.size if seen else 0
            if request.old != known:
                raise Refused(409, str(known))
            if not continues(seen, request):
                raise Refused(422, "the checkpoint does not continue the one that was cosigned last")
            line = checkpoints.cosign(new, self.name, self.public, self.signer, now)
            # each once: whoever repeats the log's line in a request would make a state that is not read again
            logs_own = notes.once(
                each for each in new.note.signatures if any(k.made(each) for k in self.logs[new.origin])
            )
            write_durably(self._path(new.origin), str(new.bearing([*logs_own, line])).encode())
        return line

    def _check_signed(self, new: Checkpoint) -> None:
        keys = self.logs.get(new.origin)
        if not keys:
            raise Refused(404, "the origin is not known")
        found = [notes.check(new.note, key) for key in keys if key.kind == ED25519]
        if False in found or True not in found:
            raise Refused(403, "the checkpoint is not signed by the log")

    def _path(self, origin: str) -> Path:
        return self.folder / f"{sha256_bytes(origin.encode())}.checkpoint"


def continues(seen: Checkpoint | None, request: Request) -> bool:
    """Whether a checkpoint continues the one that was seen last, by the proof of the request."""
    new = request.checkpoint
    if seen is None or seen.size == 0:
        return not request.proof
    if new.size == seen.size:
        return not request.proof and new.root == seen.root
    return merkle.check_consistency(seen.size, new.size, request.proof, seen.root, new.root)


def cosigned(checkpoint: Checkpoint, lines: Iterable[Signature], keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint with those cosignatures that verify by a known key; of others nothing is taken over.

    A key that has cosigned it before adds nothing: the first time it was seen is what counts.
    """
    known = [key for key in keys if not has_cosigned(key, checkpoint)]
    taken = [each for each in lines if any(has_cosigned(key, checkpoint.bearing([each])) for key in known)]
    return checkpoint.bearing([*checkpoint.note.signatures, *notes.once(taken)])


def has_cosigned(key: VerifierKey, checkpoint: Checkpoint) -> bool:
    """Whether the witness whose key this is has cosigned the checkpoint, and need not be asked again."""
    try:
        return checkpoints.cosigned_at(checkpoint, key) is not None
    except BadNote:
        return False
