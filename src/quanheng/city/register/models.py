"""A sheet that somebody handed in: kept as it came, checked row by row, written only as a whole."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """How far an import is."""

    CHECKING = "checking", _("正在检查")
    FAULTY = "faulty", _("有误，未写入")
    READY = "ready", _("可以写入")
    WRITING = "writing", _("正在写入")
    WRITTEN = "written", _("已写入")
    DROPPED = "dropped", _("已放弃")


class Import(models.Model):
    """One sheet for one register."""

    register = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(max_length=200)  # of the file, as it was handed in
    sheet = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.CHECKING)
    new = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    same = models.IntegerField(default=0)
    faults = models.JSONField(default=list)  # [row, column, what is wrong]
    # of every record that the sheet changes, by its key, the event on which it stood when it was checked
    versions = models.JSONField(default=dict)
    preview = models.JSONField(
        default=list
    )  # first rows: [key, "new" | "changed", {field: [before, after] as shown}]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["by", "id"])]

    def __str__(self) -> str:
        return f"{self.register} {self.name}"
