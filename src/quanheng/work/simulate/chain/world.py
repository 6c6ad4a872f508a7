"""A sample world of chains: an authority, three institutes, their standards, and instruments verified on their benches.

    1 keys, records of the authority  2 standards, level by level  3 instruments, each on a bench, day by day
    4 what is wrong, with its truth (`wrong.py`)  5 everything into a log (`entry.py`)
Keys come from the seed and are worth nothing outside the sample.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from quanheng.evidence import keys, records, registry
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
from quanheng.evidence.document import Document
from quanheng.evidence.formats.dcc import writing
from quanheng.evidence.keys import MemoryKey, PrivateKey
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.records import KeyBinding, Record, Scope, TypeApproval
from quanheng.work.simulate.chain.kinds import KINDS, LEVELS, Chained

BUREAU = "sample-bureau"
NATIONAL = Party("sample-national", "[样例] 国家计量院", "[Sample] National Institute")
PROVINCE = Party("sample-province", "[样例] 省计量院", "[Sample] Provincial Institute")
CITY = Party("sample-city", "[样例] 市计量院", "[Sample] City Institute")
ISSUERS = (NATIONAL, NATIONAL, PROVINCE, CITY, CITY)  # of certificates by level
BASES = {NATIONAL.identifier: "national standard", PROVINCE.identifier: "examined standard"}
MAKER = "[样例] 仪表厂"
BEGINNING = date(2025, 1, 2)  # of the authority's records
LAST_DAY = date(2099, 12, 31)
STANDARDS = (date(2025, 2, 10), date(2025, 4, 8), date(2025, 7, 15), date(2025, 9, 2))  # by level
INSTRUMENTS = date(2026, 1, 5)  # the first is verified
DAYS = 120  # over which instruments are verified
ON_ONE_BENCH = 500  # instruments

Change = Callable[[Certificate], Certificate]
Forge = Callable[[LogProof], LogProof]


@dataclass(frozen=True)
class Made:
    """A document, when it is entered into the log, and the truth about it."""

    document: Document
    logged: date | None  # None: never
    codes: tuple[str, ...] = ()  # by which what is wrong with it shows; none: it is good
    forged: Forge | None = None  # what somebody did to its proof afterwards


@dataclass(frozen=True)
class Master:
    """A master meter of a lake: its identifier, and u and mpe of its error, relative."""

    item: str
    u: float
    mpe: float


@dataclass
class ChainWorld:
    """The world while it is built. Everything is drawn from the seed."""

    seed: int
    made: list[Made] = field(default_factory=list)
    standards: dict[tuple[str, int, int], str] = field(default_factory=dict)  # digests

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.secret = f"[样例 sample] secret of salts {self.seed}".encode()

    def key(self, name: str) -> MemoryKey:
        """The key of somebody, from the seed: of the sample alone."""
        return keys.of_seed("ed25519", f"[样例 sample, worthless] {self.seed} {name}".encode())

    # ---- putting into the world ------------------------------------------------------------------------------

    def record(self, content: Record, day: date = BEGINNING) -> str:
        """A record of the authority; its digest."""
        document = registry.record(content, BUREAU, day, self.key("authority"))
        self.made.append(Made(document, day))
        return document.digest

    def certify(
        self,
        content: Certificate,
        *codes: str,
        key: PrivateKey | None = None,
        logged: date | None = None,
        forged: Forge | None = None,
    ) -> str:
        """A certificate, signed by its issuer and logged on its day of issue unless told otherwise; its digest."""
        signer = key or self.key(content.issuer.identifier.removeprefix("sample-"))
        document = registry.certificate(content, writing.write(content), signer, self.secret)
        self.made.append(Made(document, logged or content.issued, codes, forged))
        return document.digest

    def amend(self, **changes: Any) -> None:
        """The last document changed after it was signed."""
        made = self.made[-1]
        self.made[-1] = dataclasses.replace(made, document=dataclasses.replace(made.document, **changes))

    # ---- certificates ----------------------------------------------------------------------------------------

    def standard(
        self,
        kind: Chained,
        level: int,
        number: int = 0,
        *codes: str,
        change: Change = lambda content: content,
    ) -> str:
        """A standard of a kind, once; its certificate's digest."""
        place = (kind.name, level, number)
        if place not in self.standards:
            self.standards[place] = self.certify(change(self.of_standard(kind, level, number)), *codes)
        return self.standards[place]

    def of_standard(self, kind: Chained, level: int, number: int) -> Certificate:
        """What the certificate of a standard says."""
        day = STANDARDS[level] + timedelta(days=number % 20)
        above = self.standard(kind, level - 1) if level else ""
        chinese, english = LEVELS[level]
        lowest = kind.points[0] / (1 if level == 3 else 2)
        places = sorted({lowest, *kind.points, kind.points[-1] * 2})
        points = tuple(
            self._point(kind, f"p{n}", f"{kind.name}-{level}-{number}", at, kind.expanded[level], above, 0.2)
            for n, at in enumerate(places)
        )
        spread = 3.0 - 0.5 * level if level < 3 else 0.0
        low, high = kind.temperature
        u = kind.expanded[level]
        return Certificate(
            Kind.CALIBRATION,
            f"{'NPCB'[level]}-{kind.name}-{number}",
            ISSUERS[level],
            (
                Item(
                    f"{kind.name}-{level}-{number}", f"{kind.title}{chinese}", MAKER, f"S{level}",
                    f"{kind.name[:2].upper()}{level}{number:04d}", f"{english} of {kind.english}s",
                ),
            ),
            day,
            day + timedelta(days=1),
            day + timedelta(days=2),
            "样例建标规范" if level == 3 else "样例校准规范",
            points,
            "授权签字人",
            due=day + timedelta(days=730),
            interval_set_by="procedure",
            conditions=(Condition("temperature", low - spread, high + spread, "°C"),),
            validation=Validation(0.1 * u, u, 0.0, u, "1", 0.1 * u, 0.2 * u) if level == 3 else None,
        )  # fmt: skip

    def instrument(self, n: int, kind: Chained) -> Certificate:
        """What the certificate of the n-th instrument says."""
        day = INSTRUMENTS + timedelta(days=n % DAYS)
        bench = self.standard(kind, 3, n // len(KINDS) // ON_ONE_BENCH)
        item = Item(
            f"{kind.name}-{n:06d}", kind.title, MAKER, f"M-{kind.name}", f"{n:08d}", kind.english, kind.instrument,
            f"PA-{kind.name}" if kind.instrument else "",
        )  # fmt: skip
        points = tuple(
            self._point(kind, f"p{k}", item.identifier, at, kind.expanded[4], bench, 0.6, kind.limit)
            for k, at in enumerate(kind.points)
        )
        low, high = kind.temperature
        return Certificate(
            Kind(kind.kind),
            f"V-{kind.name}-{n:06d}",
            CITY,
            (item,),
            day,
            day,
            day + timedelta(days=1),
            kind.procedure,
            points,
            "授权签字人",
            due=_later(day, kind.months),
            interval_set_by="procedure",
            conditions=(Condition("temperature", low + 0.5, high - 0.5, "°C"),),
            decision=Decision("simple", Outcome.PASS),
        )

    def of_master(self, n: int, master: Master) -> Certificate:
        """What the certificate of a master meter says: its u is that of the lake."""
        found = self.instrument(n * len(KINDS), KINDS[0])
        item = Item(
            master.item,
            "台区总表",
            MAKER,
            "M-master",
            f"{n:08d}",
            "master meter",
            "energy meter",
            "PA-master",
        )
        limit, bench = 100 * master.mpe, self.standard(KINDS[0], 3)
        points = tuple(
            self._point(KINDS[0], f"p{k}", item.identifier, at, 200 * master.u, bench, 0.3, limit)
            for k, at in enumerate(KINDS[0].points)
        )
        return dataclasses.replace(found, number=f"V-{master.item}", items=(item,), points=points)

    def _point(
        self,
        kind: Chained,
        name: str,
        item: str,
        at: float,
        expanded: float,
        standard: str,
        spread: float,
        limit: float = 0.0,
    ) -> Point:
        """A result: an error for relative kinds, else a value near the nominal one."""
        scale = limit or expanded
        error = float(np.round(self.rng.uniform(-spread, spread) * scale, 9))
        unit = "%" if kind.relative else kind.unit
        value = error if kind.relative else float(np.round(at + error, 9))
        middle = 0.0 if kind.relative else at
        return Point(
            name,
            item,
            kind.quantity,
            at,
            kind.unit,
            value,
            unit,
            expanded,
            2.0,
            0.95,
            relative=kind.relative,
            lower=middle - limit if limit else None,
            upper=middle + limit if limit else None,
            outcome=Outcome.PASS if limit else None,
            uses=(Use(standard, kind.quantity, at, kind.unit),) if standard else (),
        )

    # ---- the authority ---------------------------------------------------------------------------------------

    def authority(self) -> None:
        """Bindings of keys, scopes, type approvals."""
        for each in (NATIONAL, PROVINCE, CITY):
            self.record(self.binding(each.identifier.removeprefix("sample-"), each.identifier))
        self.record(self.binding("supervisor", BUREAU, role="bundles"))
        for kind in KINDS:
            for party, level in ((NATIONAL.identifier, 0), (PROVINCE.identifier, 2), (CITY.identifier, 3)):
                self.record(self.scope(kind, party, level))
            if kind.instrument:
                approval = TypeApproval(
                    f"PA-{kind.name}", MAKER, f"M-{kind.name}", kind.instrument, BEGINNING, LAST_DAY
                )
                self.record(approval)
        self.record(TypeApproval("PA-master", MAKER, "M-master", "energy meter", BEGINNING, LAST_DAY))

    def binding(self, key: str, party: str, **changes: object) -> KeyBinding:
        """A key, bound to a party."""
        found = KeyBinding(
            **records.of_key(self.key(key).public),
            party=party,
            role="certificates",
            since=BEGINNING,
            until=LAST_DAY,
        )
        return dataclasses.replace(found, **changes)  # type: ignore[arg-type]

    def scope(self, kind: Chained, party: str, level: int, **changes: object) -> Scope:
        """What a party may do: down to nine tenths of the U of a level."""
        best = 0.9 * kind.expanded[level]
        found = Scope(
            party, kind.quantity, kind.unit, kind.points[0] / 4 if kind.points[0] else kind.points[0] - 10,
            kind.points[-1] * 4, 0.0 if kind.relative else best, best / 100 if kind.relative else 0.0,
            BASES.get(party, "examined standard"), "[样例]", BEGINNING, LAST_DAY,
        )  # fmt: skip
        return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def _later(day: date, months: int) -> date:
    """The day before that of so many months later."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28)) - timedelta(days=1)


def good_world(world: ChainWorld, instruments: int, masters: Sequence[Master] = ()) -> None:
    """Records, standards and instruments, all as they should be."""
    world.authority()
    for n in range(instruments):
        world.certify(world.instrument(n, KINDS[n % len(KINDS)]))
    for n, master in enumerate(masters):
        world.certify(world.of_master(n, master))
