"""The journal of a log: entries that were acknowledged and do not yet stand in tiles.

A file of frames, each one batch: magic, index of its first entry, length, SHA-256 of the rest, then a bundle of entries
(any number). A batch is acknowledged when it is on the disk. What a crash left of a batch that was not is cut off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from quanheng.evidence.errors import BadLog
from quanheng.evidence.log.tiles import pack, unpack
from quanheng.ground.files import write_durably

MAGIC = b"QHJ1"
HEAD = 4 + 8 + 8 + 32


class Journal:
    """Open for writing by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("ab")
        self.whole = path.stat().st_size

    def write(self, first: int, entries: Sequence[bytes]) -> None:
        """Make a batch durable: one frame is written, then fsync. Where that fails nothing of it stays."""
        payload = pack(entries)
        head = MAGIC + first.to_bytes(8, "big") + len(payload).to_bytes(8, "big") + sha256(payload).digest()
        try:
            self.file.write(head + payload)
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            self._cut()
            raise BadLog(
                f"{self.path}：未能写入，这一批没有登记 / {self.path}: the batch is not logged: {error.strerror}"
            ) from error
        self.whole += HEAD + len(payload)

    def _cut(self) -> None:
        """Take back what may have been written of a frame."""
        self.file = open(os.devnull, "ab")  # noqa: PTH123, SIM115 - the buffered rest goes nowhere
        os.truncate(self.path, self.whole)
        self.file = self.path.open("ab")

    def clear(self) -> None:
        """Begin again with an empty journal: an empty file takes the name."""
        self.file.close()
        write_durably(self.path, b"")
        self.file, self.whole = self.path.open("ab"), 0

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def recover(path: Path) -> tuple[list[tuple[int, list[bytes]]], int]:
    """Batches of a journal with the index of their first entry, and how many bytes of it are whole frames.

    Raises BadLog where a frame that is all there does not match its digest: that is no crash of the process.
    """
    data = path.read_bytes()
    batches, place = [], 0
    while len(data) - place >= HEAD:
        first = int.from_bytes(data[place + 4 : place + 12], "big")
        length = int.from_bytes(data[place + 12 : place + 20], "big")
        payload = data[place + HEAD : place + HEAD + length]
        if data[place : place + 4] != MAGIC or (
            len(payload) == length and sha256(payload).digest() != data[place + 20 : place + HEAD]
        ):
            raise BadLog(
                f"{path}：第 {place} 字节起损坏；若断电所致，截断到此长度 / {path}: damaged from byte {place} on; "
                "if the power failed while it was written, cut it there"
            )
        if len(payload) < length:
            break
        batches.append((first, unpack(payload, at_most=len(payload))))
        place += HEAD + length
    return batches, place
