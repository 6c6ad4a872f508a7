"""What the office of instruments has in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.menu import Entry
from quanheng.city.frame.roles import STAFF
from quanheng.city.instruments.registers import CATALOGUE, INSTRUMENTS, STANDARDS

ENTRIES = (
    Entry("due-list", _("到期"), STAFF),
    *(Entry(f"{each.name}-list", each.title, each.see) for each in (INSTRUMENTS, STANDARDS, CATALOGUE)),
)
