"""Rule 9, second half: what the authority withdrew: of a certificate by the day asked for, of a standard by its use.

Bitemporal: a status counts from its `since` on, and only where it was logged by the day of knowing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quanheng.evidence.chain.columns import CHANGES, NEVER, Codes, Days, Flags, Statuses
from quanheng.work.trace.part import Found, Prepared

CODES = {"revoke": "revoked", "supersede": "superseded", "suspend": "suspended"}


def withdrawn(whole: Prepared) -> Iterator[Found]:
    """Certificates that were withdrawn by the day asked for."""
    known = in_force(whole)
    rows = np.unique(known.certificate)
    day = np.full(len(rows), whole.on, np.int32)
    for change, code in CODES.items():
        hit = rows[holds(known, rows, day, change)]
        if len(hit):
            yield Found(code, hit.astype(np.int32))


def used_when_withdrawn(whole: Prepared) -> tuple[Codes, Flags]:
    """Uses of standards that have statuses (rows of Uses), and whether one stood against each on its day of use."""
    known, uses = in_force(whole), whole.chain.uses
    if not len(known):
        return np.empty(0, np.int32), np.empty(0, bool)
    spoken_of = np.zeros(len(whole.chain) + 1, bool)
    spoken_of[known.certificate] = True
    rows = np.flatnonzero(spoken_of[uses.standard]).astype(np.int32)  # standard NONE: the last flag, False
    day = whole.chain.certificates.ended[uses.certificate[rows]]
    against = np.zeros(len(rows), bool)
    for change in CODES:
        against |= holds(known, uses.standard[rows], day, change)
    return rows, against


def in_force(whole: Prepared) -> Statuses:
    """Statuses that were known on the day of knowing."""
    statuses = whole.chain.statuses
    return statuses.part(np.flatnonzero((statuses.logged <= whole.known) | (statuses.logged == NEVER)))


def holds(known: Statuses, rows: Codes, day: Days, change: str) -> Flags:
    """Whether certificates are revoked, superseded or suspended on days."""
    out = np.zeros(len(rows), bool)
    if change == "suspend":
        last = np.full(len(rows), -1, np.int64)
        for place in range(len(known)):
            if known.change[place] in (CHANGES.index("suspend"), CHANGES.index("resume")):
                hit = (rows == known.certificate[place]) & (known.since[place] <= day)
                last[hit] = place  # statuses stand in the order of their days
        return np.asarray(
            (last >= 0) & (known.change[last] == CHANGES.index("suspend")) if len(known) else out
        )
    for place in np.flatnonzero(known.change == CHANGES.index(change)).tolist():
        out |= (rows == known.certificate[place]) & (known.since[place] <= day)
    return out
