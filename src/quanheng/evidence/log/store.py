"""A log on the disk (C2SP tlog-tiles): append, publish, prove, audit.

    LOG/key            the log's verifier key, one line
    LOG/checkpoint     the latest checkpoint, with the cosignatures that were attached
    LOG/checkpoints/N  every published checkpoint of N entries, with its cosignatures: these say when an entry was seen
    LOG/tile/…         hashes and entries; immutable, may be served as static files
    LOG/journal        entries that were acknowledged since the latest checkpoint
    LOG/lock           held by the one process that writes

`append` acknowledges when its batch is in the journal and on the disk. `publish` 1 writes tiles and bundles, fsync of
each, then of their folders  2 signs and writes the checkpoint (temporary file, fsync, rename, fsync of the folder)
3 empties the journal. After a crash before 2 the tiles are written again from the journal; before 3, what a checkpoint
covers is passed over. A tile counts only when a checkpoint covers it, so a torn one does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from quanheng.evidence.errors import BadLog, BadNote
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import merkle
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.journal import Journal, recover
from quanheng.evidence.log.merkle import SIZE
from quanheng.evidence.log.note import ED25519, NO_NAME, Signer, VerifierKey, is_name, parse_key
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.log.tiles import HEIGHT, WIDTH, hashed, pack, path, tiles_of, unpack
from quanheng.ground.files import check_new_folder, held, sync, write_durably

Progress = Callable[[int, int], None]  # entries done, of how many
TILES_KEPT = 4096


class Log:
    """A log, open for reading, or by one process for writing."""

    def __init__(self, folder: Path, key: VerifierKey, published: Checkpoint) -> None:
        self.folder = folder
        self.key = key
        self.published = published  # owned by publish
        self.pending: list[bytes] = []  # acknowledged after `published`
        self._journal: Journal | None = None
        self._held = ExitStack()
        self._tile = lru_cache(TILES_KEPT)(self._read_tile)

    # ---- opening -------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, folder: Path, origin: str, public: bytes, signer: Signer) -> Log:
        """A new log, empty, with its first checkpoint; open for writing. public: 32 bytes of the Ed25519 key.

        Raises BadLog where the origin is none, and leaves no folder.
        """
        if not is_name(origin):
            raise BadLog(f"{origin!a}：{NO_NAME}")
        check_new_folder(folder)
        folder.mkdir()
        (folder / "checkpoints").mkdir()
        (folder / "tile").mkdir()
        write_durably(folder / "journal", b"")
        write_durably(folder / "key", f"{VerifierKey(origin, ED25519, public)}\n".encode())
        empty = checkpoints.sign(origin, 0, merkle.EMPTY, public, signer)
        write_durably(folder / "checkpoint", str(empty).encode())
        sync(folder.parent)
        return cls.open(folder, write=True)

    @classmethod
    def open(cls, folder: Path, *, write: bool = False) -> Log:
        """A log that exists. BadLog where it is damaged or none; BadOutput where another process writes it."""
        if not (folder / "key").is_file():
            raise BadLog(
                f"{folder}：不是日志，没有 key；quanheng log create 建立一个"
                f" / {folder}: is no log, it holds no key; quanheng log create makes one"
            )
        try:
            key = parse_key((folder / "key").read_text("utf-8").strip())
            published = checkpoints.parse_own((folder / "checkpoint").read_bytes())
        except (OSError, UnicodeDecodeError, BadNote) as error:
            raise BadLog(
                f"{folder}：不是日志，或已损坏：{error} / {folder}: is no log, or damaged: {error}"
            ) from error
        if not checkpoints.check(published, key):
            raise BadLog(
                f"{folder}：检查点不是由日志的密钥签的 / {folder}: the checkpoint is not signed by the log's key"
            )
        log = cls(folder, key, published)
        if write:
            log._held.enter_context(held(folder / "lock"))
        try:
            log._recover(write)
        except BaseException:
            log.close()
            raise
        return log

    def _recover(self, write: bool) -> None:
        batches, whole = recover(self.folder / "journal")
        for first, entries in batches:
            if first > self.size:
                raise BadLog(
                    f"{self.folder}：日志缺少第 {self.size} 条 / entry {self.size} is missing from the log"
                )
            self.pending += entries[self.size - first :]
        if write:
            os.truncate(self.folder / "journal", whole)
            self._journal = Journal(self.folder / "journal")
        if self.root(self.published.size) != self.published.root:
            raise BadLog(
                f"{self.folder}：树与检查点不符 / {self.folder}: the tree is not that of the checkpoint"
            )

    def close(self) -> None:
        """Let go of files and lock."""
        if self._journal:
            self._journal.close()
        self._held.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- writing -------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Entries that were acknowledged."""
        return self.published.size + len(self.pending)

    def append(self, entries: Sequence[bytes]) -> range:
        """Add entries, durably; their indices. BadLog where one is too long or the disk is full: then none is added."""
        journal = self._writable()
        first = self.size
        if entries:
            journal.write(first, entries)
            self.pending += entries
        return range(first, self.size)

    def publish(self, signer: Signer) -> Checkpoint:
        """Put what is pending into tiles, and sign the checkpoint of all entries."""
        journal = self._writable()
        if not self.pending:
            return self.published
        root = self._write_tiles()
        checkpoint = checkpoints.sign(self.key.name, self.size, root, self.key.key, signer)
        if not checkpoints.check(checkpoint, self.key):
            raise BadLog("签名密钥不是这个日志的 / this is not the key that signs this log")
        self._write_checkpoint(checkpoint)
        self.published, self.pending = checkpoint, []
        journal.clear()
        return checkpoint

    def attach(self, cosigned: Checkpoint) -> None:
        """Keep a published checkpoint with the cosignatures that it has gathered. BadLog if it is none of ours."""
        self._writable()
        ours = checkpoints.check(cosigned, self.key) and cosigned.size <= self.published.size
        if not ours or self.root(cosigned.size) != cosigned.root:
            raise BadLog("不是这个日志发布的检查点 / this checkpoint was not published by this log")
        try:
            checkpoints.parse(str(cosigned).encode())  # what a verifier would not read is not kept
        except BadNote as error:
            raise BadLog(f"检查点不予保存：{error} / the checkpoint is not kept: {error}") from error
        self._write_checkpoint(cosigned)
        if cosigned.size == self.published.size:
            self.published = cosigned

    def _writable(self) -> Journal:
        if self._journal is None:
            raise BadLog(f"{self.folder}：只读打开 / {self.folder}: is open for reading only")
        return self._journal

    def _write_checkpoint(self, checkpoint: Checkpoint) -> None:
        data = str(checkpoint).encode()
        write_durably(self.folder / "checkpoints" / str(checkpoint.size), data)
        if checkpoint.size >= self.published.size:
            write_durably(self.folder / "checkpoint", data)

    def _write_tiles(self) -> bytes:
        """Tiles and bundles that are new or wider since the latest checkpoint; the root over all."""
        old, folders = self.published.size, set[Path]()
        known = unpack(self._file("entries", old)) if old % WIDTH else []
        entries = known + self.pending
        for k in range(0, len(entries), WIDTH):
            bundle = entries[k : k + WIDTH]
            self._write("entries", (old + k) // WIDTH, len(bundle), pack(bundle), folders)
        level, hashes = 0, merkle.leaf_hashes(self.pending)
        while hashes:
            hashes = self._write_level(level, old >> (HEIGHT * level), hashes, folders)
            level += 1
        # a name is durable when its folder is
        for folder in sorted(folders, key=lambda each: -len(each.parts)):
            sync(folder)
        self._tile.cache_clear()
        return self._root(self.size, self.size)

    def _write_level(self, level: int, before: int, hashes: bytes, folders: set[Path]) -> bytes:
        """Write the tiles of a level that had `before` hashes and gets new ones; roots of those that became full."""
        whole = (self._file(level, before) if before % WIDTH else b"") + hashes
        full = []
        for k in range(0, len(whole), WIDTH * SIZE):
            tile = whole[k : k + WIDTH * SIZE]
            self._write(level, before // WIDTH + k // (WIDTH * SIZE), len(tile) // SIZE, tile, folders)
            if len(tile) == WIDTH * SIZE:
                full.append(merkle.root(tile))
        return b"".join(full)

    def _write(self, level: int | str, index: int, width: int, data: bytes, folders: set[Path]) -> None:
        place = self.folder / path(level, index, width)
        if place.parent not in folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            inside = place.relative_to(self.folder).parents
            folders.update(self.folder / each for each in inside)
        with place.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    # ---- reading -------------------------------------------------------------------------------------------------

    def _file(self, level: int | str, count: int, index: int | None = None) -> bytes:
        """Bytes of a tile or bundle of a level that holds `count` hashes or entries; the last one without `index`."""
        index = (count - 1) // WIDTH if index is None else index
        width = min(WIDTH, count - index * WIDTH)
        place = path(level, index, width)
        try:
            return (self.folder / place).read_bytes()
        except OSError as error:
            raise BadLog(
                f"{self.folder}：缺少 {place} / {self.folder}: {place} is missing: {error.strerror}"
            ) from error

    def _read_tile(self, level: int, index: int, count: int) -> bytes:
        data = self._file(level, count, index)
        if len(data) != SIZE * min(WIDTH, count - index * WIDTH):
            raise BadLog(f"{self.folder}：{path(level, index)} 长度不对 / a tile of level {level} is damaged")
        return data

    def _node(self, size: int) -> merkle.Node:
        """Hashes of complete subtrees in the tiles that were written for a tree of `size`."""

        def node(level: int, index: int) -> bytes:
            tile, inner = divmod(level, HEIGHT)
            first = index << inner
            data = self._tile(tile, first // WIDTH, size >> (HEIGHT * tile))
            place = first % WIDTH * SIZE
            return merkle.root(data[place : place + (SIZE << inner)])

        return node

    def _root(self, size: int, written: int) -> bytes:
        return merkle.subtree(self._node(written), 0, size)

    def root(self, size: int) -> bytes:
        """Root of the first `size` entries, of those that are published. IndexError beyond them."""
        self._published(size)
        return self._root(size, self.published.size)

    def _published(self, size: int) -> None:
        if not 0 <= size <= self.published.size:
            raise IndexError(f"{size} entries of {self.published.size} that are published")

    def entry(self, index: int) -> bytes:
        """An acknowledged entry. IndexError where there is none."""
        if not 0 <= index < self.size:
            raise IndexError(f"entry {index} of {self.size}")
        if index >= self.published.size:
            return self.pending[index - self.published.size]
        bundle = unpack(self._file("entries", self.published.size, index // WIDTH))
        return bundle[index % WIDTH]

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """Acknowledged entries from an index on."""
        for index in range(start // WIDTH, -(-self.published.size // WIDTH)):
            bundle = unpack(self._file("entries", self.published.size, index))
            yield from bundle[max(start - index * WIDTH, 0) :]
        yield from self.pending[max(start - self.published.size, 0) :]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Inclusion proof of an entry in the tree of a published size. IndexError."""
        self._published(size)
        return merkle.inclusion_proof(self._node(self.published.size), index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Consistency proof between two published sizes. IndexError."""
        self._published(new)
        return merkle.consistency_proof(self._node(self.published.size), old, new)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint that was published, by size. BadLog where one is damaged."""
        for name in sorted(
            int(each.name) for each in (self.folder / "checkpoints").iterdir() if each.name.isdigit()
        ):
            try:
                yield checkpoints.parse_own((self.folder / "checkpoints" / str(name)).read_bytes())
            except BadNote as error:
                raise BadLog(f"{self.folder}：checkpoints/{name} 损坏 / is damaged: {error}") from error

    def prove(self, index: int, at: Checkpoint) -> LogProof:
        """The proof that travels: an entry in a published checkpoint. IndexError."""
        return LogProof(index, tuple(self.inclusion(index, at.size)), at)

    def audit(self, progress: Progress | None = None) -> None:
        """Hash everything again: entries to leaves, tiles to tiles, the root to the checkpoint. BadLog says where."""
        size = self.published.size
        self._tile.cache_clear()
        below: list[bytes] = []
        roots: list[bytes] = []
        for level, index, width in tiles_of(size):
            if index == 0:
                below, roots = roots, []
            tile = self._tile(level, index, size >> (HEIGHT * level))
            if level == 0:
                bundle = self._file("entries", size, index)
                made = hashed(bundle)
                if progress:
                    progress(index * WIDTH + width, size)
            else:
                made = b"".join(below[index * WIDTH : index * WIDTH + width])
            if made != tile:
                place = path(level, index, width)
                raise BadLog(
                    f"{self.folder}：{place} 与其下的内容不符 / {place} does not follow from what is below it"
                )
            if width == WIDTH:
                roots.append(merkle.root(tile))
        if self._root(size, size) != self.published.root:
            raise BadLog(f"{self.folder}：树根与检查点不符 / the root is not that of the checkpoint")
