"""A sample world of chains: an authority, three institutes, their standards, and instruments verified on their benches.

    1 keys, records of the authority  2 standards, level by level  3 instruments, each on a bench, day by day
    4 what is wrong, with its truth (`wrong.py`)  5 everything into a log that three witnesses saw every evening
Keys come from the seed and are worth nothing outside the sample.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

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
from quanheng.evidence.keys import MemoryKey
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.note import COSIGNATURE, ED25519, Signature, VerifierKey
from quanheng.evidence.log.store import Log
from quanheng.evidence.records import KeyBinding, Record, Scope, TypeApproval
from quanheng.work.simulate.chain.kinds import KINDS, Chained

ORIGIN = "log.example/sample-city"
WITNESSES = ("witness-1.example", "witness-2.example", "witness-3.example")
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
EVENING = 10 * 3600  # 18:00 in China, UTC


def evening(day: date) -> int:
    """POSIX time at which witnesses see the day's checkpoint."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + EVENING


@dataclass(frozen=True)
class Label:
    """What is true of a document: the rule that it breaks, and the code by which that shows; "" where it is good."""

    rule: int
    code: str


GOOD = Label(0, "")


@dataclass(frozen=True)
class Made:
    """A document, the day on which it is entered into the log (None: never), and the truth about it."""

    document: Document
    logged: date | None
    label: Label


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
    standards: dict[tuple[str, int, int], tuple[Certificate, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.secret = f"[样例 sample] secret of salts {self.seed}".encode()

    def key(self, name: str, algorithm: str = "ed25519") -> MemoryKey:
        """The key of somebody, from the seed: of the sample alone."""
        return keys.of_seed(algorithm, f"[样例 sample, worthless] {self.seed} {name}".encode())

    # ---- putting into the world ------------------------------------------------------------------------------

    def record(
        self, content: Record, day: date = BEGINNING, label: Label = GOOD, key: str = "authority"
    ) -> str:
        """A record of the authority; its digest."""
        document = registry.record(content, BUREAU, day, self.key(key))
        self.made.append(Made(document, day, label))
        return document.digest

    def certify(
        self,
        content: Certificate,
        *,
        key: str = "",
        logged: date | None = None,
        label: Label = GOOD,
        **changes: bytes,
    ) -> str:
        """A certificate, signed by its issuer and logged on its day of issue unless told otherwise; its digest."""
        issuer = content.issuer.identifier
        signer = self.key(key or issuer.removeprefix("sample-"))
        document = registry.certificate(content, writing.write(content), signer, self.secret)
        document = dataclasses.replace(document, **changes)  # type: ignore[arg-type]
        self.made.append(Made(document, logged or content.issued, label))
        return document.digest

    # ---- certificates ----------------------------------------------------------------------------------------

    def standard(
        self,
        kind: Chained,
        level: int,
        number: int = 0,
        *,
        label: Label = GOOD,
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> str:
        """A standard of a kind, once; its certificate's digest."""
        place = (kind.name, level, number)
        if place not in self.standards:
            content = dataclasses.replace(self.of_standard(kind, level, number), **changes)  # type: ignore[arg-type]
            self.standards[place] = (content, self.certify(content, label=label))
        return self.standards[place][1]

    def of_standard(self, kind: Chained, level: int, number: int) -> Certificate:
        """What the certificate of a standard says."""
        day = STANDARDS[level] + timedelta(days=number % 20)
        above = self.standard(kind, level - 1) if level else ""
        wide = (kind.points[0], *kind.points, kind.points[-1])
        places = sorted({wide[0] if kind.points[0] == 0 else wide[0] / 2, *kind.points, wide[-1] * 2})
        if level == 3:
            places = sorted({*kind.points, places[-1]})
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
                    f"{kind.name}-{level}-{number}", f"{kind.title}标准 {level}", MAKER, f"S{level}",
                    f"{kind.name[:2].upper()}{level}{number:04d}", f"{kind.english} standard",
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

    def instrument(self, n: int, kind: Chained, **changes: object) -> Certificate:
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
        found = Certificate(
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
        return dataclasses.replace(found, **changes)  # type: ignore[arg-type]

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

    # ---- the log ---------------------------------------------------------------------------------------------

    def policy(self) -> bytes:
        """The policy: our log, two of three witnesses."""
        raw = {name: keys.raw_ed25519(self.key(name).public) for name in (ORIGIN, *WITNESSES)}
        lines = [f"log {VerifierKey(ORIGIN, ED25519, raw[ORIGIN])}"]
        lines += [
            f"witness W{n} {VerifierKey(name, COSIGNATURE, raw[name])}" for n, name in enumerate(WITNESSES, 1)
        ]
        return "\n".join([*lines, "group all 2 W1 W2 W3", "quorum all", ""]).encode()

    def enter(self, folder: Path) -> list[Made]:
        """Enter everything, a checkpoint every evening; the documents again, with their proofs."""
        days: dict[date, list[int]] = defaultdict(list)
        for n, each in enumerate(self.made):
            if each.logged is not None:
                days[each.logged].append(n)
        found, key = list(self.made), self.key(ORIGIN)
        places: dict[int, tuple[int, Checkpoint]] = {}
        with Log.create(folder, ORIGIN, keys.raw_ed25519(key.public), key) as log:
            for day in sorted(days):
                indexes = log.append([self.made[n].document.statement for n in days[day]])
                point = log.publish(key)
                lines = [self.cosign(point, name, evening(day)) for name in WITNESSES]
                log.attach(point.bearing([*point.note.signatures, *lines]))
                places |= {n: (index, log.published) for n, index in zip(days[day], indexes, strict=True)}
            for n, (index, seen) in places.items():
                proof = self.made[n].document.proof or str(log.prove(index, seen)).encode()
                document = dataclasses.replace(self.made[n].document, proof=proof)
                found[n] = dataclasses.replace(self.made[n], document=document)
        return found

    def cosign(self, point: Checkpoint, name: str, time: int) -> Signature:
        """The cosignature of a witness, at a time."""
        key = self.key(name)
        return checkpoints.cosign(point, name, keys.raw_ed25519(key.public), key, time)


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
