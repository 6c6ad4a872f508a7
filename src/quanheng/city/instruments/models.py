"""What measures in the city: kinds, instruments, and the standards they are compared with."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.people.models import District, OfParty, Party


class Regime(models.TextChoices):
    """What the catalogue of compulsory items asks of a kind (SAMR announcement 2020 No. 42)."""

    APPROVAL = "P", _("型式批准")
    VERIFICATION = "V", _("强制检定")
    BOTH = "P+V", _("型式批准和强制检定")


class Mode(models.TextChoices):
    """How compulsory verification is done."""

    ONCE_UNTIL_WRONG = "once, scrapped when wrong", _("只做首次强制检定，失准报废")
    ONCE_UNTIL_EXPIRY = "once, replaced at expiry", _("只做首次强制检定，限期使用，到期轮换")
    PERIODIC = "periodic", _("周期检定")
    NONE = "none", _("不检定")


class EveryoneSees(models.QuerySet[Any]):
    """Law is public."""

    def visible_to(self, viewer: Viewer) -> Self:
        """All."""
        return self


class CatalogueEntry(Recorded):
    """An entry of a version of the catalogue; a later version never changes an earlier decision."""

    code = models.CharField(_("目录代码"), max_length=40, unique=True)  # version/entry, "2020-42/08.1"
    version = models.CharField(_("目录版本"), max_length=20)
    category = models.CharField(_("一级目录"), max_length=80)
    name = models.CharField(_("二级目录"), max_length=80)
    name_english = models.CharField(_("英文名称"), max_length=80, blank=True)
    regime = models.CharField(_("监管方式"), max_length=4, choices=Regime)
    mode = models.CharField(_("强检方式"), max_length=30, choices=Mode)
    regulation = models.CharField(_("检定规程"), max_length=40, blank=True)
    cycle_months = models.IntegerField(_("检定周期（月）"), null=True, blank=True)
    since = models.DateField(_("施行自"))
    until = models.DateField(_("施行至"), null=True, blank=True)
    source = models.CharField(_("出处"), max_length=200)
    checked = models.BooleanField(_("已与原文核对"), default=False)

    objects = EveryoneSees.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["version", "id"]), models.Index(fields=["regime", "id"])]
        verbose_name = _("强检目录项")
        verbose_name_plural = _("强检目录")

    def __str__(self) -> str:
        return f"{self.category}—{self.name}"


class Purpose(models.TextChoices):
    """The four purposes of the Metrology Law, article 9, and others."""

    TRADE = "trade", _("贸易结算")
    SAFETY = "safety", _("安全防护")
    HEALTH = "health", _("医疗卫生")
    ENVIRONMENT = "environment", _("环境监测")
    STANDARD = "standard", _("最高计量标准")
    OTHER = "other", _("其他（非强制检定）")


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


class Instrument(Recorded):
    """A measuring instrument of the ledger: the fields of the national system of compulsory verification."""

    code = models.CharField(_("器具编码"), max_length=40, unique=True)  # the QR code on it; Item.identifier
    name = models.CharField(_("器具名称"), max_length=80)
    entry = models.ForeignKey(
        CatalogueEntry, models.PROTECT, verbose_name=_("强检目录项"), null=True, blank=True
    )
    model = models.CharField(_("型号规格"), max_length=60, blank=True)
    measuring_range = models.CharField(_("测量范围"), max_length=60, blank=True)
    accuracy_class = models.CharField(_("准确度等级"), max_length=30, blank=True)
    serial = models.CharField(_("出厂编号"), max_length=60, blank=True, db_index=True)
    maker = models.CharField(_("生产厂家"), max_length=80, blank=True)
    origin = models.CharField(_("产地"), max_length=40, blank=True)
    type_approval = models.CharField(_("型式批准证书号"), max_length=40, blank=True)
    user = models.ForeignKey(Party, models.PROTECT, verbose_name=_("使用单位"), related_name="instruments")
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("使用地点所在区"))
    place = models.CharField(_("使用地点"), max_length=120, blank=True)
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
            for each in (["user"], ["district"], ["entry"], ["purpose"], ["status"], ["due"])
        ]
        verbose_name = _("计量器具")
        verbose_name_plural = _("计量器具")

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    def clean(self) -> None:
        """Raises ValidationError where its dates contradict one another."""
        if self.verified and self.due and self.due < self.verified:
            raise ValidationError({"due": _("不应早于检定日期")})


class StandardKind(models.TextChoices):
    """Kinds of measurement standards (Metrology Law, articles 6 to 8; JJF 1033)."""

    SOCIAL_HIGHEST = "social highest", _("最高社会公用计量标准")
    SOCIAL = "social", _("社会公用计量标准")
    DEPARTMENT = "department", _("部门最高计量标准")
    ENTERPRISE = "enterprise", _("企事业单位最高计量标准")
    WORKING = "working", _("次级、工作计量标准")


class StandardQuerySet(OfParty):
    """Standards that serve the public are public."""

    of = "holder"

    def visible_to(self, viewer: Viewer) -> Self:
        """Public ones to all, others to the authority and their holder."""
        if viewer.role in (Role.CITY, Role.AUDITOR, Role.INSTITUTE):
            return self
        public = Q(kind__in=[StandardKind.SOCIAL_HIGHEST, StandardKind.SOCIAL])
        if viewer.role == Role.DISTRICT:
            return self.filter(public | Q(holder__district=viewer.district_id))
        return self.filter(public | Q(holder=viewer.party_id)) if viewer.party_id else self.filter(public)


class MeasurementStandard(Recorded):
    """An established measurement standard (建标, JJF 1033): assessed, valid for some years, traceable."""

    code = models.CharField(_("计量标准代码"), max_length=40, unique=True)
    name = models.CharField(_("计量标准名称"), max_length=100)
    kind = models.CharField(_("类别"), max_length=16, choices=StandardKind)
    holder = models.ForeignKey(Party, models.PROTECT, verbose_name=_("建标单位"), related_name="standards")
    assessment = models.CharField(_("考核证书号"), max_length=60)
    since = models.DateField(_("考核证书有效期自"))
    until = models.DateField(_("考核证书有效期至"))
    quantity = models.CharField(_("量"), max_length=40)
    unit = models.CharField(_("单位"), max_length=20)
    lower = models.FloatField(_("测量范围下限"))
    upper = models.FloatField(_("测量范围上限"))
    accuracy = models.CharField(_("不确定度、准确度等级或最大允许误差"), max_length=80)
    entries = models.ManyToManyField(CatalogueEntry, verbose_name=_("可检定的目录项"), blank=True)
    item = models.CharField(_("主标准器编码"), max_length=40, blank=True)  # Item.identifier in certificates
    traced_to = models.CharField(_("溯源至"), max_length=100, blank=True)
    active = models.BooleanField(_("在用"), default=True)

    objects = StandardQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["kind", "id"]), models.Index(fields=["holder", "id"])]
        verbose_name = _("计量标准")
        verbose_name_plural = _("计量标准")

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    def clean(self) -> None:
        """Raises ValidationError where range or validity are upside down."""
        if self.lower is not None and self.upper is not None and self.upper < self.lower:
            raise ValidationError({"upper": _("不应小于下限")})
        if self.since and self.until and self.until < self.since:
            raise ValidationError({"until": _("不应早于起始日期")})
