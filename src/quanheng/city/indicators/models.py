"""What is kept of indicators: figures as they were computed, and figures that somebody entered with their evidence."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded


class Figure(Recorded):
    """An indicator on a day, by one version of its definition, as the registers stood at an event."""

    key = models.CharField(_("指标"), max_length=60)
    version = models.IntegerField(_("定义版本"))
    on = models.DateField(_("日期"))
    known = models.BigIntegerField(_("截至事件"))
    value = models.FloatField(_("数值"), null=True)  # null: not shown
    count = models.BigIntegerField(_("计入"), null=True)
    of = models.BigIntegerField(_("总体"), null=True)
    population = models.CharField(_("总体摘要"), max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "on", "known"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version", "on", "known"], name="one_figure")
        ]
        verbose_name = _("指标值")
        verbose_name_plural = _("指标值")

    def __str__(self) -> str:
        return f"{self.key}/{self.version} {self.on}"


class Entered(Recorded):
    """A figure that no register holds, entered by somebody with its evidence; a later one for the day replaces it."""

    key = models.CharField(_("指标"), max_length=60)
    on = models.DateField(_("日期"))
    value = models.FloatField(_("数值"))
    note = models.CharField(_("说明"), max_length=400, blank=True)
    evidence = models.CharField(_("凭据摘要"), max_length=64)  # SHA-256 of the file
    evidence_name = models.CharField(_("凭据文件"), max_length=120)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "on"])]
        verbose_name = _("填报值")
        verbose_name_plural = _("填报值")

    def __str__(self) -> str:
        return f"{self.key} {self.on}"
