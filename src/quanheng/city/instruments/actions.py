"""What the office of instruments does: the only place that writes its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event, Recorded
from quanheng.city.instruments.models import Instrument, Status


def keep(actor: audit.Actor, row: Recorded) -> Event:
    """Add or change an entry, an instrument or a standard."""
    return audit.save(actor, f"instruments.{'change' if row.pk else 'add'} {row._meta.model_name}", row)


def keep_all(actor: audit.Actor, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write an import."""
    return audit.write_all(actor, "instruments.import", rows, facts)


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
    rows = [each for each in instruments if each.due is not None and each.due > until]
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
