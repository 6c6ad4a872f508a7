"""Orders, objections and field checks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.models import Recorded
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import District, Party, User
from quanheng.city.supervision import sight
from quanheng.city.supervision.models.cycles import Area, Cycle, Utility, Verdict


class Kind(models.TextChoices):
    """What is to be done."""

    REPLACE_TREND = "replace_trend", _("更换：误差趋势异常")
    REPLACE_FUNCTION = "replace_function", _("更换：功能异常")
    REPLACE_BATCH = "replace_batch", _("更换：批次")
    FIELD_CHECK = "field_check", _("现场核验")
    SAMPLE_CHECK = "sample_check", _("随机抽检")
    DATA_CORRECTION = "data_correction", _("档案更正")
    THEFT = "theft", _("未计量用电核查")
    CLOCK = "clock", _("校时")
    RE_READ = "re_read", _("补抄")


class OrderState(models.TextChoices):
    """Where an order is. docs/methods/orders.md draws the machine."""

    PROPOSED = "proposed", _("建议")
    ISSUED = "issued", _("已下达")
    ACCEPTED = "accepted", _("已接受")
    DONE = "done", _("已完成")
    CLOSED = "closed", _("已办结")
    OBJECTED = "objected", _("有异议")
    UPHELD = "upheld", _("异议成立，撤销")
    EXPIRED = "expired", _("逾期")
    LAPSED = "lapsed", _("未下达，已被新周期取代")


ENDED = (OrderState.CLOSED, OrderState.UPHELD, OrderState.LAPSED)
OPEN = (OrderState.ISSUED, OrderState.ACCEPTED, OrderState.OBJECTED, OrderState.DONE, OrderState.EXPIRED)


class Order(Recorded):
    """What somebody is asked to do; energies in kWh, or m³ for water and gas, positive where too much was charged."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, verbose_name=_("监督周期"), related_name="orders")
    number = models.CharField(_("工单号"), max_length=20)  # in its run
    kind = models.CharField(_("类别"), max_length=20, choices=Kind)
    state = models.CharField(_("状态"), max_length=10, choices=OrderState, default=OrderState.PROPOSED)
    meter = models.CharField(_("表号"), max_length=80, blank=True, db_index=True)  # "": about an area
    verdict = models.ForeignKey(Verdict, models.PROTECT, null=True, related_name="orders")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("台区"), related_name="orders")
    to_area = models.CharField(max_length=80, blank=True)
    utility = models.CharField(_("行业"), max_length=12, choices=Utility)
    district = models.ForeignKey(District, models.PROTECT, verbose_name=_("区"), null=True)
    owner = models.ForeignKey(Party, models.PROTECT, verbose_name=_("计量单位"), null=True, related_name="+")
    assignee = models.ForeignKey(
        Party, models.PROTECT, verbose_name=_("承办单位"), null=True, related_name="+"
    )
    deadline = models.DateField(_("期限"), null=True, db_index=True)
    issued = models.DateTimeField(_("下达"), null=True)
    rank = models.IntegerField(_("次序"))
    benefit = models.FloatField(null=True)
    p_out = models.FloatField(_("超差概率"), null=True)
    reason = models.CharField(max_length=120, blank=True)
    evidence = models.CharField(max_length=64)
    energy = models.FloatField(null=True)
    energy_u = models.FloatField(null=True)
    weight = models.FloatField(null=True)
    text_zh = models.TextField()
    text_en = models.TextField()
    recalled = models.CharField(_("召回"), max_length=120, blank=True)

    objects = sight.OrderSight.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "number"], name="one_order_a_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=[*each, "id"])
            for each in (["state"], ["cycle", "state"], ["district"], ["owner"], ["assignee"], ["kind"])
        ]
        verbose_name = _("工单")
        verbose_name_plural = _("工单")

    def __str__(self) -> str:
        return f"{self.cycle_id}-{self.number}"

    def audits(self, party: int | None) -> bool:
        """Whether it is a random check of a meter of this party, which nobody of that party answers himself."""
        return self.kind == Kind.SAMPLE_CHECK and party is not None and party == self.owner_id


class Ending(models.TextChoices):
    """What became of an objection."""

    ANSWERED = "answered", _("不成立，已答复")
    UPHELD = "upheld", _("成立")
    WITHDRAWN = "withdrawn", _("撤回")


class Objection(Recorded):
    """Somebody holds that an order is wrong; and what was answered."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="objections")
    text = models.TextField(_("异议"), max_length=4000)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("提出"))
    was = models.CharField(max_length=10, choices=OrderState)  # state of the order before
    ending = models.CharField(_("结果"), max_length=10, choices=Ending, blank=True)
    answer = models.TextField(_("答复"), max_length=4000, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = _("异议")

    def __str__(self) -> str:
        return f"{self.order} {self.ending}"


class Found(models.TextChoices):
    """What was found on site: codes of `quanheng learn`."""

    OK = "ok", _("合格")
    OUT = "out_of_tolerance", _("超差")
    STOPPED = "stopped", _("停走")
    FOREIGN = "foreign", _("不属于本台区")
    TAMPERED = "tampered", _("被改动")
    NOT_FOUND = "not_found", _("找不到")


class Seal(models.TextChoices):
    """The seal of a meter."""

    INTACT = "intact", _("完好")
    BROKEN = "broken", _("破损")
    ABSENT = "absent", _("没有")


class FieldCheck(Recorded):
    """A meter as it was found on site. `uuid` is made where the form is filled in: sent twice, it is kept once."""

    uuid = models.CharField(max_length=36, unique=True)
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, related_name="checks")
    verdict = models.ForeignKey(Verdict, models.PROTECT, null=True, related_name="checks")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="checks")
    instrument = models.ForeignKey(Instrument, models.PROTECT, null=True, related_name="+")
    meter = models.CharField(_("表号"), max_length=80, db_index=True)
    district = models.ForeignKey(District, models.PROTECT, null=True)
    owner = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, verbose_name=_("核查人"), related_name="+")
    at = models.DateTimeField(_("核查时间"))
    received = models.DateTimeField(_("收到"))
    found = models.CharField(_("结论"), max_length=20, choices=Found)
    seal = models.CharField(_("封印"), max_length=8, choices=Seal)
    error = models.FloatField(_("误差"), null=True)  # relative, at the load of the moment
    u = models.FloatField(null=True)  # standard uncertainty
    points = models.JSONField(default=list)  # [{"load", "error", "U"}]: relative, U with k = 2
    note = models.CharField(_("备注"), max_length=500, blank=True)
    photo = models.CharField(max_length=64, blank=True)  # SHA-256
    photo_type = models.CharField(max_length=20, blank=True)

    objects = sight.CheckSight.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cycle", "id"])]
        verbose_name = _("现场核查")
        verbose_name_plural = _("现场核查")

    def __str__(self) -> str:
        return f"{self.meter} {self.at:%Y-%m-%d}"
