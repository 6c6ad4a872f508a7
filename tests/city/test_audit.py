"""No row changes without an event, whichever way it is written."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from small_city import SmallCity

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.models import Event
from quanheng.city.people.models import Party


def refused(act: object) -> None:
    """The database refuses the act."""
    with pytest.raises(DatabaseError), transaction.atomic():
        act()  # type: ignore[operator]


def test_a_bulk_update_without_an_event_is_refused(small: SmallCity) -> None:
    refused(lambda: Party.objects.filter(pk=small.power.pk).update(name="别的名称"))


def test_bulk_rows_without_an_event_are_refused(small: SmallCity) -> None:
    small.power.name = "别的名称"
    refused(lambda: Party.objects.bulk_update([small.power], ["name"]))


def test_raw_sql_without_an_event_is_refused(small: SmallCity) -> None:
    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE people_party SET name = 'x' WHERE id = %s", [small.power.pk])

    refused(act)


def test_a_row_that_names_an_earlier_event_is_refused(small: SmallCity) -> None:
    earlier = Event.objects.order_by("id").first()
    refused(lambda: Party.objects.filter(pk=small.power.pk).update(name="x", event=earlier))


def test_rows_are_never_deleted(small: SmallCity) -> None:
    refused(lambda: Party.objects.filter(pk=small.power.pk).delete())


def test_events_cannot_be_changed_or_deleted(small: SmallCity) -> None:
    refused(lambda: Event.objects.update(actor="somebody else"))
    refused(lambda: Event.objects.order_by("-id")[:1].get().delete())


def test_a_change_is_recorded_with_what_was_before(small: SmallCity) -> None:
    small.power.name = "新名称"
    event = audit.save(small.users["city"], "people.change party", small.power)
    assert (event.actor, event.before["name"], event.after) == ("city", "样例供电公司", {"name": "新名称"})


def test_an_event_outside_a_transaction_is_a_fault_of_the_program(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        audit.record(SYSTEM, "nothing")


def test_a_row_knows_its_history_from_its_beginning(small: SmallCity) -> None:
    small.power.name = "新名称"
    audit.save(SYSTEM, "people.change party", small.power)
    assert [each.action for each in audit.history(small.power)] == ["people.change party", "people.add party"]
