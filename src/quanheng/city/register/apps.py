"""Registers: one declaration gives a table its list, detail, form, import, export and API."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RegisterConfig(AppConfig):
    """The machinery; the registers themselves are declared by the offices."""

    name = "quanheng.city.register"
    label = "register"

    def ready(self) -> None:
        """Let every office declare its registers."""
        autodiscover_modules("registers")
