"""A secret that is shown once: a POST makes it, the page that its answer leads to tells it; a reload makes no other.

Until then it lies in the session, sealed; never in an address.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from quanheng.city.people import second_factor


def keep(request: HttpRequest, page: str, whose: str, secret: str) -> None:
    """Keep a secret for the next look at a page."""
    request.session[_key(page)] = [whose, second_factor.seal(secret.encode(), settings.SECRET_KEY)]


def take(request: HttpRequest, page: str) -> tuple[str, str]:
    """Whose it is, and the secret; it is gone from the session. Empty where there is none."""
    whose, sealed = request.session.pop(_key(page), ("", ""))
    secret = second_factor.unseal(sealed, settings.SECRET_KEY) if sealed else None
    return (whose, secret.decode()) if secret else ("", "")


def _key(page: str) -> str:
    return f"shown once: {page}"
