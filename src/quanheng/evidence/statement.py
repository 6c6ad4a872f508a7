"""What the log says of a document: enough to find forgeries, nothing of a customer, an instrument or a value.

Numbers and items stand as salted commitments, HMAC-SHA256(salt, text): who holds the document and its salts can check
them, who holds only the log learns nothing. The registry derives the salt of a number from its secret, the issuer and
the number, so that two documents of one number show one commitment and a monitor sees them side by side.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from quanheng.evidence import records
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.errors import BadDocument
from quanheng.ground.digest import canonical_line, read_json, sha256_bytes

FORMAT = "quanheng-statement-1"
LONGEST = 65_535  # bytes of an entry (C2SP tlog-tiles)


@dataclass(frozen=True)
class Salts:
    """What opens the commitments of a statement: one salt for the number, one for the items."""

    number: bytes
    items: bytes

    def write(self) -> bytes:
        """As JSON, hexadecimal."""
        return canonical_line({"items": self.items.hex(), "number": self.number.hex()})


NO_SALTS = Salts(b"", b"")  # of a record: nothing is hidden


@dataclass(frozen=True)
class Statement:
    """An entry of the log."""

    kind: str  # "certificate", "bundle", or a kind of `records.RECORDS`
    sha256: str
    issuer: str  # Party.identifier
    key: str  # id of the key that signed the document
    signature: str  # SHA-256 of the signature file
    sm3: str = ""  # where the registry's machine has SM3
    number: str = ""  # commitment
    items: tuple[str, ...] = ()  # commitments
    performed: date | None = None
    issued: date | None = None
    standards: tuple[str, ...] = ()
    amends: str = ""
    supersedes: str = ""
    record: Mapping[str, Any] | None = None  # of a record: all of it

    def write(self) -> bytes:
        """The bytes of the entry: one statement, one sequence of bytes; what is empty is left out."""
        facts = {
            "format": FORMAT, "kind": self.kind, "sha256": self.sha256, "sm3": self.sm3, "issuer": self.issuer,
            "key": self.key, "signature": self.signature, "number": self.number, "items": list(self.items),
            "performed": self.performed.isoformat() if self.performed else "",
            "issued": self.issued.isoformat() if self.issued else "",
            "standards": list(self.standards), "amends": self.amends, "supersedes": self.supersedes,
            "record": self.record,
        }  # fmt: skip
        data = canonical_line({name: value for name, value in facts.items() if value})
        if len(data) > LONGEST:
            raise BadDocument(
                f"陈述长 {len(data)} 字节，上限 {LONGEST} / the statement has {len(data)} bytes, at most {LONGEST}"
            )
        return data


NAMES = {each.name for each in dataclasses.fields(Statement)}
REQUIRED = {each.name for each in dataclasses.fields(Statement) if each.default is dataclasses.MISSING}


def commit(salt: bytes, *parts: str) -> str:
    """The commitment to some texts under a salt, hexadecimal."""
    return hmac.new(salt, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def derive_salts(secret: bytes, issuer: str, number: str) -> Salts:
    """The registry's salts of a document: the same for one issuer and number, unknown without the secret."""
    return Salts(
        *(
            hmac.new(secret, "\0".join((use, issuer, number)).encode(), hashlib.sha256).digest()
            for use in ("number", "items")
        )
    )


def of_certificate(
    certificate: Certificate, data: bytes, *, key: str, signature: bytes, salts: Salts
) -> Statement:
    """The statement about a certificate. data: its exact bytes; signature: the bytes of its signature file."""
    issuer = certificate.issuer.identifier
    return Statement(
        "certificate",
        sha256_bytes(data),
        issuer,
        key,
        sha256_bytes(signature),
        sm3(data),
        commit(salts.number, issuer, certificate.number),
        tuple(commit(salts.items, item.identifier) for item in certificate.items),
        certificate.ended,
        certificate.issued,
        certificate.standards,
        certificate.amends,
        certificate.supersedes,
    )


def of_record(record: records.Record, *, issuer: str, issued: date, key: str, signature: bytes) -> Statement:
    """The statement about a record of the authority: the record itself is in it."""
    data = records.write(record)
    return Statement(
        record.kind,
        sha256_bytes(data),
        issuer,
        key,
        sha256_bytes(signature),
        sm3(data),
        issued=issued,
        record=records.said(record),
    )


def of_bundle(data: bytes, *, issuer: str, issued: date, key: str, signature: bytes) -> Statement:
    """The statement about a bundle (run.json)."""
    return Statement(
        "bundle", sha256_bytes(data), issuer, key, sha256_bytes(signature), sm3(data), issued=issued
    )


def sm3(data: bytes) -> str:
    """SM3 (GB/T 32905) of bytes; "" where the system's hashlib lacks it."""
    try:
        return hashlib.new("sm3", data).hexdigest()
    except ValueError:
        return ""


def read(data: bytes) -> Statement:
    """The statement that an entry holds. Raises BadDocument if it is none, or not written in the one way."""
    try:
        facts = read_json(data)
    except ValueError as error:
        raise BadDocument(f"不是 JSON：{error} / is not JSON: {error}") from error
    if not isinstance(facts, dict) or facts.pop("format", None) != FORMAT:
        raise BadDocument(f"没有 format = {FORMAT} / has no format = {FORMAT}")
    if not REQUIRED <= facts.keys() <= NAMES:
        odd = "、".join(sorted((REQUIRED - facts.keys()) | (facts.keys() - NAMES)))[:80]
        raise BadDocument(f"不是陈述：缺少或多余 {odd} / is no statement: {odd} missing, or unknown")
    try:
        statement = Statement(**{name: _read(name, value) for name, value in facts.items()})
        whole = statement.write()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadDocument(f"不是陈述：{error} / is no statement: {error}") from error
    if whole != data:
        raise BadDocument("陈述没有按唯一的写法写出 / the statement is not written in the canonical way")
    return statement


def read_salts(data: bytes) -> Salts:
    """The salts of a document. Raises BadDocument."""
    try:
        facts = read_json(data)
        salts = Salts(bytes.fromhex(facts["number"]), bytes.fromhex(facts["items"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadDocument("不是盐值文件 / is no file of salts") from error
    if salts.write() != data:
        raise BadDocument("盐值没有按唯一的写法写出 / salts are not written in the canonical way")
    return salts


def _read(name: str, value: Any) -> Any:
    if name in ("performed", "issued"):
        return date.fromisoformat(value)
    if name in ("items", "standards"):
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise ValueError(f"{name} is no list of texts")
    if name == "record":
        records.parse(value)
        return value
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value
