"""All that a registry holds, judged: each document by itself, then every chain over columns.

    1 look at each document  2 records, twice: revoked keys are known only then  3 certificates by themselves
    4 second versions  5 chains
Withdrawals are left to the chains, which know the day of each use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from quanheng.evidence.answer import Answer, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.build import Known, Said, build
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import (
    ROLES,
    Authority,
    Checked,
    Rules,
    day_of,
    judge,
    look,
    with_reasons,
)
from quanheng.evidence.proof_check import valid_records, versions
from quanheng.evidence.trust import Trust
from quanheng.work.trace.judge import Judged
from quanheng.work.trace.judge import judge as judge_chain
from quanheng.work.trace.part import Asked

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Whole:
    """What was found of holdings: of each certificate by itself, and of all chains."""

    certificates: dict[str, Checked]  # by digest
    records: tuple[Checked, ...]
    judged: Judged

    def answer(self, digest: str) -> Answer:
        """The whole answer about a certificate."""
        of_chain = self.judged.answer(self.judged.chain.row(digest))
        return with_reasons(self.certificates[digest], of_chain.reasons).answer

    def standing(self, digest: str) -> Standing:
        """How a certificate stands."""
        return Standing(int(self.judged.standing[self.judged.chain.row(digest)]))


def check_holdings(
    documents: Iterable[Document],
    trust: Trust,
    rules: Rules,
    asked: Asked,
    *,
    progress: Progress = lambda n: None,
) -> Whole:
    """Judge all documents. asked: the day on which they are to hold, and that of knowing."""
    looked = []
    for n, each in enumerate(documents, 1):
        looked.append(look(each, trust.policy, rules))
        progress(n)
    authority = Authority()
    records: list[Checked] = []
    for _ in range(2):
        records = [
            judge(each, trust, authority, on=asked.on)
            for each in looked
            if each.document.kind not in ROLES and _known(each, asked)
        ]
        authority = Authority.of(valid_records(records))
    without_statuses = Authority(authority.bindings, _of_keys(authority))
    certificates = [
        judge(each, trust, without_statuses, on=asked.on)
        for each in looked
        if each.document.kind in ROLES and _known(each, asked)
    ]
    certificates = _with_versions(certificates)
    known = [
        Known(each.document.digest, each.content, each.answer.standing, _logged(each))
        for each in certificates
        if isinstance(each.content, Certificate)
    ]
    said = [Said(each.content, _logged(each)) for each in records if _is_valid_record(each)]  # type: ignore[arg-type]
    judged = judge_chain(build(known, said), asked)
    return Whole({each.document.digest: each for each in certificates}, tuple(records), judged)


def _of_keys(authority: Authority) -> dict[str, tuple]:  # type: ignore[type-arg]
    """Statuses of keys alone."""
    return {
        target: kept
        for target, each in authority.statuses.items()
        if (kept := tuple(status for status in each if status.change == "revoke key"))
    }


def _is_valid_record(each: Checked) -> bool:
    return each.answer.standing == Standing.VALID and not isinstance(each.content, Certificate | None)


def _known(each: Checked, asked: Asked) -> bool:
    """Whether a document could be known on the day of knowing; one without proof always could."""
    return each.logged is None or day_of(each.logged) <= asked.known


def _logged(each: Checked) -> date | None:
    return None if each.logged is None else day_of(each.logged)


def _with_versions(found: Sequence[Checked]) -> list[Checked]:
    more = defaultdict(list)
    for digest, reason in versions(found):
        more[digest].append(reason)
    return [
        with_reasons(each, more[each.document.digest]) if each.document.digest in more else each
        for each in found
    ]
