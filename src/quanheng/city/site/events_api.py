"""Events by API: for the auditor and the city, as the page of events shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from quanheng.city.audit.models import Event
from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.register.paging import Paged, page
from quanheng.city.site.events import EVENTS_SEEN, said

router = Router(tags=["events"])


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


class Asked(Paged):
    """Where to continue, and whose events."""

    actor: str = Field("", max_length=150)
    subject: str = Field("", max_length=120)


@router.get("", response={200: EventPage}, operation_id="events_list", summary="events, the first first")
def list_events(request: HttpRequest, asked: Query[Asked]) -> Any:
    """The audit trail; what it says can be followed into the log (`quanheng audit`)."""
    check_role(viewer_of(request), EVENTS_SEEN)
    found = Event.objects.all()
    for name in ("actor", "subject"):
        if text := getattr(asked, name):
            found = found.filter(**{name: text})
    return page(found, asked, said)
