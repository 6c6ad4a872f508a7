"""What can be wrong with a budget file, as a person is told it.

Fault (status 2)
└── BadBudget     a budget file that cannot be used as it stands: each fault on a line, with its key or its cell
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quanheng.ground.errors import Fault

AT_MOST = 20


@dataclass(frozen=True)
class Wrong:
    """One fault: where it stands (a dotted key, or sheet and cell; "" is the file itself) and what would be right."""

    place: str
    message: str  # 中文 / English

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class BadBudget(Fault):
    """A budget file that cannot be used as it stands. wrongs: all that was found, in the order of the file."""

    def __init__(self, file: str, wrongs: Sequence[Wrong]) -> None:
        self.file = file
        self.wrongs = tuple(wrongs)
        lines = [f"{file}: {each}" for each in self.wrongs[:AT_MOST]]
        more = len(self.wrongs) - AT_MOST
        if more > 0:
            lines.append(f"{file}: ……另有 {more} 处 / and {more} more")
        super().__init__("\n".join(lines))
