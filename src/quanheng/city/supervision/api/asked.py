"""What every call has: who asks, which page of a list.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from ninja import Field, Schema

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.people.models import User
from quanheng.city.register.api import LARGEST_ID
from quanheng.city.register.listing import MOST, PAGE


class Asked(Schema):
    """Which page is asked for."""

    after: int = Field(0, ge=0, le=LARGEST_ID, description="id to continue behind")
    limit: int = Field(PAGE, ge=1, le=MOST)


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


def page(
    found: "models.QuerySet[Any]", asked: Asked, say: Any, *, latest_first: bool = False
) -> dict[str, Any]:
    """A page of records by id, each as `say` tells it, and the id to continue behind."""
    if asked.after:
        found = found.filter(pk__lt=asked.after) if latest_first else found.filter(pk__gt=asked.after)
    rows = list(found.order_by("-pk" if latest_first else "pk")[: asked.limit + 1])
    more = rows[asked.limit - 1].pk if len(rows) > asked.limit else None
    return {"items": [say(each) for each in rows[: asked.limit]], "next": more}
