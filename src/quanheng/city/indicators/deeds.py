"""What the acts of the office of indicators are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare

declare(
    "indicators",
    {
        "take": _("计算指标"),
        "enter": _("填报指标"),
    },
)
