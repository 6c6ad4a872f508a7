"""Codes and numbers as pages say them, in the language of the page."""

from __future__ import annotations

import math

from quanheng.city.frame.language import in_english
from quanheng.city.supervision.models import Area, Verdict
from quanheng.ground.paper.markup import Words, number, percent
from quanheng.work.supervise.pages import words


def said(pair: Words) -> str:
    """One of two languages."""
    return pair.en if in_english() else pair.zh


def health(area: Area) -> str:
    """How an area stands."""
    return said(words.cause(area.health).name)


def reason(verdict: Verdict) -> str:
    """Why a verdict is what it is; "" where nothing is to be added."""
    return "" if verdict.reason == "ok" else said(words.reason(verdict.reason))


def signed(ratio: float | None) -> str:
    """A relative error in per cent."""
    return percent(ratio, 2, sign=True)


def interval(verdict: Verdict) -> str:
    """The 95 % interval of an error."""
    return "–" if verdict.lower is None else f"{signed(verdict.lower)} … {signed(verdict.upper)}"


def energy(value: float | None, u: float | None, utility: str) -> str:
    """An energy or volume with its expanded uncertainty (k = 2)."""
    if value is None or not math.isfinite(value):
        return "–"
    unit = "m³" if utility in ("water", "gas") else "kWh"
    digits = 0 if abs(value) >= 100 else 1
    return number(value, digits) + (f" ± {number(2 * u, digits)}" if u is not None else "") + f" {unit}"


def tells(value: float | None, u: float | None) -> bool:
    """Whether a value is more than its expanded uncertainty (k = 2): else not even its sign is known."""
    return value is not None and (u is None or 2 * u < abs(value))


screening = words.SCREENING
