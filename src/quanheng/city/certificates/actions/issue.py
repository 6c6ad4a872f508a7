"""Issuing: signed, admitted, logged, proven, registered. Whatever is interrupted is completed by doing it again.

    1 the number and the day are fixed with the job  2 the same bytes, the same signature  3 what stands against it is
    asked before it is logged  4 the document is kept, then entered, once  5 the proof beside it  6 one transaction for
    each: register, job, ledger
A kill after any step leaves either nothing that anybody sees, or a certificate that the same task completes. What goes
wrong with one certificate keeps back no other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import entitled, filing, results, standing
from quanheng.city.certificates.actions.corrections import CORRECTABLE
from quanheng.city.certificates.models import Certificate, Job, JobState, Reverification
from quanheng.city.certificates.models import ReverificationState as Again
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models.ledger import last_day
from quanheng.city.people.models import User
from quanheng.city.queue.models import Task
from quanheng.city.queue.tasks import Work, ask
from quanheng.evidence import certificate as evidence
from quanheng.evidence import procedures, registry
from quanheng.evidence.answer import Answer, because
from quanheng.evidence.answer import Standing as Answered
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed, writing
from quanheng.evidence.monitor import GRACE
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import Fault
from quanheng.work.trace.admit import Admission
from quanheng.work.verify import points

ISSUE_ALL = "certificates.issue all"
TOGETHER = 100  # certificates that are entered into the log as one batch
log_of = logging.getLogger(__name__)
MONTHS = 12  # where the procedure sets no cycle


def ask_for(actor: User, job: Job, *, on: date, seen: str = "") -> None:
    """Fix number and day, and ask for the certificate, as who is authorised to sign it.

    Raises Fault, NotShown where nothing can be signed here.
    """
    entitled.check_of_institute(actor, job)
    entitled.check_signs(actor, job, results.method_of(job.procedure), on)
    house.key("institute")
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        entitled.check_fresh(job, seen)
        if job.state not in (JobState.CHECKED, JobState.ISSUING):
            raise Fault(f"{job.number}：{job.get_state_display()}，不能签发 / cannot be issued now")
        if job.state == JobState.CHECKED:
            _check_corrects(job)
            _fix(job, on)
            audit.save(actor, "certificates.sign", job)
        ask("certificates.issue", {"job": job.pk}, actor)


def _check_corrects(job: Job) -> None:
    """Raises Fault where what is corrected was revoked meanwhile."""
    if job.corrects is not None and job.corrects.standing not in CORRECTABLE:
        raise Fault(
            f"{job.number}：所更正的 {job.corrects.number} {job.corrects.get_standing_display()}，不能再更正"
            " / what it corrects cannot be corrected any more"
        )


def _fix(job: Job, on: date) -> None:
    job.state, job.signed, job.refusal = JobState.ISSUING, on, ""
    job.certificate_number = _number(job)


def _number(job: Job) -> str:
    if job.corrects is None:
        return f"C{job.received:%Y}-{job.pk:06d}"
    base = job.corrects.number.split("-R")[0]
    return f"{base}-R{Certificate.objects.filter(number__startswith=f'{base}-R').count() + 1}"


def ask_for_all(actor: User, wanted: Mapping[int, str], *, on: date) -> Task | None:
    """The same for many jobs that become one task: those that are checked still, as they were seen, and the actor's to
    sign, if any are.

    wanted: keys of jobs, and the event on which the person's page stood. Raises Fault where none of them is the actor's
    to sign, NotShown like `ask_for`.
    """
    house.key("institute")
    with transaction.atomic():
        rows = list(Job.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk__in=list(wanted)))
        fixed, told = [], []
        for job in rows:
            entitled.check_of_institute(actor, job)
            if job.state != JobState.CHECKED or wanted[job.pk] not in ("", str(job.event_id)):
                continue
            try:
                entitled.check_signs(actor, job, results.method_of(job.procedure), on)
                _check_corrects(job)
            except Fault as fault:
                told.append(str(fault))
                continue
            _fix(job, on)
            fixed.append(job)
        if told and not fixed:
            raise Fault("\n".join(dict.fromkeys(told)))
        if fixed:
            audit.write_all(
                actor, "certificates.sign", fixed, {"numbers": [each.certificate_number for each in fixed]}
            )
            return ask(ISSUE_ALL, {"jobs": [each.pk for each in fixed]}, actor)
    return None


@dataclass(frozen=True)
class _Draft:
    """A certificate that is signed, and not yet logged."""

    job: Job
    content: evidence.Certificate
    document: Document


def issue(actor: Any, pk: int) -> str:
    """Issue the certificate of a job; its number, "" where it was refused (the job says why)."""
    return issue_all(actor, [pk])[0]


def issue_all(actor: Any, pks: Sequence[int], work: Work | None = None) -> list[str]:
    """The same for many, which are entered into the log together.

    What nobody foresaw in one of them is raised when all others are issued: the task is done again, for that one.
    """
    numbers: list[str] = []
    unforeseen: list[Exception] = []
    for start in range(0, len(pks), TOGETHER):
        if work:
            work.progress("issue", start, len(pks))
        numbers += _issue(actor, pks[start : start + TOGETHER], unforeseen)
    if unforeseen:
        raise unforeseen[0]
    return numbers


def _issue(actor: Any, pks: Sequence[int], unforeseen: list[Exception]) -> list[str]:
    joined = ("instrument", "corrects", "certificate", "measured_by", "checked_by")
    there = Job.objects.select_related(*joined).in_bulk(pks)
    rules, now = Rules(sealed.read, GRACE), int(time.time())
    admission = Admission(house.trust(), rules, procedures.regulations(), now=now)
    admitted = []
    for job in (there[pk] for pk in pks):
        with _apart(job, unforeseen):
            draft = _draft(actor, job) if job.state == JobState.ISSUING else None
            if draft and _holds(actor, draft, admission.of(draft.document, _behind(draft))):
                admitted.append(draft)
    for each in admitted:
        store.put(each.document)
    logged = _entered(actor, admitted)
    for _each, _place, document in logged:
        store.put(document)
    for each, place, document in logged:
        with _apart(each.job, unforeseen), transaction.atomic():
            _register(actor, each, place, document)
    for job in there.values():  # those of an interrupted issue too
        if job.state == JobState.ISSUED and job.corrects and job.certificate:
            why = job.why or "更正 / corrected"
            with _apart(job, unforeseen):
                standing.supersede(actor, job.corrects, job.certificate, why, on=job.certificate.issued)
    return [job.certificate_number if (job := there[pk]).state == JobState.ISSUED else "" for pk in pks]


@contextmanager
def _apart(job: Job, unforeseen: list[Exception]) -> Iterator[None]:
    """Whatever goes wrong with one job is kept for the end; the job is as the register has it."""
    try:
        yield
    except Exception as error:
        log_of.exception("job %s", job.number)
        job.refresh_from_db()
        unforeseen.append(error)


def _draft(actor: Any, job: Job) -> _Draft | None:
    """The certificate of a job, signed; None: there is none to sign."""
    try:
        content = content_of(job)
        data = writing.write(content)
    except Fault as error:
        _refuse(actor, job, str(error))
        return None
    document = _kept(data) or registry.certificate(content, data, house.key("institute"), house.secret())
    return _Draft(job, content, document)


def _behind(draft: _Draft) -> list[Document]:
    return store.behind(draft.document, draft.content)


def _holds(actor: Any, draft: _Draft, answer: Answer) -> bool:
    """Whether nothing stands against logging it now; otherwise the job is told."""
    if answer.standing == Answered.VALID:
        return True
    _refuse(actor, draft.job, "\n".join(str(each) for each in answer.reasons))
    return False


def _entered(actor: Any, drafts: Sequence[_Draft]) -> list[tuple[_Draft, int, Document]]:
    """Drafts whose number no other certificate has, in the log with their proofs; nobody enters one in between."""
    if not drafts:
        return []
    with house.writing() as log:
        answers = house.versions(log, [each.document for each in drafts])
        taken: set[str] = set()
        new, known = [], []
        for each, answer in zip(drafts, answers, strict=True):
            if each.content.number in taken:
                answer = because("second_version", detail=each.content.number)
            taken.add(each.content.number)
            if answer.standing == Answered.VALID:
                new.append(each)
            else:
                known.append((each, answer))
        places, proven = house.enter([each.document for each in new], log)
    for each, answer in known:
        _holds(actor, each, answer)
    return list(zip(new, places, proven, strict=True))


def _refuse(actor: Any, job: Job, why: str) -> None:
    with transaction.atomic():
        job.state, job.refusal = JobState.CHECKED, why
        audit.save(actor, "certificates.refuse", job)


def _register(actor: Any, ready: _Draft, place: int, proven: Document) -> None:
    job, content = ready.job, ready.content
    row = filing.register(actor, [(proven, content, place)])[0]
    job.state, job.certificate = JobState.ISSUED, row
    audit.save(actor, "certificates.issue", job)
    instruments.verified(actor, job.instrument, content.ended, content.due)
    for each in Reverification.objects.filter(instrument=job.instrument, state=Again.OPEN):
        each.state, each.done_by = Again.DONE, row
        audit.save(actor, "certificates.verify again", each)


def _kept(data: bytes) -> Document | None:
    """The document that an interrupted issue has kept: its signature stays as it was made."""
    found = store.get(sha256_bytes(data))
    return found if found is not None and found.kind == CERTIFICATE else None


def content_of(job: Job) -> evidence.Certificate:
    """What the certificate of a job says: the same for the same job."""
    method, computed = results.method_of(job.procedure), results.compute(job, trials=False)
    instrument, found = job.instrument, house.house()
    assert job.signed and job.measured and job.measured_by and job.checked_by
    if not computed:
        raise Fault(f"{job.number}：没有读数 / there are no readings")
    limit = method.limits[job.accuracy]
    listed = [
        points.point(method, n, instrument.code, float(each.entry.nominal), each.standard, each.result, limit)
        for n, each in enumerate(computed, 1)
    ]
    passed = all(each.outcome == evidence.Outcome.PASS for each in listed)
    outcome = evidence.Outcome.PASS if passed else evidence.Outcome.FAIL
    procedure = procedures.regulations().procedures.get(job.procedure)
    months = procedure.cycle_months if procedure else None
    months = instrument.cycle.months if instrument.cycle else months or MONTHS
    temperatures = [t for each in computed for t in results.conditions(each.entry.temperature, job.number)]
    humidities = [h for each in computed for h in results.conditions(each.entry.humidity, job.number)]
    days = [timezone.localdate(each.entry.at) for each in computed]
    begun = max(job.received, min(*days, job.measured))
    return evidence.Certificate(
        method.kind,
        job.certificate_number,
        found.institute,
        (
            evidence.Item(
                instrument.code,
                instrument.name,
                instrument.maker,
                instrument.model,
                instrument.serial,
                instrument=method.instrument,
                type_approval=instrument.type_approval,
            ),
        ),
        begun,
        max(begun, job.measured),
        job.signed,
        job.procedure,
        tuple(listed),
        f"检定 {job.measured_by.person or job.measured_by}，核验 {job.checked_by.person or job.checked_by}",
        received=job.received,
        due=last_day(job.measured, months) if passed else None,
        interval_set_by="procedure" if passed else "",
        conditions=(
            evidence.Condition("temperature", min(temperatures), max(temperatures), "°C"),
            evidence.Condition("relative humidity", min(humidities), max(humidities), "%"),
        ),
        decision=evidence.Decision(method.rule, outcome),
        amends=job.corrects.digest if job.corrects else "",
        remarks=(job.why,) if job.corrects and job.why else (),
    )
