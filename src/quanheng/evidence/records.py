"""What the authority says, as records anybody can read: whose a key is, what a laboratory may do, what no longer holds.

A record is canonical JSON (`ground/digest.canonical_line`), signed by a key of the authority and logged like a
certificate, but not hidden: its statement in the log holds the whole record.
"""

from __future__ import annotations

import base64
import dataclasses
import math
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from quanheng.evidence.certificate import Kind
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.keys import ALGORITHMS, PublicKey
from quanheng.ground.digest import canonical_line, read_json
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import from_dsi, parse_unit

FORMAT = "quanheng-record-1"
DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class KeyBinding:
    """A key is a party's, for a role, from a day to a day (both included)."""

    kind: ClassVar[str] = "key binding"
    key: str  # key id: SHA-256 of the DER SubjectPublicKeyInfo
    algorithm: str
    public: str  # DER SubjectPublicKeyInfo, base64
    party: str
    role: str  # "certificates", "registry", "bundles", "authority"
    since: date
    until: date


@dataclass(frozen=True)
class Scope:
    """A party may give results of a quantity over a range, with at best U = absolute + relative·|x| (k = 2).

    lower, upper and absolute in `unit`; relative is a ratio.
    """

    kind: ClassVar[str] = "scope"
    party: str
    quantity: str
    unit: str
    lower: float
    upper: float
    absolute: float
    relative: float
    basis: str  # one of BASES
    reference: str  # number of the CMC, accreditation, authorisation, examination
    since: date
    until: date
    certificates: tuple[str, ...] = ("calibration", "verification", "test")


BASES = {
    "national standard": 0,  # a root: the national standard, its institute's CMC in the KCDB (ILAC-P10, route 1)
    "cmc": 1,  # an institute's CMC in the KCDB
    "accreditation": 2,  # ILAC-P10, route 2
    "authorisation": 2,  # statutory authorisation
    "examined standard": 2,  # 建标考核证书 (JJF 1033)
    "other": 3,  # ILAC-P10, route 3
}


@dataclass(frozen=True)
class Status:
    """From a day on a certificate (by digest) or a key (by key id) no longer holds."""

    kind: ClassVar[str] = "status"
    change: str  # "revoke", "supersede", "suspend", "resume", "revoke key"
    target: str  # digest of the certificate's bytes, or key id
    since: date
    why: str
    successor: str = ""  # digest of what stands in its place


@dataclass(frozen=True)
class TypeApproval:
    """A type of measuring instrument is approved."""

    kind: ClassVar[str] = "type approval"
    number: str
    maker: str
    model: str
    instrument: str
    since: date
    until: date


Record = KeyBinding | Scope | Status | TypeApproval
RECORDS: dict[str, type[Record]] = {each.kind: each for each in (KeyBinding, Scope, Status, TypeApproval)}
WORDS: dict[str, dict[str, tuple[str, ...]]] = {  # that a field may say, by kind and field
    "key binding": {"role": ("certificates", "registry", "bundles", "authority"), "algorithm": ALGORITHMS},
    "scope": {"basis": tuple(BASES), "certificates": tuple(Kind)},
    "status": {"change": ("revoke", "supersede", "suspend", "resume", "revoke key")},
}
HINTS = {each: typing.get_type_hints(each) for each in RECORDS.values()}


def of_key(key: PublicKey) -> dict[str, str]:
    """The fields of a key binding that say which key it is."""
    return {
        "key": key.identifier,
        "algorithm": key.algorithm,
        "public": base64.b64encode(key.der).decode(),
    }


def write(record: Record) -> bytes:
    """The bytes of a record: one record, one sequence of bytes."""
    return canonical_line(said(record))


def said(record: Record) -> dict[str, Any]:
    """What JSON says of a record."""
    facts = {each.name: _said(getattr(record, each.name)) for each in dataclasses.fields(record)}
    return {"format": FORMAT, "kind": record.kind, **facts}


def read(data: bytes) -> Record:
    """The record that bytes hold.

    Raises BadDocument if they are none, are not written in the one way, or say what no reader understands.
    """
    try:
        facts = read_json(data)
    except ValueError as error:
        raise BadDocument(f"不是 JSON：{error} / is not JSON: {error}") from error
    record = parse(facts)
    if write(record) != data:
        raise BadDocument("记录没有按唯一的写法写出 / the record is not written in the canonical way")
    _check(record)
    return record


def parse(facts: Any) -> Record:
    """The record that parsed JSON says, whatever its words mean. Raises BadDocument."""
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise BadDocument(f"没有 format = {FORMAT} / has no format = {FORMAT}")
    record = RECORDS.get(str(facts.get("kind")))
    if record is None:
        raise BadDocument(
            f"未知的记录种类 {str(facts.get('kind'))[:40]!r}；应为 {', '.join(RECORDS)} / unknown kind"
        )
    hints = HINTS[record]
    names = [each.name for each in dataclasses.fields(record)]
    if set(facts) != {"format", "kind", *names}:
        raise BadDocument(f"{record.kind}：应有 {', '.join(names)} / must hold just {', '.join(names)}")
    return record(**{name: _read(facts[name], hints[name], name) for name in names})


def check(record: Record) -> None:
    """Whether a record is one to be issued: one of known words, of ranges and units that say something.

    What nobody understands does nothing, and whoever issued it believes that it does. Raises BadDocument.
    """
    _check(record)
    if isinstance(record, Scope):
        try:
            from_dsi(record.unit) if "\\" in record.unit else parse_unit(record.unit)
        except UnitError as error:
            raise BadDocument(f"unit：{record.unit[:40]!r}：{error}") from error


def _check(record: Record) -> None:
    """Words and ranges: what any reader asks of a record."""
    for name, known in WORDS.get(record.kind, {}).items():
        said = getattr(record, name)
        for word in said if isinstance(said, tuple) else (said,):
            if word not in known:
                listed = ", ".join(known)
                raise BadDocument(f"{name}：{word[:40]!r} 应为 / should be one of: {listed}")
    wrong = [name for name, holds in _ranges(record) if not holds]
    if wrong:
        raise BadDocument(f"不成立 / does not hold: {'；'.join(wrong)}")


def _ranges(record: Record) -> Iterator[tuple[str, bool]]:
    if isinstance(record, Status):
        yield "target: SHA-256", DIGEST.fullmatch(record.target) is not None
        yield "successor: SHA-256", DIGEST.fullmatch(record.successor or record.target) is not None
    else:
        yield "since ≤ until", record.since <= record.until
    if isinstance(record, Scope):
        yield "lower ≤ upper", record.lower <= record.upper
        yield "absolute ≥ 0", record.absolute >= 0
        yield "relative ≥ 0", record.relative >= 0


def _said(value: Any) -> Any:
    return (
        value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
    )


def _read(value: Any, hint: Any, name: str) -> Any:
    if isinstance(hint, types.GenericAlias):
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
    elif hint is date and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif hint is float and isinstance(value, float | int) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
    elif hint is str and isinstance(value, str):
        return value
    raise BadDocument(
        f"{name}：{str(value)[:60]!r} 的类型不对 / {name}: {str(value)[:60]!r} is of a wrong type"
    )
