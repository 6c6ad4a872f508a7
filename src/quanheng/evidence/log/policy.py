"""Whom a verifier trusts (C2SP tlog-policy): logs, witnesses, and which of these must have seen a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.note import COSIGNATURE, ED25519, VerifierKey, parse_key

LARGEST = 1 << 20
MOST = 1000  # lines that define something


@dataclass(frozen=True)
class Group:
    """At least `least` of the members, witnesses or groups, must have seen a checkpoint."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Logs by origin, witnesses and groups by name, and the quorum ("none": no witness is needed)."""

    logs: Mapping[str, tuple[VerifierKey, ...]]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str] = field(default_factory=dict)  # of logs by origin and of witnesses by name

    def signed(self, checkpoint: Checkpoint) -> bool:
        """Whether a log of this policy has signed the checkpoint."""
        return any(checkpoints.check(checkpoint, key) for key in self.logs.get(checkpoint.origin, ()))

    def seen(self, checkpoint: Checkpoint) -> int | None:
        """POSIX time at which the quorum had seen the checkpoint; None where it has not; 0 where none is needed.

        Of k needed witnesses it is the time of the k-th: by then all of them had. Raises BadNote for a cosignature
        that claims to be of a known witness and is not.
        """
        times: dict[str, int | None] = {
            name: checkpoints.cosigned_at(checkpoint, key) for name, key in self.witnesses.items()
        }
        times["none"] = 0
        for name, group in self.groups.items():  # a group stands below its members
            seen = sorted(time for each in group.members if (time := times[each]) is not None)
            times[name] = seen[group.least - 1] if len(seen) >= group.least else None
        return times[self.quorum]


def parse(data: bytes) -> Policy:
    """The policy that a file states. Raises BadNote, with the line."""
    if len(data) > LARGEST:
        raise BadNote("信任策略超过 1 MiB / the policy is larger than 1 MiB")
    if any((octet < 0x20 and octet not in b"\t\n") or octet == 0x7F for octet in data):
        raise BadNote("信任策略中有控制字符 / control characters in the policy")
    reading = _Reading()
    # names are opaque octets: latin-1 keeps each as it is
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except BadNote as error:
                raise BadNote(f"信任策略第 {number} 行 / policy, line {number}: {error}") from error
    if reading.quorum is None:
        raise BadNote("信任策略没有 quorum 行 / the policy has no line “quorum”")
    return Policy(
        {origin: tuple(keys) for origin, keys in reading.logs.items()},
        reading.witnesses,
        reading.groups,
        reading.quorum,
        reading.urls,
    )


class _Reading:
    """A policy while it is read, line by line."""

    def __init__(self) -> None:
        self.logs: dict[str, list[VerifierKey]] = {}
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.urls: dict[str, str] = {}
        self.quorum: str | None = None
        self.keys: set[bytes] = set()
        self.members: set[str] = set()

    def take(self, words: list[str]) -> None:
        if len(self.keys) + len(self.groups) > MOST:
            raise BadNote(f"多于 {MOST} 行 / more than {MOST} definitions")
        match words:
            case ["log", key, *url] if len(url) < 2:
                log = self._key(key, ED25519)
                self.logs.setdefault(log.name, []).append(log)
                self._address(log.name, url)
            case ["witness", name, key, *url] if len(url) < 2:
                self._new(name)
                self.witnesses[name] = self._key(key, COSIGNATURE)
                self._address(name, url)
            case ["group", name, least, *members] if members:
                self._new(name)
                self.groups[name] = Group(self._least(least, len(members)), tuple(map(self._member, members)))
            case ["quorum", name] if self.quorum is None:
                if name != "none" and name not in self.witnesses and name not in self.groups:
                    raise BadNote(f"{name[:40]!r} 未定义 / is not defined above")
                self.quorum = name
            case _:
                raise BadNote(f"不认识 {' '.join(words)[:60]!r} / is not understood")

    def _new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise BadNote(f"{name[:40]!r} 已有所指 / is defined already")

    def _address(self, name: str, url: list[str]) -> None:
        if url:
            self.urls[name] = url[0]

    def _key(self, text: str, kind: int) -> VerifierKey:
        key = parse_key(text.encode("latin-1").decode("utf-8", "surrogateescape"))
        if key.kind != kind:
            raise BadNote(f"密钥类型应为 {kind} / the key should be of type {kind}")
        if key.key in self.keys:
            raise BadNote("同一公钥出现两次 / one public key stands twice")
        self.keys.add(key.key)
        return key

    def _least(self, word: str, count: int) -> int:
        least = {"all": count, "any": 1}.get(word)
        if least is None:
            least = int(word) if word.isascii() and word.isdigit() and len(word) < 5 else 0
        if not 1 <= least <= count:
            raise BadNote(f"{word[:20]!r} 应为 all、any 或 1 到 {count} / should be all, any or 1 to {count}")
        return least

    def _member(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise BadNote(f"{name[:40]!r} 未定义 / is not defined above")
        if name in self.members:
            raise BadNote(f"{name[:40]!r} 已属于一个组 / is a member of a group already")
        self.members.add(name)
        return name
