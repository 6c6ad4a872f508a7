"""What a rule looks at: a run of certificates with their points and uses, what is asked, and what it may find.

Parts are views of the columns, small enough to stay in the cache while all rules look at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.evidence.chain.columns import (
    AND,
    KINDS,
    NATIONAL,
    NEVER,
    NONE,
    OUTCOMES,
    ROUTES,
    Certificates,
    Chain,
    Codes,
    Days,
    Flags,
    Float,
    Points,
    Small,
    Uses,
)
from quanheng.evidence.procedures import Procedure, Regulations
from quanheng.evidence.records import BASES

TOGETHER = 16_384  # certificates of a part
MONTH = 365.2425 / 12  # days


def taken(column: Any, codes: Any) -> Any:
    """column[codes]; where all codes of a part are one, as they mostly are, that one entry, which broadcasts."""
    if np.ndim(codes) == 0:
        return column[codes]
    if len(codes) and (codes == codes[0]).all():
        return column[codes[0]]
    return column[codes]


@dataclass(frozen=True)
class Asked:
    """What a chain is asked: whether it holds on a day, by what was known on another."""

    on: date
    known: date
    regulations: Regulations
    depth: int = 10  # standards one above the other, at most


@dataclass(frozen=True, eq=False)
class Found:
    """A reason, and where it was met: rows of certificates; of points and standards where it is about one."""

    code: str
    certificates: Codes
    points: Codes | None = None
    standards: Codes | None = None


@dataclass(frozen=True, eq=False)
class Rights:
    """Scopes by right: those of right r stand at first[r] … first[r] + count[r] − 1."""

    first: Codes
    count: Codes
    known: Flags  # the party holds some scope, for whatever
    route: Small  # by basis: route of ILAC-P10

    @staticmethod
    def of(chain: Chain) -> Rights:
        """The index of a chain's scopes."""
        n = len(chain.names.rights)
        count = np.bincount(chain.scopes.right, minlength=n).astype(np.int32)
        parties = chain.names.parties
        known = np.array([parties[right[0]] in chain.names.scoped for right in chain.names.rights], bool)
        route = np.array([BASES[name] for name in ROUTES], np.int8)
        return Rights((np.cumsum(count) - count).astype(np.int32), count, known, route)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A chain, what is asked, and small tables made once for all parts."""

    chain: Chain
    asked: Asked

    @cached_property
    def on(self) -> int:
        return self.asked.on.toordinal()

    @cached_property
    def known(self) -> int:
        return self.asked.known.toordinal()

    @cached_property
    def rights(self) -> Rights:
        return Rights.of(self.chain)

    @cached_property
    def procedures(self) -> Procedures:
        return Procedures.of(self.chain, self.asked.regulations)

    @cached_property
    def mandatory(self) -> NDArray[np.int8]:
        """By kind of instrument: 1 subject to mandatory verification, 2 to type approval, 3 to both."""
        known = self.asked.regulations.instruments
        asked = [
            [known[kind] for kind in name.split(AND) if kind in known]
            for name in self.chain.names.instruments
        ]
        found = [any(r.mandatory for r in each) + 2 * any(r.type_approval for r in each) for each in asked]
        return np.array(found or [0], np.int8)

    @cached_property
    def failed(self) -> Flags | None:
        """Certificates of a verification that was failed; None: there are none."""
        c = self.chain.certificates
        found = np.asarray((c.outcome == OUTCOMES.index("fail")) & (c.kind == KINDS.index("verification")))
        return found if found.any() else None

    @cached_property
    def unknown_yet(self) -> Flags:
        """Certificates that were not in the log on the day of knowing: as if they were not at hand."""
        logged = self.chain.certificates.logged
        return np.asarray((logged > self.known) & (logged != NEVER))

    @cached_property
    def all_known(self) -> bool:
        """Whether every certificate was known on the day of knowing."""
        return not self.unknown_yet.any()

    def parts(self) -> Iterator[Part]:
        """All certificates, part by part."""
        chain = self.chain
        starts = range(0, len(chain), TOGETHER)
        edges = np.array([*starts, len(chain)])
        points = np.searchsorted(chain.points.certificate, edges)
        uses = np.searchsorted(chain.uses.certificate, edges)
        for n, start in enumerate(starts):
            whole = slice(start, int(edges[n + 1]))
            yield Part(
                self,
                start,
                int(points[n]),
                chain.certificates.part(whole),
                chain.points.part(slice(int(points[n]), int(points[n + 1]))),
                chain.uses.part(slice(int(uses[n]), int(uses[n + 1]))),
            )


@dataclass(frozen=True, eq=False)
class Procedures:
    """Parameters by code of procedure; of an unknown one nothing is asked."""

    known: Flags
    since: Days
    until: Days
    ratio: Float
    by_mpe: Flags
    cycle: Float  # days; inf: none
    within: Flags
    validation: Flags
    instrument: Codes  # kind of instrument, of Names.instruments; NONE: any

    @staticmethod
    def of(chain: Chain, regulations: Regulations) -> Procedures:
        """The parameters of the procedures that a chain names."""
        rows = [regulations.procedures.get(name) for name in chain.names.procedures]
        never, always = int(NEVER), 0
        return Procedures(
            np.array([r is not None for r in rows], bool),
            np.array([always if r is None else r.since.toordinal() for r in rows], np.int32),
            np.array(
                [never if r is None or r.until is None else r.until.toordinal() for r in rows], np.int32
            ),
            np.array([np.inf if r is None else r.ratio for r in rows], np.float64),
            np.array([r is not None and r.against == "mpe" for r in rows], bool),
            np.array(
                [np.inf if r is None or r.cycle_months is None else r.cycle_months * MONTH + 1 for r in rows],
                np.float64,
            ),
            np.array([r is not None and r.conditions == "within" for r in rows], bool),
            np.array([r is not None and r.validation for r in rows], bool),
            np.array([_kind_of(r, chain.names.instruments) for r in rows], np.int32),
        )


def _kind_of(procedure: Procedure | None, instruments: Sequence[str]) -> int:
    """The code of the kind of instrument that a procedure is for; NONE: for any; beyond all codes: none of these."""
    if procedure is None or not procedure.instrument:
        return NONE
    named = procedure.instrument in instruments
    return instruments.index(procedure.instrument) if named else len(instruments)


@dataclass(frozen=True, eq=False)
class Part:
    """A run of certificates with their points and uses."""

    whole: Prepared
    first: int  # row of its first certificate
    first_point: int
    certificates: Certificates
    points: Points
    uses: Uses

    @cached_property
    def procedure(self) -> Any:
        """Codes of procedures by certificate; the one code where all have one."""
        codes = self.certificates.procedure
        return codes[0] if len(codes) and (codes == codes[0]).all() else codes

    @cached_property
    def of_point(self) -> Codes:
        """By point: its certificate, counted within the part."""
        return self.points.certificate - np.int32(self.first)

    @cached_property
    def of_use(self) -> Codes:
        """By use: its certificate, counted within the part."""
        return self.uses.certificate - np.int32(self.first)

    @cached_property
    def one_each(self) -> bool:
        """Whether every certificate has one point: then what is said of one is said of the other."""
        return len(self.points) == len(self.certificates) and bool(
            (np.diff(self.points.certificate) == 1).all()
        )

    def at_points(self, column: Any) -> Any:
        """A column of certificates, by point; one entry stays one."""
        return column if np.ndim(column) == 0 or self.one_each else column[self.of_point]

    @cached_property
    def point_of_use(self) -> Codes:
        """By use: its point, counted within the part."""
        return self.uses.point - np.int32(self.first_point)

    @cached_property
    def standard(self) -> Codes:
        """By use: the standard's row, NONE where it is not at hand or was not known yet."""
        rows = self.uses.standard
        if self.whole.all_known:
            return rows
        return np.where(self.whole.unknown_yet[rows], np.int32(NONE), rows)

    @cached_property
    def at_hand(self) -> Flags:
        """By use: whether the standard's certificate is at hand."""
        return self.standard >= 0

    @cached_property
    def all_at_hand(self) -> bool:
        """Whether every standard is."""
        return bool(self.at_hand.all())

    @cached_property
    def scope(self) -> Scoped:
        """By point: what the issuer may do there."""
        return scoped(self)

    def of_certificates(self, code: str, wrong: Flags) -> Iterator[Found]:
        """Certificates of which a flag is set."""
        if wrong.any():
            yield Found(code, (np.flatnonzero(wrong) + self.first).astype(np.int32))

    def of_points(self, code: str, wrong: Flags) -> Iterator[Found]:
        """Points of which a flag is set."""
        if wrong.any():
            rows = np.flatnonzero(wrong)
            yield Found(code, self.points.certificate[rows], (rows + self.first_point).astype(np.int32))

    def of_uses(self, code: str, wrong: Flags) -> Iterator[Found]:
        """Uses of which a flag is set."""
        if wrong.any():
            rows = np.flatnonzero(wrong)
            yield Found(code, self.uses.certificate[rows], self.uses.point[rows], self.uses.standard[rows])


