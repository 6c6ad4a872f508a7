"""Who there is in the sample city: districts, parties, persons with their qualifications, and users to sign in as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.frame.roles import Role
from quanheng.city.people import actions
from quanheng.city.people.credit_code import check_character
from quanheng.city.people.models import (
    District,
    Party,
    PartyKind,
    Person,
    Qualification,
    QualificationKind,
    User,
)

DISTRICTS = (
    ("990101", "东城区", "East"),
    ("990102", "南城区", "South"),
    ("990103", "西城区", "West"),
    ("990104", "北城区", "North"),
)  # codes that no place has
STEMS = "甲乙丙丁戊己庚辛壬癸"
LONG = 5 * 365  # days that a qualification holds
MEMBERS = 33  # of national technical committees


@dataclass(frozen=True)
class Trade:
    """A trade whose firms use measuring instruments."""

    key: str
    name: str
    english: str
    firms: int


TRADES = (
    Trade("fuel", "加油站", "Filling Station", 8),
    Trade("charging", "充电站", "Charging Station", 6),
    Trade("market", "农贸市场", "Food Market", 8),
    Trade("hospital", "医院", "Hospital", 4),
    Trade("taxi", "出租汽车公司", "Taxi Company", 2),
    Trade("optician", "眼镜店", "Optician", 6),
    Trade("works", "制造厂", "Works", 6),
)


@dataclass
class Who:
    """Everybody, by name."""

    districts: dict[str, District] = field(default_factory=dict)  # by Chinese name
    institute: Party = field(default_factory=Party)
    utilities: dict[str, Party] = field(default_factory=dict)
    firms: dict[str, list[Party]] = field(default_factory=dict)  # by trade
    users: dict[str, User] = field(default_factory=dict)


def credit_code(n: int) -> str:
    """The n-th code of nobody: of the division 990000."""
    body = f"91990000{n:09d}"
    return body + check_character(body)


def people(on: date) -> Who:
    """Write them; `on`: the day of the sample."""
    who = Who()
    for code, name, english in DISTRICTS:
        who.districts[name] = District(code=code, name=name, name_english=english)
        actions.keep(SYSTEM, who.districts[name])
    parties = list(_parties(who))
    actions.keep_all(SYSTEM, parties, {"source": "sample"})
    kept = {each.code: each for each in Party.objects.all()}
    for n, made in enumerate(parties):
        party = kept[made.code]
        if made.kind == PartyKind.INSTITUTE:
            who.institute = party
        elif made.kind == PartyKind.UTILITY:
            who.utilities[("electricity", "water", "gas", "heat")[n - 2]] = party
        elif made.kind == PartyKind.ENTERPRISE:
            who.firms.setdefault(_trade_of(party).key, []).append(party)
    _users(who, _persons(who, on))
    return who


def _parties(who: Who) -> Iterator[Party]:
    centre = who.districts["东城区"]
    places = list(who.districts.values())
    fixed = (
        (PartyKind.AUTHORITY, "样例市市场监督管理局", "Sample City Market Regulator"),
        (PartyKind.INSTITUTE, "样例市计量院", "Sample City Institute of Metrology"),
        (PartyKind.UTILITY, "样例供电公司", "Sample Power Company"),
        (PartyKind.UTILITY, "样例供水公司", "Sample Water Company"),
        (PartyKind.UTILITY, "样例燃气公司", "Sample Gas Company"),
        (PartyKind.UTILITY, "样例供热公司", "Sample Heating Company"),
    )
    for n, (kind, name, english) in enumerate(fixed):
        authorisation = "（样例）法计〔2025〕0001 号" if kind == PartyKind.INSTITUTE else ""
        yield Party(
            code=credit_code(n), kind=kind, name=name, name_english=english, district=centre, address="样例路 1 号",
            authorisation=authorisation,
        )  # fmt: skip
    n = len(fixed)
    for trade in TRADES:
        for k in range(trade.firms):
            yield Party(
                code=credit_code(n), kind=PartyKind.ENTERPRISE, name=f"样例{trade.name}{k + 1:02d}",
                name_english=f"Sample {trade.english} {k + 1:02d}", district=places[n % len(places)],
                address=f"样例路 {n} 号",
            )  # fmt: skip
            n += 1


def _trade_of(party: Party) -> Trade:
    return next(each for each in TRADES if party.name.startswith(f"样例{each.name}"))


def _persons(who: Who, on: date) -> dict[str, Person]:
    """The institute's people: three who verify, two who check, one who signs; and one of the power company."""
    found: dict[str, Person] = {}
    posts = (
        *((f"检定员{stem}", "检定员", QualificationKind.METROLOGIST_2) for stem in STEMS[:3]),
        *((f"核验员{stem}", "核验员", QualificationKind.METROLOGIST_1) for stem in STEMS[:2]),
        ("授权签字人甲", "授权签字人", QualificationKind.SIGNATORY),
    )
    for n, (name, post, kind) in enumerate(posts, 1):
        person = Person(number=f"P{n:04d}", name=name, party=who.institute, post=post)
        actions.keep(SYSTEM, person)
        since = on - timedelta(days=200 + 90 * n)
        for k, each in enumerate({QualificationKind.METROLOGIST_1, kind} if post != "检定员" else {kind}):
            row = Qualification(
                person=person, kind=each, number=f"（样例）计量 {n:04d}-{k}", field="电能、质量、流量、压力",
                since=since, until=since + timedelta(days=LONG)
            )  # fmt: skip
            actions.keep(SYSTEM, row)
        found[name] = person
    _committee(who, on)
    person = Person(number="P0101", name="计量专责甲", party=who.utilities["electricity"], post="计量专责")
    actions.keep(SYSTEM, person)
    return {**found, person.name: person}


