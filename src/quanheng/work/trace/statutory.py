"""Rules 11 and 12: results of a standard are validated (JJF 1033); what the law asks of an instrument (JJG)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quanheng.evidence.chain.columns import KINDS, NEVER, NONE, OUTCOMES, Flags
from quanheng.work.trace.part import Found, Part, taken

CALIBRATION = KINDS.index("calibration")
VERIFICATION = KINDS.index("verification")
PASS = OUTCOMES.index("pass")
MANDATORY, APPROVAL = 1, 2


def validated(part: Part) -> Iterator[Found]:
    """11: |y − y0| ≤ √(U² + U0²); repeatability and stability are on record (JJF 1033-2023, of its appendix C)."""
    c = part.certificates
    yield from part.of_certificates("not_validated", c.validation > 1)
    asked = taken(part.whole.procedures.validation, part.procedure)
    if np.any(asked):
        yield from part.of_certificates("repeatability_missing", asked & ~c.repeatability)
        yield from part.of_certificates("stability_missing", asked & ~c.stability)


def lawful(part: Part) -> Iterator[Found]:
    """12: a procedure in force on the day and for the instrument, an outcome, a due day no later than it allows, type
    approval, verification."""
    c, procedures = part.certificates, part.whole.procedures
    known, n = taken(procedures.known, part.procedure), len(c)
    if not np.all(known):
        yield from part.of_certificates("procedure_unknown", np.broadcast_to(~known, n))
    since, until = taken(procedures.since, part.procedure), taken(procedures.until, part.procedure)
    yield from part.of_certificates("procedure_not_in_force", known & ((c.ended < since) | (until < c.ended)))
    longer = c.due - c.ended > taken(
        procedures.cycle, c.procedure
    )  # one that is never due is looked at in rule 2
    if longer.any():
        yield from part.of_certificates(
            "cycle_exceeded", longer & (c.kind == VERIFICATION) & (c.due != NEVER)
        )
    if (silent := c.outcome == NONE).any():
        yield from part.of_certificates("outcome_missing", silent & (c.kind == VERIFICATION))
    if (endless := c.due == NEVER).any():
        endless &= (c.kind == VERIFICATION) & (c.outcome == PASS)
        yield from part.of_certificates(
            "due_missing", endless & np.isfinite(taken(procedures.cycle, part.procedure))
        )
    its_kind = taken(procedures.instrument, part.procedure)
    if np.any(its_kind != NONE):
        yield from part.of_certificates("instrument_differs", (its_kind != NONE) & (its_kind != c.instrument))
    statutory = c.instrument != NONE
    if statutory.any():
        asked = np.where(statutory, taken(part.whole.mandatory, c.instrument), np.int8(0))
        wrong = ((asked & MANDATORY) > 0) & (c.kind == CALIBRATION)
        yield from part.of_certificates("mandatory_not_verified", wrong)
        yield from part.of_certificates("type_not_approved", ((asked & APPROVAL) > 0) & ~_approved(part))


def _approved(part: Part) -> Flags:
    """Whether an approval of the type was known and in force when the instrument was verified."""
    approvals, row = part.whole.chain.approvals, part.certificates.approval
    if not len(approvals):
        return np.zeros(len(row), bool)
    day, logged = part.certificates.ended, taken(approvals.logged, row)
    known = (logged <= part.whole.known) | (logged == NEVER)
    held = (taken(approvals.since, row) <= day) & (day <= taken(approvals.until, row))
    return np.asarray((row != NONE) & held & known)
