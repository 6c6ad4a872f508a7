"""Rules 6 and 7: the issuer held a scope for this on the day, and claims no less uncertainty than it can have.

ILAC-P10:07/2020: route 1 an institute's CMC, 2 accreditation (and in China statutory authorisation or an examined
standard), 3 anything else, which is remarked upon.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quanheng.work.trace.part import Found, Part

SLACK = 1 - 1e-9


def entitled(part: Part) -> Iterator[Found]:
    """6: a scope for quantity, kind of certificate and range, in force on the day."""
    scope = part.scope
    if not scope.on_day.all():
        known = part.whole.rights.known[part.points.right]
        yield from part.of_points("scope_unknown", ~scope.on_day & ~known)
        yield from part.of_points("not_entitled", ~scope.on_day & known)
    yield from part.of_points("scope_range", scope.on_day & ~scope.in_range)
    yield from part.of_points("route_3", scope.in_range & (scope.route == 3))


def possible(part: Part) -> Iterator[Found]:
    """7: U is at least that of the scope, and at least what the standards bring."""
    points = part.points
    claimed = np.where(points.relative, points.u * np.abs(points.nominal), points.u)
    yield from part.of_points(
        "below_cmc", part.scope.in_range & points.comparable & (claimed < part.scope.best * SLACK)
    )
    yield from part.of_points("below_inherited", points.u < points.inherited * SLACK)
