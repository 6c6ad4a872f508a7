"""Plots on paper, as Vega-Lite draws them, without any request.

A plot carries numbers and names only: what its axes mean is said beside it, in both languages. Its colours
are those of paper.css, which replaces them where the page is dark. `description` of a mark is "中文␟English":
the words it answers the pointer with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

import altair as alt
import vl_convert

from quanheng.ground.paper import markup

BAD, UNSURE, GOOD, MARK = "#b23a1e", "#8a93a0", "#2b6a8c", "#d9a441"
INK, MUTED, RULE = "#1c232b", "#5a6472", "#dfe3e8"
WIDE, NARROW = 760, 300  # px inside the axes: on a desk, on a phone


def chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart of rows that stand in it."""
    return alt.Chart(alt.InlineData(values=list(rows)))


def axis(**settings: Any) -> alt.Axis:
    """An axis of labels only, but for what is set."""
    return alt.Axis(**{"title": None, "grid": False, "domain": False, "ticks": False, **settings})


def both(draw: Callable[[int], alt.LayerChart]) -> str:
    """The plot for a desk and for a phone, by its width; paper.css shows the one that fits."""
    return "".join(
        f'<div class="{kind}">{svg(draw(width))}</div>'
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    )


def document(drawn_as: alt.LayerChart) -> str:
    """The chart as an SVG file that stands by itself, drawn without any request."""
    styled = (
        drawn_as.configure(font="sans-serif", background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, gridColor=RULE, domainColor=MUTED, tickColor=MUTED, labelFontSize=12
        )
    )
    drawn: str = vl_convert.vegalite_to_svg(styled.to_dict(validate=False), allowed_base_urls=[])
    return drawn


def svg(drawn_as: alt.LayerChart) -> str:
    """The chart as SVG markup that scales with its column."""
    drawn = document(drawn_as)
    drawn = re.sub(
        r'(<svg[^>]*?) width="(\d+)" height="\d+"', r'\1 style="max-width:\2px" role="group"', drawn, count=1
    )
    drawn = re.sub(r' aria-roledescription="[^"]*"| role="graphics-\w+"| xmlns(:\w+)?="[^"]*"', "", drawn)
    drawn = re.sub(r' aria-label="([^"]*)"', _words, drawn)
    return re.sub(r'<rect width="\d+" height="\d+" fill="(transparent|white)"/>', "", drawn)


def _words(match: re.Match[str]) -> str:
    zh, between, en = unescape(match[1]).partition("␟")
    return f' role="img" tabindex="0" {markup.tip(zh, en)}' if between else ""
