"""Everything of the sample world into a log: each day's documents at once, and three witnesses see them at night."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from quanheng.evidence import keys
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.note import COSIGNATURE, ED25519, VerifierKey
from quanheng.evidence.log.store import Log
from quanheng.work.simulate.chain.world import ChainWorld, Made

ORIGIN = "log.example/sample-city"
WITNESSES = ("witness-1.example", "witness-2.example", "witness-3.example")
EVENING = 10 * 3600  # 18:00 in China, UTC


def evening(day: date) -> int:
    """POSIX time at which witnesses see the day's checkpoint."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + EVENING


def policy(world: ChainWorld) -> bytes:
    """The policy: our log, two of three witnesses."""
    raw = {name: keys.raw_ed25519(world.key(name).public) for name in (ORIGIN, *WITNESSES)}
    lines = [f"log {VerifierKey(ORIGIN, ED25519, raw[ORIGIN])}"]
    lines += [
        f"witness W{n} {VerifierKey(name, COSIGNATURE, raw[name])}" for n, name in enumerate(WITNESSES, 1)
    ]
    return "\n".join([*lines, "group all 2 W1 W2 W3", "quorum all", ""]).encode()


def seen(world: ChainWorld, point: Checkpoint, day: date) -> Checkpoint:
    """A checkpoint as the witnesses saw it on the evening of a day."""
    lines = [
        checkpoints.cosign(
            point, name, keys.raw_ed25519(world.key(name).public), world.key(name), evening(day)
        )
        for name in WITNESSES
    ]
    return point.bearing([*point.note.signatures, *lines])


def enter(world: ChainWorld, folder: Path) -> list[Made]:
    """Enter everything, one append and one checkpoint a day; the documents again, with their proofs. Raises OSError."""
    days: dict[date, list[int]] = defaultdict(list)
    for n, each in enumerate(world.made):
        if each.logged is not None:
            days[each.logged].append(n)
    found, key = list(world.made), world.key(ORIGIN)
    with Log.create(folder, ORIGIN, keys.raw_ed25519(key.public), key) as log:
        for day, numbers in sorted(days.items()):
            indexes = log.append([world.made[n].document.statement for n in numbers])
            log.attach(seen(world, log.publish(key), day))
            for n, index in zip(numbers, indexes, strict=True):
                found[n] = _proven(world.made[n], log, index)
    return found


def _proven(made: Made, log: Log, index: int) -> Made:
    proof = log.prove(index, log.published)
    proof = made.forged(proof) if made.forged else proof
    return dataclasses.replace(made, document=dataclasses.replace(made.document, proof=str(proof).encode()))
