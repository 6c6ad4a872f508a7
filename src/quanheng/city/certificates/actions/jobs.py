"""The institute's day: received, measured, checked. Every step says who may take it, and refuses in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.certificates.actions.corrections import check_correctable
from quanheng.city.certificates.actions.entitled import (
    CHECKS,
    MEASURES,
    check_fresh,
    check_of_institute,
    check_other_eyes,
    check_qualified,
)
from quanheng.city.certificates.actions.reasons import check_reason
from quanheng.city.certificates.actions.results import (
    Read,
    checked,
    current,
    method_of,
    missing,
    standards_of,
)
from quanheng.city.certificates.models import IN_HAND, Certificate, Entry, Job, JobState, Standing, Used
from quanheng.city.instruments.models import Instrument, MeasurementStandard, Status
from quanheng.city.people.models import User
from quanheng.city.register import texts
from quanheng.ground.errors import Fault
from quanheng.work.verify.methods import Method

TRIES = 5  # for a number that nobody else has taken meanwhile
AT_THE_BENCH = (JobState.RECEIVED, JobState.MEASURED)  # readings are entered, and taken back


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
    texts.check(condition, "外观与状态 / condition")
    if corrects is not None:
        check_reason(why)
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
                if corrects is not None:
                    check_correctable(Certificate.objects.select_for_update().get(pk=corrects.pk))
                last = Job.objects.aggregate(last=Max("id"))["last"] or 0
                row.number = f"J{on:%Y}-{last + 1 + attempt:06d}"
                audit.save(actor, "certificates.receive", row)
                rows = [Used(job=row, standard=one, certificate=two) for one, two in used]
                audit.write_all(actor, "certificates.use standards", rows, {"job": row.number})
            return row
        except IntegrityError:
            row.pk = None
    raise Fault("受理号被占用，请再试一次 / the number was taken meanwhile: try again")


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


def measure(
    actor: User, job: Job, read: Sequence[Read], *, on: date, why: str = "", source: str = "", seen: str = ""
) -> list[Entry]:
    """Keep raw readings. A point that was entered before is replaced, with the reason; nothing is ever changed.

    Raises Fault, naming every point at fault: no number, not in pairs, a standard that does not reach there.
    """
    check_of_institute(actor, job)
    texts.check(why, "原因 / reason")
    method = method_of(job.procedure)
    check_qualified(actor, MEASURES, method, on)
    standards = standards_of(job, method)
    kept, told = [], []
    for each in read:
        try:
            kept.append((each, checked(each, job, method, standards)))
        except Fault as error:
            told.append(str(error))
    if told:
        raise Fault("\n".join(told))
    if not kept:
        raise Fault("没有读数 / there are no readings")
    if len({nominal for _each, nominal in kept}) < len(kept):
        raise Fault("同一测量点写了两次 / a point stands there twice")
    with transaction.atomic():
        job = _held(job, seen, AT_THE_BENCH, "不能再录入 / no readings can be entered any more")
        before = {float(each.nominal): each for each in current(job)}
        if not why and any(nominal in before for _each, nominal in kept):
            raise Fault("更正已录入的读数须写原因 / a reason is needed where readings are replaced")
        rows = [
            Entry(
                job=job, nominal=each.nominal, indications=list(each.indications), references=list(each.references),
                temperature=each.temperature, humidity=each.humidity, by=actor, at=timezone.now(), source=source,
                replaces=before.get(nominal), why=why if nominal in before else "",
            )
            for each, nominal in kept
        ]  # fmt: skip
        audit.write_all(actor, "certificates.measure", rows, {"job": job.number, "source": source})
        job.state, job.measured, job.measured_by = JobState.MEASURED, on, actor
        audit.save(actor, "certificates.measured", job)
    return rows


def _held(job: Job, seen: str, states: Collection[str], told: str) -> Job:
    """The job, locked, as the person's page showed it. Raises Fault, with what is told, in any other state."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    check_fresh(job, seen)
    if job.state not in states:
        raise Fault(f"{job.number}：{job.get_state_display()}，{told}")
    return job


def withdraw(actor: User, job: Job, nominal: str, why: str, *, seen: str = "") -> None:
    """A point that should not be there is taken back by whoever entered it, before anybody has checked the job.

    The entry stays, with the reason. Raises Fault.
    """
    check_of_institute(actor, job)
    check_reason(why)
    with transaction.atomic():
        job = _held(job, seen, AT_THE_BENCH, "不能再撤回 / no point can be withdrawn any more")
        row = next((each for each in current(job) if each.nominal == nominal), None)
        if row is None:
            raise Fault(
                f"{job.number}：没有测量点 {nominal[:30]!r}，或已撤回 / has no such point, or no longer"
            )
        if row.by_id != actor.pk:
            raise Fault(
                f"{job.number}：测量点 {row.nominal} 由 {row.by} 录入，只能由本人撤回"
                " / was entered by somebody else, who alone may withdraw it"
            )
        row.withdrawn = why.strip()[:200]
        audit.save(actor, "certificates.withdraw", row)
        audit.save(actor, "certificates.withdraw", job, nominal=row.nominal, why=row.withdrawn)


def check(actor: User, job: Job, *, on: date, seen: str = "") -> None:
    """A second, qualified person agrees. Raises Fault: the first person again, no qualification, not measured yet."""
    check_of_institute(actor, job)
    person = check_qualified(actor, CHECKS, method_of(job.procedure), on)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("measured_by").get(pk=job.pk)
        check_fresh(job, seen)
        if job.state != JobState.MEASURED or job.measured_by is None:
            raise Fault(f"{job.number}：{job.get_state_display()}，不能核验 / cannot be checked now")
        check_other_eyes(
            actor,
            person,
            job,
            "检定与核验须由两人 / whoever measured cannot check: it takes two pairs of eyes",
        )
        if told := missing(job):
            raise Fault(f"{job.number}：" + "；".join(told))
        job.state, job.checked, job.checked_by = JobState.CHECKED, on, actor
        audit.save(actor, "certificates.check", job)


def send_back(actor: User, job: Job, why: str, *, seen: str = "") -> None:
    """A checker does not agree: it is to be measured again. Raises Fault."""
    check_of_institute(actor, job)
    check_reason(why)
    with transaction.atomic():
        job = _held(
            job, seen, (JobState.MEASURED, JobState.CHECKED), "不能退回重测 / cannot be sent back now"
        )
        job.state, job.why, job.checked, job.checked_by = JobState.RECEIVED, why, None, None
        audit.save(actor, "certificates.send back", job)


def give_back(actor: User, job: Job, why: str, *, seen: str = "") -> None:
    """The instrument is returned without a certificate. Raises Fault."""
    check_of_institute(actor, job)
    check_reason(why)
    with transaction.atomic():
        job = _held(job, seen, (*AT_THE_BENCH, JobState.CHECKED), "不能退还 / cannot be returned now")
        job.state, job.why = JobState.RETURNED, why
        audit.save(actor, "certificates.give back", job)
