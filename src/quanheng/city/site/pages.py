"""Pages that belong to no single office."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from quanheng.city.frame import limits
from quanheng.city.site import state


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Whether the site can answer (200 or 503), and what is amiss though it can."""
    able, said = state.health()
    return JsonResponse(said, status=200 if able else 503)


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus: to this machine, or to who has the token of QUANHENG_METRICS_TOKEN."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    here = limits.address(request) in ("127.0.0.1", "::1")
    if not (secrets.compare_digest(given.encode(), token.encode()) if token else here):
        return HttpResponse(status=403)
    return HttpResponse(state.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")
