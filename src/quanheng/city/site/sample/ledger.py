"""The ledger of the sample city: the meters of the lake, the instruments of the sample chains, and those of trades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from pyarrow.parquet import read_table

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions
from quanheng.city.instruments.models import (
    CatalogueEntry,
    Coverage,
    Delivery,
    Instrument,
    MeasurementStandard,
    Purpose,
    StandardKind,
)
from quanheng.city.people.models import District, Party
from quanheng.city.site.sample.who import Who
from quanheng.work.simulate.chain.kinds import KINDS, LEVELS
from quanheng.work.simulate.chain.world import STANDARDS as CERTIFIED

OVERDUE = 0.04  # share of instruments that nobody brought in time
MONTH = 30.4375  # days
ASSESSED = 5 * 365  # days that an assessment holds


@dataclass(frozen=True)
class Used:
    """What a trade uses: so many instruments of a kind a firm."""

    trade: str
    name: str
    entry: str  # second-level entry of the catalogue
    model: str
    measuring_range: str
    accuracy_class: str
    purpose: Purpose
    months: int  # between verifications
    firm: int


USED = (
    Used("fuel", "加油机", "加油机", "（样例）JYJ-4", "(5–50) L/min", "0.3 级", Purpose.TRADE, 6, 12),
    Used("charging", "充电桩", "充电桩", "（样例）DC-120", "(200–1000) V, 250 A", "1 级", Purpose.TRADE, 36, 16),
    Used("market", "电子计价秤", "非自动衡器", "（样例）ACS-15", "(0.1–15) kg", "Ⅲ 级", Purpose.TRADE, 12, 60),
    Used("hospital", "数字血压计", "血压计", "（样例）BP-1", "(0–40) kPa", "±0.5 kPa", Purpose.HEALTH, 6, 60),
    Used("hospital", "心电图机", "心脑电测量仪器", "（样例）ECG-12", "(0.1–10) mV", "±5 %", Purpose.HEALTH, 12, 14),
    Used("taxi", "出租汽车计价器", "出租汽车计价器", "（样例）TX-3", "(0–200) km/h", "±1 %", Purpose.TRADE, 12, 120),
    Used("optician", "焦度计", "焦度计", "（样例）LM-25", "(−25–25) m⁻¹", "±0.06 m⁻¹", Purpose.HEALTH, 12, 2),
    Used("optician", "验光仪", "验光仪器", "（样例）RM-20", "(−20–20) m⁻¹", "±0.25 m⁻¹", Purpose.HEALTH, 12, 3),
    Used("works", "压力表", "压力仪表", "（样例）Y-100", "(0–1.6) MPa", "1.6 级", Purpose.SAFETY, 6, 40),
)  # fmt: skip
UNSERVED = {"验光仪器"}  # what the city has no standard for yet
CHAINED = {
    "energy": ("works", "电能表", 96),
    "mass": ("market", "非自动衡器", 12),
    "volume": ("works", "水表", 72),
    "pressure": ("works", "压力仪表", 6),
    "voltage": ("works", "", 12),
    "temperature": ("hospital", "", 12),
}  # who uses the instruments of the sample chains, and their entry


def entry(name: str) -> CatalogueEntry | None:
    """The catalogue's entry of a kind, where the catalogue has it."""
    if not name:
        return None
    found = CatalogueEntry.objects.filter(name__contains=name).order_by("code").first()
    return found or CatalogueEntry.objects.filter(category__contains=name).order_by("code").first()


def ledger(who: Who, city: Path, chained: int, on: date, rng: np.random.Generator) -> int:
    """Write the ledger; returns how many instruments it has. `city`: folder of the lake and the chains."""
    entries = {
        name: entry(name) for name in {*(u.entry for u in USED), *(e for _t, e, _m in CHAINED.values())}
    }
    rows = [
        *_of_lake(who, city / "lake", entry("电能表")),
        *_of_chains(who, chained, entries),
        *_of_trades(who, entries, on, rng),
    ]
    actions.keep_all(SYSTEM, rows, {"source": "sample"})
    return len(rows)


def _of_lake(who: Who, lake: Path, energy: CatalogueEntry | None) -> Iterator[Instrument]:
    owner = who.utilities["electricity"]
    areas = read_table(lake / "areas.parquet").to_pylist()
    places = {each["area"]: who.districts[each["district"]] for each in areas}
    for each in areas:
        yield Instrument(
            code=each["master"], name="台区总表", entry=energy, model="M-master", accuracy_class="0.5S 级", user=owner,
            district=places[each["area"]], place=f"台区 {each['area']}", purpose=Purpose.TRADE,
        )  # fmt: skip
    for each in read_table(lake / "meters.parquet").to_pylist():
        verified = each["verified"]
        due = verified + timedelta(days=round(96 * MONTH)) if verified else None
        yield Instrument(
            code=each["meter"], name="三相电能表" if each["phase"] == "ABC" else "单相电能表", entry=energy,
            model=each["batch"] or "", measuring_range="220 V, 5(60) A",
            accuracy_class="2 级" if each["mpe"] > 0.01 else "1 级",
            maker=each["maker"] or "", user=owner, district=places[each["area"]], place=f"台区 {each['area']}",
            purpose=Purpose.TRADE, put_in_use=verified, verified=verified, due=due,
        )  # fmt: skip


