"""Columns out of certificates and records.

1 codes for all names (rows.py)  2 standards before what they are used for  3 a row for each certificate, point and use
4 what of a standard supports a use, and the uncertainty that it brings there (results.py)
5 scopes, statuses, approvals (said.py)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.columns import (
    AND,
    KINDS,
    NONE,
    OUTCOMES,
    Approvals,
    Certificates,
    Chain,
    Conditions,
    Names,
    Points,
    Uses,
)
from quanheng.evidence.chain.results import Result, add_point
from quanheng.evidence.chain.rows import Rows, ordinal, unit_of
from quanheng.evidence.chain.said import (
    Approved,
    Covering,
    Said,
    approval_of,
    approvals_of,
    scopes_of,
    statuses_of,
)
from quanheng.evidence.records import Scope
from quanheng.measure.errors import UnitError


@dataclass(frozen=True)
class Known:
    """A certificate and what its document shows by itself; or, beside it, since when a record is known."""

    digest: str
    content: Certificate
    own: Standing
    logged: date | None


def build(certificates: Iterable[Known], records: Iterable[Said] = ()) -> Chain:
    """The columns of some certificates, each once, and of the records that speak of them."""
    known = list({each.digest: each for each in certificates}.values())
    said = list(records)
    order, levels = _order(known)
    ordered = [known[i] for i in order]
    rows = {each.digest: n for n, each in enumerate(ordered)}
    used = {digest for each in ordered for digest in each.content.standards}
    approvals, covering = approvals_of(said)
    b = Rows()
    results: dict[int, list[Result]] = {}  # of standards, by row
    for n, each in enumerate(ordered):
        _certificate(b, each, levels[n], covering, approvals)
        found = [add_point(b, n, each.content, point, rows, results) for point in each.content.points]
        if each.digest in used:
            results[n] = [result for result in found if result is not None]
        for condition in each.content.conditions:
            try:
                unit = unit_of(condition.unit)
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
        scopes_of(b, said),
        statuses_of(said, rows),
        Approvals.of(
            [
                {
                    "instrument": b.instruments(each.instrument),
                    "since": each.since.toordinal(),
                    "until": each.until.toordinal(),
                    "logged": ordinal(logged),
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


def _certificate(b: Rows, each: Known, level: int, covering: Covering, approvals: Approved) -> None:
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
            "approval": approval_of(content.items, content.ended, covering, approvals),
            "received": ordinal(content.received),
            "begun": content.begun.toordinal(),
            "ended": content.ended.toordinal(),
            "issued": content.issued.toordinal(),
            "due": ordinal(content.due),
            "logged": ordinal(each.logged),
            "outcome": NONE if decision is None else OUTCOMES.index(decision.outcome.value),
            "rule": NONE
            if decision is None
            else b.decisions((decision.rule, decision.guard_ratio, decision.risk)),
            "validation": ratio,
            "repeatability": validation is not None and validation.repeatability is not None,
            "stability": validation is not None and validation.stability is not None,
        }
    )
