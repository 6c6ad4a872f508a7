"""Columns out of certificates and records.

1 codes for all names  2 standards before what they are used for  3 a row for each certificate, point and use
4 what of a standard supports a use, and the uncertainty that it brings there  5 scopes, statuses, approvals
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Certificate, Item, Point, Use
from quanheng.evidence.chain.columns import (
    AND,
    CHANGES,
    DISTRIBUTIONS,
    KINDS,
    NEVER,
    NONE,
    OUTCOMES,
    ROUTES,
    SUPPORT,
    Approvals,
    Certificates,
    Chain,
    Conditions,
    Names,
    Points,
    Scopes,
    Statuses,
    Uses,
)
from quanheng.evidence.records import Record, Scope, Status, TypeApproval
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.legal_units import KINDS as QUANTITIES
from quanheng.measure.quantity.units import Unit, compatible, from_dsi, parse_unit

SAME = 1e-9  # relative: two values that are one but for rounding
OWN_SHARE = 0.5  # of a result, that standards of its own quantity bring at least: in a comparison they bring all of it
ANY_SHARE = 1e-6  # that standards of other quantities bring at least: below it none of them was used


@dataclass(frozen=True)
class Known:
    """A certificate and what its document shows by itself; or, beside it, since when a record is known."""

    digest: str
    content: Certificate
    own: Standing
    logged: date | None


@dataclass(frozen=True)
class Said:
    """A valid record of the authority, and the day from which it could be known."""

    content: Record
    logged: date | None


class Coding:
    """Codes for names, given in the order in which they are met."""

    def __init__(self) -> None:
        self.codes: dict[Any, int] = {}

    def __call__(self, name: Any) -> int:
        return self.codes.setdefault(name, len(self.codes))

    @property
    def names(self) -> tuple[Any, ...]:
        """The names in the order of their codes."""
        return tuple(self.codes)


class _Builder:
    def __init__(self) -> None:
        self.parties, self.quantities, self.dimensions, self.influences = (
            Coding(),
            Coding(),
            Coding(),
            Coding(),
        )
        self.procedures, self.instruments, self.decisions, self.rights = (
            Coding(),
            Coding(),
            Coding(),
            Coding(),
        )
        self.certificates: list[dict[str, Any]] = []
        self.points: list[dict[str, Any]] = []
        self.uses: list[dict[str, Any]] = []
        self.conditions: list[dict[str, Any]] = []
        self.point_names: list[str] = []
        self.results: dict[int, list[_Result]] = {}  # of standards, by row


def build(certificates: Iterable[Known], records: Iterable[Said] = ()) -> Chain:
    """The columns of some certificates, each once, and of the records that speak of them."""
    known = list({each.digest: each for each in certificates}.values())
    said = list(records)
    order, levels = _order(known)
    ordered = [known[i] for i in order]
    rows = {each.digest: n for n, each in enumerate(ordered)}
    used = {digest for each in ordered for digest in each.content.standards}
    approvals, covering = _approvals(said)
    b = _Builder()
    for n, each in enumerate(ordered):
        _certificate(b, each, levels[n], covering, approvals)
        results = [_point(b, n, each.content, point, rows) for point in each.content.points]
        if each.digest in used:
            b.results[n] = [result for result in results if result is not None]
        for condition in each.content.conditions:
            try:
                unit = parse_unit_of(condition.unit)
            except UnitError:
                continue  # as of a point
            b.conditions.append(
                {
                    "certificate": n,
                    "quantity": b.influences(condition.quantity),
                    "lower": unit.to_si(condition.lower),
                    "upper": unit.to_si(condition.upper),
                }
            )
    return Chain(
        Certificates.of(b.certificates),
        Points.of(b.points),
        Uses.of(b.uses),
        Conditions.of(b.conditions),
        _scopes(b, said),
        _statuses(said, rows),
        Approvals.of(
            [
                {
                    "instrument": b.instruments(each.instrument),
                    "since": each.since.toordinal(),
                    "until": each.until.toordinal(),
                    "logged": _day(logged),
                }
                for each, logged in approvals
            ]
        ),
        Names(
            b.parties.names,
            frozenset(each.content.party for each in said if isinstance(each.content, Scope)),
            b.quantities.names,
            b.dimensions.names,
            b.influences.names,
            b.procedures.names,
            b.instruments.names,
            b.decisions.names,
            b.rights.names,
        ),
        np.array([bytes.fromhex(each.digest) for each in ordered], dtype="V32"),
        tuple(tuple(item.identifier for item in each.content.items) for each in ordered),
        tuple(each.content.number for each in ordered),
        tuple(b.point_names),
    )


def parse_unit_of(name: str) -> Unit:
    """The unit of a certificate: legal, or readable as D-SI. Raises UnitError."""
    return from_dsi(name) if "\\" in name else parse_unit(name)


def _day(day: date | None) -> int:
    return int(NEVER) if day is None else day.toordinal()


def _order(known: Sequence[Known]) -> tuple[list[int], list[int]]:
    """Certificates so that standards come first, and their levels; those in or behind a circle last, NONE."""
    rows = {each.digest: n for n, each in enumerate(known)}
    needs = [{rows[d] for d in each.content.standards if d in rows} for each in known]
    serves: dict[int, list[int]] = defaultdict(list)
    for n, standards in enumerate(needs):
        for standard in standards:
            serves[standard].append(n)
    open_needs = [len(each) for each in needs]
    level = [0] * len(known)
    order = [n for n, count in enumerate(open_needs) if not count]
    for n in order:  # grows while it is read
        for other in serves[n]:
            level[other] = max(level[other], level[n] + 1)
            open_needs[other] -= 1
            if not open_needs[other]:
                order.append(other)
    # within a level those of one issuer and procedure together: what they share is then looked up once
    order.sort(key=lambda n: (level[n], known[n].content.issuer.identifier, known[n].content.procedure))
    left = [n for n, count in enumerate(open_needs) if count]
    return [*order, *left], [*(min(level[n], 127) for n in order), *(NONE for _ in left)]


# ---- certificates and points -----------------------------------------------------------------------------------


def _certificate(
    b: _Builder,
    each: Known,
    level: int,
    covering: Mapping[tuple[str, str, str, str], int],
    approvals: Sequence[tuple[TypeApproval, date | None]],
) -> None:
    content, validation = each.content, each.content.validation
    decision = content.decision
    kinds = sorted({each.instrument for each in content.items if each.instrument})
    ratio = math.nan
    if validation is not None:
        both = math.hypot(validation.expanded_uncertainty, validation.expanded_uncertainty0)
        ratio = abs(validation.y - validation.y0) / both if 0 < both < math.inf else math.inf
    b.certificates.append(
        {
            "level": level,
            "own": int(each.own),
            "kind": KINDS.index(content.kind.value),
            "issuer": b.parties(content.issuer.identifier),
            "procedure": b.procedures(content.procedure),
            "instrument": b.instruments(AND.join(kinds)) if kinds else NONE,
            "approval": _approval(content.items, covering, approvals),
            "received": _day(content.received),
            "begun": content.begun.toordinal(),
            "ended": content.ended.toordinal(),
            "issued": content.issued.toordinal(),
            "due": _day(content.due),
            "logged": _day(each.logged),
            "outcome": NONE if decision is None else OUTCOMES.index(decision.outcome.value),
            "rule": NONE
            if decision is None
            else b.decisions((decision.rule, decision.guard_ratio, decision.risk)),
            "validation": ratio,
            "repeatability": validation is not None and validation.repeatability is not None,
            "stability": validation is not None and validation.stability is not None,
        }
    )


def _approval(
    items: Iterable[Item],
    covering: Mapping[tuple[str, str, str, str], int],
    approvals: Sequence[tuple[TypeApproval, date | None]],
) -> int:
    """The approval that covers the items, of several the first to end; NONE where one of them has none."""
    rows = [
        covering.get((item.type_approval, item.maker, item.model, item.instrument), NONE)
        for item in items
        if item.instrument
    ]
    return NONE if NONE in rows else min(rows, key=lambda row: approvals[row][0].until, default=NONE)


@dataclass(frozen=True)
class _Result:
    """A point of a standard, as later uses see it."""

    quantity: int
    dimension: int
    nominal: float
    u: float  # standard uncertainty, in SI or as a ratio
    row: int
    relative: bool
    comparable: bool  # u is of the quantity that the point realises


def _point(
    b: _Builder, row: int, content: Certificate, point: Point, rows: Mapping[str, int]
) -> _Result | None:
    try:
        nominal_unit, unit = parse_unit_of(point.nominal_unit), parse_unit_of(point.unit)
    except UnitError:
        return None  # a document with such a unit is refused where it is read
    quantity, dimension = b.quantities(point.quantity), b.dimensions(str(nominal_unit.dimension))
    kind = KINDS.index(content.kind.value)
    value, scale = (
        (unit.difference_to_si(point.value), unit.scale)
        if point.relative
        else (unit.to_si(point.value), unit.scale)
    )
    u = point.expanded_uncertainty * scale / point.coverage_factor if point.coverage_factor > 0 else math.nan
    nominal = nominal_unit.to_si(point.nominal)

    def limit(given: float | None, otherwise: float) -> float:
        if given is None:
            return otherwise
        return unit.difference_to_si(given) if point.relative else unit.to_si(given)

    comparable = point.relative or unit.dimension == nominal_unit.dimension
    n = len(b.points)
    contributions: dict[str, float] = defaultdict(float)
    for use in point.uses:
        contributions[use.certificate] += _use(b, n, row, point, use, rows)
    squares = [each * each for each in contributions.values() if not math.isnan(each)]
    own = (point.quantity, str(nominal_unit.dimension)) if comparable else None
    result = 1.0 if point.relative else nominal if comparable else value
    b.points.append(
        {
            "certificate": row,
            "quantity": quantity,
            "dimension": dimension,
            "right": b.rights((b.parties(content.issuer.identifier), quantity, dimension, kind)),
            "nominal": nominal,
            "value": value,
            "u": u,
            "k": point.coverage_factor,
            "p": point.coverage_probability,
            "lower": limit(point.lower, -math.inf),
            "upper": limit(point.upper, math.inf),
            "inherited": math.sqrt(sum(squares)),
            "relative": point.relative,
            "fits": _fits(point.quantity, nominal_unit),
            "acted": _acted(point, own, result),
            "limited": point.lower is not None or point.upper is not None,
            "comparable": comparable,
            "distribution": DISTRIBUTIONS.index(point.distribution.casefold())
            if point.distribution.casefold() in DISTRIBUTIONS
            else DISTRIBUTIONS.index("other"),
            "outcome": NONE if point.outcome is None else OUTCOMES.index(point.outcome.value),
            "uses": len(point.uses),
        }
    )
    b.point_names.append(point.identifier)
    return _Result(quantity, dimension, nominal, u, n, point.relative, comparable)


def _fits(quantity: str, unit: Unit) -> bool:
    """Whether a unit measures a kind of quantity; a kind that is not on the list fits any."""
    if quantity not in QUANTITIES:
        return True
    kept = replace(parse_unit(QUANTITIES[quantity][1]), kind=quantity)
    return compatible(unit, kept)


def _acted(point: Point, own: tuple[str, str] | None, result: float) -> bool:
    """Whether the standards account for a result: y = f(x, …) changes by c·x/y of itself for each x of itself.

    Standards of the point's own quantity and dimension account for half of it at least, where there are any (GUM 5.1.3;
    a comparison has c = 1, a mean of two 0.5 each); of one certificate that stands twice the difference counts. In a
    ratio of two voltages by one voltmeter it cancels, and has been used: of other quantities each use counts.
    own: quantity and dimension; None where the result is of another than the nominal value (ohms of a thermometer).
    result: in the unit of SI that sensitivities lead to, 1 where they are of relative errors.
    """
    direct: dict[str, float] = defaultdict(float)
    others = []
    for use in point.uses:
        try:
            unit = parse_unit_of(use.unit)
        except UnitError:
            continue  # refused by rule 5
        at = 1.0 if point.relative else unit.to_si(use.at)
        of_own = (use.quantity, str(unit.dimension)) == own
        if result == 0 or (at == 0 and not of_own):
            return True  # nothing to compare with
        share = use.sensitivity * at / result
        if of_own:
            direct[use.certificate] += share
        else:
            others.append(abs(share))
    if direct:
        return sum(map(abs, direct.values())) >= OWN_SHARE * (1 - SAME)
    return not others or sum(others) >= ANY_SHARE


def _use(b: _Builder, point_row: int, row: int, point: Point, use: Use, rows: Mapping[str, int]) -> float:
    """Write the row of a use; returns what it brings to the point, with its sign (NaN: not known)."""
    standard = rows.get(use.certificate, NONE)
    support, acting, at, supporter = 0, math.nan, math.nan, NONE
    try:
        unit = parse_unit_of(use.unit)
        at = unit.to_si(use.at)
    except UnitError:
        support = SUPPORT.index("unit")
    else:
        if not math.isfinite(at):  # too large for a float: no standard was ever calibrated there
            support = SUPPORT.index("range")
        elif standard in b.results:
            quantity, dimension = b.quantities(use.quantity), b.dimensions(str(unit.dimension))
            support, u, supporter = _supported(b.results[standard], quantity, dimension, at)
            over = abs(at) if point.relative else 1.0
            acting = use.sensitivity * u / over if over else math.nan
    b.uses.append(
        {
            "point": point_row,
            "certificate": row,
            "standard": standard,
            "at": at,
            "acting": acting,
            "supporter": supporter,
            "support": support,
        }
    )
    return acting


def _supported(
    results: Sequence[_Result], quantity: int, dimension: int, at: float
) -> tuple[int, float, int]:
    """What of a standard supports a use at a value: how, its standard uncertainty there, in SI, and which point.

    The point that was calibrated, or the larger of the two between which the value lies; never beyond the last.
    """
    of_kind = [each for each in results if each.quantity == quantity]
    if not of_kind:
        return SUPPORT.index("quantity"), math.nan, NONE
    fitting = [each for each in of_kind if each.dimension == dimension and math.isfinite(each.nominal)]
    fitting.sort(key=lambda each: each.nominal)
    if not fitting:
        return SUPPORT.index("unit"), math.nan, NONE
    near = [e for e in fitting if abs(e.nominal - at) <= SAME * max(abs(at), abs(e.nominal))]
    if not near:
        near = next(([a, c] for a, c in pairwise(fitting) if a.nominal < at < c.nominal), [])
    if not near:
        return SUPPORT.index("range"), math.nan, NONE
    if not all(each.comparable for each in near):
        return SUPPORT.index("supported"), math.nan, NONE
    u, row = max((e.u * abs(at) if e.relative else e.u, e.row) for e in near)
    return SUPPORT.index("supported"), u, row


# ---- records ---------------------------------------------------------------------------------------------------


def _scopes(b: _Builder, said: Iterable[Said]) -> Scopes:
    rows = []
    scopes: dict[tuple[str, str], list[tuple[Scope, date | None]]] = {}
    for each in said:
        if isinstance(each.content, Scope):
            known = scopes.setdefault((each.content.party, each.content.quantity), [])
            known.append((each.content, each.logged))
    parties, quantities, dimensions = b.parties.names, b.quantities.names, b.dimensions.names
    for right, (issuer, quantity, dimension, kind) in enumerate(b.rights.names):
        for scope, logged in scopes.get((parties[issuer], quantities[quantity]), ()):
            try:
                unit = parse_unit_of(scope.unit)
            except UnitError:
                continue
            if str(unit.dimension) != dimensions[dimension] or KINDS[kind] not in scope.certificates:
                continue
            rows.append(
                {
                    "right": right,
                    "lower": unit.to_si(scope.lower),
                    "upper": unit.to_si(scope.upper),
                    "absolute": unit.difference_to_si(scope.absolute),
                    "relative": scope.relative,
                    "basis": ROUTES.index(scope.basis) if scope.basis in ROUTES else ROUTES.index("other"),
                    "since": scope.since.toordinal(),
                    "until": scope.until.toordinal(),
                    "logged": _day(logged),
                }
            )
    return Scopes.of(rows)


def _statuses(said: Iterable[Said], rows: Mapping[str, int]) -> Statuses:
    found = [
        {
            "certificate": rows[each.content.target],
            "change": CHANGES.index(each.content.change),
            "since": each.content.since.toordinal(),
            "logged": _day(each.logged),
        }
        for each in said
        if isinstance(each.content, Status) and each.content.target in rows and each.content.change in CHANGES
    ]
    return Statuses.of(sorted(found, key=lambda row: (row["certificate"], row["since"], row["logged"])))


def _approvals(
    said: Iterable[Said],
) -> tuple[list[tuple[TypeApproval, date | None]], dict[tuple[str, str, str, str], int]]:
    approvals = [(each.content, each.logged) for each in said if isinstance(each.content, TypeApproval)]
    covering = {
        (each.number, each.maker, each.model, each.instrument): n for n, (each, _) in enumerate(approvals)
    }
    return approvals, covering
