"""What holds for every answer: no foreign script, and a person's mistake told as one."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from quanheng.ground.errors import NotShown, QuanhengError

Answering = Callable[[HttpRequest], HttpResponse]
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy(**more: str) -> str:
    """The content security policy, with further sources: policy(script_src="'sha256-…'")."""
    added = {name.replace("_", "-"): value for name, value in more.items()}
    return "; ".join(f"{name} {value} {added.get(name, '')}".rstrip() for name, value in POLICY.items())


def content_security_policy(get_response: Answering) -> Answering:
    """Scripts, styles and pictures come from this site alone, and none stand inside a page.

    A page that carries its own script (the verifier) sets the header itself, with the hash of that script.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        return response

    return answer


class faults_as_pages:  # noqa: N801 - a middleware with a second entry, named as the others are
    """A fault of what was handed in is told on a page: status 400, or 409 where evidence is missing."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for what people can mend; anything else goes on."""
        if isinstance(error, QuanhengError):
            status = 409 if isinstance(error, NotShown) else 400
            return render(request, "frame/fault.html", {"fault": str(error)}, status=status)
        if isinstance(error, PermissionDenied):
            return render(request, "403.html", {"fault": str(error)}, status=403)
        return None
