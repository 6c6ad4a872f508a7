"""What is wrong in the sample world: each fault once or twice, with the rule that it breaks and the code that shows it.

A fault is put into one certificate of an instrument, so that all others stay good. A circle of certificates cannot be
made: each would have to hold the digest of the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from quanheng.evidence.certificate import Certificate, Condition, Decision, Kind, Outcome, Party, Validation
from quanheng.evidence.records import Status
from quanheng.work.simulate.chain.kinds import KINDS, Chained
from quanheng.work.simulate.chain.world import CITY, ChainWorld, Label

STRANGER = Party("sample-stranger", "[样例] 无名实验室", "[Sample] Unknown Laboratory")
WORKSHOP = Party("sample-workshop", "[样例] 维修部", "[Sample] Workshop")
ENERGY = KINDS[0]
FIRST = 900_000  # numbers of instruments with faults


@dataclass(frozen=True)
class Wrong:
    """A fault: its code, the rule, and how a certificate with it comes into the world."""

    code: str
    rule: int
    make: Callable[[ChainWorld, int, Chained, Label], object]


def put_wrong(world: ChainWorld) -> None:
    """Put every fault into the world, each for two kinds of instruments."""
    for each in (WORKSHOP, STRANGER):
        world.record(world.binding(each.identifier.removeprefix("sample-"), each.identifier))
    world.record(world.scope(ENERGY, WORKSHOP.identifier, 3, certificates=("calibration",)))
    for n, wrong in enumerate(WRONGS):
        for k in range(2):
            kind = KINDS[(n + k) % 3]  # kinds that are subject to approval and verification
            wrong.make(world, FIRST + 2 * n + k, kind, Label(wrong.rule, wrong.code))


def changed(
    change: Callable[[Certificate], Certificate],
) -> Callable[[ChainWorld, int, Chained, Label], object]:
    """A fault in what the certificate says."""

    def make(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
        return world.certify(change(world.instrument(n, kind)), label=label)

    return make


def points(**changes: object) -> Callable[[Certificate], Certificate]:
    """All points changed."""
    return lambda c: dataclasses.replace(
        c,
        points=tuple(dataclasses.replace(each, **changes) for each in c.points),  # type: ignore[arg-type]
    )


def facts(**changes: object) -> Callable[[Certificate], Certificate]:
    """The certificate changed."""
    return lambda c: dataclasses.replace(c, **changes)  # type: ignore[arg-type]


def uses(**changes: object) -> Callable[[Certificate], Certificate]:
    """The uses of all points changed."""

    def change(c: Certificate) -> Certificate:
        return dataclasses.replace(
            c,
            points=tuple(
                dataclasses.replace(p, uses=tuple(dataclasses.replace(u, **changes) for u in p.uses))  # type: ignore[arg-type]
                for p in c.points
            ),
        )

    return change


def on_bench(**changes: object) -> Callable[[ChainWorld, int, Chained, Label], object]:
    """A bench of its own, changed; the fault shows in the instrument that was verified on it."""

    def make(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
        bench = world.standard(kind, 3, n, changes=changes)
        return world.certify(uses(certificate=bench)(world.instrument(n, kind)), label=label)

    return make


def itself(**changes: object) -> Callable[[ChainWorld, int, Chained, Label], object]:
    """A bench that is wrong itself."""

    def make(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
        return world.standard(kind, 3, n, label=label, changes=changes)

    return make


def shifted(c: Certificate, days: int) -> Certificate:
    """All days moved."""
    step = timedelta(days=days)
    return dataclasses.replace(c, begun=c.begun + step, ended=c.ended + step, issued=c.issued + step)


def _coarse(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    """A standard that acts fifty times on the result, whose U grows as well."""
    found = uses(sensitivity=50.0)(
        points(expanded_uncertainty=60 * kind.expanded[3])(world.instrument(n, kind))
    )
    return world.certify(found, label=label)


def _bold(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    """Between what the scope allows and what the bench brings."""
    return world.certify(
        points(expanded_uncertainty=0.95 * kind.expanded[3])(world.instrument(n, kind)), label=label
    )


def _below_cmc(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    """Less than the scope allows, by a bench that acts half."""
    found = points(expanded_uncertainty=0.6 * kind.expanded[3])(world.instrument(n, kind))
    return world.certify(uses(sensitivity=0.5)(found), label=label)


def _early(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    found = shifted(world.instrument(n, kind), -200)
    return world.certify(dataclasses.replace(found, due=found.ended + timedelta(days=100)), label=label)


def _late(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    found = world.instrument(n, kind)
    return world.certify(found, logged=found.issued + timedelta(days=60), label=label)


def _before(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    found = world.instrument(n, kind)
    return world.certify(found, logged=found.issued - timedelta(days=3), label=label)


def _unlogged(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    digest = world.certify(world.instrument(n, kind), label=label)
    world.made[-1] = dataclasses.replace(world.made[-1], logged=None)
    return digest


def _unsigned(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    """The signature was lost after logging."""
    return world.certify(world.instrument(n, kind), label=label, signature=b"")


def _altered(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    world.certify(world.instrument(n, kind), label=label)
    made = world.made[-1]
    data = made.document.data.replace("授权签字人".encode(), "授权签字员".encode())
    world.made[-1] = dataclasses.replace(made, document=dataclasses.replace(made.document, data=data))
    return None


def _by_key(name: str, since: date | None = None, until: date | None = None, **changes: object):  # type: ignore[no-untyped-def]
    def make(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
        days = {k: v for k, v in (("since", since), ("until", until)) if v is not None}
        world.record(world.binding(f"{name}-{n}", CITY.identifier, **days, **changes))
        return world.certify(world.instrument(n, kind), key=f"{name}-{n}", label=label)

    return make


def _rogue(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    return world.certify(world.instrument(n, kind), key="rogue", label=label)


def _of_other(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    return world.certify(world.instrument(n, kind), key="workshop", label=label)


def _stolen(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    key = f"stolen-{n}"
    world.record(world.binding(key, CITY.identifier))
    day = date(2025, 12, 1)
    world.record(Status("revoke key", world.key(key).public.identifier, day, "[样例] 失窃 / stolen"), day)
    return world.certify(world.instrument(n, kind), key=key, label=label)


def _status(change: str) -> Callable[[ChainWorld, int, Chained, Label], object]:
    def make(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
        digest = world.certify(world.instrument(n, kind), label=label)
        day = date(2026, 5, 20)
        return world.record(Status(change, digest, day, "[样例] 原因 / reason"), day)

    return make


def _second(world: ChainWorld, n: int, kind: Chained, label: Label) -> object:
    found = world.instrument(n, kind)
    world.certify(found, label=label)
    return world.certify(dataclasses.replace(found, remarks=("另一个版本",)), label=label)


WRONGS = (
    Wrong("standard_not_cited", 1, changed(points(uses=()))),
    Wrong("standard_missing", 1, changed(uses(certificate="f" * 64))),
    Wrong("standard_not_yet", 2, _early),
    Wrong("standard_overdue", 2, on_bench(due=date(2025, 12, 20))),
    Wrong("validity_unset", 2, on_bench(due=None)),
    Wrong("ratio", 3, _coarse),
    Wrong("out_of_range", 4, changed(uses(at=1000.0))),
    Wrong("conditions", 4, changed(facts(conditions=(Condition("temperature", 5.0, 35.0, "°C"),)))),
    Wrong("unit_mismatch", 5, changed(uses(unit="A"))),
    Wrong("quantity_mismatch", 5, changed(uses(quantity="power"))),
    Wrong("not_entitled", 6, changed(facts(kind=Kind.TEST, issuer=WORKSHOP))),
    Wrong("scope_unknown", 6, changed(facts(issuer=STRANGER))),
    Wrong("below_inherited", 7, _bold),
    Wrong("below_cmc", 7, _below_cmc),
    Wrong("unsigned", 8, _unsigned),
    Wrong("key_unknown", 8, _rogue),
    Wrong("key_of_other", 8, _of_other),
    Wrong("key_expired", 8, _by_key("old", until=date(2025, 12, 31))),
    Wrong("key_not_yet", 8, _by_key("new", since=date(2027, 1, 1))),
    Wrong("key_of_other_role", 8, _by_key("bundler", role="bundles")),
    Wrong("key_revoked", 8, _stolen),
    Wrong("digest_mismatch", 9, _altered),
    Wrong("not_logged", 9, _unlogged),
    Wrong("registered_late", 9, _late),
    Wrong("registered_early", 9, _before),
    Wrong("second_version", 9, _second),
    Wrong("revoked", 9, _status("revoke")),
    Wrong("suspended", 9, _status("suspend")),
    Wrong("superseded", 9, _status("supersede")),
    Wrong("dates_disordered", 10, changed(lambda c: dataclasses.replace(c, received=c.begun + timedelta(days=1)))),
    Wrong("coverage_inconsistent", 10, changed(points(coverage_probability=0.5))),
    Wrong("decision_differs", 10, changed(points(outcome=Outcome.FAIL))),
    Wrong("decision_differs", 10, changed(facts(decision=Decision("by eye", Outcome.PASS)))),
    Wrong("not_validated", 11, itself(validation=Validation(1.0, 0.1, 0.0, 0.1, "1", 0.01, 0.01))),
    Wrong("repeatability_missing", 11, itself(validation=Validation(0.0, 0.1, 0.0, 0.1, "1", None, 0.01))),
    Wrong("stability_missing", 11, itself(validation=Validation(0.0, 0.1, 0.0, 0.1, "1", 0.01, None))),
    Wrong(
        "type_not_approved", 12,
        changed(lambda c: dataclasses.replace(c, items=(dataclasses.replace(c.items[0], type_approval="PA-0"),))),
    ),
    Wrong("cycle_exceeded", 12, changed(lambda c: dataclasses.replace(c, due=c.ended + timedelta(days=5000)))),
    Wrong("procedure_unknown", 12, changed(facts(procedure="JJG 0-1900"))),
    Wrong("procedure_not_in_force", 12, changed(lambda c: dataclasses.replace(c, procedure="样例旧规范"))),
    Wrong("mandatory_not_verified", 12, changed(facts(kind=Kind.CALIBRATION))),
)  # fmt: skip
