"""Whether a document may be issued: judged as its verifiers will judge it, before it is logged.

What is not so yet, and will be when it is logged, is no reason against it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from quanheng.evidence.answer import Answer
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules, day_of
from quanheng.evidence.procedures import Regulations
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.trust import Trust
from quanheng.work.trace.proof import judge_proof

NOT_YET = frozenset({"not_logged", "status_unseen"})


def admit(
    candidate: Document,
    behind: Iterable[Document],
    trust: Trust,
    rules: Rules,
    regulations: Regulations,
    *,
    now: int,
) -> Answer:
    """What stands against issuing a candidate and logging it now (POSIX seconds). behind: all that it rests on."""
    on, rules = day_of(now), dataclasses.replace(rules, assumed=now)
    others = [each for each in behind if each.digest != candidate.digest]
    found = check_proof(ProofFile((candidate, *others)), trust, rules, on=on)
    answer = judge_proof(found, regulations, on=on)[0].answer
    return Answer(tuple(each for each in answer.reasons if each.code not in NOT_YET))
