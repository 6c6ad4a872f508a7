"""Rows of columns while a chain is built; names become codes, in the order in which they are met."""

from __future__ import annotations

from datetime import date
from typing import Any

from quanheng.evidence.chain.columns import NEVER
from quanheng.measure.quantity.units import Unit, from_dsi, parse_unit


class Coding:
    """Codes for names, given in the order in which they are met."""

    def __init__(self) -> None:
        self.codes: dict[Any, int] = {}

    def __call__(self, name: Any) -> int:
        return self.codes.setdefault(name, len(self.codes))

    @property
    def names(self) -> tuple[Any, ...]:
        """The names in the order of their codes."""
        return tuple(self.codes)


class Rows:
    """Codes of names, and a row each of certificates, points, uses and conditions."""

    def __init__(self) -> None:
        self.parties, self.procedures, self.instruments, self.decisions = (Coding() for _ in range(4))
        self.quantities, self.dimensions, self.influences, self.rights = (Coding() for _ in range(4))
        self.certificates: list[dict[str, Any]] = []
        self.points: list[dict[str, Any]] = []
        self.uses: list[dict[str, Any]] = []
        self.conditions: list[dict[str, Any]] = []
        self.point_names: list[str] = []


def unit_of(name: str) -> Unit:
    """The unit of a certificate: legal, or readable as D-SI. Raises UnitError."""
    return from_dsi(name) if "\\" in name else parse_unit(name)


def ordinal(day: date | None) -> int:
    """A day as columns hold it; NEVER where none is given."""
    return int(NEVER) if day is None else day.toordinal()
