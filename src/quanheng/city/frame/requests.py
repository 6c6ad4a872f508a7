"""Every request gets an identifier, a line in the log, and its place in the metrics."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

log = logging.getLogger(__name__)
current: ContextVar[str] = ContextVar("request", default="")
GIVEN = re.compile(r"[\w.-]{8,64}")
COUNT = Counter("quanheng_requests_total", "Answers of the site", ["view", "method", "status"])
SECONDS = Histogram(
    "quanheng_request_seconds",
    "Time to an answer",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def observed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """X-Request-ID of a proxy is kept; the query is left out of the log, for people may have typed names into it."""

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        token, begun = current.set(name), time.perf_counter()
        try:
            response = get_response(request)
            seconds = time.perf_counter() - begun
            view = request.resolver_match.view_name if request.resolver_match else ""
            method = request.method if request.method in METHODS else "other"
            COUNT.labels(view, method, response.status_code).inc()
            SECONDS.labels(view).observe(seconds)
            user = getattr(request, "user", None)
            facts = {
                "method": method,
                "path": request.path,
                "status": response.status_code,
                "ms": round(1000 * seconds, 1),
                "user": user.get_username() if user is not None and user.is_authenticated else "",
            }
            log.info("request", extra=facts)
            response["X-Request-ID"] = name
            return response
        finally:
            current.reset(token)

    return answer
