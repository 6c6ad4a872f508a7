"""Plots of estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from quanheng.ground.paper.drawing import BAD, GOOD, INK, MARK, MUTED, UNSURE, axis, both, chart
from quanheng.work.supervise.pages import markup
from quanheng.work.supervise.pages.summary import EDGES, OUTCOMES, Lot
from quanheng.work.supervise.pages.words import VERDICTS

Float = NDArray[np.float64]

COLOUR = {"replace": BAD, "undetermined": UNSURE, "cleared": GOOD}


def error_histogram(histogram: Mapping[str, NDArray[np.int64]], limits: Sequence[float]) -> str:
    """How many meters have which estimated error, an outline for each verdict; the limits as lines."""
    top = max(int(n.max()) for n in histogram.values())
    if not top:
        return ""
    steps, bins = _outlines(histogram), _bins(histogram, top)

    def draw(width: int) -> alt.LayerChart:
        tens = [0, *(10**k for k in range(8) if 10**k <= top)]
        every = 0.02 if width > 400 else 0.04
        marks = [round(every * k, 2) for k in range(-round(0.12 / every), round(0.12 / every) + 1)]
        x = alt.X("x:Q", axis=_per_cent_axis(values=marks), scale=alt.Scale(domain=[-0.12, 0.12], nice=False))
        y = alt.Y(
            "n:Q", stack=None, axis=axis(values=tens, grid=True, format=",d"),
            scale=alt.Scale(type="symlog", domain=[0, 1.3 * top], nice=False),
        )  # fmt: skip
        colour = alt.Color("colour:N", scale=None)
        outlines = chart(steps).encode(x=x, y=y, color=colour)
        layers: list[alt.Chart] = [
            outlines.mark_area(interpolate="step-after", opacity=0.22, aria=False),
            outlines.mark_line(interpolate="step-after", strokeWidth=1.6, aria=False),
            chart(bins)
            .mark_bar(opacity=0)
            .encode(x="x:Q", x2="right:Q", y="zero:Q", y2="top:Q", description="words:N"),
        ]
        if limits:
            ends = [{"x": s * m} for m in limits for s in (-1, 1)]
            layers.append(chart(ends).mark_rule(strokeDash=[4, 3], color=INK, aria=False).encode(x="x:Q"))
        return alt.layer(*layers).properties(width=width, height=230)

    return both(draw)


def _outlines(histogram: Mapping[str, NDArray[np.int64]]) -> list[dict[str, Any]]:
    return [
        {"x": float(edge), "n": int(n), "colour": COLOUR[outcome]}
        for outcome in OUTCOMES[::-1]
        if histogram[outcome].any()
        for edge, n in zip(EDGES, np.append(histogram[outcome], 0), strict=True)
    ]


def _bins(histogram: Mapping[str, NDArray[np.int64]], top: int) -> list[dict[str, Any]]:
    rows = []
    for k in np.flatnonzero(sum(histogram.values())):
        here = [(VERDICTS[o], int(histogram[o][k])) for o in OUTCOMES if histogram[o][k]]
        span = f"{markup.percent(EDGES[k], 2, sign=True)} … {markup.percent(EDGES[k + 1], 2, sign=True)}"
        zh = "，".join(f"{name.zh} {markup.count(n)} 只" for name, n in here)
        en = ", ".join(f"{markup.count(n)} {name.en}" for name, n in here)
        rows.append(
            {
                "x": float(EDGES[k]),
                "right": float(EDGES[k + 1]),
                "zero": 0,
                "top": top,
                "words": f"{span}：{zh}␟{span}: {en}",
            }
        )
    return rows


def lot_intervals(lots: Sequence[Lot], *, bad: float) -> str:
    """Each batch on a line: 5–95 % and 25–75 % of its meters, and the batch's mean with its 95 % interval."""
    rows = [_lot_row(lot, bad) for lot in lots]
    if not rows:
        return ""
    order = [row["batch"] for row in rows]

    def draw(width: int) -> alt.LayerChart:
        y = alt.Y("batch:N", sort=order, axis=axis(labelLimit=130, labelPadding=8))
        base = chart(rows).encode(y=y, description="words:N", color=alt.Color("colour:N", scale=None))
        x = alt.X(
            "q05:Q",
            axis=_per_cent_axis(grid=True, tickCount=7 if width > 400 else 3),
            scale=alt.Scale(zero=True, nice=True),
        )
        return alt.layer(
            base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(x=x, x2="q95:Q"),
            base.mark_bar(height=9, opacity=0.35).encode(x="q25:Q", x2="q75:Q"),
            base.mark_rule(strokeWidth=4).encode(x="lower:Q", x2="upper:Q"),
            base.mark_point(shape="diamond", filled=True, size=64, opacity=1).encode(x="centre:Q"),
        ).properties(width=width - 90, height={"step": 22})

    return both(draw)


