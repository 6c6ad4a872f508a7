"""The ledger: what measures in the city, who uses it where, until when it is verified."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models.catalogue import CatalogueEntry, Cycle
from quanheng.city.people.models import District, Party
from quanheng.city.register.listing import searched


class Purpose(models.TextChoices):
    """The four purposes of the Metrology Law, article 9, and others."""

    TRADE = "trade", _("贸易结算")
    SAFETY = "safety", _("安全防护")
    HEALTH = "health", _("医疗卫生")
    ENVIRONMENT = "environment", _("环境监测")
    STANDARD = "standard", _("最高计量标准")
    OTHER = "other", _("其他（非强制检定）")


FOR_THE_PUBLIC = (Purpose.TRADE, Purpose.SAFETY, Purpose.HEALTH, Purpose.ENVIRONMENT)
"""What anybody may ask after: the working instruments of the Metrology Law, article 9."""


class Delivery(models.TextChoices):
    """How an instrument comes to its verification."""

    SENT = "sent", _("送检")
    ON_SITE = "on site", _("现场检定")


class Status(models.TextChoices):
    """Where an instrument is in its life."""

    IN_USE = "in use", _("在用")
    STOPPED = "stopped", _("停用")
    SCRAPPED = "scrapped", _("报废")


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    """Instruments belong to who uses them; an institute sees all that it may be asked to verify."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR | Role.INSTITUTE:
                return self
            case Role.DISTRICT:
                return self.filter(district=viewer.district_id)
            case Role.PUBLIC:
                return self.none()
            case _:
                return self.filter(user=viewer.party_id)

    def writable_by(self, viewer: Viewer) -> Self:
        """The ledger is kept by who uses the instruments; the city may mend it."""
        return self if viewer.role == Role.CITY else self.filter(user=viewer.party_id)


# what falls due, of all, of a user, in a district: whatever the due list counts or filters by stands in the index, for
# a million rows of the table are not to be looked into
DUE = (
    ["status", "due", "district", "user", "purpose", "entry"],
    ["user", "status", "due", "district", "purpose", "entry"],
    ["district", "status", "due", "user", "purpose", "entry"],
)


class Instrument(Recorded):
    """A measuring instrument of the ledger: the fields of the national system of compulsory verification.

    Its items and kinds (项别, 种别) are those of its entry in the catalogue.
    """

    code = models.CharField(_("器具编码"), max_length=40, unique=True)  # the QR code on it; Item.identifier
    name = models.CharField(_("器具名称"), max_length=80)
    entry = models.ForeignKey(
        CatalogueEntry, models.PROTECT, verbose_name=_("强检目录项"), null=True, blank=True
    )
    model = models.CharField(_("型号规格"), max_length=60, blank=True)
    cycle = models.ForeignKey(
        Cycle, models.PROTECT, verbose_name=_("检定周期"), related_name="+", null=True, blank=True
    )
    measuring_range = models.CharField(_("测量范围"), max_length=60, blank=True)
    accuracy_class = models.CharField(_("准确度等级"), max_length=30, blank=True)
    serial = models.CharField(_("出厂编号"), max_length=60, blank=True, db_index=True)
    maker = models.CharField(_("生产厂家"), max_length=80, blank=True)
    origin = models.CharField(_("产地"), max_length=40, blank=True)
    type_approval = models.CharField(_("型式批准证书号"), max_length=40, blank=True)
    user = models.ForeignKey(Party, models.PROTECT, verbose_name=_("使用单位"), related_name="instruments")
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("使用地点所在区"))
    place = models.CharField(_("使用地点"), max_length=120, blank=True)
    quantity = models.PositiveIntegerField(
        _("数量"), default=1, validators=[MinValueValidator(1)], help_text=_("一台一行；成组登记的写组内台数")
    )
    purpose = models.CharField(_("用途"), max_length=12, choices=Purpose, default=Purpose.TRADE)
    delivery = models.CharField(_("送检方式"), max_length=8, choices=Delivery, default=Delivery.ON_SITE)
    put_in_use = models.DateField(_("启用日期"), null=True, blank=True)
    verified = models.DateField(_("最近检定日期"), null=True, blank=True)
    due = models.DateField(_("有效期至"), null=True, blank=True)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.IN_USE)

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=[*each, "id"])
            for each in (["user"], ["district"], ["entry"], ["purpose"], ["status"], *DUE)
        ] + searched(("user", "code"), ("user", "serial"), ("district", "code"), ("district", "serial"))
        verbose_name = _("计量器具")
        verbose_name_plural = _("计量器具")

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    def clean(self) -> None:
        """Raises ValidationError where dates contradict one another."""
        if self.verified and self.due and self.due < self.verified:
            raise ValidationError({"due": _("不应早于检定日期")})


def last_day(verified: date, months: int) -> date:
    """The last day of a verification that holds for so many months: the day before the same day of the last month."""
    year, month = divmod(verified.year * 12 + verified.month - 1 + months, 12)
    day = min(verified.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)
