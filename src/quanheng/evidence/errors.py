"""What can be wrong with evidence that is kept in one piece of bytes.

Fault
├── BadRecord     a record of results that cannot be written or read
├── BadArchive    an archive of another program that cannot be read
├── BadForm       a certificate's form (TOML) that cannot be used as it stands
├── BadLog        a log on the disk that is damaged, or cannot take an entry
├── BadNote       a note, checkpoint, proof or policy of a log that is malformed
├── BadKey        a key, a file of a key, or a passphrase that cannot be used
├── BadXml        bytes that are not well-formed XML
│   └── UnsafeXml     XML with a DTD, or beyond the limits
└── BadDocument   a statement, record of the authority, or other document that is not as its format says
    ├── BadUnit       a certificate with a unit that nobody knows
    └── BadFigure     a certificate with a figure that nobody can have measured
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from quanheng.ground.errors import Fault


class BadRecord(Fault):
    """A record that is damaged, or that is none; or results that cannot be recorded."""


class BadArchive(Fault):
    """An archive of another program that is not as its format says."""


class BadForm(Fault):
    """A certificate's form that cannot be used as it stands; every fault with its key."""


class BadLog(Fault):
    """A log on the disk that is damaged or none, or cannot take an entry."""


class BadNote(Fault):
    """A note, checkpoint, proof or policy of a log that is not as its format says."""


class BadKey(Fault):
    """A key, a file of a key, or a passphrase that cannot be used."""


class BadXml(Fault):
    """Bytes that are not well-formed XML; line and column."""


class UnsafeXml(BadXml):
    """XML with a DTD, or beyond the limits."""


class BadDocument(Fault):
    """A document of the evidence that is not as its format says."""


class BadUnit(BadDocument):
    """A certificate with a unit that is neither legal nor one of D-SI."""


class BadFigure(BadDocument):
    """A certificate with a figure beyond `certificate.LARGEST`."""


T = TypeVar("T")
JSON = {
    dict: "object",
    list: "array",
    str: "string",
    int: "whole number",
    float: "number",
    bool: "truth value",
}


def expect(value: Any, kind: type[T], where: str, error: type[Fault] = BadRecord) -> T:
    """A value read from JSON, known to be of a type; a whole number is a number too. Else the error, saying where."""
    given: type = type(value)
    if given is kind or (kind is float and given is int):
        return cast(T, value)
    raise error(
        f"{where}：应为 {JSON[kind]}，不是 {str(value)[:60]} / {where}: {str(value)[:60]} is no {JSON[kind]}"
    )
