"""What is wrong in the sample world: each fault twice, with the codes by which it shows.

A fault is put into one certificate of an instrument or a bench of its own, so that all others stay good. A circle of
certificates cannot be made: each would have to hold the digest of the other. Faults of keys, signatures and the log
are made in `forged.py`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, timedelta

from quanheng.evidence.certificate import Certificate, Condition, Decision, Kind, Outcome, Party, Validation
from quanheng.evidence.records import Status
from quanheng.measure.quantity.units import parse_unit
from quanheng.work.simulate.chain import forged
from quanheng.work.simulate.chain.forged import Make
from quanheng.work.simulate.chain.kinds import KINDS, Chained
from quanheng.work.simulate.chain.world import ChainWorld, Change

STRANGER = Party("sample-stranger", "[样例] 无名实验室", "[Sample] Unknown Laboratory")
WORKSHOP = Party("sample-workshop", "[样例] 维修部", "[Sample] Workshop")
ENERGY = KINDS[0]
FIRST = 900_000  # numbers of instruments with faults
UNFIT = Validation(1.0, 0.1, 0.0, 0.1, "1", 0.01, 0.01)
UNREPEATED = Validation(0.0, 0.1, 0.0, 0.1, "1", None, 0.01)
DEEP = 7  # benches one above the other, beyond the five levels of the others


@dataclass(frozen=True)
class Wrong:
    """A fault: the code by which it shows, and how it comes into the world."""

    code: str
    make: Make


def put_wrong(world: ChainWorld) -> None:
    """Put every fault into the world, each for two kinds of instruments."""
    for each in (WORKSHOP, STRANGER):
        world.record(world.binding(each.identifier.removeprefix("sample-"), each.identifier))
    world.record(world.scope(ENERGY, WORKSHOP.identifier, 3, certificates=("calibration",)))
    for n, wrong in enumerate(WRONGS):
        for k in range(2):
            kind = KINDS[(n + k) % 3]  # kinds that are subject to approval and verification
            wrong.make(world, FIRST + 2 * n + k, kind, wrong.code)
    _sound_when_used(world, FIRST + 2 * len(WRONGS))


def _sound_when_used(world: ChainWorld, n: int) -> None:
    """A bench that was revoked after its use: what was verified on it before stays good."""
    bench = world.standard(ENERGY, 3, n, "revoked")
    world.record(Status("revoke", bench, date(2026, 5, 20), "[样例] 损坏 / damaged"), date(2026, 5, 20))
    world.certify(uses(certificate=bench)(world.instrument(n, ENERGY)))


# ---- what a certificate says -----------------------------------------------------------------------------------


def points(**changes: object) -> Change:
    """All points changed."""
    return lambda c: dataclasses.replace(
        c,
        points=tuple(dataclasses.replace(each, **changes) for each in c.points),  # type: ignore[arg-type]
    )


def facts(**changes: object) -> Change:
    """The certificate changed."""
    return lambda c: dataclasses.replace(c, **changes)  # type: ignore[arg-type]


def uses(**changes: object) -> Change:
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


def item(**changes: str) -> Change:
    """The instrument changed."""
    return lambda c: dataclasses.replace(c, items=(dataclasses.replace(c.items[0], **changes),))


def both(first: Change, second: Change) -> Change:
    """Two changes."""
    return lambda c: second(first(c))


def shifted(days: int) -> Change:
    """All days moved but the one on which it is due."""
    step = timedelta(days=days)
    return lambda c: dataclasses.replace(
        c, begun=c.begun + step, ended=c.ended + step, issued=c.issued + step
    )


# ---- where a fault stands --------------------------------------------------------------------------------------


def changed(change: Change) -> Make:
    """A fault in what an instrument's certificate says."""
    return lambda world, n, kind, code: world.certify(change(world.instrument(n, kind)), code)


def itself(change: Change, *more: str) -> Make:
    """A bench that is wrong itself, also by further codes."""
    return lambda world, n, kind, code: world.standard(kind, 3, n, code, *more, change=change)


