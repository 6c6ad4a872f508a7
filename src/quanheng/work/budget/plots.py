"""Plots of a budget: what contributes how much, and the distribution of a result with its intervals."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from quanheng.ground.paper.drawing import BAD, GOOD, INK, MARK, MUTED, UNSURE, axis, both, chart
from quanheng.measure.conformance_probability import density
from quanheng.work.budget.figures import percent, plain, value_of, with_unit
from quanheng.work.budget.result import Decision, Result, Row, Trials

Float = NDArray[np.float64]
MOST_BARS = 16
LABELS = 110  # px beside the bars
POINTS = 241


def contributions(result: Result) -> str:
    """A bar for each input that contributes: its share of u², the largest first; "" where u is 0."""
    rows = sorted((row for row in result.rows if row.share), key=lambda row: -abs(row.share))[:MOST_BARS]
    if not rows:
        return ""
    bars = [_bar(row, result) for row in rows]
    low, high = min(0.0, *(row.share for row in rows)), max(0.0, *(row.share for row in rows))

    def draw(width: int) -> alt.LayerChart:
        y = alt.Y("input:N", sort=None, axis=axis(labelLimit=LABELS - 8, labelPadding=8))
        x = alt.X(
            "share:Q",
            scale=alt.Scale(domain=[1.1 * low, 1.18 * high], nice=False),
            axis=axis(grid=True, tickCount=5, labelExpr="format(100 * datum.value, '.3~g') + ' %'"),
        )
        base = chart(bars).encode(y=y)
        layers = [
            base.mark_bar(height=13).encode(
                x=x, color=alt.Color("colour:N", scale=None), description="words:N"
            ),
            base.mark_text(align="left", dx=6, color=MUTED, fontSize=12, aria=False).encode(
                x=alt.X("end:Q"), text="label:N"
            ),
        ]
        return alt.layer(*layers).properties(width=width - LABELS, height={"step": 24})

    return both(draw)


def _bar(row: Row, result: Result) -> dict[str, Any]:
    contribution = with_unit(plain(row.contribution, 3), result.unit)
    return {
        "input": row.input,
        "share": row.share,
        "end": max(row.share, 0.0),
        "label": percent(row.share),
        "colour": GOOD if row.share > 0 else UNSURE,
        "words": f"{row.input}：c·u = {contribution}，占 u² 的 {percent(row.share)}␟"
        f"{row.input}: c·u = {contribution}, {percent(row.share)} of u²",
    }


def distribution(result: Result, trials: Trials, coverage: float, decision: Decision | None) -> str:
    """Density of the trials and of the linear result, with both intervals, over the distance from the value."""
    x, curve = _linear_density(result)
    low, high = _reach(result, trials, decision)
    steps = [each for each in _steps(trials, result.value) if low <= each["x"] <= high]
    top = 1.08 * max(float(np.max(trials.density)), float(np.max(curve)) if len(curve) else 0.0)
    line = [{"x": float(a), "y": float(b)} for a, b in zip(x, curve, strict=True) if low <= a <= high]
    intervals = [
        _interval("mc", trials.interval, result, -0.06 * top, GOOD, coverage),
        _interval("gum", result.interval, result, -0.13 * top, INK, coverage),
    ]

    def draw(width: int) -> alt.LayerChart:
        across = alt.X(
            "x:Q",
            scale=alt.Scale(domain=[low, high], nice=False),
            axis=axis(domain=True, ticks=True, tickCount=7 if width > 400 else 4, labelExpr=_LABEL, offset=4),
        )
        up = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.17 * top, top], nice=False))
        layers: list[alt.Chart] = [
            *_zone(decision, result, low, high, top, across, up),
            chart(steps)
            .mark_area(interpolate="step-after", color=GOOD, opacity=0.28, aria=False)
            .encode(x=across, y=up),
            chart(line).mark_line(color=INK, strokeWidth=1.5, aria=False).encode(x=across, y=up),
        ]
        for each in intervals:
            base = chart([each]).encode(y=alt.Y("y:Q"), description="words:N")
            layers.append(base.mark_rule(color=each["colour"], strokeWidth=5).encode(x="low:Q", x2="high:Q"))
        return alt.layer(*layers).properties(width=width, height=230)

    return both(draw)


_LABEL = "datum.value == 0 ? '0' : format(datum.value, '+.4~g')"


def _linear_density(result: Result) -> tuple[Float, Float]:
    """Of a normal, or of a scaled t (JCGM 101:2008, 6.4.9), about the value; nothing where u is 0."""
    if not result.u > 0:
        return np.zeros(0), np.zeros(0)
    z = np.linspace(-6.0, 6.0, POINTS)
    return z * result.u, density(z, np.nan_to_num(result.dof, nan=np.inf, posinf=np.inf)) / result.u


def _steps(trials: Trials, value: float) -> list[dict[str, float]]:
    heights = np.append(trials.density, 0.0)
    return [{"x": float(a - value), "y": float(b)} for a, b in zip(trials.edges, heights, strict=True)]


def _reach(result: Result, trials: Trials, decision: Decision | None) -> tuple[float, float]:
    """Ends of the axis: both intervals with room, and limits that are not far."""
    ends = np.array([*trials.interval, *(result.interval if result.u > 0 else ())]) - result.value
    low, high = float(np.min(ends)), float(np.max(ends))
    room = 0.45 * (high - low)
    low, high = low - room, high + room
    for limit in _limits(decision):
        far = 0.8 * (high - low)
        if low - far < limit - result.value < high + far:
            low, high = (
                min(low, limit - result.value - 0.1 * room),
                max(high, limit - result.value + 0.1 * room),
            )
    return low, high


def _limits(decision: Decision | None) -> list[float]:
    return (
        []
        if decision is None
        else [x for x in (decision.spec.lower, decision.spec.upper) if math.isfinite(x)]
    )


def _interval(
    name: str, ends: tuple[float, float], result: Result, y: float, colour: str, coverage: float
) -> dict[str, Any]:
    width = ends[1] - ends[0]
    shown = with_unit(f"[{', '.join(value_of(end, width / 4) for end in ends)}]", result.unit)
    zh, en = {"mc": ("蒙特卡洛", "Monte Carlo"), "gum": ("传播律", "law of propagation")}[name]
    p = f"{100 * coverage:.6g} %"
    return {
        "low": ends[0] - result.value,
        "high": ends[1] - result.value,
        "y": y,
        "colour": colour,
        "words": f"{zh}，{p}：{shown}␟{en}, {p}: {shown}",
    }


def _zone(
    decision: Decision | None, result: Result, low: float, high: float, top: float, across: alt.X, up: alt.Y
) -> list[alt.Chart]:
    """What is accepted, as a ground; limits as lines."""
    if decision is None:
        return []
    layers = []
    begin, end = (each - result.value for each in decision.acceptance)
    if begin == begin:
        ground = [{"x": max(begin, low), "x2": min(end, high), "y": -0.17 * top, "y2": top}]
        layers.append(
            chart(ground)
            .mark_rect(color=MARK, opacity=0.16, aria=False)
            .encode(x=across, x2="x2", y=up, y2="y2")
        )
    rules = [
        {"x": limit - result.value} for limit in _limits(decision) if low <= limit - result.value <= high
    ]
    if rules:
        layers.append(
            chart(rules).mark_rule(color=BAD, strokeDash=[5, 3], strokeWidth=1.5, aria=False).encode(x=across)
        )
    return layers
