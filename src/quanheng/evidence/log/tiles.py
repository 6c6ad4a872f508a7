"""Tiles and bundles of entries (C2SP tlog-tiles): where they lie and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from quanheng.evidence.errors import BadLog
from quanheng.evidence.log import merkle

WIDTH = 256  # hashes of a full tile, entries of a full bundle
HEIGHT = 8  # levels of the tree in one level of tiles
LONGEST = 65_535  # bytes of an entry


def path(level: int | str, index: int, width: int = WIDTH) -> PurePosixPath:
    """Where a tile lies in the log; level "entries": a bundle. A partial one holds fewer than 256."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    place = PurePosixPath("tile", str(level), *groups)
    return place if width == WIDTH else place.with_name(f"{place.name}.p") / str(width)


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of every tile of a tree of `size`, partial ones last of their level."""
    level = 0
    while count := size >> (HEIGHT * level):
        for index in range(-(-count // WIDTH)):
            yield level, index, min(WIDTH, count - index * WIDTH)
        level += 1


def pack(entries: Iterable[bytes]) -> bytes:
    """The bundle of some entries: each behind its length, two bytes. BadLog for one that is too long."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > LONGEST:
            raise BadLog(
                f"条目长 {len(entry)} 字节，上限 {LONGEST} / an entry of {len(entry)} bytes; at most {LONGEST}"
            )
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack(bundle: bytes, *, at_most: int = WIDTH) -> list[bytes]:
    """The entries of a bundle. BadLog where it is damaged or holds more than `at_most`."""
    entries, place, end = [], 0, len(bundle)
    while place + 2 <= end:
        start = place + 2
        place = start + (bundle[place] << 8 | bundle[place + 1])
        entries.append(bundle[start:place])
    if place != end or len(entries) > at_most:
        raise BadLog("条目包损坏 / a bundle of entries is damaged")
    return entries


def hashed(bundle: bytes) -> bytes:
    """Leaf hashes of a bundle's entries, one after the other. BadLog where it is damaged."""
    return merkle.leaf_hashes(unpack(bundle))
