"""Procedures and kinds of instruments, as dated data: what a chain is judged by is never in the code.

`rules/*.toml` hold them, each entry with its source and whether it was compared with the original. A city can bring
its own file (`read`), whose entries come after ours and prevail where an edition stands in both.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from quanheng.evidence.errors import BadDocument
from quanheng.ground.digest import read_toml
from quanheng.ground.files import read_bytes


@dataclass(frozen=True)
class Procedure:
    """A regulation (JJG) or specification (JJF) in one edition."""

    edition: str
    title: str
    since: date
    ratio: float  # U (k = 2) of a standard, as it acts on a point, over what `against` names
    against: Literal["mpe", "U"]
    source: str
    checked: bool
    until: date | None = None
    cycle_months: int | None = None
    conditions: Literal["within", "any"] = "within"
    validation: bool = False
    instrument: str = ""  # kind of instrument that it verifies, where it is for one alone


@dataclass(frozen=True)
class InstrumentKind:
    """A kind of instrument in the statutory sense."""

    code: str
    title: str
    since: date
    type_approval: bool
    mandatory: bool
    source: str
    checked: bool
    until: date | None = None


@dataclass(frozen=True)
class Regulations:
    """All that chains are judged by."""

    procedures: Mapping[str, Procedure]
    instruments: Mapping[str, InstrumentKind]


@cache
def regulations() -> Regulations:
    """Those that come with the program."""
    folder = files("quanheng.evidence") / "rules"
    return Regulations(
        _table(
            (folder / "procedures.toml").read_bytes(), "procedure", Procedure, "edition", "procedures.toml"
        ),
        _table(
            (folder / "instruments.toml").read_bytes(),
            "instrument",
            InstrumentKind,
            "code",
            "instruments.toml",
        ),
    )


def read(path: Path) -> Regulations:
    """Ours, and those of a file with [[procedure]] and [[instrument]]. Raises BadDocument: key, and what is right."""
    data, ours = read_bytes(path, BadDocument), regulations()
    return Regulations(
        {**ours.procedures, **_table(data, "procedure", Procedure, "edition", str(path))},
        {**ours.instruments, **_table(data, "instrument", InstrumentKind, "code", str(path))},
    )


def _table(data: bytes, name: str, kind: Any, key: str, where: str) -> dict[str, Any]:
    try:
        rows = read_toml(data).get(name, [])
    except ValueError as error:
        raise BadDocument(f"{where}：不是 TOML：{error} / is not TOML: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadDocument(f"{where}：{name} 应为 [[{name}]] / should be tables, [[{name}]]")
    found = [row_of(row, kind, f"{where}, {name} {n}") for n, row in enumerate(rows, 1)]
    return {str(getattr(each, key)): each for each in found}


def row_of(row: Mapping[str, Any], kind: Any, where: str) -> Any:
    """One entry, with just the keys that it may have. Raises BadDocument."""
    names = {each.name: each for each in dataclasses.fields(kind)}
    missing = [n for n, each in names.items() if n not in row and each.default is dataclasses.MISSING]
    strange = sorted(set(row) - set(names))
    if missing or strange:
        raise BadDocument(
            f"{where}：缺少 {'、'.join(missing) or '–'}，多余 {'、'.join(strange) or '–'}"
            f" / is missing {', '.join(missing) or '–'}; has unknown keys {', '.join(strange) or '–'}"
        )
    hints = typing.get_type_hints(kind)
    for key, value in row.items():
        if not _fits(value, hints[key]):
            raise BadDocument(
                f"{where}：{key} = {str(value)[:40]} 的类型或取值不对；应为 {_told(hints[key])}"
                f" / {key} should be {_told(hints[key])}"
            )
    if kind is Procedure and not 0 < row["ratio"] < math.inf:
        raise BadDocument(f"{where}：ratio 应大于 0 / ratio should be above 0")
    return kind(**row)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of TOML is of a type; a whole number is a number too, a date and time is no date."""
    if typing.get_origin(hint) is Literal:
        return value in typing.get_args(hint)
    kinds = typing.get_args(hint) or (hint,)
    return type(value) in kinds or (float in kinds and type(value) is int)


def _told(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return " | ".join(typing.get_args(hint))
    kinds = typing.get_args(hint) or (hint,)
    return " | ".join(each.__name__ for each in kinds if each is not type(None))