def on_bench(change: Change, *its_codes: str) -> Make:
    """A bench of its own, changed: the fault shows in the instrument that was verified on it."""

    def make(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
        bench = world.standard(kind, 3, n, *its_codes, change=change)
        return world.certify(uses(certificate=bench)(world.instrument(n, kind)), code)

    return make


def on_revoked_bench(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """A bench whose certificate was revoked before it was used."""
    bench, day = world.standard(kind, 3, n, "revoked"), date(2025, 12, 1)
    world.record(Status("revoke", bench, day, "[样例] 损坏 / damaged"), day)
    return world.certify(uses(certificate=bench)(world.instrument(n, kind)), code)


def on_tower(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """Benches one above the other, each acting a tenth on the next: which is wrong as well."""
    bench, once, its_codes = world.standard(kind, 3, n), uses(sensitivity=0.1), ["standard_hardly_acts"]
    for step in range(1, DEEP + 1):
        content = once(uses(certificate=bench)(shifted(3 * step)(world.of_standard(kind, 3, n))))
        bench = world.certify(dataclasses.replace(content, number=f"{content.number}-{step}"), *its_codes)
        its_codes = ["standard_hardly_acts", "standard_not_shown"]
    return world.certify(once(uses(certificate=bench)(world.instrument(n, kind))), code, *its_codes)


def on_volts(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """A bench that was calibrated in volts: what its uncertainty is at a use, nobody can tell."""
    per_unit = 1e-3 / (kind.points[-1] * parse_unit(kind.unit).scale)
    change = both(points(relative=False, unit="V", value=1.0), uses(sensitivity=per_unit))
    return on_bench(change)(world, n, kind, code)


def by_large_k(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """A k that no t distribution has at 95 %: a large U becomes a small u."""
    large = points(coverage_factor=20.0, distribution="t", expanded_uncertainty=10 * kind.expanded[4])
    return world.certify(large(world.instrument(n, kind)), code)


def by_u(share: float, sensitivity: float = 1.0) -> Make:
    """An instrument with so many times the U of its bench, on which the bench acts so many times."""

    def make(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
        found = points(expanded_uncertainty=share * kind.expanded[3])(world.instrument(n, kind))
        return world.certify(uses(sensitivity=sensitivity)(found), code)

    return make


def beyond(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """Beyond the range of the issuer's scope, with a bench at the end of its own."""
    top = kind.points[-1]
    change = both(points(nominal=5 * top), uses(at=2 * top, sensitivity=1.25))
    return world.certify(change(world.instrument(n, kind)), code)


def too_early(world: ChainWorld, n: int, kind: Chained, code: str) -> object:
    """Before the bench was calibrated."""
    found = shifted(-200)(world.instrument(n, kind))
    return world.certify(dataclasses.replace(found, due=found.ended + timedelta(days=100)), code)


FAILED = facts(kind=Kind.VERIFICATION, decision=Decision("simple", Outcome.FAIL))
WRONGS = (
    Wrong("standard_not_cited", changed(points(uses=()))),
    Wrong("standard_missing", changed(uses(certificate="f" * 64))),
    Wrong("root_unknown", itself(both(facts(issuer=STRANGER), points(uses=())), "scope_unknown")),
    Wrong("chain_too_deep", on_tower),
    Wrong("standard_invalid", on_bench(facts(validation=UNFIT), "not_validated")),
    Wrong("standard_invalid", on_revoked_bench),
    Wrong("standard_not_shown", on_bench(facts(validation=UNREPEATED), "repeatability_missing")),
    Wrong("standard_not_yet", too_early),
    Wrong("standard_overdue", on_bench(facts(due=date(2025, 12, 20)))),
    Wrong("standard_failed", on_bench(both(FAILED, points(lower=-1e9, upper=1e9)))),
    Wrong("validity_unset", on_bench(facts(due=None))),
    Wrong("ratio", by_u(60, sensitivity=50)),
    Wrong("standard_hardly_acts", changed(uses(sensitivity=1e-6))),
    Wrong("ratio_unclear", on_volts),
    Wrong("out_of_range", changed(uses(at=1000.0))),
    Wrong("conditions", changed(facts(conditions=(Condition("temperature", 5.0, 35.0, "°C"),)))),
    Wrong("conditions_unclear", changed(facts(conditions=()))),
    Wrong("unit_mismatch", changed(uses(unit="A"))),
    Wrong("quantity_mismatch", changed(uses(quantity="power"))),
    Wrong("not_entitled", changed(facts(kind=Kind.TEST, issuer=WORKSHOP))),
    Wrong("scope_unknown", changed(facts(issuer=STRANGER))),
    Wrong("scope_range", beyond),
    Wrong("below_inherited", by_u(0.95)),
    Wrong("below_cmc", by_u(0.6, sensitivity=0.5)),
    Wrong("unsigned", forged.unsigned),
    Wrong("signature_wrong", forged.in_anothers_name),
    Wrong("key_unknown", forged.by_key("rogue")),
    Wrong("key_of_other", forged.by_key("workshop")),
    Wrong("key_expired", forged.by_bound_key("old", until=date(2025, 12, 31))),
    Wrong("key_not_yet", forged.by_bound_key("new", since=date(2027, 1, 1))),
    Wrong("key_of_other_role", forged.by_bound_key("bundler", role="bundles")),
    Wrong("key_revoked", forged.by_stolen_key),
    Wrong("digest_mismatch", forged.altered),
    Wrong("statement_differs", forged.misstated),
    Wrong("not_logged", forged.unlogged),
    Wrong("registered_late", forged.logged_after(60)),
    Wrong("registered_early", forged.logged_after(-3)),
    Wrong("proof_wrong", forged.at_another_place),
    Wrong("log_unknown", forged.in_another_log),
    Wrong("log_forked", forged.in_two_logs),
    Wrong("witnesses_too_few", forged.seen_by_one),
    Wrong("second_version", forged.twice),
    Wrong("revoked", forged.withdrawn("revoke")),
    Wrong("suspended", forged.withdrawn("suspend")),
    Wrong("superseded", forged.withdrawn("supersede")),
    Wrong("superseded", forged.replaced),
    Wrong("dates_disordered", changed(lambda c: dataclasses.replace(c, received=c.begun + timedelta(days=1)))),
    Wrong("coverage_inconsistent", changed(points(coverage_probability=0.5))),
    Wrong("coverage_inconsistent", by_large_k),
    Wrong("decision_differs", changed(points(outcome=Outcome.FAIL))),
    Wrong("decision_differs", changed(facts(decision=Decision("by eye", Outcome.PASS)))),
    Wrong("limits_missing", changed(points(lower=None, upper=None, outcome=None))),
    Wrong("not_validated", itself(facts(validation=UNFIT))),
    Wrong("repeatability_missing", itself(facts(validation=UNREPEATED))),
    Wrong("stability_missing", itself(facts(validation=Validation(0.0, 0.1, 0.0, 0.1, "1", 0.01, None)))),
    Wrong("type_not_approved", changed(item(type_approval="PA-0"))),
    Wrong("cycle_exceeded", changed(lambda c: dataclasses.replace(c, due=c.ended + timedelta(days=5000)))),
    Wrong("outcome_missing", changed(facts(decision=None))),
    Wrong("due_missing", changed(facts(due=None))),
    Wrong("instrument_differs", changed(item(instrument="", type_approval=""))),
    Wrong("procedure_unknown", changed(facts(procedure="JJG 0-1900"))),
    Wrong("procedure_not_in_force", changed(facts(procedure="样例旧规范"))),
    Wrong("mandatory_not_verified", changed(facts(kind=Kind.CALIBRATION))),
)  # fmt: skip
