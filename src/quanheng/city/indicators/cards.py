"""What the office of indicators says on the home page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.frame.cards import ROWS, Card, Line, Shown
from quanheng.city.frame.roles import EVERYBODY, Viewer
from quanheng.city.indicators import shown


def reached(viewer: Viewer) -> Shown:
    """How many targets are reached, of those that can be told; the first figures that are known."""
    on, rows = shown.table()
    aimed = [each for each in rows if each.indicator.target]
    known = [each for each in aimed if each.reached]
    lines = [
        Line(
            reverse("indicator", args=[each.indicator.key]), str(each.indicator), f"{each.value} {each.trend}"
        )
        for each in rows
        if each.figure is not None and each.figure.value is not None
    ]
    words = _("项达到目标（有数可判的 %(known)d 项，共 %(all)d 项）。") % {
        "known": len(known),
        "all": len(aimed),
    }
    if on is None:
        figure, words = _("未示出"), _("还没有算过。")
    else:
        figure = str(sum(each.reached == "good" for each in known))
        words += " " + _("截至 %(on)s") % {"on": on}
    return Shown(figure, words, lines[:ROWS], [Line(reverse("indicators"), _("全部指标"))])


CARDS = (Card("indicators", gettext_lazy("指标"), EVERYBODY, reached),)