@dataclass(frozen=True, eq=False)
class Scoped:
    """By point: the scope that covers it. best: least standard uncertainty, in SI of the nominal value; inf: none."""

    on_day: Flags  # a scope for the quantity was in force
    in_range: Flags
    national: Flags  # it is a national standard's
    route: Small  # the best route of ILAC-P10 among those that cover
    best: Float


def scoped(part: Part) -> Scoped:
    """Look at the scopes of each point's right in turn: most rights have one, and most parts one right."""
    whole, points = part.whole, part.points
    scopes, rights = whole.chain.scopes, whole.rights
    n, day, nominal = len(points), part.at_points(part.certificates.ended), points.nominal
    first, count = taken(rights.first, points.right), taken(rights.count, points.right)
    on_day, in_range, national = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    route, best = np.full(n, 127, np.int8), np.full(n, np.inf)
    for turn in range(int(np.max(count, initial=0))):
        row = np.minimum(first + np.int32(turn), len(scopes) - 1)
        logged = scopes.logged[row]
        holds = (scopes.since[row] <= day) & (day <= scopes.until[row])
        holds &= (turn < count) & ((logged <= whole.known) | (logged == NEVER))
        covers = holds & (scopes.lower[row] <= nominal) & (nominal <= scopes.upper[row])
        on_day |= holds
        in_range |= covers
        basis = scopes.basis[row]
        national |= covers & (basis == NATIONAL)
        np.minimum(route, np.where(covers, rights.route[basis], np.int8(127)), out=route)
        cmc = scopes.absolute[row] / 2 + scopes.relative[row] / 2 * np.abs(nominal)
        np.minimum(best, cmc, out=best, where=covers)
    return Scoped(on_day, in_range, national, route, best)
