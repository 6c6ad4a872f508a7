"""The institute's day: an instrument is received, measured, checked, and its certificate issued."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.certificates.models.certificates import Certificate
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models import Instrument, MeasurementStandard
from quanheng.city.people.models import Party


class JobState(models.TextChoices):
    """Where a job is."""

    RECEIVED = "received", _("已受理")
    MEASURED = "measured", _("已测量，待核验")
    CHECKED = "checked", _("已核验，待签发")
    ISSUING = "issuing", _("正在签发")
    ISSUED = "issued", _("已签发")
    RETURNED = "returned", _("已退回")


IN_HAND = (JobState.RECEIVED, JobState.MEASURED, JobState.CHECKED, JobState.ISSUING)


class JobQuerySet(models.QuerySet["Job"]):
    """An institute sees its own work, the owner of an instrument its own, the city and the auditor all."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.INSTITUTE:
                return self.filter(institute=viewer.party_id)
            case Role.PUBLIC | Role.DISTRICT:
                return self.none()
            case _:
                return self.filter(instrument__user=viewer.party_id)


class Job(Recorded):
    """An instrument at the institute: 受理单."""

    number = models.CharField(_("受理号"), max_length=40, unique=True)
    instrument = models.ForeignKey(Instrument, models.PROTECT, verbose_name=_("器具"), related_name="jobs")
    code = models.CharField(_("器具编码"), max_length=40, db_index=True)  # as on its QR code
    institute = models.ForeignKey(Party, models.PROTECT, verbose_name=_("检定机构"), related_name="jobs")
    procedure = models.CharField(_("依据规程"), max_length=60)
    received = models.DateField(_("受理日期"))
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("受理人"), related_name="+"
    )
    condition = models.CharField(_("外观与状态"), max_length=200, blank=True)
    promised = models.DateField(_("应完成日期"))
    resolution = models.FloatField(_("分度值或分辨力"))  # in the unit of the method
    accuracy = models.CharField(_("准确度等级"), max_length=30)  # a class of the method: its limit of error
    certificate_number = models.CharField(
        _("证书编号"), max_length=80, blank=True
    )  # given when it is to be signed
    signed = models.DateField(_("签发日期"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.RECEIVED)
    measured = models.DateField(_("检定日期"), null=True, blank=True)
    measured_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("检定员"),
        null=True,
        blank=True,
        related_name="+",
    )
    checked = models.DateField(_("核验日期"), null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("核验员"),
        null=True,
        blank=True,
        related_name="+",
    )
    corrects = models.ForeignKey(
        Certificate,
        models.PROTECT,
        verbose_name=_("更正的证书"),
        null=True,
        blank=True,
        related_name="corrections",
    )
    certificate = models.OneToOneField(
        Certificate, models.PROTECT, verbose_name=_("证书"), null=True, blank=True, related_name="job"
    )
    why = models.CharField(_("原因"), max_length=300, blank=True)  # of a return, of a correction
    refusal = models.TextField(_("不予签发的原因"), blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "id"]),
            models.Index(fields=["institute", "state", "promised"]),
        ]
        verbose_name = _("受理单")
        verbose_name_plural = _("受理单")

    def __str__(self) -> str:
        return self.number


class OfJob(models.QuerySet["Entry"]):
    """What belongs to a job is seen with it."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        return self.filter(job__in=Job.objects.visible_to(viewer))


class Used(Recorded):
    """A measurement standard of a job, and the certificate that spoke for it on the day it was received."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="used")
    standard = models.ForeignKey(MeasurementStandard, models.PROTECT, related_name="used")
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="used")

    def __str__(self) -> str:
        return f"{self.standard.code}"


CONDITIONS = 8000  # characters


class Entry(Recorded):
    """Raw readings at one point, as they were entered. Never changed: a correction is a new entry, with its reason; a
    point that should not be there is withdrawn, with a reason, and stays to be seen."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="entries")
    nominal = models.CharField(_("测量点"), max_length=30)  # figures stand as they were written
    indications = models.JSONField(_("被检器具示值"))  # list of texts
    references = models.JSONField(_("标准器示值"))  # list of texts, as many
    temperature = models.CharField(_("温度 °C"), max_length=CONDITIONS)  # one figure, or one for each reading
    humidity = models.CharField(_("相对湿度 %"), max_length=CONDITIONS)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("录入人"), related_name="+"
    )
    at = models.DateTimeField(_("录入时间"))
    source = models.CharField(_("上传文件 SHA-256"), max_length=64, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("取代"), null=True, blank=True, related_name="replaced_by"
    )
    why = models.CharField(_("更正原因"), max_length=200, blank=True)
    withdrawn = models.CharField(
        _("撤回原因"), max_length=200, blank=True
    )  # by whom it was entered; "": it counts

    objects = OfJob.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("原始读数")
        verbose_name_plural = _("原始读数")

    def __str__(self) -> str:
        return f"{self.job_id} {self.nominal}"
