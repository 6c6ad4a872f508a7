"""The paper of `ground.paper`, with what pages of supervision have beyond it."""

from __future__ import annotations

from urllib.parse import quote

from quanheng.ground.paper import markup as paper
from quanheng.ground.paper.markup import Words, count, number, paragraph, percent, say, say_html, table, tip

__all__ = (
    "count", "fragment", "number", "page", "paragraph", "percent", "say", "say_html", "table", "tip",
)  # fmt: skip

HERE = "quanheng.work.supervise.pages"


def fragment(area: str) -> str:
    """The part of an address that leads to an area's figure; `id` of the figure is the same, unquoted."""
    return "#" + quote(f"area-{area}", safe="-")


def page(title: Words, body: str, *, home: str = "") -> str:
    """A whole page. `home`: relative address of the page it belongs to, "" for the front page."""
    style, script = paper.resource(HERE, "page.css"), paper.resource(HERE, "page.js")
    return paper.page(title, body, home=home, style=style, script=script)
