"""What instruments are compared with: established measurement standards, and which entries they serve."""

from __future__ import annotations

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models.catalogue import CatalogueEntry
from quanheng.city.people.models import OfParty, Party, Person


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

    def writable_by(self, viewer: Viewer) -> Self:
        """Its holder's, and the city's."""
        return self if viewer.role == Role.CITY else self.filter(holder=viewer.party_id)


class MeasurementStandard(Recorded):
    """An established measurement standard (建标): assessed, valid for some years, traceable.

    What its assessment looks at (JJF 1033): the standard and its equipment, its technical characteristics with
    repeatability and stability, its documents, who is responsible for it, where it stands.
    """

    code = models.CharField(_("计量标准代码"), max_length=40, unique=True)
    name = models.CharField(_("计量标准名称"), max_length=100)
    kind = models.CharField(_("类别"), max_length=16, choices=StandardKind)
    holder = models.ForeignKey(Party, models.PROTECT, verbose_name=_("建标单位"), related_name="standards")
    assessment = models.CharField(_("考核证书号"), max_length=60)
    public_certificate = models.CharField(_("社会公用计量标准证书号"), max_length=60, blank=True)
    since = models.DateField(_("考核证书有效期自"))
    until = models.DateField(_("考核证书有效期至"))
    quantity = models.CharField(_("量"), max_length=40)
    unit = models.CharField(_("单位"), max_length=20)
    lower = models.FloatField(_("测量范围下限"))
    upper = models.FloatField(_("测量范围上限"))
    accuracy = models.CharField(_("不确定度、准确度等级或最大允许误差"), max_length=80)
    repeatability = models.CharField(_("检定或校准结果的重复性"), max_length=80, blank=True)
    stability = models.CharField(_("计量标准的稳定性"), max_length=80, blank=True)
    equipment = models.TextField(_("主标准器及配套设备"), max_length=2000, blank=True)
    procedure = models.CharField(_("依据的规程、规范"), max_length=120, blank=True)
    item = models.CharField(_("主标准器编码"), max_length=40, blank=True)  # Item.identifier in certificates
    traced_to = models.CharField(_("溯源至"), max_length=100, blank=True)
    traced_until = models.DateField(_("溯源有效期至"), null=True, blank=True)
    place = models.CharField(_("存放地点"), max_length=120, blank=True)
    keeper = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("负责人"), related_name="+", null=True, blank=True
    )
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


class CoverageQuerySet(OfParty):
    """What a public standard serves is public."""

    def visible_to(self, viewer: Viewer) -> Self:
        """With its standard."""
        return self.filter(standard__in=MeasurementStandard.objects.visible_to(viewer).values("pk"))

    def writable_by(self, viewer: Viewer) -> Self:
        """With its standard."""
        return self.filter(standard__in=MeasurementStandard.objects.writable_by(viewer).values("pk"))


class Coverage(Recorded):
    """A standard serves an entry of the catalogue: whoever says so has compared range and class."""

    code = models.CharField(_("编号"), max_length=40, unique=True)
    standard = models.ForeignKey(
        MeasurementStandard, models.PROTECT, verbose_name=_("计量标准"), related_name="coverage"
    )
    entry = models.ForeignKey(CatalogueEntry, models.PROTECT, verbose_name=_("强检目录项"), related_name="+")
    since = models.DateField(_("有效期自"))
    until = models.DateField(_("有效期至"), null=True, blank=True)

    objects = CoverageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        verbose_name = _("建标覆盖")
        verbose_name_plural = _("建标覆盖")

    def __str__(self) -> str:
        return f"{self.standard} → {self.entry}"

    def clean(self) -> None:
        """Raises ValidationError where it ends before it begins."""
        if self.until and self.since and self.until < self.since:
            raise ValidationError({"until": _("不应早于起始日期")})
