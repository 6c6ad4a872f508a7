"""What the readings of a job say: its points through their budgets, computed the same whenever it is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quanheng.city.certificates import store
from quanheng.city.certificates.models import Certificate, Entry, Job, Used
from quanheng.city.register import texts
from quanheng.ground.errors import Fault, QuanhengError
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.result import Budget
from quanheng.work.verify import points
from quanheng.work.verify.methods import Method, methods
from quanheng.work.verify.points import Readings, Result

MOST_READINGS = 1000
TEMPERATURES = (-100.0, 100.0)  # °C, of air in which anybody measures
HUMIDITIES = (0.0, 100.0)  # %


@dataclass(frozen=True)
class Read:
    """Readings at a point as they were typed."""

    nominal: str
    indications: tuple[str, ...]
    references: tuple[str, ...]
    temperature: str  # one figure, or one for each reading, with spaces between
    humidity: str


@dataclass(frozen=True)
class Computed:
    """A point of a job: what was read, its budget as a file, and what came out."""

    entry: Entry
    standard: points.Standard
    text: str
    budget: Budget
    result: Result


def method_of(procedure: str) -> Method:
    """The method of a procedure. Raises Fault."""
    if procedure not in methods():
        listed = "、".join(methods())
        raise Fault(f"{procedure}：没有这个规程的方法；有 {listed} / there is no method for it")
    return methods()[procedure]


def checked(read: Read, job: Job, method: Method, standards: Mapping[Certificate, Any]) -> float:
    """The nominal value of readings that can be kept, for they give a result. Raises Fault: no number, not in pairs,
    conditions that no air has, out of reach, too large or too small to reckon with."""
    where = f"测量点 {read.nominal!r}"
    nominal = number(read.nominal, where)
    for name, text, (least, most) in (
        ("温度 temperature", read.temperature, TEMPERATURES),
        ("湿度 humidity", read.humidity, HUMIDITIES),
    ):
        told = conditions(text, f"{where}，{name}")
        if wrong := [each for each in told if not least <= each <= most]:
            raise Fault(
                f"{where}，{name}：{wrong[0]:g}；应在 {least:g} 至 {most:g} / should lie between {least:g} and {most:g}"
            )
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
    standard = standard_for(standards, method, nominal)
    try:
        _reckoned(job, method, found, standard, where, trials=False)
    except QuanhengError as error:
        raise Fault(f"{where}：算不出结果 / gives no result: {error}") from error
    return nominal


def conditions(text: str, where: str) -> list[float]:
    """Temperatures or humidities at a point as somebody typed them: one, or one for each reading. Raises Fault."""
    texts.check(text, where)
    return [number(each, where) for each in text.split() or [text]]


def number(text: str, where: str) -> float:
    """A finite number as somebody typed it. Raises Fault."""
    texts.check(text, where)
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
    """The entries that count, by nominal value: those that no other replaces, and that were not withdrawn."""
    rows = Entry.objects.filter(job=job, replaced_by__isnull=True, withdrawn="").select_related("by")
    return sorted(rows, key=lambda each: float(each.nominal))


def standards_of(job: Job, method: Method) -> dict[Certificate, Any]:
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
    standards = standards_of(job, method)
    found = []
    for entry in current(job):
        read = readings(entry.nominal, entry.indications, entry.references)
        standard = standard_for(standards, method, read.nominal)
        where = f"{job.number} {entry.nominal}"
        found.append(Computed(entry, standard, *_reckoned(job, method, read, standard, where, trials=trials)))
    return found


def _reckoned(
    job: Job, method: Method, read: Readings, standard: points.Standard, where: str, *, trials: bool
) -> tuple[str, Budget, Result]:
    """The budget file of a point, what it gives, and the result. Raises QuanhengError."""
    limit = method.limits[job.accuracy]
    text = points.budget(method, read, standard, job.resolution, limit)
    budget = evaluate(parse_budget(text.encode(), where), trials=trials)
    one = budget.results[0]
    outcome = points.outcome(method, read.nominal, points.stated(one.value, one.U, one.k), limit)
    return text, budget, Result(one.value, one.U, one.k, outcome)


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
