"""A task: what is to be done, who is at it until when, and how far it is."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where a task is. A running task whose lease has ended is taken up again."""

    WAITING = "waiting", _("等待")
    RUNNING = "running", _("运行中")
    DONE = "done", _("完成")
    FAILED = "failed", _("失败")
    CANCELLED = "cancelled", _("已取消")


UNDER_WAY = (State.WAITING, State.RUNNING)


class Task(models.Model):
    """Work that anybody may do who holds its lease; it must not matter if it is done twice."""

    kind = models.CharField(max_length=60)  # name in queue/tasks.TASKS
    arguments = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    not_before = models.DateTimeField()
    lease = models.CharField(max_length=40, blank=True)  # who has it
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    done = models.BigIntegerField(default=0)  # progress
    total = models.BigIntegerField(default=0)
    step = models.CharField(max_length=60, blank=True)
    cancel = models.BooleanField(default=False)  # somebody asked for it to end
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "not_before", "id"])]
        verbose_name = _("任务")
        verbose_name_plural = _("任务")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.state}"

    @property
    def share(self) -> float:
        """How much is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0
