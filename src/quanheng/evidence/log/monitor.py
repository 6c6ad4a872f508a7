"""A monitor: reads every statement of a log, and reports what nobody should have logged.

It needs the log alone: key bindings and revocations are in it as records, which a key of the authority has signed.
Findings bear the codes of `reasons.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from quanheng.evidence import records, statement
from quanheng.evidence.answer import Reason
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
    _bindings: dict[str, list[records.KeyBinding]] = field(default_factory=dict)
    _revoked: dict[str, date] = field(default_factory=dict)

    def see(self, entry: bytes, seen: int) -> list[Finding]:
        """Findings about the next entry, which the quorum had seen at POSIX time `seen`."""
        index, self.size = self.size, self.size + 1
        try:
            said = statement.read(entry)
        except BadDocument as error:
            return [Finding(index, Reason("statement_differs", f"entry {index}", str(error)))]
        day = datetime.fromtimestamp(seen, UTC).date()
        reasons = [*self._late(said, day), *self._second(said), *self._key(said, day)]
        if said.record is not None and said.key in self.authority:
            self._learn(records.parse(said.record))
        return [Finding(index, Reason(code, f"entry {index}", detail)) for code, detail in reasons]

    def _late(self, said: Statement, day: date) -> Iterable[tuple[str, str]]:
        if said.issued is not None:
            days = (day - said.issued).days
            if days > self.grace:
                yield (
                    "registered_late",
                    f"签发后 {days} 天才登记 / registered {days} days after its date of issue",
                )
            if days < -1:  # a day begins elsewhere earlier
                yield (
                    "registered_early",
                    f"登记早于签发 {-days} 天 / registered {-days} days before its date of issue",
                )

    def _second(self, said: Statement) -> Iterable[tuple[str, str]]:
        if said.kind != "certificate":
            return
        versions = self._numbers.setdefault((said.issuer, said.number), [])
        replaces = {said.amends, said.supersedes} - {""}
        if versions and versions[-1] not in replaces:
            yield (
                "second_version",
                f"此前已有 {versions[-1][:16]}… / {versions[-1][:16]}… bears the same number",
            )
        versions.append(said.sha256)

    def _key(self, said: Statement, day: date) -> Iterable[tuple[str, str]]:
        if said.key in self.authority:
            return
        if said.record is not None:
            yield (
                "key_of_other_role",
                "记录不是主管部门的密钥所签 / a record that no key of the authority signed",
            )
            return
        bound = [each for each in self._bindings.get(said.key, []) if each.party == said.issuer]
        if not self._bindings.get(said.key):
            yield "key_unknown", "密钥未经绑定 / the key is bound to nobody"
        elif not bound:
            yield "key_of_other", f"密钥不属于 {said.issuer} / the key is not {said.issuer}'s"
        elif all(day < each.since for each in bound):
            yield "key_not_yet", f"密钥自 {bound[0].since} 起有效 / the key is bound from {bound[0].since} on"
        elif all(day > each.until for each in bound):
            yield "key_expired", f"密钥至 {bound[-1].until} 止 / the key was bound until {bound[-1].until}"
        if said.key in self._revoked and day >= self._revoked[said.key]:
            yield (
                "key_revoked",
                f"密钥自 {self._revoked[said.key]} 起吊销 / revoked from {self._revoked[said.key]} on",
            )

    def _learn(self, record: records.Record) -> None:
        match record:
            case records.KeyBinding():
                self._bindings.setdefault(record.key, []).append(record)
            case records.Status(change="revoke key"):
                self._revoked.setdefault(record.target, record.since)
            case records.Status() | records.Scope() | records.TypeApproval():
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
