"""The office of indicators: the figures that the policy asks for, computed from the registers."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Indicators(AppConfig):
    """Knows all offices below; the site shows it."""

    name = "quanheng.city.indicators"
    label = "indicators"
    verbose_name = _("指标")
