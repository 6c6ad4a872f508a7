"""What somebody did to keys, signatures and the log of the sample world: rules 8 and 9."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from quanheng.evidence import keys, statement
from quanheng.evidence.keys import PrivateKey, PublicKey
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import merkle
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.records import Status
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES, seen
from quanheng.work.simulate.chain.kinds import Chained
from quanheng.work.simulate.chain.world import CITY, ChainWorld

Make = Callable[[ChainWorld, int, Chained, str], object]
"""How a certificate of the n-th instrument of a kind comes into the world with a fault; the code by which it shows."""
FORKED = date(2026, 6, 1)  # from here on days on which nothing else is entered


# ---- keys and signatures ---------------------------------------------------------------------------------------


def unsigned(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """The signature was lost after logging."""
    world.certify(world.instrument(n, kind), code)
    world.amend(signature=b"")


@dataclass(frozen=True)
class Impostor:
    """Signs by a key of its own, in the name of another."""

    public: PublicKey
    own: PrivateKey

    def sign(self, data: bytes, /) -> bytes:
        """A signature that the named key did not make."""
        return self.own.sign(data)


def in_anothers_name(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Signed by a rogue key, said to be by the institute's."""
    key = Impostor(world.key("city").public, world.key("rogue"))
    world.certify(world.instrument(n, kind), code, key=key)


def by_key(name: str) -> Make:
    """Signed by somebody else's key."""
    return lambda world, n, kind, code: world.certify(world.instrument(n, kind), code, key=world.key(name))


def by_bound_key(name: str, **binding: object) -> Make:
    """Signed by a key of the institute that is bound otherwise than it should be."""

    def make(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
        world.record(world.binding(f"{name}-{n}", CITY.identifier, **binding))
        return by_key(f"{name}-{n}")(world, n, kind, code)

    return make


def by_stolen_key(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """Signed by a key that was revoked before."""
    key, day = f"stolen-{n}", date(2025, 12, 1)
    world.record(world.binding(key, CITY.identifier))
    world.record(Status("revoke key", world.key(key).public.identifier, day, "[样例] 失窃 / stolen"), day)
    return by_key(key)(world, n, kind, code)


# ---- what is in the log ----------------------------------------------------------------------------------------


def altered(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Altered after it was signed and logged: it is not what was signed, either."""
    world.certify(world.instrument(n, kind), code, "signature_wrong")
    data = world.made[-1].document.data
    world.amend(data=data.replace("授权签字人".encode(), "授权签字员".encode()))


def misstated(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Logged with another day of issue than it bears."""
    world.certify(world.instrument(n, kind), code)
    said = statement.read(world.made[-1].document.statement)
    world.amend(statement=dataclasses.replace(said, issued=date(2026, 1, 1)).write())


def unlogged(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Never entered."""
    world.certify(world.instrument(n, kind), code)
    world.made[-1] = dataclasses.replace(world.made[-1], logged=None)


def logged_after(days: int) -> Make:
    """Entered so many days after its issue."""

    def make(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
        found = world.instrument(n, kind)
        return world.certify(found, code, logged=found.issued + timedelta(days=days))

    return make


def twice(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Two versions of one number."""
    found = world.instrument(n, kind)
    world.certify(found, code)
    world.certify(dataclasses.replace(found, remarks=("另一个版本",)), code)


def withdrawn(change: str) -> Make:
    """Withdrawn by the authority."""

    def make(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
        digest, day = world.certify(world.instrument(n, kind), code), date(2026, 5, 20)
        return world.record(Status(change, digest, day, "[样例] 原因 / reason"), day)

    return make


def replaced(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Replaced by a later one of the same number, which is good."""
    found, step = world.instrument(n, kind), timedelta(days=7)
    digest = world.certify(found, code)
    world.certify(dataclasses.replace(found, issued=found.issued + step, supersedes=digest))


# ---- what proves it --------------------------------------------------------------------------------------------


def at_another_place(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """The proof names the entry beside its own."""

    def forge(proof: LogProof) -> LogProof:
        return dataclasses.replace(proof, index=proof.index ^ 1)

    world.certify(world.instrument(n, kind), code, forged=forge)


def in_another_log(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """The checkpoint is signed by a key that is not the log's."""

    def forge(proof: LogProof) -> LogProof:
        point, key = proof.checkpoint, world.key("rogue log")
        signed = checkpoints.sign(ORIGIN, point.size, point.root, keys.raw_ed25519(key.public), key)
        return dataclasses.replace(proof, checkpoint=signed)

    world.certify(world.instrument(n, kind), code, forged=forge)


def seen_by_one(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """One witness alone has seen the checkpoint."""

    def forge(proof: LogProof) -> LogProof:
        lines = [each for each in proof.checkpoint.note.signatures if each.name in (ORIGIN, WITNESSES[0])]
        return dataclasses.replace(proof, checkpoint=proof.checkpoint.bearing(lines))

    world.certify(world.instrument(n, kind), code, forged=forge)


def in_two_logs(world: ChainWorld, n: int, kind: Chained, code: str) -> None:
    """Log and witnesses collude: one in the log, one in another of the same size; which is true cannot be seen."""
    day = FORKED + timedelta(days=n % 2)
    found = dataclasses.replace(world.instrument(n, kind), begun=day, ended=day, issued=day)
    world.certify(found, code)
    world.certify(dataclasses.replace(found, number=f"{found.number}-2"), code)
    entry = world.made[-1].document.statement
    world.made[-1] = dataclasses.replace(
        world.made[-1], forged=lambda proof: branch(world, entry, proof.checkpoint.size, day)
    )


def branch(world: ChainWorld, entry: bytes, size: int, day: date) -> LogProof:
    """The proof of an entry in a log of a size that holds nothing else of ours, seen by all witnesses."""
    hashes = merkle.leaf_hashes([entry, *(b"stranger %d" % n for n in range(size - 1))])
    key = world.key(ORIGIN)

    def node(level: int, at: int) -> bytes:
        return merkle.root(hashes[32 * (at << level) : 32 * ((at + 1) << level)])

    point = checkpoints.sign(ORIGIN, size, merkle.root(hashes), keys.raw_ed25519(key.public), key)
    return LogProof(0, tuple(merkle.inclusion_proof(node, 0, size)), seen(world, point, day))
