"""A good chain of three: a national standard, a city's reference meter, a household meter; and what is known."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import (
    Certificate,
    Condition,
    Decision,
    Item,
    Kind,
    Outcome,
    Party,
    Point,
    Use,
    Validation,
)
from quanheng.evidence.chain.build import Known, build
from quanheng.evidence.chain.columns import Chain
from quanheng.evidence.chain.said import Said
from quanheng.evidence.procedures import regulations
from quanheng.evidence.records import Record, Scope, Status, TypeApproval
from quanheng.work.trace.judge import Judged, judge
from quanheng.work.trace.part import Asked

ON = date(2026, 6, 1)
NATIONAL, CITY = Party("national", "国家计量院"), Party("city", "样例市计量院")


def digest(name: str) -> str:
    """The digest that stands for the bytes of a certificate."""
    return hashlib.sha256(name.encode()).hexdigest()


def use(standard: str, at: float = 1.0, **changes: Any) -> Use:
    """A use of a standard."""
    return dataclasses.replace(Use(digest(standard), "energy", at, "kW·h"), **changes)


def point(name: str, nominal: float, U: float, *uses: Use, **changes: Any) -> Point:
    """A relative error of energy, in percent."""
    found = Point(
        name, "item", "energy", nominal, "kW·h", 0.01, "%", U, 2.0, 0.95, relative=True, uses=uses,
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def root(**changes: Any) -> Certificate:
    """Of the national standard: two points, 0.5 and 10 kW·h."""
    found = Certificate(
        Kind.CALIBRATION, "N-1", NATIONAL, (Item("n-item", "国家基准", "样例厂", "N", "1"),), date(2026, 1, 10),
        date(2026, 1, 10), date(2026, 1, 11), "JJG 1085-2013", (point("p1", 0.5, 0.002), point("p2", 10.0, 0.002)),
        due=date(2027, 1, 9), interval_set_by="procedure", conditions=(Condition("temperature", 18, 28, "°C"),),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def bench(**changes: Any) -> Certificate:
    """Of the city's reference meter, calibrated with the national standard."""
    points = tuple(point(f"p{n}", at, 0.02, use("root", at)) for n, at in enumerate((0.5, 1.0, 5.0)))
    found = Certificate(
        Kind.CALIBRATION, "C-1", CITY, (Item("bench", "标准电能表", "样例厂", "R", "2"),), date(2026, 2, 1),
        date(2026, 2, 2), date(2026, 2, 3), "JJG 597-2005", points, due=date(2027, 2, 1), interval_set_by="procedure",
        conditions=(Condition("temperature", 19, 25, "°C"),),
        validation=Validation(0.01, 0.02, 0.0, 0.02, "%", 0.002, 0.003),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def meter(**changes: Any) -> Certificate:
    """Of a household meter, verified on the bench."""
    points = tuple(
        point(f"p{n}", at, 0.2, use("bench", at), value=0.3, lower=-1.0, upper=1.0, outcome=Outcome.PASS)
        for n, at in enumerate((0.5, 1.0, 2.0))
    )
    item = Item("meter", "电能表", "样例厂", "DDS", "3", instrument="energy meter", type_approval="PA-1")
    found = Certificate(
        Kind.VERIFICATION, "V-1", CITY, (item,), date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2), "JJG 596-2012",
        points, due=date(2034, 2, 28), interval_set_by="procedure",
        conditions=(Condition("temperature", 20, 24, "°C"),),
        decision=Decision("simple", Outcome.PASS),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def scope(party: Party, basis: str, relative: float, **changes: Any) -> Scope:
    """What a party may do with energy."""
    found = Scope(
        party.identifier, "energy", "kW·h", 0.1, 100.0, 0.0, relative, basis, "[样例]", date(2025, 1, 1),
        date(2027, 12, 31),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


APPROVAL = TypeApproval("PA-1", "样例厂", "DDS", "energy meter", date(2020, 1, 1), date(2030, 1, 1))


@dataclass
class Small:
    """The chain, to be changed by a test."""

    certificates: dict[str, Certificate] = field(
        default_factory=lambda: {"root": root(), "bench": bench(), "meter": meter()}
    )
    own: dict[str, Standing] = field(default_factory=dict)
    logged: dict[str, date] = field(default_factory=dict)
    scopes: list[Scope] = field(
        default_factory=lambda: [
            scope(NATIONAL, "national standard", 1e-5),
            scope(CITY, "examined standard", 1e-4),
        ]
    )
    records: list[tuple[Record, date | None]] = field(default_factory=lambda: [(APPROVAL, None)])

    def change(self, name: str, **changes: Any) -> Small:
        """Change a certificate."""
        self.certificates[name] = dataclasses.replace(self.certificates[name], **changes)
        return self

    def points(self, name: str, **changes: Any) -> Small:
        """Change all points of a certificate."""
        old = self.certificates[name].points
        return self.change(name, points=tuple(dataclasses.replace(each, **changes) for each in old))

    def status(self, change: str, name: str, since: date, logged: date | None = None) -> Small:
        """Withdraw something."""
        self.records.append((Status(change, digest(name), since, "[样例]"), logged))
        return self

    def chain(self) -> Chain:
        """As columns."""
        known = [
            Known(digest(name), each, self.own.get(name, Standing.VALID), self.logged.get(name))
            for name, each in self.certificates.items()
        ]
        said = [*((each, None) for each in self.scopes), *self.records]
        return build(known, [Said(content, logged) for content, logged in said])

    def judged(self, on: date = ON, known: date = ON, depth: int = 10) -> Judged:
        """Judged."""
        return judge(self.chain(), Asked(on, known, regulations(), depth))

    def found(self, on: date = ON, known: date = ON, depth: int = 10) -> dict[str, set[str]]:
        """Codes by name of certificate; those without any are left out."""
        judged = self.judged(on, known, depth)
        rows = {name: judged.chain.row(digest(name)) for name in self.certificates}
        return {name: set(judged.codes(row)) for name, row in rows.items() if judged.codes(row)}

    def standing(self, name: str, on: date = ON, known: date = ON) -> Standing:
        """How a certificate stands."""
        judged = self.judged(on, known)
        return Standing(int(judged.standing[judged.chain.row(digest(name))]))
