"""The shelf of cards: what each office says on the home page, and what a role comes for first."""

from __future__ import annotations

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.audit.models import Event
from quanheng.city.certificates import cards as certificates
from quanheng.city.frame.cards import ROWS, Ask, Card, Line, Shown
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.indicators import cards as indicators
from quanheng.city.instruments import cards as instruments
from quanheng.city.site.events import EVENTS_SEEN
from quanheng.city.supervision import cards as supervision

READS = frozenset({Role.PUBLIC, Role.ENTERPRISE, Role.UTILITY})


def verified(viewer: Viewer) -> Shown:
    """Verify a certificate."""
    words = _("由编号、PDF、证明文件或二维码查验；答案在您自己的浏览器里算出，文件不离开您的机器。")
    ask = Ask(reverse("verify"), "number", _("证书的编号"), _("查"))
    return Shown(words=words, ask=ask, links=[Line(reverse("verify"), _("由文件或二维码查验"))])


def in_date(viewer: Viewer) -> Shown:
    """Ask by the code on the label."""
    ask = Ask(reverse("in-date"), "code", _("器具上的编码"), _("查"))
    return Shown(words=_("秤、加油机、电表、水表……检定过没有，有效期到哪天。"), ask=ask)


def explained(viewer: Viewer) -> Shown:
    """What is measured, in words."""
    links = [
        Line(reverse("explained"), _("量什么，怎么量")),
        Line(reverse("decided"), _("判定是怎么做出的")),
    ]
    return Shown(words=_("每一种器具量什么、准到多少、怎样检定；对判定有异议怎么办。"), links=links)


def open_data(viewer: Viewer) -> Shown:
    """What anybody may take."""
    return Shown(
        words=_("指标与公开的登记册，CSV 与 JSON，不须登录。"),
        links=[Line(reverse("open-data"), _("开放数据"))],
    )


def events(viewer: Viewer) -> Shown:
    """What was done last."""
    last = Event.objects.order_by("-id")[:ROWS]
    lines = [
        Line(reverse("event", args=[each.pk]), each.deed, f"{each.actor} {localtime(each.at):%Y-%m-%d %H:%M}")
        for each in last
    ]
    return Shown(
        words=_("谁在何时做了什么，此前与此后；只增不改。"),
        lines=lines,
        links=[Line(reverse("events"), _("全部事件"))],
    )


CARDS = (
    *indicators.CARDS,
    *supervision.CARDS,
    *certificates.CARDS,
    *instruments.CARDS,
    Card("verify", gettext_lazy("证书是真的吗？"), READS | {Role.AUDITOR}, verified),
    Card("in-date", gettext_lazy("器具在有效期内吗？"), READS, in_date),
    Card("explained", gettext_lazy("城市量什么"), READS, explained),
    Card("open-data", gettext_lazy("开放数据"), READS | {Role.AUDITOR}, open_data),
    Card("events", gettext_lazy("事件"), EVENTS_SEEN, events),
)

FIRST: dict[str, tuple[str, ...]] = {
    Role.CITY: ("indicators", "orders", "recalls", "instruments-overdue", "standards-ending"),
    Role.DISTRICT: ("orders", "instruments-overdue", "indicators"),
    Role.INSTITUTE: ("jobs", "recalls", "reverifications", "standards-ending", "instruments-overdue"),
    Role.UTILITY: ("orders", "instruments-overdue"),
    Role.ENTERPRISE: ("instruments-overdue", "reverifications", "standards-ending"),
    Role.AUDITOR: ("recompute", "events", "indicators"),
    Role.PUBLIC: ("verify", "in-date", "indicators"),
}
"""What each role comes for, first things first; its other cards follow in the order of the shelf."""


def of(viewer: Viewer) -> list[tuple[Card, Shown]]:
    """The cards of a viewer, with what they say now."""
    first = FIRST[viewer.role]
    mine = [each for each in CARDS if viewer.role in each.see]
    mine.sort(key=lambda card: first.index(card.key) if card.key in first else len(first))
    return [(each, each.show(viewer)) for each in mine]
