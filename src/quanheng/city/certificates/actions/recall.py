"""Recall as work: a certificate was wrong since a day. What rests on it is suspended, opened again, verified anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max

from quanheng.city.audit import actions as audit
from quanheng.city.certificates.actions import standing
from quanheng.city.certificates.actions.reasons import check_reason
from quanheng.city.certificates.models import (
    Basis,
    Certificate,
    Recall,
    RecallState,
    Reverification,
    ReverificationState,
)
from quanheng.city.frame.roles import Role
from quanheng.city.people.models import Party
from quanheng.city.queue.tasks import Work, ask
from quanheng.ground.errors import Fault

TOGETHER = 500
MAY = frozenset({Role.CITY, Role.INSTITUTE})


@dataclass(frozen=True)
class Hit:
    """A certificate that rests on the recalled one: by which standard, at which distance."""

    digest: str
    through: str
    distance: int


@dataclass(frozen=True)
class Beyond:
    """What an office above says is hit as well: how it is called there, where it is, how many."""

    title: str
    address: str
    count: int


HIT_BY: list[Callable[[Sequence[str], date], list[Beyond]]] = []
"""Offices above add what they know to be hit: by codes of instruments that are no longer sound, and the day."""
REOPEN: list[Callable[[Any, Sequence[str], date, str], None]] = []
"""Offices above open again what rests on these instruments: actor, codes, day, reason. Done twice, it is done once."""


def hits(digest: str, since: date) -> list[Hit]:
    """All certificates whose measurements used it on or after a day, at whatever distance, nearest first.

    The rule of work/trace/recall: each counts by its own day of use.
    """
    found: dict[str, Hit] = {}
    frontier, distance = [digest], 0
    while frontier:
        distance += 1
        fresh: dict[str, Hit] = {}
        for start in range(0, len(frontier), TOGETHER):
            rows = Basis.objects.filter(standard__in=frontier[start : start + TOGETHER], ended__gte=since)
            for certificate, standard in rows.order_by("id").values_list("certificate", "standard"):
                if certificate != digest and certificate not in found:
                    fresh.setdefault(certificate, Hit(certificate, standard, distance))
        found |= fresh
        frontier = list(fresh)
    return list(found.values())


def path(digest: str, found: dict[str, Hit]) -> list[str]:
    """Digests from a hit certificate to the recalled one."""
    steps = [digest]
    while steps[-1] in found:
        steps.append(found[steps[-1]].through)
    return steps


def certificates_of(found: Sequence[Hit]) -> dict[str, Certificate]:
    """The registered rows of hits, by digest."""
    rows: dict[str, Certificate] = {}
    digests = [each.digest for each in found]
    for start in range(0, len(digests), TOGETHER):
        some = Certificate.objects.filter(digest__in=digests[start : start + TOGETHER])
        rows |= {each.digest: each for each in some.select_related("instrument", "instrument__user")}
    return rows


def beyond(codes: Sequence[str], since: date) -> list[Beyond]:
    """What offices above know to be hit."""
    return [each for hit_by in HIT_BY for each in hit_by(codes, since)]


def report(actor: Any, row: Certificate, since: date, why: str, *, on: date) -> Recall:
    """Report that a certificate was wrong since a day. Raises Fault, PermissionDenied."""
    if actor.role not in MAY:
        raise PermissionDenied("只有市级监管与检定机构 / the city and institutes alone")
    check_reason(why)
    if since > on:
        raise Fault(f"{since} 还没有到 / has not come yet")
    with transaction.atomic():
        last = Recall.objects.aggregate(last=Max("id"))["last"] or 0
        found = Recall(
            number=f"R{on:%Y}-{last + 1:04d}", certificate=row, since=since, why=why[:300], reported=on,
            reported_by=actor,
        )  # fmt: skip
        audit.save(actor, "certificates.report recall", found)
    return found


def drop(actor: Any, found: Recall, why: str) -> None:
    """The city finds that nothing is to be recalled. Raises Fault, PermissionDenied."""
    _check_city(actor)
    check_reason(why)
    with transaction.atomic():
        found = Recall.objects.select_for_update().get(pk=found.pk)
        if found.state != RecallState.REPORTED:
            raise Fault(f"{found.number}：{found.get_state_display()} / was decided already")
        found.state, found.why = RecallState.DROPPED, f"{found.why}；{why}"[:300]
        audit.save(actor, "certificates.drop recall", found)


def confirm(actor: Any, found: Recall, assignee: Party, deadline: date, *, on: date) -> None:
    """The city confirms: in the background everything that is hit is suspended and opened again. Raises Fault."""
    _check_city(actor)
    if deadline < on:
        raise Fault(f"期限 {deadline} 已过 / the deadline has passed")
    with transaction.atomic():
        found = Recall.objects.select_for_update().get(pk=found.pk)
        if found.state != RecallState.REPORTED:
            raise Fault(f"{found.number}：{found.get_state_display()} / was decided already")
        found.state, found.confirmed, found.confirmed_by = RecallState.CONFIRMED, on, actor
        found.assignee, found.deadline = assignee, deadline
        audit.save(actor, "certificates.confirm recall", found)
        ask("certificates.recall", {"recall": found.pk}, actor)


def carry_out(actor: Any, pk: int, work: Work | None = None) -> Recall:
    """Suspend, open again, order; part by part, each whole. Done twice, nothing is done twice."""
    found = Recall.objects.select_related("certificate", "assignee", "confirmed_by").get(pk=pk)
    if found.state != RecallState.CONFIRMED or found.confirmed is None:
        return found
    assert found.assignee and found.deadline
    on, why = found.confirmed, f"{found.number}：{found.why}"
    standing.change(actor, [found.certificate], "suspend", why, on=on)
    listed = hits(found.certificate.digest, found.since)
    by, rows = {each.digest: each for each in listed}, certificates_of(listed)
    numbers = {digest: row.number for digest, row in rows.items()} | {
        found.certificate.digest: found.certificate.number
    }
    hit = [rows[each.digest] for each in listed if each.digest in rows]
    codes = [row.item for row in (found.certificate, *hit)]
    for start in range(0, len(hit), TOGETHER):
        if work:
            work.progress("suspend", start, len(hit))
        part = hit[start : start + TOGETHER]
        standing.change(actor, part, "suspend", why, on=on)
        _order(actor, found, part, by, numbers)
    for reopen in REOPEN:
        reopen(actor, codes, found.since, why)
    further = beyond(codes, found.since)
    with transaction.atomic():
        found.certificates, found.instruments = len(listed), len({row.item for row in hit})
        found.verdicts, found.state = sum(each.count for each in further), RecallState.DONE
        audit.save(actor, "certificates.carry out recall", found)
    return found


def _order(
    actor: Any, found: Recall, part: Sequence[Certificate], by: dict[str, Hit], numbers: dict[str, str]
) -> None:
    assignee, deadline = found.assignee, found.deadline
    assert assignee is not None and deadline is not None
    old = Reverification.objects.filter(recall=found, certificate__in=part)
    there = set(old.values_list("certificate_id", flat=True))
    rows = [
        Reverification(
            number=f"{found.number}-{each.pk:06d}", recall=found, certificate=each, instrument=each.instrument,
            path=" ← ".join(numbers.get(step, step[:16]) for step in path(each.digest, by)),
            assignee=assignee, deadline=deadline, state=ReverificationState.OPEN,
        )
        for each in part
        if each.instrument is not None and each.pk not in there
    ]  # fmt: skip
    if rows:
        with transaction.atomic():
            audit.write_all(actor, "certificates.order", rows, {"recall": found.number})


def _check_city(actor: Any) -> None:
    if actor.role != Role.CITY:
        raise PermissionDenied("只有市级监管 / the city alone")
