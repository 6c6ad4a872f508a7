"""Who may take a step with a job: people of its institute, qualified for its procedure, who saw it as it stands."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied

from quanheng.city.certificates.models import Entry, Job
from quanheng.city.frame.roles import Role
from quanheng.city.people.models import Person, Qualification, QualificationKind, User
from quanheng.ground.errors import Fault
from quanheng.work.verify.methods import Method

MEASURES = frozenset({QualificationKind.METROLOGIST_1, QualificationKind.METROLOGIST_2})
CHECKS = frozenset({QualificationKind.METROLOGIST_1, QualificationKind.SIGNATORY})
SIGNS = frozenset({QualificationKind.SIGNATORY})


def check_of_institute(actor: User, job: Job | None = None) -> None:
    """Raises PermissionDenied unless the actor works for the institute (of the job)."""
    if actor.role != Role.INSTITUTE or actor.party_id is None:
        raise PermissionDenied("只有检定机构的人员 / for people of the institute alone")
    if job is not None and job.institute_id != actor.party_id:
        raise PermissionDenied("不是本机构的受理单 / not a job of your institute")


def check_qualified(actor: User, kinds: frozenset[QualificationKind], method: Method, on: date) -> Person:
    """The actor's person, where it holds one of these qualifications for the method's field on a day.

    Raises Fault: what is missing.
    """
    person = actor.person
    if person is None or not person.active:
        raise Fault(
            f"{actor}：用户没有对应的在岗人员 / the user stands for no employed person of the register"
        )
    held = Qualification.objects.filter(person=person, kind__in=kinds, since__lte=on)
    valid = [each for each in held if each.until is None or each.until >= on]
    if not valid:
        listed = "、".join(str(each.label) for each in sorted(kinds))
        raise Fault(f"{person}：{on} 没有有效的资格（{listed}之一） / holds no valid qualification for this")
    if not any(method.fields & _named(each.field) for each in valid):
        raise Fault(
            f"{person}：资格不含 {method.field}（{method.procedure}）/ is not qualified for {method.procedure}"
        )
    return person


def check_other_eyes(actor: User, person: Person, job: Job, told: str) -> None:
    """Raises Fault, with what is told, where the actor measured the job or entered any of its readings."""
    by = set(Entry.objects.filter(job=job).values_list("by__person_id", flat=True))
    if actor.pk == job.measured_by_id or person.pk in by:
        raise Fault(f"{job.number}，{person}：{told}")


def check_signs(actor: User, job: Job, method: Method, on: date) -> None:
    """Raises Fault unless the actor is authorised to sign for the method and did not measure himself (JJF 1069)."""
    person = check_qualified(actor, SIGNS, method, on)
    check_other_eyes(
        actor, person, job, "检定与签发须由两人 / whoever measured cannot sign: it takes two pairs of eyes"
    )


def _named(field: str) -> set[str]:
    """The fields that a qualification lists."""
    for mark in "，,；;":
        field = field.replace(mark, "、")
    return {each.strip() for each in field.split("、")}


def check_fresh(job: Job, seen: str) -> None:
    """Raises Fault where the job is no longer as it stood on the page on which somebody acts ("": not by a page)."""
    if seen and seen != str(job.event_id):
        raise Fault(
            f"{job.number}：别人刚刚改过，请重新打开再做 / somebody has just changed it: open it again"
        )
