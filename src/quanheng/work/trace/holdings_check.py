"""All that a registry holds, judged: each document by itself, then every chain over columns.

    1 look at each document  2 records of the authority  3 certificates and bundles by themselves  4 what shows when
    they lie side by side  5 chains
Withdrawals are left to the chains, which know the day of each use. Orders are not looked at: each has its own proof.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from quanheng.evidence.answer import Answer, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.build import Known, build
from quanheng.evidence.chain.said import Said
from quanheng.evidence.document import CERTIFICATE, ORDER, Document
from quanheng.evidence.document_check import (
    ROLES,
    Authority,
    Checked,
    Rules,
    day_of,
    in_log_order,
    judge,
    look,
    with_reasons,
)
from quanheng.evidence.proof_check import forks, judged_records, versions
from quanheng.evidence.records import Status
from quanheng.evidence.trust import Trust
from quanheng.work.trace.judge import Judged
from quanheng.work.trace.judge import judge as judge_chain
from quanheng.work.trace.part import Asked

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Whole:
    """What was found of holdings: of each document by itself, and of all chains."""

    certificates: dict[str, Checked]  # by digest
    others: tuple[Checked, ...]  # records of the authority, bundles
    judged: Judged

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Rows of certificates in the chain, by digest; one that cannot be read has none."""
        chain = self.judged.chain
        return {chain.digest(row): row for row in range(len(chain))}

    def answer(self, digest: str) -> Answer:
        """The whole answer about a certificate; of one that cannot be read, what its document shows."""
        found = self.certificates[digest]
        if digest not in self.rows:
            return found.answer
        return with_reasons(found, self.judged.answer(self.rows[digest]).reasons).answer

    def standing(self, digest: str) -> Standing:
        """How a certificate stands."""
        if digest not in self.rows:
            return self.certificates[digest].answer.standing
        return Standing(int(self.judged.standing[self.rows[digest]]))


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
        if each.kind != ORDER:
            looked.append(look(each, trust.policy, rules))
        progress(n)
    looked = [each for each in looked if _known(each, asked)]

    def judged(authority: Authority, *, as_records: bool) -> list[Checked]:
        return _best(
            judge(each, trust, authority, on=asked.on)
            for each in looked
            if (each.document.kind not in ROLES) == as_records
        )

    records, authority = judged_records(lambda known: judged(known, as_records=True))
    signed = judged(Authority(authority.bindings, _of_keys(authority)), as_records=False)
    found = _side_by_side([*records, *signed])
    certificates = {each.document.digest: each for each in found if each.document.kind == CERTIFICATE}
    others = tuple(each for each in found if each.document.kind != CERTIFICATE)
    known = [
        Known(digest, each.content, each.answer.standing, _logged(each))
        for digest, each in certificates.items()
        if isinstance(each.content, Certificate)
    ]
    said = [Said(each.content, _logged(each)) for each in in_log_order(others) if _is_valid_record(each)]  # type: ignore[arg-type]
    said += _replaced(certificates)
    return Whole(certificates, others, judge_chain(build(known, said), asked))


def _best(found: Iterable[Checked]) -> list[Checked]:
    """Of copies of one document that which shows most, and soonest: a bad copy beside it takes nothing away."""
    best: dict[str, Checked] = {}
    for each in found:
        before = best.setdefault(each.document.digest, each)
        if _rank(each) < _rank(before):
            best[each.document.digest] = each
    return list(best.values())


def _rank(each: Checked) -> tuple[Standing, bool, int]:
    return each.answer.standing, each.logged is None, each.logged or 0


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


def _side_by_side(found: Sequence[Checked]) -> list[Checked]:
    """Two versions of one number in the log; two logs of one size."""
    more = defaultdict(list)
    for reasons in (versions([each for each in found if each.logged is not None]), forks(found)):
        for digest, reason in reasons:
            more[digest].append(reason)
    return [
        with_reasons(each, more[each.document.digest]) if each.document.digest in more else each
        for each in found
    ]


def _replaced(certificates: Mapping[str, Checked]) -> Iterator[Said]:
    """Certificates that a valid later one of their issuer replaces, as a status of the day of its issue would say."""
    for each in certificates.values():
        new = each.content
        if isinstance(new, Certificate) and new.supersedes and each.answer.standing == Standing.VALID:
            old = certificates[new.supersedes].content if new.supersedes in certificates else None
            if isinstance(old, Certificate) and old.issuer.identifier == new.issuer.identifier:
                yield Said(Status("supersede", new.supersedes, new.issued, new.number), _logged(each))
