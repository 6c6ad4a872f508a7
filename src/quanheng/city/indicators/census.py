"""The definitions as they are executed: each looks at the registers as they stood and counts.

What "on a day" means: a register's facts as they were known at an event (audit/past.py), judged by their own dates on
that day. So a definition gives the same figure for the same day and event for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from quanheng.city.audit.past import as_of
from quanheng.city.certificates.models import Certificate, Standing
from quanheng.city.instruments.models import (
    CatalogueEntry,
    Coverage,
    Instrument,
    MeasurementStandard,
    Mode,
    Regime,
    StandardKind,
    Status,
)
from quanheng.city.people.models import Person, Qualification, QualificationKind
from quanheng.city.supervision.models import Cycle, Outcome, Verdict

PUBLIC = {StandardKind.SOCIAL_HIGHEST.value, StandardKind.SOCIAL.value}


@dataclass(frozen=True, slots=True)
class Member:
    """One of the population: whether it counts, and by which fact."""

    name: str  # code of the record
    counts: bool
    fact: str  # what was looked at
    register: str = ""  # where the record is
    pk: int = 0
    district: int | None = None
    weight: int = 1


@dataclass(frozen=True)
class Census:
    """A population that was counted whole: no interval of sampling belongs to it."""

    members: tuple[Member, ...]
    share: bool

    @property
    def count(self) -> int:
        """The weight of those that count."""
        return sum(each.weight for each in self.members if each.counts)

    @property
    def of(self) -> int:
        """The weight of all."""
        return sum(each.weight for each in self.members)

    @property
    def value(self) -> float | None:
        """The share, or the number; None: a share of nothing."""
        if not self.share:
            return float(self.count)
        return self.count / self.of if self.of else None

    @property
    def population(self) -> str:
        """SHA-256 over the population, a line for each member by name: name, 1 or 0, weight, fact."""
        digest = hashlib.sha256()
        for each in sorted(self.members, key=lambda one: (one.name, one.fact, one.counts, one.weight)):
            digest.update(f"{each.name}\t{each.counts:d}\t{each.weight}\t{each.fact}\n".encode())
        return digest.hexdigest()


Counting = Callable[[date, int], Iterator[Member]]


def holds(row: dict[str, Any], day: date) -> bool:
    """Whether since … until of a row holds on a day."""
    return row["since"] <= day and (row["until"] is None or day <= row["until"])


def committee_members(day: date, known: int) -> Iterator[Member]:
    """Employed persons, each once, whose membership of a national technical committee holds."""
    employed = {row["id"]: row for row in as_of(Person, known, ("number", "active")) if row["active"]}
    seen: set[int] = set()
    names = ("person_id", "kind", "number", "since", "until")
    for row in as_of(Qualification, known, names):
        person = row["person_id"]
        if row["kind"] != QualificationKind.COMMITTEE.value or person not in employed or person in seen:
            continue
        if holds(row, day):
            seen.add(person)
            yield Member(employed[person]["number"], True, row["number"], "people", person)


def public_standards(day: date, known: int) -> Iterator[Member]:
    """Social public standards in use whose assessment holds."""
    for row in _standards(known):
        if row["kind"] in PUBLIC and row["active"] and holds(row, day):
            yield Member(row["code"], True, row["assessment"], "standards", row["id"])


def coverage_by_entry(day: date, known: int) -> Iterator[Member]:
    """Entries that instruments in use belong to; those that a standard serves count."""
    served = _served(day, known)
    entries = _compulsory(day, known)
    for pk in sorted({row["entry_id"] for row in _in_use(day, known, entries)}):
        yield Member(entries[pk]["code"], pk in served, served.get(pk, ""), "catalogue", pk)


def coverage_by_instrument(day: date, known: int) -> Iterator[Member]:
    """Instruments in use; those whose entry a standard serves count."""
    served = _served(day, known)
    for row in _in_use(day, known, _compulsory(day, known)):
        standard = served.get(row["entry_id"], "")
        yield _instrument(row, bool(standard), standard)


def coverage_by_time(day: date, known: int) -> Iterator[Member]:
    """The same, weighted with the days since the last verification, or since it was put into use."""
    served = _served(day, known)
    for row in _in_use(day, known, _compulsory(day, known)):
        last = row["verified"] if row["verified"] and row["verified"] <= day else row["put_in_use"]
        if last is not None:
            standard = served.get(row["entry_id"], "")
            yield _instrument(row, bool(standard), f"{standard} {last}", max(1, (day - last).days))


def in_date_1(day: date, known: int) -> Iterator[Member]:
    """Instruments in use with a due date; those in date count."""
    for row in _in_use(day, known, _compulsory(day, known)):
        if row["due"] is not None:
            yield _instrument(row, day <= row["due"], row["due"].isoformat())


def in_date_2(day: date, known: int) -> Iterator[Member]:
    """Instruments in use; those in date count, those without a due date do not."""
    for row in _in_use(day, known, _compulsory(day, known)):
        due = row["due"]
        yield _instrument(row, due is not None and day <= due, due.isoformat() if due else "")


def certified_in_log(day: date, known: int) -> Iterator[Member]:
    """Instruments in use and in date; those count whose certificate is in force and logged, and by its number."""
    names = ("number", "instrument_id", "ended", "due", "standing", "log_index")
    by_instrument: dict[int, str] = {}
    for row in as_of(Certificate, known, names, instrument__isnull=False):
        holds_on = row["ended"] <= day and (row["due"] is None or day <= row["due"])
        if holds_on and row["standing"] == Standing.IN_FORCE.value and row["log_index"] is not None:
            by_instrument[row["instrument_id"]] = row["number"]
    for row in _in_use(day, known, _compulsory(day, known)):
        if row["due"] is not None and day <= row["due"]:
            number = by_instrument.get(row["id"], "")
            yield _instrument(row, bool(number), number)


def supervised_decided(day: date, known: int) -> Iterator[Member]:
    """Meters of each lake's latest cycle; those that are not undetermined count."""
    latest: dict[int, tuple[datetime, int]] = {}
    for row in as_of(Cycle, known, ("lake_id", "indexed")):
        if row["indexed"] is not None and timezone.localdate(row["indexed"]) <= day:
            latest[row["lake_id"]] = max(
                (row["indexed"], row["id"]), latest.get(row["lake_id"], (row["indexed"], 0))
            )
    for _indexed, cycle in sorted(latest.values()):
        for row in as_of(Verdict, known, ("meter", "outcome", "district_id"), cycle_id=cycle):
            decided = row["outcome"] != Outcome.UNDETERMINED.value
            yield Member(row["meter"], decided, row["outcome"], "", row["id"], row["district_id"])


