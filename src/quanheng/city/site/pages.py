"""Pages that belong to no single office."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What a viewer comes for first."""
    return render(request, "site/home.html")


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Whether the site can answer: it reads its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
