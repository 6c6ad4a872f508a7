"""What holds for every answer: no foreign script, and a person's mistake told as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render

from quanheng.ground.errors import NotShown, QuanhengError
from quanheng.ground.text import unfit

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


class texts_that_can_be_kept:  # noqa: N801
    """NUL and what else no database takes (ground/text.py) is refused in words, wherever it stands in a request:
    404 in the path, 400 in the query and in the fields of a form. The API's bodies are read by their own schemas.
    """

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if found := unfit(request.path):
            return _refused(request, f"地址中有 {found} / the address holds {found}", 404)
        return _of_fields(request, request.GET) or self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The fields of a form, after its CSRF token: a stranger's body is not read for this."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        return _of_fields(request, request.POST)


def _of_fields(request: HttpRequest, fields: QueryDict) -> HttpResponse | None:
    for name, values in fields.lists():
        if found := unfit(name) or unfit("\n".join(values)):
            told = (
                f"{name[:40]!r}：有不能保存的字符 {found}；请去掉再提交"
                f" / holds a character that cannot be kept, {found}: take it out and send again"
            )
            return _refused(request, told, 400)
    return None


def _refused(request: HttpRequest, told: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": told}, status=status, json_dumps_params={"ensure_ascii": False})
    return render(request, "frame/fault.html", {"fault": told}, status=status)
