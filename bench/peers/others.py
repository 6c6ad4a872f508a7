"""Global risks by suncal, and the archive of GTC.

Rows of a risk: consumer's (false acceptance), producer's (false rejection). Row of an archive: bytes of one result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from peers.contender import Prepared
from peers.problems import GUARD, TOLERANCE, Float, instruments, related


def risk_suncal(count: int) -> Prepared:
    """suncal.risk.PFA and PFR, by Simpson's rule; a loop over the first instruments."""
    from scipy import stats
    from suncal import risk

    rows = list(zip(*instruments(count), strict=True))[:20]

    def evaluate(mean: float, prior: float, u: float) -> tuple[float, float]:
        asked = (stats.norm(mean, prior), stats.norm(0, u), *TOLERANCE, GUARD, GUARD)
        return risk.PFA(*asked), risk.PFR(*asked)

    return Prepared(len(rows), lambda: np.array([evaluate(*row) for row in rows]))


def risk_suncal_binormal(count: int) -> Prepared:
    """suncal.risk.risk_tsayke: the same for normal distributions only, by the bivariate normal."""
    from suncal.risk import risk_tsayke

    rows = list(zip(*instruments(count), strict=True))[:500]
    lower, upper = TOLERANCE

    def evaluate(mean: float, prior: float, u: float) -> tuple[float, float]:
        asked = (prior, u, mean, lower, upper, lower + GUARD, upper - GUARD)
        return risk_tsayke.PFA(*asked), risk_tsayke.PFR(*asked)

    return Prepared(len(rows), lambda: np.array([evaluate(*row) for row in rows]))


def bytes_gtc(count: int) -> Prepared:
    """GTC's JSON archive of results with shared and private sources."""
    import GTC
    from GTC import persistence

    values, shared, private = related(count)
    common = [GTC.ureal(0, 1, label=f"shared {k}") for k in range(len(shared))]

    def result(k: int) -> object:
        own = [GTC.ureal(0, u) for u in private[:, k].tolist()]
        parts = [c * s for c, s in zip(shared[:, k].tolist(), common, strict=True)]
        return GTC.result(float(values[k]) + sum(parts) + sum(own))

    def run() -> Float:
        archive = persistence.Archive()
        archive.add(**{f"y{k}": result(k) for k in range(count)})
        return np.array([[len(persistence.dumps_json(archive).encode()) / count]])

    return Prepared(count, run)


RISK: dict[str, Callable[[int], Prepared]] = {"suncal": risk_suncal, "suncal Tsay & Ke": risk_suncal_binormal}
BYTES: dict[str, Callable[[int], Prepared]] = {"GTC": bytes_gtc}
