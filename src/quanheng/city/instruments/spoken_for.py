"""Whose the dates of an instrument are: its user's, until a certificate of it is registered here.

From then on `verified`, `due` and the way back into use follow its newest certificate: issuing, recall and revocation
write them (actions.py), and nobody edits them, whichever way he comes: page, API or sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from quanheng.city.instruments.models import Instrument, Status
from quanheng.city.instruments.models.ledger import last_day

DATES = ("verified", "due")


@dataclass(frozen=True)
class Said:
    """What the newest certificate of an instrument says of it, and whether it can be relied upon."""

    number: str
    verified: date
    due: date | None
    holds: bool  # in force, and not of a failure


SPOKEN: list[Callable[[Collection[str]], dict[str, Said]]] = []
"""The office of certificates adds what certificates say of instruments, by their codes."""


def said_of(codes: Collection[str]) -> dict[str, Said]:
    """What certificates that are registered here say of instruments, by their codes."""
    return {code: said for spoken in SPOKEN for code, said in spoken(codes).items()}


def look_over(rows: Sequence[Instrument]) -> list[dict[str, str]]:
    """Fill in the validity that a cycle gives; and what stands against each record as it would be, by field."""
    there = Instrument.objects.in_bulk([row.pk for row in rows if row.pk])
    said = said_of({each.code for each in (*rows, *there.values())})
    return [_looked_over(row, there.get(row.pk), said) for row in rows]


def _filled_in(row: Instrument) -> dict[str, str]:
    if row.due is None and row.verified and row.cycle:
        try:
            row.due = last_day(row.verified, row.cycle.months)
        except (ValueError, OverflowError):
            return {
                "verified": f"{row.verified}：太晚，周期的末日写不出来 / too late: its cycle would end after 9999"
            }
    return {}


def _looked_over(row: Instrument, was: Instrument | None, said: dict[str, Said]) -> dict[str, str]:
    newest = (said.get(was.code) if was else None) or said.get(row.code)
    if newest is None:
        return _filled_in(row)
    told = {}
    if was and row.code != was.code:
        told["code"] = (
            f"{was.code}：证书 {newest.number} 写的是这个编码，不能改"
            f" / certificate {newest.number} names it: it cannot be changed"
        )
    before = was or Instrument()
    states = newest.holds and (row.verified, row.due) == (newest.verified, newest.due)
    for name in DATES:
        if getattr(row, name) != getattr(before, name) and not states:
            told[name] = (
                f"{before.code or row.code}：由证书 {newest.number} 定，此处不能改；检定、召回、撤销时自动更新"
                f" / set by certificate {newest.number}, not here: issuing, recall and revocation write it"
            )
    if was and was.status != Status.IN_USE and row.status == Status.IN_USE and not newest.holds:
        told["status"] = (
            f"{was.code}：证书 {newest.number} 不合格或不作数，重新检定合格后自动恢复在用"
            f" / certificate {newest.number} does not hold: it is in use again once it has passed anew"
        )
    return told
