"""Proofs that travel (C2SP tlog-proof): index, inclusion proof and cosigned checkpoint in one small text."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.checkpoint import Checkpoint, decimal
from quanheng.evidence.log.merkle import SIZE, check_inclusion
from quanheng.evidence.log.note import unbase64

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST = 63  # hashes on a path
LARGEST = 1 << 20


@dataclass(frozen=True)
class LogProof:
    """An entry's place in a log. Nothing is verified by being read."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    extra: bytes = b""  # opaque; not authenticated

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        path = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.path)
        return f"{HEADER}\n{extra}index {self.index}\n{path}\n{self.checkpoint}"

    def holds(self, leaf: bytes) -> bool:
        """Whether the path leads from the hash of a leaf to the checkpoint's root."""
        return check_inclusion(leaf, self.index, self.checkpoint.size, self.path, self.checkpoint.root)


def parse(data: bytes) -> LogProof:
    """The proof that bytes hold. Raises BadNote."""
    if len(data) > LARGEST:
        raise BadNote("证明超过 1 MiB / the proof is larger than 1 MiB")
    above, blank, below = data.partition(b"\n\n")
    try:
        lines = above.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BadNote("证明不是 ASCII / the proof is not ASCII") from error
    if lines.pop(0) != HEADER or not lines or not blank:
        raise BadNote(f"不是登记证明；首行应为 {HEADER} / is no proof of a log: its first line is {HEADER}")
    extra = unbase64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else b""
    if not lines or not lines[0].startswith("index "):
        raise BadNote("登记证明没有 index 行 / the proof has no line “index”")
    path = tuple(map(unbase64, lines[1:]))
    if len(path) > LONGEST or any(len(each) != SIZE for each in path):
        raise BadNote("登记证明的路径不对 / the path of the proof is malformed")
    return LogProof(decimal(lines[0][6:]), path, checkpoints.parse(below), extra)
