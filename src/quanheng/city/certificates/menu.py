"""What the office of certificates has in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.certificates.pages.jobs import INSTITUTE
from quanheng.city.certificates.pages.recalls import SEES
from quanheng.city.certificates.registers import CERTIFICATES
from quanheng.city.frame.menu import Entry
from quanheng.city.frame.roles import Role

ENTRIES: tuple[Entry, ...] = (
    Entry("jobs", _("受理单"), INSTITUTE | {Role.CITY, Role.AUDITOR}),
    Entry("certificates-list", CERTIFICATES.title, CERTIFICATES.see),
    Entry("recalls", _("召回"), SEES),
)
