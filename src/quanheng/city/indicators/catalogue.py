"""What is asked for: the indicators with their targets and definitions, as dated data (definitions.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.language import in_english

FILE = Path(__file__).with_name("definitions.toml")
GROUPS = {"innovation": _("科技创新水平"), "service": _("服务保障能力"), "supervision": _("监管体制机制")}


def said(chinese: str, english: str) -> str:
    """A text of the data in the language of the page."""
    return english if in_english() else chinese


@dataclass(frozen=True)
class Definition:
    """What is counted, from one day on."""

    version: int
    since: date
    text: str
    english: str
    until: date | None = None
    entered: bool = False  # by somebody, with evidence: no register holds it

    def __str__(self) -> str:
        return said(self.text, self.english)


@dataclass(frozen=True)
class Indicator:
    """A figure that the policy, or the city, asks for."""

    key: str
    title: str
    english: str
    group: str
    source: str
    unit: str
    unit_english: str
    definitions: tuple[Definition, ...]
    target: tuple[float, ...] = ()  # least, and most where there is one
    by: int | None = None
    share: bool = False  # a ratio, shown in per cent

    def __str__(self) -> str:
        return said(self.title, self.english)

    def on(self, day: date) -> Definition | None:
        """The definition in force on a day; None: there was none yet."""
        held = [each for each in self.definitions if each.since <= day]
        return held[-1] if held else None


@cache
def indicators() -> dict[str, Indicator]:
    """All of them, in their order."""
    with FILE.open("rb") as file:
        entries = tomllib.load(file)["indicator"]
    found = {}
    for each in entries:
        definitions = tuple(Definition(**one) for one in each.pop("definitions"))
        target = tuple(float(one) for one in each.pop("target", ()))
        found[each["key"]] = Indicator(**each, definitions=definitions, target=target)
    return found
