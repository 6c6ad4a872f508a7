"""A proof file, judged whole: each document by itself, and the chain that they form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from quanheng.evidence.answer import Reason, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.build import Known, build
from quanheng.evidence.chain.said import Said
from quanheng.evidence.document_check import Checked, day_of, with_reasons
from quanheng.evidence.procedures import Regulations
from quanheng.evidence.records import Scope, TypeApproval
from quanheng.work.trace.judge import judge
from quanheng.work.trace.part import Asked


def judge_proof(found: Sequence[Checked], regulations: Regulations, *, on: date) -> tuple[Checked, ...]:
    """The documents again, with what the rules of a chain say of them.

    found: what `proof_check.check_proof` returned; it has judged withdrawals, each on the day of its use, so the
    statuses are not asked again.
    """
    certificates, records = [], []
    for each in found:
        logged = None if each.logged is None else day_of(each.logged)
        if isinstance(each.content, Certificate):
            certificates.append(Known(each.document.digest, each.content, each.answer.standing, logged))
        elif isinstance(each.content, Scope | TypeApproval) and each.answer.standing == Standing.VALID:
            records.append(Said(each.content, logged))
    if not certificates:
        return tuple(found)
    chain = build(certificates, records)
    judged = judge(chain, Asked(on, date.max, regulations))
    return tuple(
        with_reasons(
            each, [*judged.answer(chain.row(each.document.digest)).reasons, *_past(each, found[0], on)]
        )
        if isinstance(each.content, Certificate)
        else each
        for each in found
    )


def _past(each: Checked, subject: Checked, on: date) -> Iterator[Reason]:
    """A remark on the subject alone: whether a standard was in date is judged on the day of its use."""
    due = each.content.due if isinstance(each.content, Certificate) else None
    if each is subject and due is not None and due < on:
        yield Reason("past_due", detail=f"{due} < {on}")
