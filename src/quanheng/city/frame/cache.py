"""What may be kept by a cache: pages of strangers, for some time; pages of users never."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.http import conditional_page

Page = Callable[..., HttpResponse]


def cached(seconds: int) -> Callable[[Page], Page]:
    """A page that says the same to every stranger: any cache may keep it for so long and asks by its ETag after that.

    What a user is shown, a fault, and what sets a cookie is kept nowhere.
    """

    def declare(page: Page) -> Page:
        @functools.wraps(page)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = page(request, *args, **kwargs)
            if not request.user.is_authenticated and response.status_code == 200 and not response.cookies:
                patch_cache_control(response, public=True, max_age=seconds)
            else:
                add_never_cache_headers(response)
            return response

        made: Page = conditional_page(answer)
        return made

    return declare
