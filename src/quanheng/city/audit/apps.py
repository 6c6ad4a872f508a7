"""What was done, by whom, with what before and after: events that are only ever added."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class Audit(AppConfig):
    """The lowest room of the city: everybody may write an event, nobody may change one."""

    name = "quanheng.city.audit"
    label = "audit"

    def ready(self) -> None:
        """Guard the tables after every migration; learn what the offices call their acts."""
        from quanheng.city.audit.guard import put_in_place

        post_migrate.connect(put_in_place, dispatch_uid="guard")
        autodiscover_modules("deeds")
