"""The past is what the events leave when they are undone."""

from __future__ import annotations

from datetime import date

from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.past import as_of, last_event, one_as_of
from quanheng.city.instruments import actions
from quanheng.city.instruments.models import Instrument

NAMES = ("code", "verified", "user_id", "district_id")


def rows(last: int) -> list[dict[str, object]]:
    return list(as_of(Instrument, last, NAMES))


def test_a_row_that_was_changed_later_is_told_as_it_was(small: SmallCity) -> None:
    row = small.instrument("A", small.power, small.north, verified=date(2024, 1, 2))
    then = last_event()
    row.verified = date(2026, 3, 4)
    actions.keep(SYSTEM, row)
    row.user = small.water
    actions.keep(SYSTEM, row)
    assert rows(then)[0]["verified"] == date(2024, 1, 2)
    assert rows(then)[0]["user_id"] == small.power.pk
    assert rows(last_event())[0]["user_id"] == small.water.pk


def test_a_row_that_was_added_later_is_not_there(small: SmallCity) -> None:
    small.instrument("A", small.power, small.north)
    then = last_event()
    later = small.instrument("B", small.power, small.north)
    later.name = "水表"
    actions.keep(SYSTEM, later)
    assert [row["code"] for row in rows(then)] == ["A"]
    assert [row["code"] for row in rows(0)] == []


def test_an_import_is_undone_row_by_row(small: SmallCity) -> None:
    one, two = (small.instrument(code, small.power, small.north) for code in "AB")
    then, whole = last_event(), rows(last_event())
    for row in (one, two):
        row.verified = date(2026, 1, 1)
    new = Instrument(code="C", name="水表", user=small.water, district=small.south)
    actions.keep_all(SYSTEM, [one, two, new], {})
    assert rows(then) == whole
    assert len(rows(last_event())) == 3


def test_one_row_is_told_as_it_was_by_its_own_events(small: SmallCity) -> None:
    before = last_event()
    row = small.instrument("A", small.power, small.north, verified=date(2024, 1, 2))
    then = last_event()
    for verified in (date(2026, 3, 4), None):
        row.verified = verified
        actions.keep(SYSTEM, row)
    row.verified = date(2026, 5, 6)
    actions.keep_all(SYSTEM, [row], {})
    assert one_as_of(row, then, NAMES) == {name: rows(then)[0][name] for name in NAMES}
    assert one_as_of(row, last_event(), ["verified"]) == {"verified": date(2026, 5, 6)}
    assert one_as_of(row, before, NAMES) is None
