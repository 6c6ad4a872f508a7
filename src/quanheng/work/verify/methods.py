"""Methods of comparison with a standard, as data: one for each procedure that the institute works by."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quanheng.evidence.certificate import Kind

FILE = Path(__file__).with_name("methods.toml")


@dataclass(frozen=True)
class Method:
    """What is read by a procedure. limits: maximum permissible error by class, in per cent where relative."""

    procedure: str
    title: str
    kind: Kind
    quantity: str
    field: str  # as qualifications name it
    instrument: str  # kind in the statutory sense
    rule: str  # of decision
    unit: str
    relative: bool
    points: tuple[float, ...]
    readings: int
    limits: Mapping[str, float]
    resolution: float
    source: str
    checked: bool

    @property
    def fields(self) -> frozenset[str]:
        """What a qualification may call it: the field, the quantity, the procedure with or without its year."""
        return frozenset({self.field, self.quantity, self.procedure, self.procedure.rsplit("-", 1)[0]})

    @property
    def result_unit(self) -> str:
        """The unit of results."""
        return "%" if self.relative else self.unit


@cache
def methods() -> dict[str, Method]:
    """All of them, by procedure."""
    found = {}
    for each in tomllib.loads(FILE.read_text("utf-8"))["method"]:
        each |= {"kind": Kind(each["kind"]), "points": tuple(each["points"])}
        found[each["procedure"]] = Method(**each)
    return found
