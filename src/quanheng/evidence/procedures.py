"""Procedures and kinds of instruments, as dated data: what a chain is judged by is never in the code.

`rules/*.toml` hold them, each entry with its source and whether it was compared with the original. A city can bring
its own file (`read`), whose entries come after ours and prevail where an edition stands in both.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from quanheng.evidence.errors import BadDocument
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
        rows = tomllib.loads(data.decode()).get(name, [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{where}：不是 TOML：{error} / is not TOML: {error}") from error
    return {
        str(row[key]): row_of(row, kind, f"{where}, {name} {n}")
        for n, row in enumerate(rows, 1)
        if key in row
    }


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
    if kind is Procedure and not (row["ratio"] > 0 and row["against"] in ("mpe", "U")):
        raise BadDocument(f"{where}：ratio 应大于 0，against 应为 mpe 或 U / ratio > 0; against is mpe or U")
    return kind(**row)
