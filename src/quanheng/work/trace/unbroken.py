"""Rule 1: every point cites its standards, and the chain ends at a national standard (VIM 2.41, 2.42; ILAC-P10).

Circles and depth show in `Certificates.level`, which is made when certificates are put in order.
"""

from __future__ import annotations

from collections.abc import Iterator

from quanheng.evidence.chain.columns import NONE
from quanheng.work.trace.part import Found, Part


def unbroken(part: Part) -> Iterator[Found]:
    """A point without standards is a national standard's, or is broken off."""
    alone = part.points.uses == 0
    if alone.any():
        known = part.whole.rights.known[part.points.right]
        below = alone & ~part.scope.national
        yield from part.of_points("standard_not_cited", below & known)
        yield from part.of_points("root_unknown", below & ~known)
    if not part.all_at_hand:
        yield from part.of_uses("standard_missing", ~part.at_hand)
    yield from part.of_certificates("chain_cycle", part.certificates.level == NONE)
    yield from part.of_certificates("chain_too_deep", part.certificates.level > part.whole.asked.depth)
