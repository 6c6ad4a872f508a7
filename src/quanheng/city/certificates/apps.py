"""The office of certificates: what was measured, signed and logged, and what is recalled."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Certificates(AppConfig):
    """Knows instruments; supervision and indicators know it."""

    name = "quanheng.city.certificates"
    label = "certificates"
    verbose_name = _("证书")

    def ready(self) -> None:
        """Show what certificates an instrument has on its page; say what they set in the ledger."""
        from quanheng.city.certificates.registers import of_instrument
        from quanheng.city.certificates.spoken import of_items
        from quanheng.city.instruments.spoken_for import SPOKEN
        from quanheng.city.register.declaration import also

        also("instruments", of_instrument)
        if of_items not in SPOKEN:
            SPOKEN.append(of_items)