def _committee(who: Who, on: date) -> None:
    """Members of national technical committees: of the institute and of works."""
    houses = [who.institute, *who.firms["works"]]
    rows = [
        Person(
            number=f"P{1000 + n}", name=f"委员{STEMS[n // 10]}{STEMS[n % 10]}", party=houses[n % len(houses)],
            post="委员",
        )
        for n in range(MEMBERS)
    ]  # fmt: skip
    actions.keep_all(SYSTEM, rows, {"source": "sample"})
    held = [
        Qualification(
            person=each, kind=QualificationKind.COMMITTEE, number=f"（样例）委员 {each.number}",
            since=on - timedelta(days=40 * n + 10), until=on + timedelta(days=LONG - 40 * n),
        )
        for n, each in enumerate(Person.objects.filter(post="委员").order_by("number"))
    ]  # fmt: skip
    actions.keep_all(SYSTEM, held, {"source": "sample"})


def _users(who: Who, persons: dict[str, Person]) -> None:
    """One of each role, and a second of the institute: four eyes need two pairs. None has a password."""
    institute, power = who.institute, who.utilities["electricity"]
    of_districts = [
        (english.lower(), f"{name}监督员", Role.DISTRICT, {"district": who.districts[name]})
        for _code, name, english in DISTRICTS
    ]
    wanted: list[tuple[str, str, Role, dict[str, Any]]] = [
        ("city", "市局计量处", Role.CITY, {}),
        *of_districts,
        ("verifier", "检定员甲", Role.INSTITUTE, {"party": institute, "person": persons["检定员甲"]}),
        ("checker", "核验员甲", Role.INSTITUTE, {"party": institute, "person": persons["核验员甲"]}),
        (
            "signatory",
            "授权签字人甲",
            Role.INSTITUTE,
            {"party": institute, "person": persons["授权签字人甲"]},
        ),
        ("power", "供电公司计量专责", Role.UTILITY, {"party": power, "person": persons["计量专责甲"]}),
        ("water", "供水公司", Role.UTILITY, {"party": who.utilities["water"]}),
        ("station", "加油站 01", Role.ENTERPRISE, {"party": who.firms["fuel"][0]}),
        ("auditor", "审计", Role.AUDITOR, {}),
    ]
    for username, name, role, facts in wanted:
        who.users[username] = User.objects.create_user(username, None, role, name=name, **facts)
