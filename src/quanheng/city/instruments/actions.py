"""What the office of instruments does: the only place that writes its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event, Recorded
from quanheng.city.instruments.models import Instrument, Status
from quanheng.city.instruments.spoken_for import look_over
from quanheng.ground.errors import Fault


def keep(actor: audit.Actor, row: Recorded) -> Event:
    """Add or change an entry, an instrument or a standard."""
    return audit.save(actor, f"instruments.{'change' if row.pk else 'add'} {row._meta.model_name}", row)


def keep_all(actor: audit.Actor, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write an import."""
    return audit.write_all(actor, "instruments.import", rows, facts)


def keep_instrument(actor: audit.Actor, row: Instrument) -> Event:
    """Add or change an instrument as people edit it. Raises Fault: what its certificates set is not theirs to write."""
    with transaction.atomic():
        _check_spoken_for([row])
        return keep(actor, row)


def keep_instruments(actor: audit.Actor, rows: Sequence[Instrument], facts: Mapping[str, Any]) -> Event:
    """Write an import of instruments. Raises Fault like `keep_instrument`."""
    with transaction.atomic():
        for start in range(0, len(rows), audit.BATCH):
            _check_spoken_for(rows[start : start + audit.BATCH])
        return keep_all(actor, rows, facts)


def _check_spoken_for(rows: Sequence[Instrument]) -> None:
    """With the rows locked, for a certificate may have been recalled since the page was opened."""
    list(Instrument.objects.select_for_update().filter(pk__in=[row.pk for row in rows if row.pk]))
    if told := [each for faults in look_over(rows) for each in faults.values()]:
        raise Fault("\n".join(told))


def verified(actor: audit.Actor, instrument: Instrument, on: date, due: date | None) -> Event:
    """The ledger follows a certificate. due None: it failed, and must not be used."""
    row = Instrument.objects.select_for_update().get(pk=instrument.pk)
    row.verified, row.due = on, due
    row.status = Status.STOPPED if due is None else Status.IN_USE
    return audit.save(actor, "instruments.verified", row)


def reopened(
    actor: audit.Actor, instruments: Sequence[Instrument], until: date, facts: Mapping[str, Any]
) -> None:
    """Instruments whose certificates no longer hold: in date up to a day, or not at all."""
    found = Instrument.objects.select_for_update().filter(
        pk__in={each.pk for each in instruments}, due__gt=until
    )
    rows = list(found.order_by("pk"))  # as they are now: somebody may have changed one since it was read
    for each in rows:
        each.due = until if each.verified is None or each.verified <= until else None
    if rows:
        audit.write_all(actor, "instruments.reopen", rows, facts)


def in_date_again(actor: audit.Actor, instrument: Instrument, on: date, due: date | None) -> None:
    """A certificate that was suspended holds again: so does its due date, unless the ledger tells of another day."""
    row = Instrument.objects.select_for_update().get(pk=instrument.pk)
    if row.verified == on and row.due != due:
        row.due = due
        audit.save(actor, "instruments.in date again", row)
