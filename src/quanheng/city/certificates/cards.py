"""What the office of certificates says on the home page."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.certificates.models import (
    IN_HAND,
    Job,
    Recall,
    RecallState,
    Reverification,
    ReverificationState,
)
from quanheng.city.frame.cards import ROWS, Card, Line, Shown, counted
from quanheng.city.frame.roles import Role, Viewer

OWNERS = frozenset({Role.UTILITY, Role.ENTERPRISE, Role.DISTRICT})


def in_hand(viewer: Viewer) -> Shown:
    """Jobs that are not done, what was promised first on top."""
    rows = Job.objects.visible_to(viewer).filter(state__in=IN_HAND).select_related("instrument")
    today = timezone.localdate()
    lines = [
        Line(
            reverse("job", args=[each.pk]),
            str(each.instrument),
            f"{each.get_state_display()}，{each.promised}",
        )
        for each in rows.order_by("promised", "id")[:ROWS]
    ]
    late = rows.filter(promised__lt=today)
    return Shown(
        counted(rows), _("张受理单在手；%(late)s 张已过应完成日期。") % {"late": counted(late)}, lines,
        [Line(reverse("jobs"), _("受理单"))], tone="bad" if late.exists() else "",
    )  # fmt: skip


def recalls(viewer: Viewer) -> Shown:
    """Recalls that wait for a decision."""
    rows = Recall.objects.visible_to(viewer).filter(state=RecallState.REPORTED).select_related("certificate")
    lines = [
        Line(reverse("recall", args=[each.pk]), each.certificate.number, each.why)
        for each in rows.order_by("id")[:ROWS]
    ]
    n = counted(rows)
    return Shown(
        n, _("项召回待确认。"), lines, [Line(reverse("recalls"), _("召回"))], tone="good" if n == "0" else "bad"
    )  # fmt: skip


def again(viewer: Viewer) -> Shown:
    """Instruments that are to be verified anew."""
    rows = (
        Reverification.objects.visible_to(viewer)
        .filter(state=ReverificationState.OPEN)
        .select_related("instrument")
    )
    lines = [
        Line(reverse("reverifications-record", args=[each.pk]), str(each.instrument), str(each.deadline))
        for each in rows.order_by("deadline", "id")[:ROWS]
    ]
    n = counted(rows)
    links = [Line(reverse("reverifications-list"), _("重新检定任务"))]
    return Shown(n, _("台器具的证书被召回，须重新检定。"), lines, links, tone="good" if n == "0" else "bad")


CARDS = (
    Card("jobs", gettext_lazy("在手的检定"), frozenset({Role.INSTITUTE}), in_hand),
    Card("recalls", gettext_lazy("召回"), frozenset({Role.CITY, Role.INSTITUTE}), recalls),
    Card("reverifications", gettext_lazy("重新检定"), OWNERS | {Role.INSTITUTE}, again),
)
