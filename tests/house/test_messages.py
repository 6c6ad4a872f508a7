"""The site speaks English wherever it speaks Chinese."""

from __future__ import annotations

from pathlib import Path

import messages
import pytest


@pytest.mark.parametrize("app", messages.apps(), ids=lambda each: each.name)
def test_every_text_has_its_english(app: Path) -> None:
    catalog = messages.renewed()[app]
    assert messages.untranslated(catalog) == []
    if len(catalog):  # and both files say so: `make messages` writes them
        folder = app / "locale/en/LC_MESSAGES"
        assert (folder / "django.po").read_bytes() == messages.po_of(catalog)
        assert (folder / "django.mo").read_bytes() == messages.mo_of(catalog)
