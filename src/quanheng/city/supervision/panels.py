"""What supervision knows of an instrument of the ledger, on its page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.city.register.declaration import Link, Panel
from quanheng.city.supervision import wording
from quanheng.city.supervision.models import Order, Verdict

LISTED = 5


def of_instrument(row: Any, viewer: Any) -> Iterable[Panel]:
    """Its latest verdicts and orders; nothing for an instrument that no cycle has seen."""
    verdicts = Verdict.objects.visible_to(viewer).filter(meter=row.code, instrument=row)
    listed = [
        (
            Link(reverse("verdict", args=[each.pk]), _("第 %(n)d 期") % {"n": each.cycle_id}),
            each.get_outcome_display(),
            wording.reason(each),
            wording.signed(each.error),
            wording.interval(each),
        )
        for each in verdicts.order_by("-cycle_id")[:LISTED]
    ]
    if listed:
        head = (_("监督周期"), _("判定"), _("原因"), _("误差"), _("95 %% 区间") % {})
        yield Panel(_("在线监督：筛查结果，以现场核查为准"), head, listed)
    orders = Order.objects.visible_to(viewer).filter(meter=row.code, verdict__instrument=row)
    work = [
        (
            Link(reverse("order", args=[each.pk]), str(each)),
            each.get_kind_display(),
            each.get_state_display(),
            each.deadline or "",
        )
        for each in orders.order_by("-id")[:LISTED]
    ]
    if work:
        yield Panel(_("工单"), (_("工单号"), _("类别"), _("状态"), _("期限")), work)
