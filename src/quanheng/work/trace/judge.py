"""Every chain of some certificates, judged by twelve rules: valid, invalid for reasons, or not shown.

Rules 8 and 9 are judged on each document (`evidence/document_check`), and come in as `Certificates.own`; what was
withdrawn since, and what standards hand on to what they were used for, is judged here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quanheng.evidence.answer import Answer, Reason, Standing, together
from quanheng.evidence.chain.columns import NONE, Chain, Codes, Small
from quanheng.evidence.reasons import REASONS
from quanheng.work.trace.entitlement import entitled, possible
from quanheng.work.trace.internal import coverage, decided, in_order
from quanheng.work.trace.part import Asked, Found, Part, Prepared
from quanheng.work.trace.statutory import lawful, validated
from quanheng.work.trace.unbroken import unbroken
from quanheng.work.trace.use import fine_enough, in_time, inside
from quanheng.work.trace.withdrawn import used_when_withdrawn, withdrawn

POINTS = 5  # that a reason names
RULES: Mapping[str, Callable[[Part], Iterator[Found]]] = {
    "1 unbroken": unbroken,
    "2 in time": in_time,
    "3 fine enough": fine_enough,
    "4, 5 inside its range, for its quantity": inside,
    "6 entitled": entitled,
    "7 possible": possible,
    "10 dates": in_order,
    "10 coverage": coverage,
    "10 decisions": decided,
    "11 validated": validated,
    "12 lawful": lawful,
}
"""Every rule that looks at certificates part by part, in order."""


@dataclass(frozen=True, eq=False)
class Judged:
    """How every certificate of a chain stands, and every reason that was found."""

    chain: Chain
    standing: Small  # (n,) of Standing
    found: tuple[Found, ...]

    @cached_property
    def _by_certificate(self) -> Mapping[int, list[tuple[int, int]]]:
        places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for n, each in enumerate(self.found):
            for k, row in enumerate(each.certificates.tolist()):
                places[row].append((n, k))
        return places

    def codes(self, row: int) -> frozenset[str]:
        """Codes of what was found of a certificate here; what its document says by itself is not among them."""
        return frozenset(self.found[n].code for n, _ in self._by_certificate.get(row, ()))

    def answer(self, row: int) -> Answer:
        """What was found of a certificate: a reason for each code and standard, with the points it was found at."""
        places: dict[tuple[str, int], list[str]] = defaultdict(list)
        for n, k in self._by_certificate.get(row, ()):
            found = self.found[n]
            standard = NONE if found.standards is None else int(found.standards[k])
            names = places[found.code, standard]
            if found.points is not None:
                names.append(self.chain.point_names[int(found.points[k])])
        reasons = (Reason(code, self._where(names, row)) for (code, row), names in places.items())
        return together([Answer(tuple(reasons))])

    def _where(self, points: list[str], standard: int) -> str:
        places = []
        if points:
            told = ", ".join(dict.fromkeys(points[:POINTS]))
            more = f" … ({len(points)})" if len(points) > POINTS else ""
            places.append(f"{'point' if len(points) == 1 else 'points'} {told}{more}")
        if standard != NONE:
            places.append(f"standard {self.chain.numbers[standard]}")
        return ", ".join(places)

    def counts(self) -> dict[str, int]:
        """Number of certificates by code."""
        rows: dict[str, list[Codes]] = defaultdict(list)
        for each in self.found:
            rows[each.code].append(each.certificates)
        return {code: len(np.unique(np.concatenate(each))) for code, each in sorted(rows.items())}


def judge(chain: Chain, asked: Asked) -> Judged:
    """Judge every certificate of a chain.

    1 each rule over each part  2 what standards hand on, level by level  3 what was withdrawn by the day asked for
    Certificates that were not yet known on the day of knowing are judged as the others are, but no chain leads
    through them.
    """
    whole = Prepared(chain, asked)
    found = [each for part in whole.parts() for rule in RULES.values() for each in rule(part)]
    standing = chain.certificates.own.copy()
    _raise(standing, found)
    handed_on = list(_hand_on(whole, standing))
    gone = list(withdrawn(whole))
    _raise(standing, gone)
    return Judged(chain, standing, (*found, *handed_on, *gone))


def _raise(standing: Small, found: Iterable[Found]) -> None:
    """The gravest reason decides."""
    for each in found:
        forced = np.int8(Standing[REASONS[each.code].forces])
        standing[each.certificates] = np.maximum(standing[each.certificates], forced)


def _hand_on(whole: Prepared, standing: Small) -> Iterator[Found]:
    """From the national standards down: what a standard lacks, whatever rests on it lacks."""
    uses = whole.chain.uses
    rows, against = used_when_withdrawn(whole)
    hit = rows[against]
    if len(hit):
        found = Found("standard_invalid", uses.certificate[hit], uses.point[hit], uses.standard[hit])
        _raise(standing, [found])
        yield found
    for first, last in _uses_by_level(whole):
        standards = uses.standard[first:last]
        theirs = standing[standards]
        if not theirs.any():
            continue
        theirs = np.where(standards >= 0, theirs, np.int8(0))
        for code, worst in (
            ("standard_invalid", Standing.INVALID),
            ("standard_not_shown", Standing.NOT_SHOWN),
        ):
            bad = np.flatnonzero(theirs == worst) + first
            if len(bad):
                found = Found(code, uses.certificate[bad], uses.point[bad], uses.standard[bad])
                _raise(standing, [found])
                yield found


def _uses_by_level(whole: Prepared) -> Iterator[tuple[int, int]]:
    """Uses of each level, which stand together: certificates are in the order of their levels, circles last."""
    levels = whole.chain.certificates.level
    if not len(levels):
        return
    starts = np.concatenate([[0], np.flatnonzero(levels[1:] != levels[:-1]) + 1, [len(levels)]])
    edges = np.searchsorted(whole.chain.uses.certificate, starts)
    for level, first, last in zip(levels[starts[:-1]], edges[:-1], edges[1:], strict=True):
        if level and last > first:
            yield int(first), int(last)
