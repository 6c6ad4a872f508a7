"""The office of people: parties, persons and their qualifications, users and what they may see."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class People(AppConfig):
    """The first office: all others know it."""

    name = "quanheng.city.people"
    label = "people"
    verbose_name = _("单位与人员")
