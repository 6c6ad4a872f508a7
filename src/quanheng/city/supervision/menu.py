"""What the office of supervision has in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.menu import Entry
from quanheng.city.supervision import who

ENTRIES = (
    Entry("cycles-list", _("监督周期"), who.SEE),
    Entry("verdicts-list", _("判定"), who.SEE),
    Entry("orders-list", _("工单"), who.SEE),
    Entry("checks-list", _("现场核查"), who.SEE),
    Entry("lakes-list", _("数据湖"), who.SEE_LAKES),
)
