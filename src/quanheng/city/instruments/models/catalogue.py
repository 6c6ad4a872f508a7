"""What the law asks of a kind of instrument: catalogue of compulsory items, cycles of verification regulations."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.roles import Viewer
from quanheng.city.people.models import named


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
        return named(
            self.category if self.name in ("", self.category) else f"{self.category}—{self.name}",
            self.name_english,
        )

    def clean(self) -> None:
        """Raises ValidationError where it ends before it begins."""
        if self.until and self.since and self.until < self.since:
            raise ValidationError({"until": _("不应早于起始日期")})


class Cycle(Recorded):
    """How often a verification regulation has instruments of an entry verified, while its revision is in force."""

    code = models.CharField(_("周期代码"), max_length=60, unique=True)
    entry = models.ForeignKey(
        CatalogueEntry, models.PROTECT, verbose_name=_("强检目录项"), related_name="cycles"
    )
    regulation = models.CharField(_("检定规程"), max_length=60)
    applies = models.CharField(_("适用于"), max_length=120)
    applies_english = models.CharField(_("适用于（英文）"), max_length=120, blank=True)
    months = models.PositiveSmallIntegerField(_("检定周期（月）"), validators=[MinValueValidator(1)])
    since = models.DateField(_("施行自"))
    until = models.DateField(_("施行至"), null=True, blank=True)
    source = models.CharField(_("出处"), max_length=200)
    checked = models.BooleanField(_("已与原文核对"), default=False)

    objects = EveryoneSees.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        verbose_name = _("检定周期")
        verbose_name_plural = _("检定周期")

    def __str__(self) -> str:
        return f"{self.regulation}，{named(self.applies, self.applies_english)}"

    def clean(self) -> None:
        """Raises ValidationError where it ends before it begins."""
        if self.until and self.since and self.until < self.since:
            raise ValidationError({"until": _("不应早于起始日期")})
