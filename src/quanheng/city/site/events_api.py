"""Events by API: for the auditor and the city, as the page of events shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from quanheng.city.audit.models import Event
from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.site.events import EVENTS_SEEN, LARGEST_ID, said

router = Router(tags=["events"])
MOST = 500


class EventRecord(Schema):
    """Who did what to which record, when; what it was before and after."""

    id: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    before: Any = None
    after: Any = None


class EventPage(Schema):
    """Events by number, which is their order."""

    items: list[EventRecord]
    next: int | None = Field(description="to continue behind; null: these are the last")


class Asked(Schema):
    """Where to continue, and whose events."""

    after: int = Field(0, ge=0, le=LARGEST_ID)
    limit: int = Field(100, ge=1, le=MOST)
    actor: str = Field("", max_length=150)
    subject: str = Field("", max_length=120)


@router.get("", response={200: EventPage}, operation_id="events_list", summary="events, the first first")
def list_events(request: HttpRequest, asked: Query[Asked]) -> Any:
    """The audit trail; what it says can be followed into the log (`quanheng audit`)."""
    check_role(viewer_of(request), EVENTS_SEEN)
    found = Event.objects.filter(pk__gt=asked.after)
    for name in ("actor", "subject"):
        if text := getattr(asked, name):
            found = found.none() if "\0" in text else found.filter(**{name: text})
    rows = list(found.order_by("pk")[: asked.limit + 1])
    more = rows[asked.limit - 1].pk if len(rows) > asked.limit else None
    return {"items": [said(each) for each in rows[: asked.limit]], "next": more}
