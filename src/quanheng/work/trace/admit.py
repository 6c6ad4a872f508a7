"""Whether a document may be issued: judged as its verifiers will judge it, before it is logged.

What is not so yet, and will be when it is logged, is no reason against it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import lru_cache, partial

from quanheng.evidence.answer import Answer
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules, day_of, look
from quanheng.evidence.procedures import Regulations
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.trust import Trust
from quanheng.work.trace.proof import judge_proof

REMEMBERED = 1024  # documents
NOT_YET = frozenset({"not_logged", "status_unseen"})


class Admission:
    """Admits documents at one moment, now (POSIX seconds); what many of them rest on is looked at once."""

    def __init__(self, trust: Trust, rules: Rules, regulations: Regulations, *, now: int) -> None:
        self._trust, self._regulations, self._on = trust, regulations, day_of(now)
        self._rules = dataclasses.replace(rules, assumed=now)
        self._looked = lru_cache(REMEMBERED)(partial(look, policy=trust.policy, rules=self._rules))

    def of(self, candidate: Document, behind: Iterable[Document]) -> Answer:
        """What stands against issuing a candidate and logging it now. behind: all that it rests on."""
        others = [each for each in behind if each.digest != candidate.digest]
        proof = ProofFile((candidate, *others))
        found = check_proof(proof, self._trust, self._rules, on=self._on, looked_at=self._looked)
        answer = judge_proof(found, self._regulations, on=self._on)[0].answer
        return Answer(tuple(each for each in answer.reasons if each.code not in NOT_YET))


def admit(
    candidate: Document,
    behind: Iterable[Document],
    trust: Trust,
    rules: Rules,
    regulations: Regulations,
    *,
    now: int,
) -> Answer:
    """What stands against issuing one document and logging it now (POSIX seconds). behind: all that it rests on."""
    return Admission(trust, rules, regulations, now=now).of(candidate, behind)
