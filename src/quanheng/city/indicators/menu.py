"""What the office of indicators has in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.menu import Entry
from quanheng.city.frame.roles import EVERYBODY

ENTRIES: tuple[Entry, ...] = (Entry("indicators", _("指标"), EVERYBODY),)
