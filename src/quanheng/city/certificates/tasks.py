"""Work of the office in the background; each may be done twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates.actions import auditing, issue, recall
from quanheng.city.queue.clock import on_clock
from quanheng.city.queue.models import Task
from quanheng.city.queue.tasks import Work, ask, task


@task("certificates.issue")
def issued(work: Work) -> str:
    """Issue the certificate of a job; its number, or "" where it was refused."""
    return issue.issue(work.task.asked_by or SYSTEM, work.task.arguments["job"])


@task(issue.ISSUE_ALL)
def all_issued(work: Work) -> int:
    """Issue the certificates of many jobs; how many were not refused."""
    found = issue.issue_all(work.task.asked_by or SYSTEM, work.task.arguments["jobs"], work)
    return sum(1 for each in found if each)


@task("certificates.recall")
def recalled(work: Work) -> str:
    """Carry out a confirmed recall."""
    return recall.carry_out(work.task.asked_by or SYSTEM, work.task.arguments["recall"], work).number


DAILY = timedelta(days=1)


@task("certificates.seal audit")
def audit_sealed(work: Work) -> int:
    """Enter the root of all events into the log; the last event that it holds, 0 where there was nothing new."""
    found = auditing.seal(timezone.localdate())
    return found.last if found else 0


@on_clock
def ask_for_audit() -> None:
    """Once a day, where this installation can sign."""
    since = timezone.now() - DAILY
    asked = Task.objects.filter(kind="certificates.seal audit", asked_at__gt=since).exists()
    if not asked and auditing.possible():
        with transaction.atomic():
            ask("certificates.seal audit", {})
