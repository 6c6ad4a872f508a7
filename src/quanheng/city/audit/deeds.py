"""What acts are called: every office declares its own in its deeds.py, by the code that its events carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _

DEEDS: dict[str, Any] = {}


def declare(office: str, words: Mapping[str, Any]) -> None:
    """Name the acts of an office: "sign" of "certificates" is the code "certificates.sign"."""
    DEEDS.update({f"{office}.{name}": word for name, word in words.items()})


def deed(action: str) -> str:
    """What an act is called, in the language of the page; its code where nobody has named it."""
    if action in DEEDS:
        return str(DEEDS[action])
    office, _dot, name = action.partition(".")
    verb, _space, model = name.partition(" ")
    if verb not in ("add", "change"):
        return action
    try:
        what = {"what": apps.get_model(office, model)._meta.verbose_name}
    except LookupError:
        return action
    return _("新增%(what)s") % what if verb == "add" else _("更改%(what)s") % what
