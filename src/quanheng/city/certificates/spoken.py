"""What the newest certificate of an instrument says of it, for the ledger and for anybody who asks."""

from __future__ import annotations

from collections.abc import Collection

from quanheng.city.certificates.models import Certificate, Outcome, Standing
from quanheng.city.instruments.spoken_for import Said


def newest(codes: Collection[str]) -> dict[str, Certificate]:
    """The newest certificate of each instrument, by the code on it; one that corrects another is newer."""
    rows = Certificate.objects.filter(item__in=list(codes)).order_by("ended", "id")
    return {each.item: each for each in rows}


def of_items(codes: Collection[str]) -> dict[str, Said]:
    """What these say, and whether it can be relied upon."""
    return {
        code: Said(each.number, each.ended, each.due, _holds(each)) for code, each in newest(codes).items()
    }


def _holds(row: Certificate) -> bool:
    return row.standing == Standing.IN_FORCE and row.outcome != Outcome.FAIL