def _of_chains(who: Who, chained: int, entries: dict[str, CatalogueEntry | None]) -> Iterator[Instrument]:
    """The instruments whose certificates the sample chains have; their days come with the certificates."""
    for n in range(chained):
        kind = KINDS[n % len(KINDS)]
        trade, name, _months = CHAINED[kind.name]
        user = _firm(who, trade, n)
        yield Instrument(
            code=f"{kind.name}-{n:06d}", name=kind.title, entry=entries.get(name), model=f"M-{kind.name}",
            measuring_range=f"({kind.points[0]:g}–{kind.points[-1]:g}) {kind.unit}",
            serial=f"{n:08d}", maker="[样例] 仪表厂", type_approval=f"PA-{kind.name}" if kind.instrument else "",
            user=user, district=_place(user), purpose=Purpose.TRADE if kind.instrument else Purpose.OTHER,
            delivery=Delivery.SENT,
        )  # fmt: skip


def _of_trades(
    who: Who, entries: dict[str, CatalogueEntry | None], on: date, rng: np.random.Generator
) -> Iterator[Instrument]:
    n = 0
    for used in USED:
        cycle = round(used.months * MONTH)
        for user in who.firms[used.trade]:
            for _ in range(used.firm):
                late = rng.random() < OVERDUE
                age = cycle + int(rng.integers(1, 120)) if late else int(rng.integers(0, cycle))
                verified = on - timedelta(days=age)
                n += 1
                yield Instrument(
                    code=f"QH-{n:06d}", name=used.name, entry=entries[used.entry], model=used.model,
                    measuring_range=used.measuring_range, accuracy_class=used.accuracy_class, serial=f"SN{n:07d}",
                    maker="[样例] 仪表厂", user=user, district=_place(user), place=user.address, purpose=used.purpose,
                    put_in_use=verified - timedelta(days=int(rng.integers(0, 1500))), verified=verified,
                    due=verified + timedelta(days=cycle - 1),
                )  # fmt: skip


def _firm(who: Who, trade: str, n: int) -> Party:
    firms = who.firms[trade]
    return firms[n % len(firms)]


def _place(user: Party) -> District:
    assert user.district is not None
    return user.district


def standards(who: Who, on: date) -> None:
    """The city's and the bench standards of the sample chains, as they were assessed; and those of trades."""
    for n, used in enumerate(each for each in USED if each.entry not in UNSERVED):
        since = on - timedelta(days=120 * (n + 1))
        row = MeasurementStandard(
            code=f"（样例）社量标 {n + 1:03d}", name=f"{used.name}检定装置", kind=StandardKind.SOCIAL,
            holder=who.institute, assessment=f"（样例）计量标准考核 {n + 1:03d}", since=since,
            until=since + timedelta(days=ASSESSED - 1), quantity=used.name, unit="1", lower=0.0, upper=1.0,
            accuracy=used.accuracy_class, traced_to="[样例] 省计量院",
        )  # fmt: skip
        actions.keep(SYSTEM, row)
        if found := entry(used.entry):
            actions.keep(SYSTEM, Coverage(code=row.code, standard=row, entry=found, since=since))
    for kind in KINDS:
        for level in (2, 3):
            since = CERTIFIED[level]
            u = kind.expanded[level]
            row = MeasurementStandard(
                code=f"（样例）社量标 {kind.name}-{level}", name=f"{kind.title}{LEVELS[level][0]}",
                kind=StandardKind.SOCIAL_HIGHEST if level == 2 else StandardKind.SOCIAL, holder=who.institute,
                assessment=f"（样例）计量标准考核 {kind.name}-{level}",
                since=since, until=since + timedelta(days=ASSESSED - 1),
                quantity=kind.title, unit=kind.unit, lower=kind.points[0] / 2, upper=kind.points[-1] * 2,
                accuracy=f"U = {u:g} {'%' if kind.relative else kind.unit}（k = 2）", item=f"{kind.name}-{level}-0",
                traced_to="[样例] 省计量院" if level == 2 else f"{kind.title}{LEVELS[2][0]}",
            )  # fmt: skip
            actions.keep(SYSTEM, row)
            if found := entry(CHAINED[kind.name][1]):
                actions.keep(SYSTEM, Coverage(code=f"{row.code}", standard=row, entry=found, since=since))
