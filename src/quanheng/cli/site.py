"""What the commands of the site share: Django, set up as the environment says."""

from __future__ import annotations

import os

import django
from django.core.management import call_command


def set_up() -> None:
    """Load the site. Raises Fault where the environment is at fault."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quanheng.city.settings")
    django.setup()


def bring_up_to_date() -> None:
    """Make or change the tables as this version wants them; nothing to do is nothing done."""
    call_command("migrate", verbosity=0, interactive=False)
