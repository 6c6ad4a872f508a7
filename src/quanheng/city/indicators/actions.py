"""What the office of indicators does: the only place that writes its tables."""

from __future__ import annotations

import hashlib
import math
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction

from quanheng.city.audit import actions as audit
from quanheng.city.audit.past import last_event
from quanheng.city.indicators.catalogue import indicators
from quanheng.city.indicators.compute import compute
from quanheng.city.indicators.models import Entered, Figure
from quanheng.ground.errors import Fault
from quanheng.ground.files import write_durably

TAKE = "indicators.take"  # the task
LARGEST = 20 * 1024 * 1024  # bytes of a file of evidence


def take(actor: audit.Actor, on: date) -> int:
    """Compute every indicator for a day and keep the figures; returns the event that they are known at."""
    known = last_event()
    found = compute(on, known)
    with transaction.atomic():
        there = set(Figure.objects.filter(on=on, known=known).values_list("key", "version"))
        rows = [
            Figure(
                key=each.key, version=each.version, on=on, known=known, value=each.value, count=each.count,
                of=each.of, population=each.population,
            )
            for each in found
            if (each.key, each.version) not in there
        ]  # fmt: skip
        if rows:
            audit.write_all(actor, "indicators.take", rows, {"on": on.isoformat(), "known": known})
    return known


def enter(
    actor: Any, key: str, on: date, value: float, *, evidence: bytes, name: str, note: str = ""
) -> Entered:
    """Keep a figure with its evidence. Raises Fault for what is not entered, no number, or without evidence."""
    indicator = indicators().get(key)
    definition = indicator.on(on) if indicator else None
    if definition is None or not definition.entered:
        raise Fault(f"{key}：不是填报的指标 / is not a figure that is entered")
    if not math.isfinite(value) or value < 0:
        raise Fault(f"{key}：{value} 不是不小于零的数 / is no number of zero or more")
    if not 0 < len(evidence) <= LARGEST:
        raise Fault(
            f"凭据文件应有 1 字节至 {LARGEST // 2**20} MB / evidence: 1 byte to {LARGEST // 2**20} MB"
        )
    digest = hashlib.sha256(evidence).hexdigest()
    folder = settings.HOME / "evidence"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_durably(folder / digest, evidence)
    row = Entered(
        key=key, on=on, value=value, note=note, evidence=digest, evidence_name=name[:120], author=actor
    )
    audit.save(actor, "indicators.enter", row)
    return row