def _lot_row(lot: Lot, bad: float) -> dict[str, Any]:
    off = lot.p_bad > bad
    centre = lot.mean if np.isfinite(lot.mean) else float(lot.quantiles[2])
    interval = f"{markup.percent(lot.lower, 2, sign=True)} … {markup.percent(lot.upper, 2, sign=True)}"
    zh = (
        f"{lot.batch}：{markup.count(lot.meters)} 只，批次平均误差 "
        f"{markup.percent(centre, 2, sign=True)}（95 %：{interval}）"
    )
    en = (
        f"{lot.batch}: {markup.count(lot.meters)} meters, mean error "
        f"{markup.percent(centre, 2, sign=True)} (95 %: {interval})"
    )
    names = ("q05", "q25", "q50", "q75", "q95")
    return {
        "batch": lot.batch,
        "centre": centre,
        "lower": lot.lower if np.isfinite(lot.lower) else centre,
        "upper": lot.upper if np.isfinite(lot.upper) else centre,
        "colour": COLOUR["replace"] if off else COLOUR["cleared"],
        "words": f"{zh}␟{en}",
        **{name: float(q) for name, q in zip(names, lot.quantiles, strict=True)},
    }


def posterior_curve(error: Float, density: Float, prior: Float, limit: float) -> str:
    """Density of a meter's error before and after the data; beyond the limit of error it is shaded."""
    return both(partial(posterior_chart, error, density, prior, limit))


def posterior_chart(error: Float, density: Float, prior: Float, limit: float, width: int) -> alt.LayerChart:
    """The chart of `posterior_curve`, at one width."""
    step = float(error[1] - error[0])
    posterior = [
        {"x": float(x), "y": float(y), "out": bool(abs(x) > limit)}
        for x, y in zip(error, density, strict=True)
    ]
    before = [{"x": float(x), "y": float(y)} for x, y in zip(error, prior, strict=True)]
    edge = float(error[-1])
    x = alt.X(
        "x:Q",
        axis=_per_cent_axis(tickCount=9 if width > 400 else 5),
        scale=alt.Scale(domain=[-edge, edge], nice=False),
    )
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 1.05 * float(density.max())], clamp=True))
    inside = [r for r in posterior if abs(r["x"]) <= limit + step]
    tails = [[r for r in posterior if s * r["x"] >= limit] for s in (-1, 1)]
    areas = [chart(inside).mark_area(color=COLOUR["cleared"], opacity=0.3, aria=False).encode(x=x, y=y)]
    areas += [
        chart(t).mark_area(color=COLOUR["replace"], opacity=0.55, aria=False).encode(x=x, y=y)
        for t in tails
        if t
    ]
    line = chart(posterior).mark_line(color=INK, strokeWidth=1.6, aria=False).encode(x=x, y=y)
    prior_line = (
        chart(before)
        .mark_line(color=MUTED, strokeWidth=1.2, strokeDash=[3, 3], clip=True, aria=False)
        .encode(x=x, y=y)
    )
    rules = (
        chart([{"x": -limit}, {"x": limit}])
        .mark_rule(strokeDash=[4, 3], color=INK, aria=False)
        .encode(x="x:Q")
    )
    return alt.layer(*areas, prior_line, line, rules).properties(width=width, height=180)


def residual_chart(start: date, explained: Float, if_right: Float, width: int) -> alt.LayerChart:
    """Daily unexplained energy of an area with the estimated error (full), and if the meter were right (amber)."""
    rows = [
        {"day": (start + timedelta(days=k)).isoformat(), "y": float(y), "series": name}
        for name, series in (("right", if_right), ("estimated", explained))
        for k, y in enumerate(series)
        if np.isfinite(y)
    ]
    x = alt.X("day:T", axis=axis(format="%m-%d", tickCount=6 if width > 400 else 4, ticks=True, domain=True))
    y = alt.Y("y:Q", axis=axis(grid=True, tickCount=4), scale=alt.Scale(zero=True))
    base = chart(rows).encode(x=x, y=y)
    lines = [
        base.transform_filter(alt.datum.series == name).mark_line(color=colour, strokeWidth=thick, aria=False)
        for name, colour, thick in (("right", MARK, 2.2), ("estimated", GOOD, 1.4))
    ]
    zero = chart([{"y": 0}]).mark_rule(color=INK, strokeDash=[2, 2], aria=False).encode(y="y:Q")
    return alt.layer(*lines, zero).properties(width=width, height=150)


def _per_cent_axis(**settings: Any) -> alt.Axis:
    words = "(datum.value == 0 ? '0' : format(100 * datum.value, '+.3~g')) + ' %'"
    return axis(**{"labelExpr": words, "domain": True, "ticks": True, "labelFlush": False, **settings})
