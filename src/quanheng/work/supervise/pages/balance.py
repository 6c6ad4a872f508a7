"""The daily balance of an area, drawn by hand: a city has 25,000 of them, and each is three lines.

A day is one unit wide. Paths are relative and whole numbers, so that a year takes some 1.5 kB a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

import numpy as np
from numpy.typing import NDArray

from quanheng.work.supervise.pages import markup
from quanheng.work.supervise.pages.words import Words

Float = NDArray[np.float64]

TALL, LOW = 120, 60  # units of height: energy, residual
STEPS = [f" 1 {d}" if d >= 0 else f" 1{d}" for d in range(-TALL, TALL + 1)]


@dataclass(frozen=True)
class Balance:
    """Daily energy of one area in kWh (m³); NaN = not read. All of shape (days,)."""

    start: date
    master: Float
    metered: Float
    residual: Float


def line(values: Float, low: float, high: float, height: int) -> str:
    """Path data of a series between `low` and `high`, broken where a value is missing."""
    if not len(values):
        return ""
    scaled = np.clip(np.rint((high - values) / (high - low) * height), 0, height)
    known = np.isfinite(scaled)
    runs = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    parts = []
    for begin, end in zip(runs[::2].tolist(), runs[1::2].tolist(), strict=True):
        y = scaled[begin:end].astype(np.int64)
        parts.append(
            f"M{begin} {y[0]}l" + "".join([STEPS[d] for d in (np.diff(y) + TALL).tolist()] or [" 1 0"])
        )
    return "".join(parts).replace("l 1", "l1")


def span(*series: Float) -> tuple[float, float]:
    """Smallest and largest known value, never equal."""
    known = np.concatenate([s[np.isfinite(s)] for s in series])
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def draw(balance: Balance) -> str:
    """Two panels above one time scale: energy at the master and at the meters; what stays unexplained."""
    low, high = span(balance.master, balance.metered)
    reach = max(abs(v) for v in span(balance.residual))
    energy = (
        f'<path class="master" d="{line(balance.master, low, high, TALL)}"/>'
        f'<path class="metered" d="{line(balance.metered, low, high, TALL)}"/>'
    )
    rest = (
        f'<path class="zero" d="M0 {LOW // 2}h{len(balance.residual)}"/>'
        f'<path class="residual" d="{line(balance.residual, -reach, reach, LOW)}"/>'
    )
    start, days = balance.start, len(balance.residual)
    return (
        panel(energy, start, days, TALL, markup.number(high, 0), markup.number(low, 0))
        + panel(rest, start, days, LOW, "+" + markup.number(reach, 1), "−" + markup.number(reach, 1))
        + dates(start, days)
    )


def panel(paths: str, start: date, days: int, height: int, top: str, bottom: str) -> str:
    """A frame around paths of `height` units, a unit wide for each day, with the ends of its scale."""
    return (
        f'<div class="panel"><span class="scale"><b>{top}</b><b>{bottom}</b></span>'
        f'<svg viewBox="0 0 {max(days, 1)} {height}" preserveAspectRatio="none" style="height:{height}px" '
        f'aria-hidden="true" data-start="{start.isoformat()}" data-days="{max(days, 1)}">{paths}</svg></div>'
    )


def dates(start: date, days: int) -> str:
    """First and last day below a panel."""
    end = start + timedelta(days=max(days - 1, 0))
    return f'<div class="days"><span>{start.isoformat()}</span><span>{end.isoformat()}</span></div>'


def legend() -> str:
    """What the three lines are."""
    entries = (
        ("master", Words("总表", "master meter")),
        ("metered", Words("分表之和", "sum of the meters")),
        ("residual", Words("估计之后仍未解释的电量", "unexplained after the estimate")),
    )
    marks = "".join(f'<li><i class="key {kind}"></i>{markup.say(words)}</li>' for kind, words in entries)
    return f'<ul class="legend">{marks}<li>{markup.say(Words("单位：每日 kWh", "in kWh a day"))}</li></ul>'


def figure(area: str, caption: str, balance: Balance | None, notes: str = "") -> str:
    """An area's figure, found in the page as #area-<id>. `caption` and `notes` are markup."""
    plot = draw(balance) if balance is not None else ""
    return (
        f'<figure class="area" id="area-{escape(area)}"><figcaption>{caption}</figcaption>'
        f"{plot}{notes}</figure>"
    )
