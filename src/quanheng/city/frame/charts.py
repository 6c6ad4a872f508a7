"""Charts as pictures of their own: SVG that Vega-Lite draws on the server without any request, legible in print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert
from django.http import HttpResponse

INK, MUTED, RULE, LINE, TARGET = "#17232d", "#51606c", "#cfd8df", "#0a5a92", "#a8201a"
WIDTH, HEIGHT = 640, 240  # px inside the axes


def rows(values: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart of rows that stand in it."""
    return alt.Chart(alt.InlineData(values=list(values)))


def picture(drawn: alt.LayerChart) -> bytes:
    """The SVG of a chart, on white: it looks the same in dark pages and on paper."""
    styled = (
        drawn.properties(width=WIDTH, height=HEIGHT, background="white", padding=12)
        .configure(font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(labelColor=INK, titleColor=MUTED, gridColor=RULE, domainColor=MUTED, labelFontSize=13)
    )
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict(validate=False), allowed_base_urls=[])
    return svg.encode()


def answer(svg: bytes) -> HttpResponse:
    """A picture as the answer to a request."""
    return HttpResponse(svg, content_type="image/svg+xml")
