"""The institute's day: received, measured, checked. Every step says who may take it, and refuses in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import store
from quanheng.city.certificates.models import IN_HAND, Certificate, Entry, Job, JobState, Standing, Used
from quanheng.city.frame.roles import Role
from quanheng.city.instruments.models import Instrument, MeasurementStandard, Status
from quanheng.city.people.models import Person, Qualification, QualificationKind, User
from quanheng.ground.errors import Fault
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.result import Budget
from quanheng.work.verify import points
from quanheng.work.verify.methods import Method, methods
from quanheng.work.verify.points import Readings, Result

MEASURES = frozenset({QualificationKind.METROLOGIST_1, QualificationKind.METROLOGIST_2})
CHECKS = frozenset({QualificationKind.METROLOGIST_1, QualificationKind.SIGNATORY})
TRIES = 5  # for a number that nobody else has taken meanwhile
MOST_READINGS = 1000


@dataclass(frozen=True)
class Computed:
    """A point of a job: what was read, its budget as a file, and what came out."""

    entry: Entry
    standard: points.Standard
    text: str
    budget: Budget
    result: Result


# ---- who may -------------------------------------------------------------------------------------------------------


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


# ---- receiving -----------------------------------------------------------------------------------------------------


def receive(
    actor: User,
    instrument: Instrument,
    standards: Sequence[MeasurementStandard],
    *,
    procedure: str,
    accuracy: str,
    promised: date,
    on: date,
    condition: str = "",
    resolution: float | None = None,
    corrects: Certificate | None = None,
    why: str = "",
) -> Job:
    """Receive an instrument. Raises Fault: the procedure, a standard that may not be used, a promise in the past."""
    check_of_institute(actor)
    assert actor.party is not None
    method = method_of(procedure)
    if accuracy not in method.limits:
        listed = "、".join(method.limits)
        raise Fault(f"准确度等级 {accuracy!r}：{procedure} 有 {listed} / there are {listed} in {procedure}")
    if instrument.status == Status.SCRAPPED:
        raise Fault(f"{instrument.code}：已报废 / was scrapped")
    if (other := Job.objects.filter(instrument=instrument, state__in=IN_HAND).first()) is not None:
        raise Fault(f"{instrument.code}：已在受理单 {other.number} / is in job {other.number} already")
    if promised < on:
        raise Fault(f"应完成日期 {promised} 早于受理日期 {on} / promised for a day before it was received")
    if not standards:
        raise Fault("没有选计量标准 / no measurement standard was chosen")
    used = [(each, usable(each, method, actor.party_id, on)) for each in standards]
    row = Job(
        instrument=instrument, code=instrument.code, institute=actor.party, procedure=procedure, received=on,
        received_by=actor, condition=condition, promised=promised, accuracy=accuracy, corrects=corrects, why=why,
        resolution=method.resolution if resolution is None else resolution,
    )  # fmt: skip
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                last = Job.objects.aggregate(last=Max("id"))["last"] or 0
                row.number = f"J{on:%Y}-{last + 1 + attempt:06d}"
                audit.save(actor, "certificates.receive", row)
                rows = [Used(job=row, standard=one, certificate=two) for one, two in used]
                audit.write_all(actor, "certificates.use standards", rows, {"job": row.number})
            return row
        except IntegrityError:
            row.pk = None
    raise Fault("受理号被占用，请再试一次 / the number was taken meanwhile: try again")


def method_of(procedure: str) -> Method:
    """The method of a procedure. Raises Fault."""
    if procedure not in methods():
        listed = "、".join(methods())
        raise Fault(f"{procedure}：没有这个规程的方法；有 {listed} / there is no method for it")
    return methods()[procedure]


def usable(standard: MeasurementStandard, method: Method, institute: int | None, on: date) -> Certificate:
    """The certificate that speaks for a standard on a day. Raises Fault: why the standard may not be used."""
    name = standard.code
    if standard.holder_id != institute:
        raise Fault(f"{name}：不是本机构的计量标准 / is not a standard of this institute")
    if not standard.active or not standard.since <= on <= standard.until:
        raise Fault(
            f"{name}：{on} 不在考核有效期内（{standard.since} – {standard.until}） / is not in force on that day"
        )
    if (
        standard.unit != method.unit
        or standard.lower > min(method.points)
        or standard.upper < max(method.points)
    ):
        raise Fault(
            f"{name}：({standard.lower:g}–{standard.upper:g}) {standard.unit} 不及 {method.procedure} 的测量点"
            f" / its range does not hold the points of {method.procedure}"
        )
    found = Certificate.objects.filter(item=standard.item, ended__lte=on).order_by("-ended", "-id").first()
    if found is None:
        raise Fault(f"{name}：主标准器没有登记的证书 / no certificate of its main standard is registered")
    if found.standing != Standing.IN_FORCE:
        raise Fault(
            f"{name}：证书 {found.number} {found.get_standing_display()} / its certificate is not in force"
        )
    if found.due is not None and found.due < on:
        raise Fault(
            f"{name}：证书 {found.number} 已于 {found.due} 到期 / its certificate ended on {found.due}"
        )
    return found


# ---- measuring -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """Readings at a point as they were typed."""

    nominal: str
    indications: tuple[str, ...]
    references: tuple[str, ...]
    temperature: str  # one figure, or one for each reading, with spaces between
    humidity: str


def measure(
    actor: User, job: Job, read: Sequence[Read], *, on: date, why: str = "", source: str = "", seen: str = ""
) -> list[Entry]:
    """Keep raw readings. A point that was entered before is replaced, with the reason; nothing is ever changed.

    Raises Fault, naming every point at fault: no number, not in pairs, a standard that does not reach there.
    """
    check_of_institute(actor, job)
    method = method_of(job.procedure)
    check_qualified(actor, MEASURES, method, on)
    standards = _standards(job, method)
    checked, told = [], []
    for each in read:
        try:
            checked.append((each, _checked(each, method, standards)))
        except Fault as error:
            told.append(str(error))
    if told:
        raise Fault("\n".join(told))
    if not checked:
        raise Fault("没有读数 / there are no readings")
    if len({nominal for _each, nominal in checked}) < len(checked):
        raise Fault("同一测量点写了两次 / a point stands there twice")
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        check_fresh(job, seen)
        if job.state not in (JobState.RECEIVED, JobState.MEASURED):
            raise Fault(
                f"{job.number}：{job.get_state_display()}，不能再录入 / no readings can be entered any more"
            )
        before = {float(each.nominal): each for each in current(job)}
        if not why and any(nominal in before for _each, nominal in checked):
            raise Fault("更正已录入的读数须写原因 / a reason is needed where readings are replaced")
        rows = [
            Entry(
                job=job, nominal=each.nominal, indications=list(each.indications), references=list(each.references),
                temperature=each.temperature, humidity=each.humidity, by=actor, at=timezone.now(), source=source,
                replaces=before.get(nominal), why=why if nominal in before else "",
            )
            for each, nominal in checked
        ]  # fmt: skip
        audit.write_all(actor, "certificates.measure", rows, {"job": job.number, "source": source})
        job.state, job.measured, job.measured_by = JobState.MEASURED, on, actor
        audit.save(actor, "certificates.measured", job)
    return rows


def _checked(read: Read, method: Method, standards: Mapping[Certificate, Any]) -> float:
    where = f"测量点 {read.nominal!r}"
    nominal = number(read.nominal, where)
    for name, text in (("温度 temperature", read.temperature), ("湿度 humidity", read.humidity)):
        told = conditions(text, f"{where}，{name}")
        if len(told) not in (1, len(read.indications)):
            raise Fault(
                f"{where}，{name}：{len(told)} 个值；应为一个，或每次读数一个 / one figure, or one for each reading"
            )
    if len(read.indications) != len(read.references) or not 0 < len(read.indications) <= MOST_READINGS:
        raise Fault(
            f"{where}：示值 {len(read.indications)} 个，标准器示值 {len(read.references)} 个；应成对"
            " / indications and references should stand in pairs"
        )
    found = readings(read.nominal, read.indications, read.references)
    points.errors(method, found)
    standard_for(standards, method, nominal)
    return nominal


def conditions(text: str, where: str) -> list[float]:
    """Temperatures or humidities at a point as somebody typed them: one, or one for each reading. Raises Fault."""
    return [number(each, where) for each in text.split() or [text]]


def number(text: str, where: str) -> float:
    """A finite number as somebody typed it. Raises Fault."""
    try:
        found = float(text)
    except ValueError as error:
        raise Fault(f"{where}：{text[:30]!r} 不是数 / is no number") from error
    if not math.isfinite(found):
        raise Fault(f"{where}：{text[:30]!r} 不是有限的数 / is not finite")
    return found


def readings(nominal: str, indications: Sequence[str], references: Sequence[str]) -> Readings:
    """Readings as numbers. Raises Fault."""
    where = f"测量点 {nominal!r}"
    return Readings(
        number(nominal, where),
        tuple(number(each, where) for each in indications),
        tuple(number(each, where) for each in references),
    )


def current(job: Job) -> list[Entry]:
    """The entries that count, by nominal value: those that no other replaces."""
    rows = Entry.objects.filter(job=job, replaced_by__isnull=True).select_related("by")
    return sorted(rows, key=lambda each: float(each.nominal))


def _standards(job: Job, method: Method) -> dict[Certificate, Any]:
    """Certificates of the standards of a job, with what they say."""
    found: dict[Certificate, Any] = {}
    for used in Used.objects.filter(job=job).select_related("certificate"):
        document = store.get(used.certificate.digest)
        if document is None:
            raise Fault(f"{used.certificate.number}：文书不在此处 / the document is not here")
        found[used.certificate] = store.content_of(document)
    return found


def standard_for(standards: Mapping[Certificate, Any], method: Method, nominal: float) -> points.Standard:
    """The first standard that reaches a point. Raises Fault where none does."""
    told: Fault | None = None
    for row, content in standards.items():
        try:
            return points.standard_of(content, row.digest, method, nominal)
        except Fault as error:
            told = error
    raise told or Fault("没有计量标准 / there is no standard")


def compute(job: Job, *, trials: bool = True) -> list[Computed]:
    """Every point of a job, from its raw readings through its budget; the same whenever it is computed.

    trials: Monte Carlo beside the linear results, which are what a certificate states.
    """
    method = method_of(job.procedure)
    standards, limit = _standards(job, method), method.limits[job.accuracy]
    found = []
    for entry in current(job):
        read = readings(entry.nominal, entry.indications, entry.references)
        standard = standard_for(standards, method, read.nominal)
        text = points.budget(method, read, standard, job.resolution, limit)
        budget = evaluate(parse_budget(text.encode(), f"{job.number} {entry.nominal}"), trials=trials)
        one = budget.results[0]
        outcome = points.outcome(method, read.nominal, points.stated(one.value, one.U, one.k), limit)
        found.append(Computed(entry, standard, text, budget, Result(one.value, one.U, one.k, outcome)))
    return found


def missing(job: Job) -> list[str]:
    """What stands against a check: points and readings that the procedure asks for, a result that is left open."""
    method, found = method_of(job.procedure), compute(job, trials=False)
    there = {float(each.entry.nominal) for each in found}
    told = [f"缺少测量点 {at:g} / point {at:g} is missing" for at in method.points if at not in there]
    for each in found:
        at, n = each.entry.nominal, len(each.entry.indications)
        if n < method.readings:
            told.append(f"{at}：{n} 次读数，应有 {method.readings} 次 / {n} readings of {method.readings}")
        if each.result.outcome is None:
            told.append(
                f"{at}：不确定度太大，按规则不能判定 / the uncertainty is too large for the rule to decide"
            )
    return told


# ---- checking ------------------------------------------------------------------------------------------------------


def check(actor: User, job: Job, *, on: date, seen: str = "") -> None:
    """A second, qualified person agrees. Raises Fault: the first person again, no qualification, not measured yet."""
    check_of_institute(actor, job)
    person = check_qualified(actor, CHECKS, method_of(job.procedure), on)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("measured_by").get(pk=job.pk)
        check_fresh(job, seen)
        if job.state != JobState.MEASURED or job.measured_by is None:
            raise Fault(f"{job.number}：{job.get_state_display()}，不能核验 / cannot be checked now")
        by = set(Entry.objects.filter(job=job).values_list("by__person_id", flat=True))
        if actor.pk == job.measured_by_id or person.pk in by:
            raise Fault(
                f"{person}：检定与核验须由两人 / whoever measured cannot check: it takes two pairs of eyes"
            )
        if told := missing(job):
            raise Fault(f"{job.number}：" + "；".join(told))
        job.state, job.checked, job.checked_by = JobState.CHECKED, on, actor
        audit.save(actor, "certificates.check", job)


def send_back(actor: User, job: Job, why: str, *, seen: str = "") -> None:
    """A checker does not agree: it is to be measured again. Raises Fault."""
    check_of_institute(actor, job)
    _reasoned(why)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        check_fresh(job, seen)
        if job.state not in (JobState.MEASURED, JobState.CHECKED):
            raise Fault(f"{job.number}：{job.get_state_display()}，不能退回重测 / cannot be sent back now")
        job.state, job.why, job.checked, job.checked_by = JobState.RECEIVED, why, None, None
        audit.save(actor, "certificates.send back", job)


def give_back(actor: User, job: Job, why: str, *, seen: str = "") -> None:
    """The instrument is returned without a certificate. Raises Fault."""
    check_of_institute(actor, job)
    _reasoned(why)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        check_fresh(job, seen)
        if job.state not in (JobState.RECEIVED, JobState.MEASURED, JobState.CHECKED):
            raise Fault(f"{job.number}：{job.get_state_display()}，不能退还 / cannot be returned now")
        job.state, job.why = JobState.RETURNED, why
        audit.save(actor, "certificates.give back", job)


def _reasoned(why: str) -> None:
    if not why.strip():
        raise Fault("须写原因 / a reason is needed")
