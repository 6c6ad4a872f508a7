"""What the authority said of parties, certificates and types, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quanheng.evidence.certificate import Item
from quanheng.evidence.chain.columns import CHANGES, KINDS, NONE, ROUTES, Scopes, Statuses
from quanheng.evidence.chain.rows import Rows, ordinal, unit_of
from quanheng.evidence.records import Record, Scope, Status, TypeApproval
from quanheng.measure.errors import UnitError

Approved = Sequence[tuple[TypeApproval, date | None]]
"""Type approvals, each with the day from which it could be known."""
Covering = Mapping[tuple[str, str, str, str], Sequence[int]]
"""Which of them are of a number, a maker, a model and a kind of instrument: one that is renewed is several."""


@dataclass(frozen=True)
class Said:
    """A valid record of the authority, and the day from which it could be known."""

    content: Record
    logged: date | None


def scopes_of(b: Rows, said: Iterable[Said]) -> Scopes:
    """The scopes of every right that the points have met."""
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
                unit = unit_of(scope.unit)
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
                    "logged": ordinal(logged),
                }
            )
    return Scopes.of(rows)


def statuses_of(said: Iterable[Said], rows: Mapping[str, int]) -> Statuses:
    """What was withdrawn. rows: of certificates by digest."""
    found = [
        {
            "certificate": rows[each.content.target],
            "change": CHANGES.index(each.content.change),
            "since": each.content.since.toordinal(),
            "logged": ordinal(each.logged),
        }
        for each in said
        if isinstance(each.content, Status) and each.content.target in rows and each.content.change in CHANGES
    ]
    return Statuses.of(sorted(found, key=lambda row: (row["certificate"], row["since"], row["logged"])))


def approvals_of(said: Iterable[Said]) -> tuple[Approved, Covering]:
    """The type approvals."""
    approvals = [(each.content, each.logged) for each in said if isinstance(each.content, TypeApproval)]
    covering: dict[tuple[str, str, str, str], list[int]] = {}
    for n, (each, _) in enumerate(approvals):
        covering.setdefault((each.number, each.maker, each.model, each.instrument), []).append(n)
    return approvals, covering


def approval_of(items: Iterable[Item], day: date, covering: Covering, approvals: Approved) -> int:
    """The approval that covers the items on a day, of several the first to end; NONE where one of them has none."""
    rows = []
    for item in items:
        if item.instrument:
            listed = covering.get((item.type_approval, item.maker, item.model, item.instrument), ())
            held = [row for row in listed if approvals[row][0].since <= day <= approvals[row][0].until]
            rows.append((*held, *listed, NONE)[0])
    return NONE if NONE in rows else min(rows, key=lambda row: approvals[row][0].until, default=NONE)
