"""All indicators on a day, from the registers as they stood at an event; the same bytes whenever it is asked again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from quanheng.city.audit.past import as_of
from quanheng.city.indicators.catalogue import Definition, Indicator, indicators
from quanheng.city.indicators.census import COUNTINGS, Census
from quanheng.city.indicators.models import Entered


@dataclass(frozen=True)
class Computed:
    """A figure. value None: not shown. A share is given as a fraction."""

    key: str
    version: int
    value: float | None
    count: int | None = None
    of: int | None = None
    population: str = ""  # of a computed one: digest of its population; of an entered one: of its evidence


def compute(on: date, known: int) -> list[Computed]:
    """Every indicator by every version of its definition that had begun by the day, as known at an event."""
    entered = _entered(on, known)
    found = []
    for indicator in indicators().values():
        for definition in indicator.definitions:
            if definition.since <= on:
                found.append(_one(indicator, definition, on, known, entered))
    return found


def census(indicator: Indicator, version: int, on: date, known: int) -> Census:
    """The population of an indicator, member by member. Raises KeyError for one that is entered."""
    return Census(tuple(COUNTINGS[indicator.key, version](on, known)), indicator.share)


def _one(
    indicator: Indicator, definition: Definition, on: date, known: int, entered: dict[str, dict[str, Any]]
) -> Computed:
    if definition.entered:
        row = entered.get(indicator.key)
        if row is None:
            return Computed(indicator.key, definition.version, None)
        return Computed(indicator.key, definition.version, row["value"], population=row["evidence"])
    found = census(indicator, definition.version, on, known)
    return Computed(
        indicator.key, definition.version, found.value, found.count, found.of if found.share else None, found.population
    )  # fmt: skip


def _entered(on: date, known: int) -> dict[str, dict[str, Any]]:
    """The figure of the latest day up to `on` for each indicator; the last entered of a day."""
    found: dict[str, dict[str, Any]] = {}
    for row in as_of(Entered, known, ("key", "on", "value", "evidence")):
        held = found.get(row["key"])
        if row["on"] <= on and (held is None or held["on"] <= row["on"]):
            found[row["key"]] = row
    return found


def written(on: date, known: int, found: list[Computed]) -> bytes:
    """The figures as one JSON file: sorted keys, numbers as short as they read back."""
    said = {"on": on.isoformat(), "known": known, "indicators": [asdict(each) for each in found]}
    return (json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
