"""What an installation signs and logs with: its keys, its log, and whom it trusts. All below QUANHENG_HOME.

    HOME/house.json            who signs here: the institute (Party.identifier, names, credit code) and the authority
    HOME/keys/institute.key    signs certificates          HOME/keys/authority.key   signs records of the authority
    HOME/keys/bundles.key      signs runs and audits       HOME/keys/log.key         signs checkpoints
    HOME/keys/registry.secret  of the salts of statements
    HOME/log                   the transparency log        HOME/trust                policy, authority/*.pem
    HOME/witnesses/NAME.key    of a sample city alone: a witness of our own shows nobody anything
Key files are encrypted; their passphrase comes from QUANHENG_KEY_PASSPHRASE or QUANHENG_KEY_PASSPHRASE_FILE.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from quanheng.evidence import key_file, keys, registry
from quanheng.evidence.answer import Answer
from quanheng.evidence.certificate import Party
from quanheng.evidence.document import Document
from quanheng.evidence.keys import MemoryKey
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import cosigned, has_cosigned
from quanheng.evidence.log.witness_http import ask
from quanheng.evidence.trust import Trust, read_trust
from quanheng.ground.errors import BadOutput, Fault, NotShown
from quanheng.ground.files import write_durably

KEYS = ("institute", "authority", "bundles", "log")
PATIENCE = 30.0  # seconds to wait for another process that writes the log
log_of = logging.getLogger(__name__)


@dataclass(frozen=True)
class House:
    """Who signs here."""

    institute: Party
    code: str  # credit code of the institute in the register of parties
    authority: str  # Party.identifier
    origin: str  # of the log


def house() -> House:
    """Raises NotShown where nothing was established yet."""
    path = settings.HOME / "house.json"
    if not path.exists():
        raise NotShown(
            "本站还没有密钥与日志：先运行 quanheng house / this site has no keys and no log yet: run quanheng house"
        )
    said = json.loads(path.read_text("utf-8"))
    return House(Party(**said["institute"]), said["code"], said["authority"], said["origin"])


def passphrase() -> bytes:
    """Of the key files. Raises NotShown where the environment has none."""
    if given := os.environ.get("QUANHENG_KEY_PASSPHRASE"):
        return given.encode()
    if path := os.environ.get("QUANHENG_KEY_PASSPHRASE_FILE"):
        try:
            return Path(path).read_bytes().split(b"\n")[0].rstrip(b"\r")
        except OSError as error:
            raise Fault(f"{path}：读不出来 / cannot be read: {error.strerror}") from error
    raise NotShown(
        "这里不能签名：没有 QUANHENG_KEY_PASSPHRASE / nothing can be signed here: QUANHENG_KEY_PASSPHRASE is not set"
    )


def key(name: str) -> MemoryKey:
    """A key of the house. Raises NotShown without the file or the passphrase, BadKey for a wrong one."""
    path = settings.HOME / "keys" / f"{name}.key"
    if not path.exists():
        raise NotShown(
            f"这里不能签名：没有 {path.name} / nothing can be signed here: there is no {path.name}"
        )
    return _opened(path, path.stat().st_mtime_ns, passphrase())


@lru_cache(maxsize=16)
def _opened(path: Path, _changed: int, phrase: bytes) -> MemoryKey:
    return key_file.read(path, phrase)


def secret() -> bytes:
    """The registry's secret of salts."""
    return (settings.HOME / "keys" / "registry.secret").read_bytes().strip()


def trust() -> Trust:
    """Whom the house trusts. Raises BadDocument."""
    return read_trust(settings.HOME / "trust")


