"""Pages of a list by API: which is asked for, and what it holds.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from ninja import Field, Schema

from quanheng.city.register.listing import MOST, PAGE

LARGEST_ID = 2**63 - 1


class Paged(Schema):
    """Which page is asked for."""

    after: int = Field(0, ge=0, le=LARGEST_ID, description="id to continue behind")
    limit: int = Field(PAGE, ge=1, le=MOST)


def page(
    found: "models.QuerySet[Any]", asked: Paged, say: Callable[[Any], Any], *, latest_first: bool = False
) -> dict[str, Any]:
    """A page of records by id, each as `say` tells it, and the id to continue behind."""
    if asked.after:
        found = found.filter(pk__lt=asked.after) if latest_first else found.filter(pk__gt=asked.after)
    rows = list(found.order_by("-pk" if latest_first else "pk")[: asked.limit + 1])
    more = rows[asked.limit - 1].pk if len(rows) > asked.limit else None
    return {"items": [say(each) for each in rows[: asked.limit]], "next": more}
