"""Uncertainty along a chain: what results share through their standards, up to the national ones.

Each certificate is one cause of error (`named`), of what it brings beyond its own standards. Two meters verified on
one bench are correlated through the bench, two benches through the standard above them: errors of a million meters
do not average out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quanheng.evidence.chain.columns import Chain
from quanheng.measure.quantity.contributions import Sparse
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.uncertain import Uncertain


def results(chain: Chain, points: Sequence[int]) -> Uncertain:
    """Results of some points as a column: shared with all that rests on the same standards, private besides.

    points: rows of `chain.points`. Values and uncertainties are as there: ratios of relative results, else SI.
    """
    brought = _Brought(chain)
    columns: dict[int, dict[int, float]] = {}
    own = np.zeros(len(points))
    for n, point in enumerate(points):
        for certificate, c in brought.by(point).items():
            if certificate != int(chain.points.certificate[point]):
                columns.setdefault(certificate, {})[n] = c
        own[n] = brought.own(point)
    shared = {
        named(f"certificate {chain.digest(row)}"): Sparse(
            np.array(list(found), np.intp), np.array(list(found.values()), float)
        )
        for row, found in columns.items()
    }
    return Uncertain(
        chain.points.value[list(points)], shared, {Source("own", identity="own of a result"): own}
    )


class _Brought:
    """What each certificate brings to a point: c·u by row of the certificate, the point's own among them."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.known: dict[int, dict[int, float]] = {}
        self.first = np.searchsorted(chain.uses.point, np.arange(len(chain.points) + 1))

    def own(self, point: int) -> float:
        """What a point has beyond its standards: √(u² − inherited²)."""
        points = self.chain.points
        return float(np.sqrt(max(points.u[point] ** 2 - points.inherited[point] ** 2, 0.0)))

    def by(self, point: int) -> dict[int, float]:
        """By certificate; circles end where they close."""
        if point in self.known:
            return self.known[point]
        self.known[point] = {}
        chain, total = self.chain, {int(self.chain.points.certificate[point]): self.own(point)}
        for use in range(int(self.first[point]), int(self.first[point + 1])):
            acting, supporter = float(chain.uses.acting[use]), int(chain.uses.supporter[use])
            if supporter < 0 or not np.isfinite(acting):
                continue
            u = float(chain.points.u[supporter])
            for certificate, c in self.by(supporter).items():
                total[certificate] = total.get(certificate, 0.0) + (acting * c / u if u else 0.0)
        self.known[point] = total
        return total
