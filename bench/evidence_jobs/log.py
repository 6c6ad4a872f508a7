"""The log: everything hashed again, proofs checked, entries made durable, beside raw hashing."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence_jobs.chain import line
from evidence_jobs.documents import best
from quanheng.evidence import keys
from quanheng.evidence.log import merkle
from quanheng.evidence.log.store import Log

BATCH = 10_000
ORIGIN = "log.example/bench"


def figures(scale: float = 1.0) -> Iterator[dict[str, Any]]:
    """Figures; scale: of ten million entries."""
    n = max(int(10_000_000 * scale) // BATCH, 1) * BATCH
    key = keys.of_seed("ed25519", b"bench")
    public = keys.raw_ed25519(key.public)
    with (
        tempfile.TemporaryDirectory() as folder,
        Log.create(Path(folder) / "log", ORIGIN, public, key) as log,
    ):
        start = time.perf_counter()
        for first in range(0, n, BATCH):
            log.append([entry(k) for k in range(first, first + BATCH)])
            if first % 1_000_000 == 0:
                log.publish(key)
        log.publish(key)
        took = time.perf_counter() - start
        yield line(
            f"durable append in batches of {BATCH:,}, an entry",
            took / n,
            "s",
            "the bar, 20,000/s",
            5e-5,
            1.0,
        )
        raw = raw_hashing(n)
        start = time.process_time()
        log.audit()
        yield line(f"audit of {n:,} entries", time.process_time() - start, "s", "raw hashing", raw, 0.5)
        size, index = log.published.size, n // 3
        path, root = log.inclusion(index, size), log.published.root
        leaf = merkle.leaf_hash(entry(index))
    ours = best(lambda: merkle.check_inclusion(leaf, index, size, path, root))
    yield line(
        f"inclusion check, {len(path)} hashes",
        ours,
        "s",
        "raw hashing of the path",
        best(lambda: climb(leaf, path)),
        0.8,
    )


def entry(k: int) -> bytes:
    """An entry about as long as a statement."""
    return b"%0600d" % k


def raw_hashing(n: int) -> float:
    """Processor time of hashing leaves and inner nodes, entries being at hand."""
    total = 0.0
    hashes: list[bytes] = []
    for first in range(0, n, 1_000_000):
        entries = [b"\0" + entry(k) for k in range(first, min(first + 1_000_000, n))]
        start = time.process_time()
        hashes += [hashlib.sha256(each).digest() for each in entries]
        total += time.process_time() - start
    start = time.process_time()
    while len(hashes) > 1:
        hashes = [
            hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=False)
        ]
    return total + time.process_time() - start


def climb(leaf: bytes, path: list[bytes]) -> bytes:
    """Hash a path up, without asking which side."""
    sha256 = hashlib.sha256
    for each in path:
        leaf = sha256(b"\1" + each + leaf).digest()
    return leaf
