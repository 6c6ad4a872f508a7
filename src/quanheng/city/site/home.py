"""The home page: for each role what it came for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quanheng.city.frame.cache import cached
from quanheng.city.frame.roles import viewer_of
from quanheng.city.site import cards


@require_safe
@cached(60)
def home(request: HttpRequest) -> HttpResponse:
    """The cards of a viewer."""
    return render(request, "site/home.html", {"cards": cards.of(viewer_of(request))})
