"""A card of the home page: every office declares its own in its cards.py; site/cards.py puts them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from quanheng.city.frame.roles import Role, Viewer

ROWS = 5  # records that a card lists
COUNTED = 10_000  # a larger number is told as "more than"


@dataclass(frozen=True)
class Line:
    """A record that a card leads to, and what there is about it."""

    url: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Ask:
    """A field to fill in on the card itself; it leads to a page by GET."""

    url: str
    name: str
    label: str
    button: str


@dataclass(frozen=True)
class Shown:
    """What a card says now. tone: "good", "bad", "open" or "" colours the figure."""

    figure: str = ""
    words: str = ""
    lines: Sequence[Line] = ()
    links: Sequence[Line] = ()
    ask: Ask | None = None
    tone: str = ""


@dataclass(frozen=True)
class Card:
    """What somebody comes for. `show` may ask the database a few short questions, never one for each record."""

    key: str
    title: Any  # translated when shown
    see: frozenset[Role]
    show: Callable[[Viewer], Shown]


def counted(rows: Any) -> str:
    """How many rows a queryset has, counted as far as people care."""
    n = rows.order_by().values("pk")[: COUNTED + 1].count()
    return f"> {COUNTED}" if n > COUNTED else str(n)
