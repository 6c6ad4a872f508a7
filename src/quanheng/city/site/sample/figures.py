"""Figures of the sample city: districts drawn, what no register holds entered with evidence, half a year of trend."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.indicators import actions
from quanheng.city.people import actions as people
from quanheng.city.people.outlines import Ring
from quanheng.city.site.sample.who import Who

TREND = 6  # months of figures
CENTRE = (118.78, 32.04)  # degrees; the shapes about it are nobody's
ENTERED = {
    "advanced-laboratory-shared": (1, 1),
    "national-centres": (1, 1),
    "provincial-centres": (1, 2),
    "provincial-laboratories": (2, 2),
    "innovation-base": (1, 1),
    "provincial-projects": (1, 2),
    "reference-materials": (431, 507),
    "national-specifications": (33, 41),
    "innovation-teams": (2, 2),
    "integrity-units": (640, 912),
}
"""At the beginning and the end of the trend. What is left out is not shown: nobody has entered it."""


def figures(who: Who, on: date, rng: np.random.Generator) -> None:
    """Write them through the actions of the offices."""
    people.outline(SYSTEM, outlines([each.code for each in who.districts.values()], rng))
    city = who.users["city"]
    for month in range(TREND):
        day = on - timedelta(days=30 * (TREND - 1 - month))
        for key, (first, last) in ENTERED.items():
            value = first + (last - first) * month // (TREND - 1)
            said = f"[样例] {day} {key}: {value}\n".encode()
            actions.enter(city, key, day, value, evidence=said, name=f"{key}-{day}.txt", note="样例凭据")
        actions.take(SYSTEM, day)


def outlines(codes: list[str], rng: np.random.Generator) -> dict[str, list[Ring]]:
    """A city parted into sectors by crooked streets from its centre to its crooked edge."""
    n, steps = len(codes), 24
    edge = [0.16 + 0.03 * float(rng.random()) for _ in range(n * steps)]
    streets = [
        [(k / 8, 2 * math.pi * (s / n) + 0.35 * float(rng.normal()) * (k % 8 > 0) / 4) for k in range(9)]
        for s in range(n)
    ]
    found: dict[str, list[Ring]] = {}
    for s, code in enumerate(codes):
        out, back = streets[s], streets[(s + 1) % n]
        ring = [_place(r * edge[s * steps], angle) for r, angle in out]
        for k in range(1, steps):
            ring.append(_place(edge[s * steps + k], 2 * math.pi * (s + k / steps) / n))
        ring += [_place(r * edge[(s + 1) % n * steps], angle) for r, angle in reversed(back)]
        found[code] = [ring]
    return found


def _place(distance: float, angle: float) -> list[float]:
    x = CENTRE[0] + distance * math.cos(angle) / math.cos(math.radians(CENTRE[1]))
    return [round(x, 5), round(CENTRE[1] + distance * math.sin(angle), 5)]
