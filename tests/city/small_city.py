"""The small city of the tests: who is there, and how more is put into it."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.credit_code import check_character
from quanheng.city.people.models import District, Party, User


def credit_code(n: int) -> str:
    """A code that is nobody's."""
    body = f"91320000QH{n:07d}".replace("I", "1").replace("O", "0")[:17]
    return body + check_character(body)


@dataclass
class SmallCity:
    """What the tests find there."""

    north: District
    south: District
    institute: Party
    power: Party
    water: Party
    factory: Party
    users: dict[str, User]

    def instrument(self, code: str, user: Party, district: District, **facts: object) -> Instrument:
        """An instrument of the ledger."""
        row = Instrument(code=code, name="电能表", user=user, district=district, **facts)
        instruments.keep(SYSTEM, row)
        return row
