"""In which of its two languages a page speaks."""

from __future__ import annotations

from django.utils.translation import get_language


def in_english() -> bool:
    """Whether the page is in English; else it is in Chinese."""
    return (get_language() or "").startswith("en")
