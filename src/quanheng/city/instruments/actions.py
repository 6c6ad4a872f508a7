"""What the office of instruments does: the only place that writes its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event, Recorded


def keep(actor: audit.Actor, row: Recorded) -> Event:
    """Add or change an entry, an instrument or a standard."""
    return audit.save(actor, f"instruments.{'change' if row.pk else 'add'} {row._meta.model_name}", row)


def keep_all(actor: audit.Actor, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write an import."""
    return audit.write_all(actor, "instruments.import", rows, facts)
