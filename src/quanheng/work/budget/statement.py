"""Tables of a budget file, read key by key. A fault is noted with its place, and reading goes on, so that all are told.

A getter gives None for what is absent and for what is wrong: the latter is in the notes, and a file with notes is
refused as a whole.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quanheng.work.budget.budget_file import Path
from quanheng.work.budget.errors import BadBudget, Wrong

LONGEST_SHOWN = 40


@dataclass
class Notes:
    """Faults found so far. place_of: from a key's path to what people look for."""

    file: str
    place_of: Callable[[Path], str]
    found: list[tuple[Path, Wrong]] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        self.found.append((path, Wrong(self.place_of(path), message)))

    def refuse(self, order: Mapping[Path, int]) -> None:
        """Raise BadBudget if there is a note; by the order in which the keys stand in the file."""
        if self.found:
            ranked = sorted(self.found, key=lambda each: standing(each[0], order))
            raise BadBudget(self.file, list(dict.fromkeys(wrong for _, wrong in ranked)))


def order_of(tree: Mapping[str, Any]) -> dict[Path, int]:
    """The place of every key in reading order."""
    order: dict[Path, int] = {}

    def walk(path: Path, value: Any) -> None:
        order[path] = len(order)
        if isinstance(value, Mapping):
            for key, each in value.items():
                walk((*path, key), each)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                walk((*path, index), each)

    walk((), tree)
    return order


def standing(path: Path, order: Mapping[Path, int]) -> int:
    """Of a key, or of the nearest table above an absent one."""
    while path and path not in order:
        path = path[:-1]
    return order.get(path, 0)


def shown(value: Any) -> str:
    """What stands in the file, short enough for a message."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            text = f'"{value}"'
        case Mapping():
            text = "{ " + ", ".join(map(str, value)) + " }"
        case _:
            try:
                text = str(value)
            except ValueError:  # Python prints no integer of more than some thousands of digits
                text = "…"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def nearest(name: str, candidates: Iterable[str]) -> tuple[str, str]:
    """What may have been meant, in Chinese and in English: candidates that look like it, or all of them if few."""
    names = list(dict.fromkeys(candidates))
    folded = {each.casefold(): each for each in names}
    begun = [each for each in folded if len(name) > 2 and each.startswith(name.casefold())]
    close = [folded[each] for each in begun or difflib.get_close_matches(name.casefold(), folded, 3, 0.6)]
    if close:
        return f"；是否 {'、'.join(close)}？", f"; did you mean {', '.join(close)}?"
    if 0 < len(names) <= 24:
        return f"；可用 {'、'.join(names)}", f"; known are {', '.join(names)}"
    return "", ""


class Table:
    """One table of the file, its path, and the notes that its faults go to."""

    def __init__(self, entries: Mapping[Any, Any], path: Path, notes: Notes) -> None:
        self.entries = entries
        self.path = path
        self.notes = notes

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def wrong(self, key: str | None, message: str) -> None:
        """Note a fault of a key, or of the table."""
        self.notes.add(self.path if key is None else (*self.path, key), message)

    def only(self, known: Iterable[str]) -> None:
        """Note every key that is not known."""
        known = list(known)
        for key in self.entries:
            if key not in known:
                zh, en = nearest(key, known)
                self.wrong(key, f"没有这个键{zh} / there is no such key{en}")

    def needs(self, key: str, zh: str, en: str) -> None:
        """Note a key that is missing, and what it should say."""
        if key not in self:
            self.wrong(key, f"缺少：{zh} / missing: {en}")

    def number(self, key: str) -> float | None:
        """A finite number."""
        value = self.entries.get(key)
        return None if value is None else self.finite(value, key)

    def finite(self, value: Any, *key: str | int) -> float | None:
        """The value as a finite number; `key` is where it stands in the table."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            zh, en = ("，不是文字", ", not text") if isinstance(value, str) else ("", "")
            self._not((*self.path, *key), value, f"一个数{zh}", f"a number{en}")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self._not((*self.path, *key), value, "有限的数", "a finite number")
            return None
        return number

    def positive(self, key: str) -> float | None:
        """A finite number above 0."""
        number = self.number(key)
        if number is not None and number <= 0:
            self._not((*self.path, key), self.entries[key], "大于 0 的数", "a number above 0")
            return None
        return number

    def at_least(self, key: str, least: float) -> float | None:
        """A number of at least `least`; infinity is one."""
        value = self.entries.get(key)
        if value is None or (isinstance(value, float) and value == math.inf):
            return value
        number = self.number(key)
        if number is not None and number < least:
            zh, en = f"不小于 {least:g} 的数", f"a number of at least {least:g}"
            self._not((*self.path, key), value, zh, en)
            return None
        return number

    def whole(self, key: str, least: int, most: int, zh: str = "", en: str = "") -> int | None:
        """A whole number in [least, most]; 1e6 is one. zh, en: what else would be right."""
        value = self.entries.get(key)
        if value is None:
            return None
        number = not isinstance(value, bool) and isinstance(value, int | float)
        if number and least <= value <= most and value == int(value):
            return int(value)
        range_ = f"{least} 到 {most} 的整数{zh}", f"a whole number from {least} to {most}{en}"
        self._not((*self.path, key), value, *range_)
        return None

    def text(self, key: str) -> str | None:
        """Text that is not empty."""
        value = self.entries.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self._not((*self.path, key), value, "文字，加引号", "text, in quotes")
            return None
        return value.strip()

    def one_of(self, key: str, choices: Iterable[str]) -> str | None:
        """One of the words."""
        text = self.text(key)
        choices = list(choices)
        if text is not None and text not in choices:
            zh, en = nearest(text, choices)
            self.wrong(key, f"没有“{text}”{zh} / there is no {text!r}{en}")
            return None
        return text

    def table(self, key: str | int) -> Table | None:
        """A table within."""
        value = self.entries.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._not((*self.path, key), value, "一个表 { … }", "a table { … }")
            return None
        return Table(value, (*self.path, key), self.notes)

    def named(self, key: str) -> list[tuple[str, Table]]:
        """The tables within a table, by name."""
        group = self.table(key)
        return (
            [] if group is None else [(name, each) for name in group.entries if (each := group.table(name))]
        )

    def listed(self, key: str) -> list[Table]:
        """The tables of a list within."""
        value = self.entries.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self._not((*self.path, key), value, "表的列表 [ {…}, … ]", "a list of tables [ {…}, … ]")
            return []
        numbered = Table(dict(enumerate(value)), (*self.path, key), self.notes)
        return [each for index in range(len(value)) if (each := numbered.table(index))]

    def _not(self, path: Path, value: Any, zh: str, en: str) -> None:
        self.notes.add(
            path, f"这里是 {shown(value)}，应为{zh} / {shown(value)} stands here; it should be {en}"
        )