COUNTINGS: dict[tuple[str, int], Counting] = {
    ("committee-members", 1): committee_members,
    ("coverage-by-entry", 1): coverage_by_entry,
    ("coverage-by-instrument", 1): coverage_by_instrument,
    ("coverage-by-time", 1): coverage_by_time,
    ("verified-in-date", 1): in_date_1,
    ("verified-in-date", 2): in_date_2,
    ("public-standards", 1): public_standards,
    ("certified-in-log", 1): certified_in_log,
    ("supervised-decided", 1): supervised_decided,
}
"""Every definition that is not entered, by indicator and version."""


def _instrument(row: dict[str, Any], counts: bool, fact: str, weight: int = 1) -> Member:
    return Member(row["code"], counts, fact, "instruments", row["id"], row["district_id"], weight)


def _standards(known: int) -> Iterator[dict[str, Any]]:
    return as_of(MeasurementStandard, known, ("code", "kind", "assessment", "since", "until", "active"))


def _compulsory(day: date, known: int) -> dict[int, dict[str, Any]]:
    """Entries of the catalogue in force that ask for verification, by id."""
    verified = {Regime.VERIFICATION.value, Regime.BOTH.value}
    rows = as_of(CatalogueEntry, known, ("code", "regime", "mode", "since", "until"))
    return {
        row["id"]: row
        for row in rows
        if row["regime"] in verified and row["mode"] != Mode.NONE.value and holds(row, day)
    }


def _in_use(day: date, known: int, entries: dict[int, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Instruments in use that the entries ask to be verified."""
    names = ("code", "entry_id", "district_id", "verified", "due", "put_in_use", "status")
    for row in as_of(Instrument, known, names):
        begun = row["put_in_use"] is None or row["put_in_use"] <= day
        if row["status"] == Status.IN_USE.value and row["entry_id"] in entries and begun:
            yield row


def _served(day: date, known: int) -> dict[int, str]:
    """Entries that a standard serves: which one, the first by its code."""
    standards = {
        row["id"]: row["code"]
        for row in _standards(known)
        if row["kind"] in PUBLIC and row["active"] and holds(row, day)
    }
    found: dict[int, str] = {}
    for row in as_of(Coverage, known, ("standard_id", "entry_id", "since", "until")):
        code = standards.get(row["standard_id"])
        if code is not None and holds(row, day):
            found[row["entry_id"]] = min(code, found.get(row["entry_id"], code))
    return found
