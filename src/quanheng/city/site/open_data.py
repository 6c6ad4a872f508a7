"""Open data: what anybody may take, as sheets and by the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quanheng.city.frame.cache import cached
from quanheng.city.frame.roles import Role
from quanheng.city.register.declaration import REGISTERS


@require_safe
@cached(600)
def page(request: HttpRequest) -> HttpResponse:
    """Every public register with its addresses."""
    public = [each for each in REGISTERS.values() if Role.PUBLIC in each.see]
    registers = [
        (
            each.title,
            each.lead,
            each.url("list"),
            each.url("export", "csv"),
            each.url("export", "xlsx"),
            f"/api/{each.name}",
        )
        for each in public
    ]
    return render(request, "site/open_data.html", {"registers": registers})
