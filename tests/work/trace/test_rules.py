"""Each rule of a chain: what is good is valid, and each fault has just its own code, where it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import pytest
from small_chain import APPROVAL, CITY, NATIONAL, Small, bench, digest, meter, point, scope, use

from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Condition, Decision, Item, Kind, Outcome, Validation
from quanheng.work.trace import part

Change = Callable[[Small], Small]
HANDED_ON = {"standard_invalid", "standard_not_shown"}


def test_a_good_chain_is_valid_without_any_reason() -> None:
    assert Small().found() == {}
    assert Small().standing("meter") == Standing.VALID


def replaced(small: Small, name: str, n: int, **changes: object) -> Small:
    """Change one point."""
    points = list(small.certificates[name].points)
    points[n] = dataclasses.replace(points[n], **changes)  # type: ignore[arg-type]
    return small.change(name, points=tuple(points))


def uses(small: Small, name: str, n: int, **changes: object) -> Small:
    """Change the use of one point."""
    old = small.certificates[name].points[n].uses
    return replaced(small, name, n, uses=tuple(dataclasses.replace(each, **changes) for each in old))  # type: ignore[arg-type]


def item(small: Small, **changes: object) -> Small:
    """Change the household meter."""
    old = small.certificates["meter"].items[0]
    return small.change("meter", items=(dataclasses.replace(old, **changes),))  # type: ignore[arg-type]


def without(small: Small, name: str) -> Small:
    """Without a certificate."""
    del small.certificates[name]
    return small


def scopes(small: Small, *there: object) -> Small:
    """With other scopes."""
    small.scopes = list(there)  # type: ignore[arg-type]
    return small


def without_records(small: Small) -> Small:
    """Without the type approval."""
    small.records = []
    return small


GOOD = scope(NATIONAL, "national standard", 1e-5)
FAULTS: dict[str, tuple[str, Change]] = {
    "1: a point that cites no standard": (
        "standard_not_cited", lambda s: replaced(s, "meter", 1, uses=())),
    "1: a chain that ends at somebody of whom nothing is known": (
        "root_unknown", lambda s: scopes(without(s, "root").points("bench", uses=()), GOOD)),
    "1: a standard whose certificate is not at hand": (
        "standard_missing", lambda s: without(s, "bench")),
    "2: a standard that was calibrated later": (
        "standard_not_yet", lambda s: s.change(
            "meter", begun=date(2026, 2, 1), ended=date(2026, 2, 1), due=date(2034, 1, 31))),
    "2: a standard that was overdue on the day": (
        "standard_overdue", lambda s: s.change("bench", due=date(2026, 2, 28))),
    "2: a standard that failed its verification": (
        "standard_failed", lambda s: s.change(
            "bench", kind=Kind.VERIFICATION, decision=Decision("simple", Outcome.FAIL)).points(
            "bench", lower=-1.0, upper=1.0)),
    "2: a standard whose interval nobody has set": (
        "validity_unset", lambda s: s.change("bench", due=None)),
    "3: a standard that is too coarse": (
        "ratio", lambda s: s.points("bench", expanded_uncertainty=0.34).points("meter", expanded_uncertainty=0.5)),
    "3: a standard that hardly acts": (
        "standard_hardly_acts", lambda s: uses(s, "meter", 0, sensitivity=0.49)),
    "3: a standard that acts twice, against itself": (
        "standard_hardly_acts", lambda s: replaced(
            s, "meter", 1, uses=(use("bench", 1.0), use("bench", 1.0, sensitivity=-1.0)))),
    "3: a standard of another quantity that does not act": (
        "standard_hardly_acts", lambda s: uses(
            s.points("bench", quantity="power"), "meter", 0, quantity="power", sensitivity=1e-9)),
    "4: a use beyond the last calibrated point": (
        "out_of_range", lambda s: replaced(s, "meter", 2, nominal=7.0, uses=(use("bench", 7.0),))),
    "4: a temperature that the standard was not calibrated at": (
        "conditions", lambda s: s.change("meter", conditions=(Condition("temperature", 20, 26, "°C"),))),
    "4: a temperature that is not stated": (
        "conditions_unclear", lambda s: s.change("meter", conditions=())),
    "5: a use for another quantity": (
        "quantity_mismatch", lambda s: uses(s, "meter", 0, quantity="power")),
    "5: a use in a unit of another dimension": (
        "unit_mismatch", lambda s: uses(s, "meter", 0, unit="V")),
    "5: an energy in bar": (
        "quantity_mismatch", lambda s: scopes(
            replaced(s, "meter", 0, nominal_unit="\\bar"), *s.scopes,
            scope(CITY, "accreditation", 1e-4, unit="\\bar"))),
    "5: a torque in joules": (
        "quantity_mismatch",
        lambda s: scopes(
            s.points("meter", quantity="torque"), *s.scopes,
            scope(CITY, "examined standard", 1e-4, quantity="torque"))),
    "6: an issuer without a scope for the quantity": (
        "not_entitled", lambda s: scopes(s, GOOD, scope(CITY, "accreditation", 1e-4, certificates=("calibration",)))),
    "6: a scope that had ended on the day": (
        "not_entitled", lambda s: scopes(s, GOOD, scope(CITY, "accreditation", 1e-4, until=date(2026, 2, 20)))),
    "6: a point outside the scope's range": (
        "scope_range", lambda s: scopes(s, GOOD, scope(CITY, "accreditation", 1e-4, lower=0.2, upper=5.0,
            certificates=("calibration",)),
            scope(CITY, "authorisation", 1e-4, upper=1.5, certificates=("verification",)))),
    "6: an issuer of whom no scope is known": (
        "scope_unknown", lambda s: scopes(s, GOOD)),
    "7: less uncertainty than the scope allows": (
        "below_cmc", lambda s: replaced(s, "meter", 0, expanded_uncertainty=0.005, uses=())),
    "7: less uncertainty than the standard brings": (
        "below_inherited", lambda s: replaced(s, "meter", 0, expanded_uncertainty=0.015)),
    "10: issued before it was done": (
        "dates_disordered", lambda s: s.change("meter", issued=date(2026, 2, 28))),
    "10: received after it was begun": (
        "dates_disordered", lambda s: s.change("meter", received=date(2026, 3, 2))),
    "10: k = 2 for fifty percent": (
        "coverage_inconsistent", lambda s: replaced(s, "meter", 0, coverage_probability=0.5)),
    "10: k of a rectangular distribution for 95 %": (
        "coverage_inconsistent", lambda s: replaced(s, "meter", 0, distribution="rectangular")),
    "10: k of a t distribution that has less than one degree of freedom": (
        "coverage_inconsistent",
        lambda s: replaced(s, "meter", 0, coverage_factor=20.0, expanded_uncertainty=2.0, distribution="t")),
    "10: k of an arc sine, of a distribution that nobody knows, for more than it covers": (
        "coverage_inconsistent", lambda s: replaced(s, "meter", 0, coverage_factor=1.0, distribution="arc sine")),
    "10: a value that its own size would excuse": (
        "decision_differs", lambda s: replaced(s, "meter", 0, value=-1e59)),
    "10: an uncertainty of nothing": (
        "uncertainty_impossible", lambda s: replaced(s, "bench", 0, expanded_uncertainty=0.0)),
    "10: an error beyond the limits that passes": (
        "decision_differs", lambda s: replaced(s, "meter", 0, value=1.4)),
    "10: a point that fails in a certificate that passes": (
        "decision_differs", lambda s: replaced(s, "meter", 0, value=1.4, outcome=Outcome.FAIL)),
    "10: a pass that the stated guard band does not allow": (
        "decision_differs",
        lambda s: replaced(s, "meter", 0, value=0.9).change("meter", decision=Decision("guarded", Outcome.PASS, 1.0))),
    "10: a decision by a rule that nobody knows": (
        "decision_differs", lambda s: s.change("meter", decision=Decision("by eye", Outcome.PASS))),
    "10: k = 2 for fifty percent, of a distribution that nobody knows": (
        "coverage_inconsistent",
        lambda s: replaced(s, "meter", 0, coverage_probability=0.5, distribution="whatever")),
    "10: k = 2 for fifty percent, of a Normal one": (
        "coverage_inconsistent",
        lambda s: replaced(s, "meter", 0, coverage_probability=0.5, distribution="Normal")),
    "10: a whole that passes over a point beyond its limits that says nothing": (
        "decision_differs", lambda s: replaced(s, "meter", 0, value=1.4, outcome=None)),
    "4: a use at a value that no float holds": (
        "out_of_range", lambda s: uses(s, "meter", 0, at=1e305)),
    "10: a verification that passes with a point that has no limits": (
        "limits_missing", lambda s: replaced(s, "meter", 0, lower=None, upper=None, outcome=None)),
    "10: an outcome of a point that has no limits": (
        "limits_missing", lambda s: replaced(s, "bench", 0, outcome=Outcome.PASS)),
    "10: a whole that passes without any limits": (
        "limits_missing", lambda s: s.change("bench", decision=Decision("simple", Outcome.PASS))),
    "11: results that do not agree with those of another standard": (
        "not_validated", lambda s: s.change("bench", validation=Validation(0.1, 0.02, 0.0, 0.02, "%", 0.002, 0.003))),
    "11: a standard without a record of its repeatability": (
        "repeatability_missing",
        lambda s: s.change("bench", validation=Validation(0.01, 0.02, 0.0, 0.02, "%", None, 0.003))),
    "11: a standard without a record of its stability": (
        "stability_missing",
        lambda s: s.change("bench", validation=Validation(0.01, 0.02, 0.0, 0.02, "%", 0.002, None))),
    "12: a type that was not approved": (
        "type_not_approved", without_records),
    "12: an approval of another maker's type": (
        "type_not_approved", lambda s: item(s, maker="别的厂")),
    "12: valid for longer than the interval of its regulation": (
        "cycle_exceeded", lambda s: s.change("meter", due=date(2036, 1, 1))),
    "12: a verification without an outcome": (
        "outcome_missing", lambda s: s.change("meter", decision=None)),
    "12: a verification that is never due": (
        "due_missing", lambda s: s.change("meter", due=None)),
    "12: an instrument of no kind": (
        "instrument_differs", lambda s: item(s, instrument="")),
    "12: an instrument of another kind than its procedure's": (
        "instrument_differs", lambda s: item(s, instrument="reference meter")),
    "12: a second instrument whose type was not approved": (
        "type_not_approved", lambda s: s.change("meter", items=(
            *s.certificates["meter"].items, Item("other", "电能表", "别的厂", "X", "4", instrument="energy meter")))),
    "12: a procedure that nobody knows": (
        "procedure_unknown", lambda s: s.change("meter", procedure="JJG 1-1900")),
    "12: a procedure that was not yet in force": (
        "procedure_not_in_force", lambda s: s.change(
            "bench", procedure="JJF 1033-2023", begun=date(2022, 1, 1), ended=date(2022, 1, 2),
            issued=date(2022, 1, 3))),
    "12: a household meter that was only calibrated": (
        "mandatory_not_verified", lambda s: s.change("meter", kind=Kind.CALIBRATION)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_code(fault: str) -> None:
    code, change = FAULTS[fault]
    found = change(Small()).found()
    assert code in set().union(*found.values())
    others = set().union(*found.values()) - HANDED_ON - {code}
    allowed = {
        "7: less uncertainty than the scope allows": {"standard_not_cited"},
        "12: a procedure that was not yet in force": {"standard_not_yet", "not_entitled"},
        "1: a chain that ends at somebody of whom nothing is known": {"scope_unknown"},
        "10: an uncertainty of nothing": {"below_cmc", "below_inherited", "ratio"},
        "5: a torque in joules": set(),
        "3: a standard of another quantity that does not act": {"not_entitled", "quantity_mismatch"},
    }
    assert others <= allowed.get(fault, set()), others


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_however_certificates_are_put_together(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = FAULTS[fault][1](Small())
    together = small.found()
    monkeypatch.setattr(part, "TOGETHER", 1)  # each alone: one code stands for all of a part
    assert small.found() == together


def test_what_a_standard_lacks_is_handed_on_to_all_that_rests_on_it() -> None:
    found = Small().change("root", issued=date(2025, 1, 1)).found()
    assert found == {
        "root": {"dates_disordered"},
        "bench": {"standard_invalid"},
        "meter": {"standard_invalid"},
    }


def test_a_standard_whose_document_is_not_shown_makes_nothing_worse_than_not_shown() -> None:
    small = Small(own={"root": Standing.NOT_SHOWN})
    assert small.found() == {"bench": {"standard_not_shown"}, "meter": {"standard_not_shown"}}
    assert small.standing("meter") == Standing.NOT_SHOWN


def test_a_route_3_is_remarked_upon_and_stays_valid() -> None:
    small = scopes(Small(), GOOD, scope(CITY, "other", 1e-4))
    assert small.found() == {"bench": {"route_3"}, "meter": {"route_3"}}
    assert small.standing("meter") == Standing.VALID


def test_a_circle_is_invalid_and_ends_the_search() -> None:
    small = Small()
    small.points("root", uses=(use("bench", 1.0),))
    found = small.found()
    assert "chain_cycle" in found["root"] & found["bench"] & found["meter"]


def test_a_chain_that_is_longer_than_allowed_is_invalid() -> None:
    assert Small().found(depth=1) == {"meter": {"chain_too_deep"}}


def test_a_use_between_two_calibrated_points_takes_the_larger_uncertainty() -> None:
    small = replaced(Small(), "bench", 2, expanded_uncertainty=0.4)
    small = replaced(small, "meter", 2, expanded_uncertainty=0.5)
    assert "ratio" in small.found()["meter"]


def test_a_ratio_of_another_quantity_may_cancel_what_it_was_measured_by() -> None:
    both = tuple(use("bench", 1.0, quantity="power", sensitivity=c) for c in (1.0, -1.0))
    found = replaced(Small(), "meter", 1, uses=both).found()
    assert found == {"meter": {"quantity_mismatch"}}  # of the bench, which was not calibrated for it


def test_an_approval_that_was_renewed_covers_what_was_verified_before() -> None:
    small = Small()
    later = dataclasses.replace(APPROVAL, since=date(2030, 1, 2), until=date(2040, 1, 1))
    small.records = [*small.records, (later, None)]
    assert small.found() == {}


def test_two_sources_of_one_certificate_add_with_their_signs() -> None:
    both = (use("bench", 1.0, sensitivity=0.75), use("bench", 1.0, sensitivity=-0.25))
    assert Small().found() == replaced(Small(), "meter", 1, expanded_uncertainty=0.011, uses=both).found()


def test_a_certificate_revoked_by_the_day_is_invalid_and_not_before() -> None:
    small = Small().status("revoke", "meter", date(2026, 5, 1))
    assert small.found() == {"meter": {"revoked"}}
    assert small.found(on=date(2026, 4, 30)) == {}


def test_a_standard_revoked_from_before_its_use_makes_the_use_invalid_and_one_revoked_later_does_not() -> (
    None
):
    assert Small().status("revoke", "bench", date(2026, 2, 20)).found() == {
        "bench": {"revoked"},
        "meter": {"standard_invalid"},
    }
    assert Small().status("revoke", "bench", date(2026, 4, 1)).found() == {"bench": {"revoked"}}


def test_what_was_learnt_later_was_not_known_on_an_earlier_day() -> None:
    small = Small().status("revoke", "bench", date(2026, 2, 20), logged=date(2026, 5, 20))
    assert small.found(known=date(2026, 5, 19)) == {}
    assert set(small.found(known=date(2026, 5, 20))) == {"bench", "meter"}


def test_a_suspension_ends_when_it_is_lifted() -> None:
    small = Small().status("suspend", "meter", date(2026, 4, 1)).status("resume", "meter", date(2026, 5, 1))
    assert small.found(on=date(2026, 4, 15)) == {"meter": {"suspended"}}
    assert small.found() == {}


def test_a_certificate_that_was_not_logged_yet_is_not_at_hand() -> None:
    small = Small(logged={"bench": date(2026, 5, 20)})
    assert small.found(known=date(2026, 5, 19))["meter"] == {"standard_missing"}


def test_an_answer_names_the_point_and_the_standard() -> None:
    small = Small().change("bench", due=date(2026, 2, 28))
    judged = small.judged()
    reasons = judged.answer(judged.chain.row(digest("meter"))).reasons
    assert [each.where for each in reasons] == ["points p0, p1, p2, standard C-1"]


@pytest.mark.parametrize(
    "order", [("meter", "bench", "root"), ("bench", "meter", "root"), ("root", "meter", "bench")]
)
def test_the_order_in_which_documents_come_does_not_matter(order: tuple[str, ...]) -> None:
    small = Small().change("bench", due=date(2026, 2, 28))
    again = Small(certificates={name: small.certificates[name] for name in order})
    assert again.found() == small.found()


def test_many_certificates_are_judged_as_each_alone() -> None:
    small = Small()
    for n in range(300):
        changes = {} if n % 3 else {"due": date(2036, 1, 1)}
        small.certificates[f"meter-{n}"] = meter(number=f"V-{n}", **changes)
    found = small.found()
    assert {name for name in found if "cycle_exceeded" in found[name]} == {
        f"meter-{n}" for n in range(0, 300, 3)
    }


def test_an_item_of_no_statutory_kind_is_asked_for_no_approval() -> None:
    small = without_records(Small())
    small.change("meter", items=(Item("meter", "表", "", "", ""),))
    assert small.found() == {"meter": {"instrument_differs"}}  # from what its procedure is for


def test_points_of_a_standard_say_what_it_was_calibrated_for() -> None:
    assert bench().points[0].uses[0].certificate == digest("root")
    assert point("p", 1.0, 0.1).standard_uncertainty == 0.05
