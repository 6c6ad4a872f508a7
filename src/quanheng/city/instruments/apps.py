"""The office of instruments: catalogue of compulsory items, ledger of instruments, measurement standards."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Instruments(AppConfig):
    """Knows people; certificates and supervision know it."""

    name = "quanheng.city.instruments"
    label = "instruments"
    verbose_name = _("计量器具")
