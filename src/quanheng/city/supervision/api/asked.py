"""Who asks, of every call."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.people.models import User


def asking(request: HttpRequest, roles: Any) -> Any:
    """Who asks, of one of these roles. Raises PermissionDenied."""
    viewer = viewer_of(request)
    check_role(viewer, roles)
    return viewer


def user_asking(request: HttpRequest, roles: Any) -> User:
    """The same, signed in."""
    viewer = asking(request, roles)
    if not isinstance(viewer, User):
        raise PermissionDenied
    return viewer
