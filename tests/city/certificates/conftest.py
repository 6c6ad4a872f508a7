"""An institute with keys, a log and standards up to the SI: the sample chains, put into the small city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
import registry_world
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates.models import Certificate
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import MeasurementStandard
from quanheng.city.people import actions as people
from quanheng.city.people.models import Person, Qualification, User


@dataclass
class Bench:
    """The institute at work."""

    small: SmallCity
    standard: MeasurementStandard
    certificate: Certificate  # of the standard
    verifier: User
    checker: User
    signatory: User


def qualified(small: SmallCity, number: str, kind: str) -> User:
    person = Person(number=number, name=f"计量员 {number}", party=small.institute)
    people.keep(SYSTEM, person)
    row = Qualification(person=person, kind=kind, number=f"Q-{number}", since=date(2025, 1, 1), field="电能")
    people.keep(SYSTEM, row)
    return User.objects.create_user(f"user-{number}", None, "institute", party=small.institute, person=person)


@pytest.fixture
def bench(small: SmallCity, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Keys, log and trust of the sample world; the energy bench with its chain."""
    registry_world.establish(small, monkeypatch)
    standard = MeasurementStandard(
        code="S-energy", name="电能表检定装置", kind="social", holder=small.institute, assessment="A1",
        since=date(2025, 1, 1), until=date(2035, 12, 31), quantity="电能", unit="kW·h", lower=0.05, upper=10.0,
        accuracy="0.05 级", item="energy-3-0",
    )  # fmt: skip
    instruments.keep(SYSTEM, standard)
    row = Certificate.objects.get(item="energy-3-0")
    yield Bench(
        small,
        standard,
        row,
        qualified(small, "P1", "metrologist 2"),
        qualified(small, "P2", "metrologist 1"),
        qualified(small, "P3", "signatory"),
    )
    registry_world.clear()
