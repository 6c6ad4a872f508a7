"""The office of supervision: cycles over the lake, verdicts, orders, field checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Supervision(AppConfig):
    """Knows certificates; indicators know it."""

    name = "quanheng.city.supervision"
    label = "supervision"
    verbose_name = _("在线监督")

    def ready(self) -> None:
        """Tell the office of certificates what a recall hits here; show on an instrument's page how it was judged."""
        from quanheng.city.certificates.actions import recall as certificates
        from quanheng.city.supervision import recall

        if recall.beyond not in certificates.HIT_BY:
            certificates.HIT_BY.append(recall.beyond)
            certificates.REOPEN.append(recall.reopen_by)
        from quanheng.city.register.declaration import also
        from quanheng.city.supervision.panels import of_instrument

        also("instruments", of_instrument)
