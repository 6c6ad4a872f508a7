"""A map of the districts as SVG: coloured by a share, each with its name and figure; without any request.

Districts whose outline nobody handed in are drawn as equal squares, side by side: a diagram, not a map.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quanheng.city.people.models import District

WIDTH, SQUARE, MARGIN = 640.0, 150.0, 8.0  # px
STEPS = 5  # of colour


@dataclass(frozen=True)
class Shape:
    """A district as it is drawn."""

    name: str
    figure: str
    points: tuple[str, ...]  # of each ring
    x: float  # of the label
    y: float
    step: int  # of colour, 0 the lowest; -1: no figure


@dataclass(frozen=True)
class Drawn:
    """All of them, and the size of the picture."""

    shapes: tuple[Shape, ...]
    width: int
    height: int
    outlined: bool  # a map; else a diagram


def draw(districts: Sequence[District], shares: Mapping[int, float]) -> Drawn:
    """The map. shares: fractions in [0, 1] by district's id; what is missing has no colour."""
    outlined = bool(districts) and all(each.outline for each in districts)
    rings = _projected(districts) if outlined else _squares(len(districts))
    shapes = []
    for district, own in zip(districts, rings, strict=True):
        share = shares.get(district.pk)
        x, y = _middle(max(own, key=len))
        points = tuple(" ".join(f"{px:.1f},{py:.1f}" for px, py in ring) for ring in own)
        figure = "–" if share is None else f"{100 * share:.1f} %"
        shapes.append(Shape(str(district), figure, points, x, y, -1 if share is None else _step(share)))
    height = max((py for own in rings for ring in own for _px, py in ring), default=0.0) + MARGIN
    return Drawn(tuple(shapes), round(WIDTH), round(height), outlined)


def _step(share: float) -> int:
    """Colours part where it matters: below 80 %, 90 %, 95 %, 99 %, and above."""
    return sum(share >= least for least in (0.8, 0.9, 0.95, 0.99))


def _projected(districts: Sequence[District]) -> list[list[list[tuple[float, float]]]]:
    """Equirectangular about the middle latitude: right angles and areas hold for a city."""
    places = [place for each in districts for ring in each.outline or [] for place in ring]
    west, east = min(p[0] for p in places), max(p[0] for p in places)
    south, north = min(p[1] for p in places), max(p[1] for p in places)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / max((east - west) * narrow, 1e-9)
    return [
        [
            [(MARGIN + (x - west) * narrow * scale, MARGIN + (north - y) * scale) for x, y in ring]
            for ring in each.outline or []
        ]
        for each in districts
    ]


def _squares(n: int) -> list[list[list[tuple[float, float]]]]:
    columns = max(1, min(n, int(WIDTH // SQUARE)))
    found = []
    for k in range(n):
        x, y = MARGIN + (k % columns) * SQUARE, MARGIN + (k // columns) * SQUARE
        a, b = x + SQUARE - MARGIN, y + SQUARE - MARGIN
        found.append([[(x, y), (a, y), (a, b), (x, b)]])
    return found


def _middle(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Centre of area of a polygon (shoelace); of its corners where it has no area."""
    twice = cx = cy = 0.0
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        twice, cx, cy = twice + cross, cx + (x0 + x1) * cross, cy + (y0 + y1) * cross
    if abs(twice) < 1e-9:
        return sum(x for x, _y in ring) / len(ring), sum(y for _x, y in ring) / len(ring)
    return cx / (3 * twice), cy / (3 * twice)
