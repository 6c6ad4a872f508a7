"""An event says who did what to which record, and what that record was before and after."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import deed


class Event(models.Model):
    """One act. Triggers on both databases refuse to change or delete one (migrations/0001)."""

    at = models.DateTimeField(_("时间"))
    actor = models.CharField(_("谁"), max_length=150)  # user name; "system" for tasks of the clock
    role = models.CharField(_("角色"), max_length=20, blank=True)
    action = models.CharField(_("动作"), max_length=60)  # "instruments.register"
    subject = models.CharField(_("对象"), max_length=120, blank=True)  # "instruments.instrument:17"
    before = models.JSONField(_("此前"), null=True)
    after = models.JSONField(_("此后"), null=True)
    transaction = models.BigIntegerField(editable=False, null=True)  # of PostgreSQL, set by a trigger

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=[*each])
            for each in (["subject", "id"], ["action", "id"], ["actor", "id"], ["at"])
        ]
        verbose_name = _("事件")
        verbose_name_plural = _("事件")

    def __str__(self) -> str:
        return f"{self.id} {self.action} {self.subject}"

    @property
    def deed(self) -> str:
        """What was done, in words."""
        return deed(self.action)


class Seal(models.Model):
    """Events up to `last` as the transparency log knows them: the root of the Merkle tree over all of them."""

    last = models.BigIntegerField(unique=True)
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    index = models.BigIntegerField(null=True)  # of the entry in the log

    def __str__(self) -> str:
        return f"{self.last} {self.root}"


class Recorded(models.Model):
    """What every table of an office inherits: the event that made its row what it is.

    The guard of its table (audit/guard.py) lets a row be written only together with an event of the same
    transaction, and never be deleted: a bulk update or raw SQL without an event is refused by the database.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True
