"""Whether all documents of a proof file are what they claim, each by itself and lying side by side.

These are rules 8 and 9 of a chain for every document; the other rules need the whole chain and are judged by
`work/trace` on what `check_proof` returns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from quanheng.evidence.answer import VALID, Answer, Reason, Standing, together
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import ORDER, Document
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
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.order_check import check_order, run_of
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.records import Record
from quanheng.evidence.trust import Trust

Look = Callable[[Document], Checked]


def check_proof(
    proof: ProofFile, trust: Trust, rules: Rules, *, on: date, looked_at: Look | None = None
) -> tuple[Checked, ...]:
    """Every document of a proof file, in its order.

    The subject is to hold on the day `on`, what it rests on on the last day it was used for another document here.
    1 records of the authority (`judged_records`)  2 certificates and bundles  3 what shows only when they lie side by
    side
    looked_at: `look` by this trust and these rules, of whoever remembers what it said of a document.
    """
    looked_at = looked_at or (lambda each: look(each, trust.policy, rules))
    looked = [looked_at(each) for each in proof.documents if each.kind != ORDER]
    used = _last_uses(each.content for each in looked if isinstance(each.content, Certificate))
    made = {each.digest: run_of(each, looked) or on for each in proof.documents if each.kind == ORDER}
    on = made.get(proof.subject.digest, on)
    days = {each.digest: used.get(each.digest, on) for each in proof.documents} | {proof.subject.digest: on}

    def judged(authority: Authority, *, as_records: bool) -> dict[str, Checked]:
        return {
            digest: judge(each, trust, authority, on=days[digest])
            for each, digest in ((each, each.document.digest) for each in looked)
            if (each.document.kind not in ROLES) == as_records
        }

    records, authority = judged_records(lambda known: list(judged(known, as_records=True).values()))
    found = {each.document.digest: each for each in records} | judged(authority, as_records=False)
    orders = {
        each.digest: check_order(each, found.values(), made[each.digest])
        for each in proof.documents
        if each.kind == ORDER
    }
    found |= orders
    return _side_by_side([found[each.digest] for each in proof.documents], days)


def judged_records(judged: Callable[[Authority], list[Checked]]) -> tuple[list[Checked], Authority]:
    """The records of the authority, and what the valid ones say. judged: all of them, by what is known of keys.

    1 by pinned keys alone  2 by keys that those bind as authority, and again those of 1, now that revocations are known
    3 all again, by what those of 2 withdraw: a key that one delegate revokes binds nobody. A key that a delegate binds
    as authority is none.
    """
    found = judged(Authority())
    pinned = {each.document.digest for each in _valid(found)}
    authority = said = Authority.of(valid_records(found))
    for _ in range(2):
        found = judged(authority)
        said = Authority.of(valid_records(found))
        trusted = Authority.of(valid_records(each for each in found if each.document.digest in pinned))
        authority = Authority(trusted.bindings, said.statuses)
    return found, said


def _valid(found: Iterable[Checked]) -> Iterator[Checked]:
    return (each for each in found if each.answer.standing == Standing.VALID)


def valid_records(found: Iterable[Checked]) -> Iterator[Record]:
    """The records among documents, as far as these are valid, in the order of the log."""
    for each in in_log_order(_valid(found)):
        if not isinstance(each.content, Certificate | None):
            yield each.content


def _last_uses(certificates: Iterable[Certificate]) -> dict[str, date]:
    """The last day on which each standard was used, by digest."""
    used: dict[str, date] = {}
    for each in certificates:
        for standard in each.standards:
            used[standard] = max(each.ended, used.get(standard, each.ended))
    return used


def _side_by_side(found: Sequence[Checked], days: Mapping[str, date]) -> tuple[Checked, ...]:
    """Step 4: second versions, replaced ones, forked logs; and how far the file sees."""
    more: dict[str, list[Reason]] = defaultdict(list)
    for reasons in (versions(found), _replaced(found, days), forks(found)):
        for digest, reason in reasons:
            more[digest].append(reason)
    last = max((each.logged for each in found if each.logged), default=None)
    if last is not None:
        told = f"只看到 {day_of(last)} / seen up to {day_of(last)}"
        more[found[0].document.digest].append(Reason("status_unseen", detail=told))
    return tuple(with_reasons(each, more[each.document.digest]) for each in found)


def versions(found: Sequence[Checked]) -> Iterable[tuple[str, Reason]]:
    """Certificates of one issuer and number, neither of which amends or replaces the other, be it by others between."""
    groups: dict[tuple[str, str], list[Checked]] = defaultdict(list)
    for each in found:
        if isinstance(each.content, Certificate):
            groups[each.content.issuer.identifier, each.content.number].append(each)
    before = {
        each.document.digest: {each.content.amends, each.content.supersedes} - {""}
        for each in found
        if isinstance(each.content, Certificate)
    }
    for (_, number), group in groups.items():
        if len(group) == 1:
            continue
        earlier = {each.document.digest: _earlier(each.document.digest, before) for each in group}
        for digest, mine in earlier.items():
            if any(
                other not in mine and digest not in theirs
                for other, theirs in earlier.items()
                if other != digest
            ):
                yield digest, Reason("second_version", detail=number)


def _earlier(digest: str, before: Mapping[str, set[str]]) -> set[str]:
    """All that a certificate amends or replaces, by itself or by what it amends or replaces."""
    found: set[str] = set()
    ahead = [digest]
    while ahead:
        new = before.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def _replaced(found: Sequence[Checked], days: Mapping[str, date]) -> Iterable[tuple[str, Reason]]:
    """Certificates that a valid later one of the same issuer replaces."""
    here = {each.document.digest: each.content for each in found}
    for each in found:
        new = each.content
        if isinstance(new, Certificate) and new.supersedes and each.answer.standing == Standing.VALID:
            old = here.get(new.supersedes)
            theirs = isinstance(old, Certificate) and old.issuer.identifier == new.issuer.identifier
            if theirs and new.issued <= days[new.supersedes]:
                told = f"由 {new.number} 取代，{new.issued} / by {new.number}, {new.issued}"
                yield new.supersedes, Reason("superseded", detail=told)


def forks(found: Sequence[Checked]) -> Iterable[tuple[str, Reason]]:
    """Documents whose checkpoints have one size and different roots."""
    roots: dict[tuple[str, int], dict[bytes, list[Checked]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        if each.logged is not None and each.document.proof:
            checkpoint = proofs.parse(each.document.proof).checkpoint
            roots[checkpoint.origin, checkpoint.size][checkpoint.root].append(each)
    for (origin, size), versions in roots.items():
        if len(versions) > 1:
            for each in (one for group in versions.values() for one in group):
                told = f"{origin}，大小 {size} / {origin}, size {size}"
                yield each.document.digest, Reason("log_forked", detail=told)


def overall(found: Sequence[Checked]) -> Answer:
    """All documents together: what a proof file shows before the rules of the chain are asked."""
    return together(each.answer for each in found) if found else VALID
