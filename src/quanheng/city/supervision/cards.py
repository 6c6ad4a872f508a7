"""What the office of supervision says on the home page."""

from __future__ import annotations

from django.db.models import F, Q
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.frame.cards import ROWS, Card, Line, Shown, counted
from quanheng.city.frame.roles import AUTHORITY, Role, Viewer
from quanheng.city.supervision import who
from quanheng.city.supervision.models import Cycle, Order, OrderState

TO_THE_AUTHORITY = (OrderState.OBJECTED, OrderState.DONE, OrderState.EXPIRED, OrderState.PROPOSED)
TO_THE_ASSIGNEE = (OrderState.ISSUED, OrderState.ACCEPTED)
HANDLERS = AUTHORITY | {Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE}


def orders(viewer: Viewer) -> Shown:
    """Orders that wait for the viewer: those of the authority to issue, answer or close; of others, to carry out."""
    mine = Order.objects.visible_to(viewer)
    if viewer.role in AUTHORITY:
        own = Q(state__in=TO_THE_ASSIGNEE, assignee=None)  # a district's inspectors go there; else the city's
        if viewer.role == Role.CITY:
            own &= Q(district=None)
        mine, words = (
            mine.filter(Q(state__in=TO_THE_AUTHORITY) | own),
            _("张工单等您下达、自办、答复或办结。"),
        )
    else:
        mine = mine.filter(state__in=TO_THE_ASSIGNEE, assignee=viewer.party_id)
        words = _("张工单等您接受或完成。")
    lines = [
        Line(
            reverse("order", args=[each.pk]),
            f"{each.get_kind_display()} {each.meter}",
            f"{each.get_state_display()} {each.deadline or ''}".strip(),
        )
        for each in mine.order_by(F("deadline").asc(nulls_last=True), "rank", "id")[:ROWS]
    ]
    links = [Line(reverse("orders-list"), _("全部工单"))]
    if viewer.role in who.CHECK:
        links.append(Line(reverse("check-new"), _("记录现场核验")))
    n = counted(mine)
    return Shown(n, words, lines, links, tone="good" if n == "0" else "open")


def cycles(viewer: Viewer) -> Shown:
    """The last cycles, each of which can be computed again."""
    done = Cycle.objects.visible_to(viewer).filter(indexed__isnull=False).select_related("lake")
    lines = [
        Line(
            reverse("cycle", args=[each.pk]),
            _("第 %(n)d 期") % {"n": each.pk},
            f"{localtime(each.indexed):%Y-%m-%d} {each.lake}",
        )
        for each in done.order_by("-pk")[:ROWS]
    ]
    words = (
        _("每一期都可以由凭据再算一遍，答案是一致，或哪里不同。") if lines else _("还没有完成的监督周期。")
    )
    return Shown(words=words, lines=lines, links=[Line(reverse("cycles-list"), _("全部周期"))])


CARDS = (
    Card("orders", gettext_lazy("等您处理的工单"), HANDLERS, orders),
    Card("recompute", gettext_lazy("重算"), who.RECOMPUTE, cycles),
)
