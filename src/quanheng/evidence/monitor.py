"""A monitor: reads every statement of a log, and reports what nobody should have logged.

It needs the log alone: key bindings and revocations are in it as records, which a key of the authority has signed,
or one that such a key has bound as authority.
Findings bear the codes of `reasons.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from quanheng.evidence import records, statement
from quanheng.evidence.answer import Reason
from quanheng.evidence.document import CERTIFICATE
from quanheng.evidence.document_check import ROLES, bound, day_of, in_time, key_revoked
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.merkle import check_consistency
from quanheng.evidence.statement import Statement

GRACE = 7  # days from the date of issue to the log


@dataclass(frozen=True)
class Finding:
    """What was found of one entry."""

    index: int
    reason: Reason


@dataclass
class Monitor:
    """What is known after the entries so far; feed it entries in order.

    authority: ids of keys that may make records. grace: days from issue to log.
    """

    authority: Collection[str]
    grace: int = GRACE
    size: int = 0
    _numbers: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # digests, the latest last
    _bindings: dict[str, list[records.KeyBinding]] = field(default_factory=dict)  # by key id
    _deputies: dict[str, list[records.KeyBinding]] = field(
        default_factory=dict
    )  # whom pinned keys bind as authority
    _statuses: dict[str, list[records.Status]] = field(default_factory=dict)  # by target

    def see(self, entry: bytes, seen: int) -> list[Finding]:
        """Findings about the next entry, which the quorum had seen at POSIX time `seen`."""
        index, self.size = self.size, self.size + 1
        try:
            said = statement.read(entry)
        except BadDocument as error:
            return [Finding(index, Reason("statement_differs", f"entry {index}", str(error)))]
        late = in_time(said.issued, seen, self.grace) if said.issued else None
        wrong = [each for each in self._key(said, day_of(seen)) if each is not None]
        reasons = [late, self._second(said), *wrong]
        if said.record is not None and not wrong:
            self._learn(records.parse(said.record), pinned=said.key in self.authority)
        return [Finding(index, replace(each, where=f"entry {index}")) for each in reasons if each is not None]

    def _second(self, said: Statement) -> Reason | None:
        if said.kind != CERTIFICATE:
            return None
        versions = self._numbers.setdefault((said.issuer, said.number), [])
        replaces = {said.amends, said.supersedes} - {""}
        before = versions[-1] if versions and versions[-1] not in replaces else ""
        versions.append(said.sha256)
        detail = f"此前已有 {before[:16]}… / {before[:16]}… bears the same number"
        return Reason("second_version", detail=detail) if before else None

    def _key(self, said: Statement, day: date) -> Iterator[Reason | None]:
        bindings = self._bindings.get(said.key, [])
        if said.key in self.authority:
            return
        if said.record is not None and not (bindings := self._deputies.get(said.key, [])):
            detail = "记录不是主管部门的密钥所签 / a record that no key of the authority signed"
            yield Reason("key_of_other_role", detail=detail)
            return
        if not bindings:
            yield Reason("key_unknown", detail="密钥未经绑定 / the key is bound to nobody")
        else:
            yield bound(bindings, said.issuer, ROLES.get(said.kind, "authority"), day)
        yield key_revoked(self._statuses.get(said.key, []), day)

    def _learn(self, record: records.Record, *, pinned: bool) -> None:
        match record:
            case records.KeyBinding():
                self._bindings.setdefault(record.key, []).append(record)
                if pinned and record.role == "authority":
                    self._deputies.setdefault(record.key, []).append(record)
            case records.Status():
                self._statuses.setdefault(record.target, []).append(record)
            case records.Scope() | records.TypeApproval():
                pass


def forked(old: Checkpoint, new: Checkpoint, proof: list[bytes]) -> Reason | None:
    """The reason where two checkpoints of one log, both signed, are not of one tree; None where the proof holds."""
    a, b = sorted((old, new), key=lambda each: each.size)
    if a.size == 0 or check_consistency(a.size, b.size, proof, a.root, b.root):
        return None
    detail = (
        f"{a.size} 与 {b.size} 条时的树不是同一棵 / the trees of {a.size} and {b.size} entries are not one"
    )
    return Reason("log_forked", a.origin, detail)