def establish(
    found: House,
    phrase: bytes,
    *,
    made: Mapping[str, MemoryKey] | None = None,
    witnesses: Sequence[tuple[str, str]] = (),
) -> None:
    """Make keys, log and trust of a new installation. Raises Fault where there are some.

    made: keys to keep instead of new ones. witnesses: verifier key and address of each; all but one in three of them
    have to have seen a checkpoint. The last step is house.json: interrupted before it, nothing is there.
    """
    home = settings.HOME
    if (home / "house.json").exists():
        raise Fault(f"{home}：密钥与日志已经有了 / keys and log are there already")
    folder = home / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    held = {name: (made or {}).get(name) or keys.generate("ed25519") for name in KEYS}
    for name, each in held.items():
        if not (folder / f"{name}.key").exists():
            key_file.write(folder / f"{name}.key", each, phrase)
    if not (folder / "registry.secret").exists():
        write_durably(folder / "registry.secret", secrets.token_hex(32).encode())
        (folder / "registry.secret").chmod(0o600)
    held = {name: key_file.read(folder / f"{name}.key", phrase) for name in KEYS}
    if not (home / "log").exists():
        with Log.create(home / "log", found.origin, keys.raw_ed25519(held["log"].public), held["log"]):
            pass
    with Log.open(home / "log") as log:
        vkey = str(log.key)
    (home / "trust" / "authority").mkdir(parents=True, exist_ok=True)
    if not (home / "trust" / "policy").exists():
        write_durably(home / "trust" / "policy", policy(vkey, witnesses))
        write_durably(home / "trust" / "authority" / "authority.pem", held["authority"].public.pem())
    said = {**asdict(found), "institute": asdict(found.institute)}
    write_durably(home / "house.json", json.dumps(said, ensure_ascii=False, indent=1).encode())


def policy(vkey: str, witnesses: Sequence[tuple[str, str]]) -> bytes:
    """The policy file: the log, its witnesses, and a quorum of two thirds of them; without witnesses none."""
    lines = [f"log {vkey}"]
    lines += [f"witness W{n} {each} {url}".rstrip() for n, (each, url) in enumerate(witnesses, 1)]
    if not witnesses:
        return "\n".join([*lines, "quorum none", ""]).encode()
    least = max(1, len(witnesses) * 2 // 3)
    names = " ".join(f"W{n}" for n in range(1, len(witnesses) + 1))
    return "\n".join([*lines, f"group all {least} {names}", "quorum all", ""]).encode()


# ---- the log -----------------------------------------------------------------------------------------------------


@contextmanager
def writing() -> Iterator[Log]:
    """The log, for writing; waits for another process that writes it. Raises BadOutput after PATIENCE."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            log = Log.open(settings.HOME / "log", write=True)
            break
        except BadOutput:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    with log:
        yield log


@lru_cache(maxsize=4)
def _index(_log: Path) -> registry.Index:
    """Of the log of this installation; used by whoever holds the log for writing alone."""
    return registry.Index()


def versions(log: Log, documents: Sequence[Document]) -> list[Answer]:
    """What the log says of other certificates of the same numbers."""
    return [registry.versions(log, each, _index(log.folder)) for each in documents]


def enter(documents: Sequence[Document], log: Log | None = None) -> tuple[list[int], list[Document]]:
    """Enter documents into the log, once each, and prove it: their indexes, and the documents with their proofs.

    log: open for writing, by whoever asked it something before and wants nobody in between.
    Raises NotShown where too few witnesses have seen it: entered it is all the same, and the next try proves it.
    """
    known = trust()
    with nullcontext(log) if log else writing() as log:
        before = log.published.size
        places = registry.enter(log, documents, _index(log.folder))
        if log.pending:
            log.publish(key("log"))
        if known.policy.seen(log.published) is None:
            _witness(log, known.policy)
        seen = log.published if known.policy.seen(log.published) is not None else None
        found = [
            registry.proven(log, each, n, known.policy, seen if n >= before else None)
            for each, n in zip(documents, places, strict=True)
        ]
    return places, found


def _witness(log: Log, known: Policy) -> None:
    """Ask the witnesses; one that does not answer hinders no other."""
    for name, verifier in known.witnesses.items():
        if has_cosigned(verifier, log.published):
            continue
        try:
            if name in known.urls:
                log.attach(cosigned(log.published, ask(known.urls[name], log), [verifier]))
            elif settings.DEMO and (path := settings.HOME / "witnesses" / f"{verifier.name}.key").exists():
                own = _opened(path, path.stat().st_mtime_ns, passphrase())
                line = checkpoints.cosign(
                    log.published, verifier.name, keys.raw_ed25519(own.public), own, int(time.time())
                )
                log.attach(cosigned(log.published, [line], [verifier]))
        except NotShown as error:
            log_of.warning("witness", extra={"witness": name, "why": str(error)})


def entries() -> int:
    """How many entries the log has; 0 without a log."""
    if not (settings.HOME / "log" / "checkpoint").exists():
        return 0
    with Log.open(settings.HOME / "log") as log:
        return log.size


def proofs(documents: Iterable[Document]) -> list[Document]:
    """Documents that are in the log, with their proofs anew: those of the latest that the quorum has seen."""
    listed = list(documents)
    return enter(listed)[1] if listed else []
