"""An entry of the menu: every office declares its own in its menu.py; site/menu.py puts them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quanheng.city.frame.roles import Role


@dataclass(frozen=True)
class Entry:
    """A page that people go to from anywhere."""

    address: str  # name of the URL: "instruments-list"
    title: Any  # translated when shown
    see: frozenset[Role]
