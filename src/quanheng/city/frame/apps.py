"""The frame of every page: layout, style, languages, faults told to people, logs."""

from __future__ import annotations

from django.apps import AppConfig


class Frame(AppConfig):
    """Templates and static files that all offices share."""

    name = "quanheng.city.frame"
    label = "frame"
