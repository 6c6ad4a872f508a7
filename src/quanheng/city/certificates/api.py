"""The API of the office of certificates, below /api/certificates.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from quanheng.city.certificates.actions import jobs, results
from quanheng.city.certificates.models import CONDITIONS, Certificate, Job
from quanheng.city.certificates.pages.certificates import public_code
from quanheng.city.frame.roles import viewer_of
from quanheng.city.people.models import User
from quanheng.city.register.api import one

router = Router(tags=["certificates"])


class Public(Schema):
    """What anybody may know of a certificate by its number."""

    number: str
    kind: str
    name: str
    issuer_name: str
    ended: Any
    due: Any
    outcome: str
    standing: str
    standing_why: str


@router.get(
    "/of/{number}",
    response=Public,
    operation_id="certificate_of",
    summary="what anybody may know of a certificate",
)
def of_number(request: HttpRequest, number: str) -> Any:
    """By its number; no owner, no value."""
    return one(Certificate.objects.all(), number=number)


@router.get("/of/{number}/qr", operation_id="certificate_code", summary="text of its QR code: it is logged")
def code_of(request: HttpRequest, number: str) -> HttpResponse:
    """The proof that a certificate is logged; tells no value."""
    return public_code(request, number)


class Reading(Schema):
    """Readings at a point, figures as text: they are kept as they were written.

    temperature, humidity: one figure, or one for each reading, with spaces between.
    """

    nominal: str = Field(max_length=30)
    indications: list[str] = Field(max_length=1000)
    references: list[str] = Field(max_length=1000)
    temperature: str = Field(max_length=CONDITIONS)
    humidity: str = Field(max_length=CONDITIONS)


class Readings(Schema):
    """Readings of a job; a reason where points are replaced."""

    points: list[Reading] = Field(max_length=60)
    why: str = Field("", max_length=200)


class Found(Schema):
    """A job and its results, in the unit of the method."""

    number: str
    code: str
    procedure: str
    state: str
    results: list[dict[str, Any]]


def _job(request: HttpRequest, number: str) -> Job:
    row: Job = one(Job.objects.visible_to(viewer_of(request)), number=number)
    return row


def _of_user(request: HttpRequest, number: str) -> tuple[User, Job]:
    """Who is at it, and a job. Raises Http404 for whoever has no name."""
    viewer = viewer_of(request)
    if not isinstance(viewer, User):
        raise Http404
    return viewer, _job(request, number)


def _said(job: Job) -> dict[str, Any]:
    found = [
        {
            "nominal": each.entry.nominal,
            "value": each.result.value,
            "U": each.result.expanded,
            "k": each.result.k,
            "outcome": each.result.outcome,
        }
        for each in results.compute(job)
    ]
    return {
        "number": job.number, "code": job.code, "procedure": job.procedure, "state": job.state, "results": found
    }  # fmt: skip


@router.get("/jobs/{number}", response=Found, operation_id="job_get", summary="a job and its results")
def job(request: HttpRequest, number: str) -> Any:
    """By its number."""
    return _said(_job(request, number))


@router.post(
    "/jobs/{number}/readings", response=Found, operation_id="job_readings", summary="raw readings of a job"
)
def enter(request: HttpRequest, number: str, data: Readings) -> Any:
    """From the bench's own program."""
    viewer, row = _of_user(request, number)
    read = [
        results.Read(p.nominal, tuple(p.indications), tuple(p.references), p.temperature, p.humidity)
        for p in data.points
    ]
    with transaction.atomic():  # what gives no answer is not kept
        jobs.measure(viewer, row, read, on=timezone.localdate(), why=data.why)
        return _said(Job.objects.get(pk=row.pk))


class Withdrawn(Schema):
    """A point that should not be there, as it was entered, and why."""

    nominal: str = Field(max_length=30)
    why: str = Field(min_length=1, max_length=200)


@router.post(
    "/jobs/{number}/withdraw", response=Found, operation_id="job_withdraw", summary="take a point back"
)
def withdraw(request: HttpRequest, number: str, data: Withdrawn) -> Any:
    """By whoever entered it; the entry stays to be seen, with the reason."""
    viewer, row = _of_user(request, number)
    jobs.withdraw(viewer, row, data.nominal, data.why)
    return _said(Job.objects.get(pk=row.pk))
