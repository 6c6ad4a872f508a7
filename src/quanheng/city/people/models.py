"""Who there is: districts, parties, persons and qualifications, users and tokens."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.frame.language import in_english
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.people import credit_code


def named(chinese: str, english: str) -> str:
    """A name in the language of the page: English where it is asked for and there is one."""
    return english if english and in_english() else chinese


class DistrictQuerySet(models.QuerySet["District"]):
    """Everybody sees the districts."""

    def visible_to(self, viewer: Viewer) -> Self:
        """All."""
        return self


class District(Recorded):
    """A district of the city (GB/T 2260 code)."""

    code = models.CharField(_("行政区划代码"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    name_english = models.CharField(_("英文名称"), max_length=60, blank=True)
    outline = models.JSONField(_("轮廓"), null=True, editable=False)  # rings of [longitude, latitude]

    objects = DistrictQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        verbose_name = _("区")
        verbose_name_plural = _("区")

    def __str__(self) -> str:
        return named(self.name, self.name_english)


def check_credit_code(code: str) -> None:
    """Raises ValidationError, saying what is wrong."""
    if told := credit_code.fault(code):
        raise ValidationError(told)


class PartyQuerySet(models.QuerySet["Party"]):
    """Parties: public ones are known to all, users of instruments to the authority and themselves."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR | Role.INSTITUTE:
                return self
            case Role.DISTRICT:
                return self.filter(Q(district=viewer.district_id) | Q(kind__in=PUBLIC_KINDS))
            case _:
                return self.filter(Q(pk=viewer.party_id) | Q(kind__in=PUBLIC_KINDS))


class PartyKind(models.TextChoices):
    """What a party is in the measurement system."""

    AUTHORITY = "authority", _("主管部门")
    INSTITUTE = "institute", _("法定计量检定机构")
    LABORATORY = "laboratory", _("校准实验室")
    UTILITY = "utility", _("公用事业单位")
    ENTERPRISE = "enterprise", _("企业、经营者")


PUBLIC_KINDS = (PartyKind.AUTHORITY, PartyKind.INSTITUTE, PartyKind.LABORATORY)


class Party(Recorded):
    """A body in the measurement system; `code` is also the identifier that certificates and key bindings use."""

    code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, validators=[check_credit_code])
    kind = models.CharField(_("类别"), max_length=12, choices=PartyKind)
    name = models.CharField(_("名称"), max_length=120, db_index=True)
    name_english = models.CharField(_("英文名称"), max_length=120, blank=True)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("所在区"), null=True, blank=True)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    authorisation = models.CharField(_("授权、认可证书号"), max_length=80, blank=True)
    active = models.BooleanField(_("在业"), default=True)

    objects = PartyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["kind", "id"]), models.Index(fields=["district", "id"])]
        verbose_name = _("单位")
        verbose_name_plural = _("单位")

    def __str__(self) -> str:
        return named(self.name, self.name_english)


class OfParty(models.QuerySet[Any]):
    """Rows that belong to a party."""

    of = "party"

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see: the authority and the auditor all, a party its own."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.DISTRICT:
                return self.filter(**{f"{self.of}__district": viewer.district_id})
            case Role.PUBLIC:
                return self.none()
            case _:
                return self.filter(**{self.of: viewer.party_id})


class Person(Recorded):
    """Somebody who works in metrology for a party."""

    number = models.CharField(_("编号"), max_length=40, unique=True)
    name = models.CharField(_("姓名"), max_length=60)
    party = models.ForeignKey(Party, models.PROTECT, verbose_name=_("单位"), related_name="people")
    post = models.CharField(_("岗位"), max_length=80, blank=True)
    active = models.BooleanField(_("在岗"), default=True)

    objects = OfParty.as_manager()

    class Meta:
        ordering: ClassVar = ["number"]
        verbose_name = _("人员")
        verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.name


class QualificationKind(models.TextChoices):
    """Qualifications of persons in legal metrology."""

    METROLOGIST_1 = "metrologist 1", _("一级注册计量师")
    METROLOGIST_2 = "metrologist 2", _("二级注册计量师")
    ASSESSOR = "assessor", _("计量标准考评员")
    ENFORCEMENT = "enforcement", _("行政执法证")
    SIGNATORY = "signatory", _("授权签字人")
    COMMITTEE = "committee", _("国家专业计量技术委员会委员")


class PersonsQuerySet(OfParty):
    """What belongs to a person belongs to that person's party."""

    of = "person__party"


class Qualification(Recorded):
    """A qualification of a person, for a field, over some time."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("人员"), related_name="qualifications")
    kind = models.CharField(_("资格"), max_length=20, choices=QualificationKind)
    number = models.CharField(_("证书号"), max_length=60, unique=True)
    field = models.CharField(_("专业、项目"), max_length=120, blank=True)
    since = models.DateField(_("有效期自"))
    until = models.DateField(_("有效期至"), null=True, blank=True)

    objects = PersonsQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["number"]
        indexes: ClassVar = [models.Index(fields=["kind", "id"])]
        verbose_name = _("资格")
        verbose_name_plural = _("资格")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def clean(self) -> None:
        """Raises ValidationError where it ends before it begins."""
        if self.until and self.since and self.until < self.since:
            raise ValidationError({"until": _("不应早于起始日期")})


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, username: str, password: str | None, role: str, **facts: object) -> User:
        """A user; without a password nobody can sign in as it."""
        user = self.model(username=username, role=role, **facts)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who signs in, with one role, for one party, in one district where the role has one."""

    username = models.CharField(_("用户名"), max_length=150, unique=True)
    name = models.CharField(_("显示名"), max_length=60, blank=True)
    role = models.CharField(_("角色"), max_length=12, choices=Role)
    party = models.ForeignKey(Party, models.PROTECT, verbose_name=_("单位"), null=True, blank=True)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("区"), null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("人员"), null=True, blank=True)
    is_active = models.BooleanField(_("可登录"), default=True)
    must_change = models.BooleanField(_("须先改口令"), default=False, editable=False)
    second_factor = models.CharField(max_length=64, blank=True, editable=False)  # TOTP secret, sealed
    second_factor_used = models.BigIntegerField(default=0, editable=False)  # last time step that was used
    recovery = models.JSONField(default=list, editable=False)  # digests of recovery codes that are left
    epoch = models.IntegerField(default=0, editable=False)  # a new one ends all sessions

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar = ["role"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def __str__(self) -> str:
        return self.name or self.username

    def get_session_auth_hash(self) -> str:
        """Sessions end with the password, and with the epoch."""
        return salted_hmac(
            "quanheng session", f"{self.password}\0{self.epoch}", algorithm="sha256"
        ).hexdigest()

    def clean(self) -> None:
        """Raises ValidationError where the role lacks what its sight is made of."""
        super().clean()
        if self.role == Role.DISTRICT and self.district_id is None:
            raise ValidationError({"district": _("区级监督员须有所在区")})
        if self.role in (Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE) and self.party_id is None:
            raise ValidationError({"party": _("此角色须有所属单位")})


class Token(models.Model):
    """A token of the API: only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(_("有效期至"))
    used = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name
