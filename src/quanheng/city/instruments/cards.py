"""What the office of instruments says on the home page."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.frame.cards import ROWS, Card, Line, Shown, counted
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.instruments.models import Instrument, MeasurementStandard, Status

SOON = 30  # days before the due date in which an instrument is handed in
EXPIRING = (
    180  # days before the end of an assessment in which the next one is asked for (JJF 1033: six months)
)
LEDGER = frozenset({Role.CITY, Role.DISTRICT, Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE})
HOLDERS = frozenset({Role.CITY, Role.INSTITUTE, Role.ENTERPRISE})


def overdue(viewer: Viewer) -> Shown:
    """Instruments in use whose verification has lapsed, the longest first, and how many follow."""
    today = timezone.localdate()
    mine = Instrument.objects.visible_to(viewer).filter(status=Status.IN_USE)
    late = mine.filter(due__lt=today)
    soon = mine.filter(due__gte=today, due__lte=today + timedelta(days=SOON))
    lines = [
        Line(reverse("instruments-record", args=[each.pk]), str(each), _("%(day)s 到期") % {"day": each.due})
        for each in late.order_by("due", "id")[:ROWS]
    ]
    n = counted(late)
    return Shown(
        n,
        _("件在用器具已过有效期；%(soon)s 件在 %(days)d 天内到期。") % {"soon": counted(soon), "days": SOON},
        lines,
        [Line(reverse("due-list"), _("到期清单")), Line(reverse("instruments-list"), _("台账"))],
        tone="good" if n == "0" else "bad",
    )


def standards(viewer: Viewer) -> Shown:
    """Standards whose assessment has lapsed, or will soon."""
    today = timezone.localdate()
    held = MeasurementStandard.objects.visible_to(viewer).filter(active=True)
    if viewer.role != Role.CITY:
        held = held.filter(holder=viewer.party_id)
    ending = held.filter(until__lte=today + timedelta(days=EXPIRING))
    lines = [
        Line(
            reverse("standards-record", args=[each.pk]),
            str(each),
            _("考核有效期至 %(day)s") % {"day": each.until},
        )
        for each in ending.order_by("until", "id")[:ROWS]
    ]
    n = counted(ending)
    words = _("项在用计量标准的考核证书已到期，或在 %(days)d 天内到期。") % {"days": EXPIRING}
    links = [Line(reverse("standards-list"), _("计量标准"))]
    return Shown(n, words, lines, links, tone="good" if n == "0" else "open")


CARDS = (
    Card("instruments-overdue", gettext_lazy("到期与超期"), LEDGER, overdue),
    Card("standards-ending", gettext_lazy("建标考核"), HOLDERS, standards),
)
