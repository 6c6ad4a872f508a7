"""What the office of people has in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.menu import Entry
from quanheng.city.frame.roles import Role
from quanheng.city.people.registers import PARTIES, PEOPLE

ENTRIES = (
    *(Entry(f"{each.name}-list", each.title, each.see) for each in (PARTIES, PEOPLE)),
    Entry("users", _("用户"), frozenset({Role.CITY})),
)
