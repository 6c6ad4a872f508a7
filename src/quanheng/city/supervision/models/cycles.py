"""What supervision keeps: lakes and deliveries, cycles with areas and verdicts, orders, field checks, recomputations.

Readings are never among it: they lie in the lake, results in the folder of a run; rows here are their index.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import District, Party, User
from quanheng.city.queue.models import Task
from quanheng.city.supervision import sight

NAME = RegexValidator(
    r"^(?!(?:point|open|deliveries)\Z)[a-z0-9][a-z0-9-]*\Z", _("只用小写字母、数字和连字符")
)


class Lake(Recorded):
    """A source of readings."""

    name = models.CharField(_("代号"), max_length=40, unique=True, validators=[NAME])
    title = models.CharField(_("名称"), max_length=80)
    owner = models.ForeignKey(Party, models.PROTECT, verbose_name=_("来自"), null=True, related_name="+")
    folder = models.CharField(_("文件夹"), max_length=400, blank=True)  # relative to HOME, else absolute
    pointed = models.BooleanField(default=True)  # False: handed in; its folder is made of deliveries
    survey = models.JSONField(null=True)  # what `lake check` found
    checked = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)  # why what was handed in last was refused

    objects = sight.LakeSight.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("数据湖")
        verbose_name_plural = _("数据湖")

    def __str__(self) -> str:
        return self.title


class Delivery(Recorded):
    """A file of a lake, or a whole lake as a zip, as it was handed in: kept by its digest, with its receipt."""

    lake = models.ForeignKey(Lake, models.PROTECT, related_name="deliveries")
    path = models.CharField(_("文件"), max_length=200)  # in the lake; "" for a zip
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("字节"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("收到"))
    receipt = models.TextField()
    signature = models.TextField(blank=True)

    objects = sight.OfLake.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lake", "path", "sha256"], name="one_receipt_a_file")
        ]
        verbose_name = _("交付")
        verbose_name_plural = _("交付")

    def __str__(self) -> str:
        return f"{self.path or 'zip'} {self.sha256[:12]}"


class Schedule(Recorded):
    """When a lake is judged again."""

    lake = models.OneToOneField(Lake, models.PROTECT, related_name="schedule")
    days = models.PositiveSmallIntegerField(_("每隔几天"), default=7)
    next_on = models.DateField(_("下一次"), db_index=True)
    alpha = models.FloatField(_("错换份额上限"), default=0.05)
    active = models.BooleanField(_("启用"), default=True)

    objects = sight.OfLake.as_manager()

    class Meta:
        verbose_name = _("计划")
        verbose_name_plural = _("计划")

    def __str__(self) -> str:
        return f"{self.lake} {self.next_on}"


class Cycle(Recorded):
    """A run of the supervision cycle. While `indexed` is empty, its task says how far it is."""

    lake = models.ForeignKey(Lake, models.PROTECT, verbose_name=_("数据湖"), related_name="cycles")
    folder = models.CharField(max_length=400)  # of the lake as it was judged
    alpha = models.FloatField(_("错换份额上限"), default=0.05)
    budget = models.PositiveIntegerField(_("每周上门次数"), null=True, blank=True)
    previous = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("上一周期"), null=True, related_name="+"
    )
    asked = models.DateTimeField(_("开始"))
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="+")
    indexed = models.DateTimeField(_("完成"), null=True)
    run = models.CharField(_("凭据摘要"), max_length=64, blank=True, db_index=True)  # SHA-256 of run.json
    facts = models.JSONField(default=dict)  # counts and shares, as run.json has them

    objects = sight.CycleSight.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["lake", "indexed"])]
        verbose_name = _("监督周期")
        verbose_name_plural = _("监督周期")

    def __str__(self) -> str:
        return f"{self.pk} {self.lake}"


class Area(Recorded):
    """An area as a cycle found it."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="areas")
    area = models.CharField(_("台区"), max_length=80)
    utility = models.CharField(_("行业"), max_length=20)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("区"), null=True)
    owner = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    master = models.CharField(_("总表"), max_length=80, db_index=True)
    master_u = models.FloatField(null=True)
    master_mpe = models.FloatField(null=True)
    health = models.CharField(_("状况"), max_length=20)
    repaired = models.BooleanField(default=False)
    residual = models.FloatField(null=True)  # kWh or m³ a day
    loss = models.FloatField(null=True)
    read_rate = models.FloatField(null=True)
    days = models.IntegerField(default=0)
    data = models.CharField(max_length=20, blank=True)
    meters = models.IntegerField(default=0)
    replace = models.IntegerField(default=0)
    cleared = models.IntegerField(default=0)
    undetermined = models.IntegerField(default=0)

    objects = sight.Sight.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cycle", "area"], name="one_row_an_area")]
        indexes: ClassVar = [models.Index(fields=["cycle", "district", "id"])]
        verbose_name = _("台区")
        verbose_name_plural = _("台区")

    def __str__(self) -> str:
        return self.area


class Outcome(models.TextChoices):
    """What a verdict says."""

    REPLACE = "replace", _("更换")
    CLEARED = "cleared", _("合格")
    UNDETERMINED = "undetermined", _("未定")


class Utility(models.TextChoices):
    """What flows through a meter."""

    ELECTRICITY = "electricity", _("电")
    WATER = "water", _("水")
    GAS = "gas", _("气")
    HEAT = "heat", _("热")


class Verdict(Recorded):
    """What a cycle says of one meter; a screening result until it was checked on site. Errors are relative."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="verdicts")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("台区"), related_name="verdicts")
    meter = models.CharField(_("表号"), max_length=80, db_index=True)
    utility = models.CharField(_("行业"), max_length=12, choices=Utility)
    instrument = models.ForeignKey(Instrument, models.PROTECT, null=True, related_name="+", db_index=False)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("区"), null=True, db_index=False)
    owner = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(_("判定"), max_length=12, choices=Outcome)
    reason = models.CharField(_("原因"), max_length=120)
    error = models.FloatField(_("误差"), null=True)
    u = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    p_out = models.FloatField(_("超差概率"), null=True)
    mpe = models.FloatField(_("最大允许误差"), null=True)
    kwh_day = models.FloatField(null=True)  # m³ for water and gas
    since = models.DateField(_("始于"), null=True)
    days_needed = models.FloatField(null=True)
    recalled = models.CharField(_("召回"), max_length=120, blank=True)  # by which standard it is in question

    objects = sight.Sight.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "meter"], name="one_verdict_a_meter")
        ]
        indexes: ClassVar = [
            models.Index(fields=["cycle", "outcome", "id"]),
            models.Index(fields=["cycle", "district", "id"]),
            models.Index(fields=["cycle", "owner", "id"]),
        ]
        verbose_name = _("判定")
        verbose_name_plural = _("判定")

    def __str__(self) -> str:
        return self.meter


class Recomputation(Recorded):
    """Somebody had a cycle, or one of its areas, computed again."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="recomputations")
    area = models.CharField(_("台区"), max_length=80, blank=True)  # "": the whole cycle
    asked = models.DateTimeField(_("开始"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(
        _("答案"), max_length=12, blank=True
    )  # identical, last bits, differs, not shown
    told = models.TextField(blank=True)

    class Meta:
        verbose_name = _("重算")
        verbose_name_plural = _("重算")

    def __str__(self) -> str:
        return f"{self.cycle_id} {self.area} {self.answer}"
