"""Pages of rows that follow one another by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest, QueryDict

from quanheng.city.register.listing import COUNTED, PAGE, number


@dataclass(frozen=True)
class Rows:
    """Some rows, and how to go on."""

    rows: list[Any]
    next: str  # query of the next page; "" where these are the last
    count: int
    more: bool  # there are more than `count`


def rows_of(
    request: HttpRequest, found: models.QuerySet[Any], *, latest: bool = False, limit: int = PAGE
) -> Rows:
    """The rows behind ?after=ID; the latest first where asked for."""
    after = number(request.GET.get("after"))
    shown = found.order_by("-pk" if latest else "pk")
    if after is not None:
        shown = shown.filter(pk__lt=after) if latest else shown.filter(pk__gt=after)
    rows = list(shown[: limit + 1])
    following = QueryDict(request.GET.urlencode(), mutable=True)
    if len(rows) > limit:
        following["after"] = str(rows[limit - 1].pk)
    count = found.order_by().values("pk")[: COUNTED + 1].count()
    query = f"?{following.urlencode()}" if len(rows) > limit else ""
    return Rows(rows[:limit], query, min(count, COUNTED), count > COUNTED)


def chosen(request: HttpRequest, found: models.QuerySet[Any], **fields: str) -> models.QuerySet[Any]:
    """Rows that fit the filters of the address: name in it = field of the row; what makes no sense fits nothing."""
    for name, field in fields.items():
        text = request.GET.get(name, "").strip()
        if not text:
            continue
        if field.endswith("_id"):
            pk = number(text)
            found = found.none() if pk is None else found.filter(**{field: pk})
        else:
            found = found.filter(**{field: text[:100]})
    return found
