"""The menu: what a viewer may see, office by office."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from quanheng.city.frame.roles import viewer_of
from quanheng.city.register.declaration import REGISTERS

MENU = (
    "instruments",
    "standards",
    "catalogue",
    "parties",
    "people",
)  # in the menu; the others are reached from them


def menu(request: HttpRequest) -> dict[str, Any]:
    """For every page: menu, and whether this is a sample city."""
    viewer = viewer_of(request)
    entries = []
    for name in MENU:
        register = REGISTERS[name]
        if viewer.role in register.see:
            url = register.url("list")
            entries.append({"url": url, "title": register.title, "here": request.path.startswith(url)})
    return {"menu": entries, "demo": settings.DEMO}
