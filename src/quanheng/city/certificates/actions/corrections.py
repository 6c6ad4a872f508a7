"""What may be corrected: a certificate that nothing stands in the place of, and that may hold again; once at a time."""

from __future__ import annotations

from quanheng.city.certificates.models import Certificate, Job, JobState, Standing
from quanheng.ground.errors import Fault

CORRECTABLE = (Standing.IN_FORCE, Standing.SUSPENDED)


def newest(row: Certificate) -> Certificate:
    """What stands in the place of a certificate now, by however many corrections; itself where nothing does."""
    while True:
        job = Job.objects.filter(corrects=row, certificate__isnull=False).order_by("-id").first()
        if job is None or job.certificate is None:
            return row
        row = job.certificate


def under_way(row: Certificate) -> Job | None:
    """The job that corrects it, which is not issued yet."""
    jobs = Job.objects.filter(corrects=row, certificate__isnull=True).exclude(state=JobState.RETURNED)
    return jobs.order_by("-id").first()


def check_correctable(row: Certificate) -> None:
    """Raises Fault: what stands against correcting it, and where to turn."""
    if (last := newest(row)) != row:
        raise Fault(
            f"{row.number}：已由 {last.number} 取代，请更正那一份 / superseded by it: correct that one"
        )
    if row.standing not in CORRECTABLE:
        raise Fault(
            f"{row.number}：{row.get_standing_display()}，不能更正；须重新检定"
            " / cannot be corrected as it stands: verify the instrument anew"
        )
    if (job := under_way(row)) is not None:
        raise Fault(f"{row.number}：正在受理单 {job.number} 中更正 / is being corrected in that job already")
