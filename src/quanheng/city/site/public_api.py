"""What anybody may ask by the API without a token, beside the public registers.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from quanheng.city.frame import limits
from quanheng.city.site import in_date
from quanheng.city.site.in_date import Standing

router = Router(tags=["public"])


class Asked(Schema):
    """The code on a label."""

    code: str = Field(min_length=1, max_length=in_date.LONGEST)


class InDate(Schema):
    """Whether an instrument is in date; neither whose it is nor where."""

    code: str
    on: date
    standing: str = Field(description=", ".join(Standing.values))
    kind: str
    kind_english: str
    verified: date | None
    due: date | None
    since: date | None = Field(description="day on which its certificate was suspended or revoked")


@router.get("in-date", response={200: InDate}, operation_id="in_date", summary="is an instrument in date?")
def is_in_date(request: HttpRequest, response: HttpResponse, asked: Query[Asked]) -> Any:
    """By the code on its label."""
    if not request.user.is_authenticated and (
        seconds := limits.take(limits.LOOK_UP, limits.address(request))
    ):
        return limits.refused(request, seconds)
    response["Cache-Control"] = f"public, max-age={in_date.KEPT}"
    found = in_date.answer(in_date.tidy(asked.code), timezone.localdate())
    return {**vars(found), "standing": found.standing.value}
