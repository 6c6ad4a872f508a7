"""What is registered: certificates as people look for them, and every document as a chain needs it.

The bytes stand in files by their digest (store.py); everything here can be built again from them and the log.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import District, Party
from quanheng.city.register.listing import searched


class Kind(models.TextChoices):
    """Kinds of certificates."""

    VERIFICATION = "verification", _("检定")
    CALIBRATION = "calibration", _("校准")
    TEST = "test", _("检测")


class Outcome(models.TextChoices):
    """What a certificate decides."""

    PASS = "pass", _("合格")
    FAIL = "fail", _("不合格")
    NONE = "none", _("不作判定")


class Standing(models.TextChoices):
    """How a certificate stands by the records of the authority that are known here."""

    IN_FORCE = "in force", _("有效")
    SUSPENDED = "suspended", _("暂停使用")
    SUPERSEDED = "superseded", _("已被取代")
    REVOKED = "revoked", _("已撤销")


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """The owner sees its own, a district its own; strangers see what is public, by number alone (`find`)."""

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
                return self.filter(owner=viewer.party_id)


class Certificate(Recorded):
    """A certificate of the register."""

    number = models.CharField(_("证书编号"), max_length=80, unique=True)
    kind = models.CharField(_("种类"), max_length=12, choices=Kind)
    item = models.CharField(_("器具编码"), max_length=80, db_index=True)  # Item.identifier
    name = models.CharField(_("器具名称"), max_length=80)
    instrument = models.ForeignKey(
        Instrument,
        models.PROTECT,
        verbose_name=_("台账器具"),
        null=True,
        blank=True,
        related_name="certificates",
    )
    issuer = models.CharField(_("签发单位代码"), max_length=80, db_index=True)
    issuer_name = models.CharField(_("签发单位"), max_length=120)
    owner = models.ForeignKey(Party, models.PROTECT, verbose_name=_("使用单位"), null=True, blank=True)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("区"), null=True, blank=True)
    procedure = models.CharField(_("依据规程"), max_length=60)
    ended = models.DateField(_("检定日期"))
    issued = models.DateField(_("签发日期"))
    due = models.DateField(_("有效期至"), null=True, blank=True)
    outcome = models.CharField(_("结论"), max_length=5, choices=Outcome)
    digest = models.CharField(_("SHA-256"), max_length=64, unique=True)
    log_index = models.BigIntegerField(_("日志序号"), null=True, blank=True)
    standing = models.CharField(_("状态"), max_length=10, choices=Standing, default=Standing.IN_FORCE)
    standing_since = models.DateField(_("状态始于"), null=True, blank=True)
    standing_why = models.CharField(_("状态的原因"), max_length=300, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("取代"), null=True, blank=True, related_name="replaced_by"
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=[*each, "id"])
            for each in (["owner"], ["district"], ["standing"], ["outcome"], ["kind"], ["due"])
        ] + searched(("owner", "number"), ("owner", "item"), ("district", "number"), ("district", "item"))
        verbose_name = _("证书")
        verbose_name_plural = _("证书")

    def __str__(self) -> str:
        return self.number


class Everything(models.QuerySet[Any]):
    """Of tables that no page lists."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Nothing to a stranger."""
        return self.none() if viewer.role == Role.PUBLIC else self


class Filed(Recorded):
    """A document of the store, certificate or record of the authority: how what speaks of what is found."""

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20)  # of evidence/document.KINDS
    issuer = models.CharField(max_length=80)
    key = models.CharField(max_length=64)  # id of the key that signed it
    about = models.CharField(
        max_length=120, db_index=True, blank=True
    )  # key, party, target, number of an approval
    log_index = models.BigIntegerField(null=True)

    objects = Everything.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:16]}"


class Basis(Recorded):
    """A certificate rests on a standard's certificate, both by their digests; the standard need not be here."""

    certificate = models.CharField(max_length=64, db_index=True)
    standard = models.CharField(max_length=64, db_index=True)
    ended = models.DateField()  # day of the use

    objects = Everything.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["certificate", "standard"], name="basis_once")
        ]

    def __str__(self) -> str:
        return f"{self.certificate[:16]} ← {self.standard[:16]}"
