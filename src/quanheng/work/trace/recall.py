"""Recall: a standard was wrong since a day. Which certificates and instruments rest on it, and by which path?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quanheng.evidence.chain.columns import NONE, Chain, Codes


@dataclass(frozen=True, eq=False)
class Dependants:
    """Uses by standard: those of standard s are `uses[first[s] : first[s + 1]]`. Made once; a recall then is quick."""

    chain: Chain
    first: NDArray[np.int64]  # (n + 1,)
    uses: Codes

    @staticmethod
    def of(chain: Chain) -> Dependants:
        """The index of a chain."""
        standard = chain.uses.standard
        order = np.argsort(standard, kind="stable").astype(np.int32)
        count = np.bincount(standard[standard >= 0], minlength=len(chain))
        first = np.concatenate([[0], np.cumsum(count)]) + int(np.count_nonzero(standard < 0))
        return Dependants(chain, first, order)

    def of_standard(self, row: int) -> Codes:
        """Uses of one standard."""
        return self.uses[self.first[row] : self.first[row + 1]]


@dataclass(frozen=True, eq=False)
class Hit:
    """Certificates that rest on a standard. Row 0 of each is no standard itself: `through` says through which."""

    certificates: Codes  # rows, by distance, then as they stand
    through: Codes  # the standard by which it is hit; the recalled one itself at distance 1
    distance: Codes

    def path(self, row: int) -> list[int]:
        """The rows from a certificate to the recalled one."""
        by = dict(zip(self.certificates.tolist(), self.through.tolist(), strict=True))
        path = [row]
        while path[-1] in by:
            path.append(by[path[-1]])
        return path


def recall(dependants: Dependants, row: int, since: date) -> Hit:
    """All certificates whose points used a standard on or after a day, at whatever distance.

    A certificate counts by its own day of use: one made before the day rests on the standard as it was then, and so
    does whatever was later made with it.
    """
    chain = dependants.chain
    day, ended = since.toordinal(), chain.certificates.ended
    seen = np.zeros(len(chain), bool) if len(chain) < 2_000_000 else None
    known: set[int] = {row}
    frontier, found, distance = np.array([row], np.int32), [], 0
    while len(frontier):
        distance += 1
        reached, through = [], []
        for each in frontier.tolist():
            rows = chain.uses.certificate[dependants.of_standard(each)]
            rows = rows[ended[rows] >= day]
            if len(rows) > 1:
                rows = rows[np.concatenate([[True], rows[1:] != rows[:-1]])]
            reached.append(rows)
            through.append(np.full(len(rows), each, np.int32))
        rows, by = np.concatenate(reached), np.concatenate(through)
        rows, place = np.unique(rows, return_index=True)
        fresh = ~seen[rows] if seen is not None else np.array([r not in known for r in rows.tolist()], bool)
        rows, by = rows[fresh], by[place][fresh]
        if seen is not None:
            seen[rows] = True
        known.update(rows.tolist() if seen is None else ())
        if len(rows):
            found.append((rows, by, np.full(len(rows), distance, np.int32)))
        # only certificates that are standards of others lead further
        frontier = rows[dependants.first[rows + 1] > dependants.first[rows]]
    if not found:
        nothing = np.empty(0, np.int32)
        return Hit(nothing, nothing, nothing)
    return Hit(*(np.concatenate(column).astype(np.int32) for column in zip(*found, strict=True)))


def hit_items(chain: Chain, hit: Hit) -> list[str]:
    """Identifiers of the instruments whose certificates are hit, each once, in order."""
    return list(dict.fromkeys(item for row in hit.certificates.tolist() for item in chain.items[row]))


def find(chain: Chain, asked: str) -> int:
    """The row of a certificate by digest (or its beginning), number, or item of which it is the latest; else NONE."""
    if (row := chain.row(asked)) != NONE:
        return row
    rows = [n for n, number in enumerate(chain.numbers) if number == asked]
    rows = rows or [n for n, items in enumerate(chain.items) if asked in items]
    if not rows and len(asked) >= 8:
        rows = [n for n in range(len(chain)) if chain.digest(n).startswith(asked)]
    return max(rows, key=lambda n: int(chain.certificates.ended[n])) if rows else NONE
