"""Work in the background: tasks in our own database, with a lease, so that a killed worker's task is run again."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class Queue(AppConfig):
    """Every office may declare tasks in its tasks.py."""

    name = "quanheng.city.queue"
    label = "queue"

    def ready(self) -> None:
        """Let every office declare its tasks."""
        autodiscover_modules("tasks")
