"""The highest office: what shows several offices on one page, and how the site is put together."""

from __future__ import annotations

from django.apps import AppConfig


class Site(AppConfig):
    """Knows all offices; nobody knows it."""

    name = "quanheng.city.site"
    label = "site"
