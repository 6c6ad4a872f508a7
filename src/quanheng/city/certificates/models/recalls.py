"""Recalls: a standard was wrong since a day; what rested on it is suspended, opened again, and verified anew."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.certificates.models.certificates import Certificate
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import Party


class RecallState(models.TextChoices):
    """Where a recall is."""

    REPORTED = "reported", _("已报告，待确认")
    CONFIRMED = "confirmed", _("已确认，处理中")
    DONE = "done", _("已处理")
    DROPPED = "dropped", _("不予召回")


class RecallQuerySet(models.QuerySet["Recall"]):
    """Those who work on recalls see them."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        return self if viewer.role in (Role.CITY, Role.AUDITOR, Role.INSTITUTE) else self.none()


class Recall(Recorded):
    """A certificate that was wrong since a day, and why."""

    number = models.CharField(_("召回号"), max_length=40, unique=True)
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name=_("有误的证书"), related_name="recalls"
    )
    since = models.DateField(_("自"))
    why = models.CharField(_("原因"), max_length=300)
    reported = models.DateField(_("报告日期"))
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("报告人"), related_name="+"
    )
    confirmed = models.DateField(_("确认日期"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("确认人"),
        null=True,
        blank=True,
        related_name="+",
    )
    assignee = models.ForeignKey(
        Party, models.PROTECT, verbose_name=_("承担重新检定的机构"), null=True, blank=True, related_name="+"
    )
    deadline = models.DateField(_("期限"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=RecallState, default=RecallState.REPORTED)
    certificates = models.IntegerField(_("波及证书"), default=0)
    instruments = models.IntegerField(_("波及器具"), default=0)
    verdicts = models.IntegerField(_("波及判定"), default=0)

    objects = RecallQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["state", "id"])]
        verbose_name = _("召回")
        verbose_name_plural = _("召回")

    def __str__(self) -> str:
        return self.number


class ReverificationState(models.TextChoices):
    """Where a re-verification is."""

    OPEN = "open", _("待检定")
    DONE = "done", _("已完成")
    LIFTED = "lifted", _("已撤回")  # the certificate holds again


class ReverificationQuerySet(models.QuerySet["Reverification"]):
    """Who has to do it, whose instrument it is, and the authority."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.DISTRICT:
                return self.filter(instrument__district=viewer.district_id)
            case Role.PUBLIC:
                return self.none()
            case _:
                return self.filter(Q(assignee=viewer.party_id) | Q(instrument__user=viewer.party_id))


class Reverification(Recorded):
    """An order: an instrument whose certificate was recalled is to be verified again."""

    number = models.CharField(_("任务号"), max_length=60, unique=True)
    recall = models.ForeignKey(Recall, models.PROTECT, verbose_name=_("召回"), related_name="reverifications")
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name=_("被召回的证书"), related_name="reverifications"
    )
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name=_("器具"), related_name="reverifications"
    )
    path = models.TextField(_("波及途径"))  # numbers of certificates, the recalled one last
    assignee = models.ForeignKey(Party, models.PROTECT, verbose_name=_("承担机构"), related_name="+")
    deadline = models.DateField(_("期限"))
    state = models.CharField(
        _("状态"), max_length=8, choices=ReverificationState, default=ReverificationState.OPEN
    )
    done_by = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name=_("新证书"), null=True, blank=True, related_name="+"
    )

    objects = ReverificationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["recall", "id"]),
            models.Index(fields=["assignee", "state", "id"]),
            models.Index(fields=["state", "id"]),
        ]
        verbose_name = _("重新检定任务")
        verbose_name_plural = _("重新检定任务")

    def __str__(self) -> str:
        return self.number
