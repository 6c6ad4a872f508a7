"""Decisions by every named rule: zones, verdicts at their edges, and what makes no question."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.conformance_probability import conformance_probability, guard_band_for_specific_risk
from quanheng.measure.conformity import OTHER_NAMES, RULES, Verdict, decide, rule_name
from quanheng.measure.errors import InvalidData, InvalidLimits, InvalidUncertainty

OWN = {"guarded": {"r": 1.0}, "specific risk": {"risk": 0.02}}
NO, YES, OPEN = Verdict.NOT_CONFORMING, Verdict.CONFORMING, Verdict.UNDETERMINED

rules = st.sampled_from(list(RULES))
values = st.floats(-3, 3)
us = st.floats(0.01, 2)


@given(rule=rules, items=st.lists(st.tuples(values, us, st.floats(1, 60)), min_size=1, max_size=6))
def test_columns_are_each_row_alone(rule: str, items: list[tuple[float, float, float]]) -> None:
    y, u, dof = (np.array(x) for x in zip(*items, strict=True))
    many = decide(y, u, lower=-1, upper=1.5, dof=dof, rule=rule, **OWN.get(rule, {}))
    alone = [decide(a, b, lower=-1, upper=1.5, dof=c, rule=rule, **OWN.get(rule, {})) for a, b, c in items]
    for name in (
        "probability",
        "acceptance_lower",
        "acceptance_upper",
        "rejection_upper",
        "verdict",
        "specific_risk",
    ):
        each = np.array([getattr(d, name) for d in alone])
        np.testing.assert_allclose(getattr(many, name), each, rtol=1e-12, atol=1e-12)


@given(rule=rules, value=values, u=us)
def test_verdicts_follow_from_the_zones(rule: str, value: float, u: float) -> None:
    d = decide(value, u, lower=-1, upper=1, rule=rule, **OWN.get(rule, {}))
    accepted = d.acceptance_lower <= value <= d.acceptance_upper
    between = not accepted and d.rejection_lower < value < d.rejection_upper
    assert d.verdict == (YES if accepted else OPEN if between else NO)
    assert d.within == (-1 <= value <= 1)
    if d.verdict == OPEN:
        assert np.isnan(d.specific_risk)
    else:
        assert d.specific_risk == pytest.approx(1 - d.probability if accepted else d.probability, abs=1e-12)


@given(rule=rules, value=st.floats(-0.98, 0.98))
def test_without_uncertainty_all_rules_accept_what_is_within(rule: str, value: float) -> None:
    assert decide(value, 1e-6, lower=-1, upper=1, rule=rule, **OWN.get(rule, {})).verdict == YES
    outside = value + np.copysign(2.0, value)
    assert decide(outside, 1e-6, lower=-1, upper=1, rule=rule, **OWN.get(rule, {})).verdict == NO


@given(rule=rules, value=values, u=us)
def test_what_is_accepted_is_likely_to_conform(rule: str, value: float, u: float) -> None:
    d = decide(value, u, upper=1, lower=-1, rule=rule, **OWN.get(rule, {}))
    if d.verdict == YES and rule not in ("simple", "JJF 1094", "Z540.3 method 6"):
        assert d.probability >= 0.95 - 1e-9 - 0.025 * (2 * u > 0.6)


@given(rule=rules, value=values, u=us)
def test_limits_and_values_with_their_signs_turned_give_the_same(rule: str, value: float, u: float) -> None:
    one = decide(value, u, lower=-1, upper=2, rule=rule, **OWN.get(rule, {}))
    other = decide(-value, u, lower=-2, upper=1, rule=rule, **OWN.get(rule, {}))
    assert one.verdict == other.verdict
    np.testing.assert_allclose(one.acceptance_upper, -other.acceptance_lower, rtol=1e-12)


def test_simple_acceptance_shares_the_risk() -> None:
    d = decide([1.0, 1.001], 0.1, upper=1.0)
    assert d.verdict.tolist() == [YES, NO]
    assert d.specific_risk[0] == pytest.approx(0.5)


def test_a_guard_band_is_a_width_or_a_part_of_the_expanded_uncertainty() -> None:
    wide = decide(0.85, 0.05, lower=-1, upper=1, rule="guarded", w=0.2)
    assert (wide.acceptance_lower, wide.acceptance_upper, wide.verdict) == (-0.8, 0.8, NO)
    part = decide(0.85, 0.05, lower=-1, upper=1, rule="guarded", r=1, coverage=0.99, dof=5.7)
    assert part.acceptance_upper == pytest.approx(1 - 4.032142983557536 * 0.05)  # t(5 dof, 99.5 %)


def test_a_negative_guard_band_rejects_only_what_is_shown_not_to_conform() -> None:
    d = decide([1.08, 1.12], 0.05, upper=1, rule="guarded", w=-0.1)
    assert d.verdict.tolist() == [YES, NO]


def test_iso_14253_1_needs_95_percent_of_probability_at_its_limits() -> None:
    d = decide([0.0, 0.0, 0.0], [0.05, 0.3, 0.6], lower=-1, upper=1, rule="ISO 14253-1")
    np.testing.assert_allclose(d.acceptance_upper[0], 1 - 1.6448536269514722 * 0.05, rtol=1e-12)
    np.testing.assert_allclose(
        d.rejection_upper, 1 + 1.6448536269514722 * np.array([0.05, 0.3, 0.6]), rtol=1e-12
    )
    at_limit = conformance_probability(d.acceptance_upper[:2], [0.05, 0.3], lower=-1, upper=1)
    np.testing.assert_allclose(at_limit, 0.95, rtol=1e-9)
    assert d.verdict.tolist() == [YES, YES, OPEN]
    assert np.isnan(d.acceptance_upper[2])  # even in the middle it is 90 %


def test_the_editions_of_iso_14253_1_differ_in_their_factor() -> None:
    now = decide(0.91, 0.05, upper=1, rule="ISO 14253-1:2017")
    before = decide(0.91, 0.05, upper=1, rule="ISO 14253-1:1998", coverage=0.9545)
    assert (now.verdict, before.verdict) == (YES, OPEN)
    assert before.acceptance_upper == pytest.approx(0.9, abs=1e-5)
    assert now.acceptance_upper == pytest.approx(1 - 0.0822, abs=1e-4)


def test_ilac_g8_has_four_outcomes() -> None:
    d = decide([0.8, 0.95, 1.05, 1.2], 0.05, lower=-1, upper=1, rule="ILAC-G8")
    assert d.verdict.tolist() == [YES, OPEN, OPEN, NO]
    assert d.within.tolist() == [True, True, False, False]  # pass, conditional pass, conditional fail, fail


def test_the_binary_rule_of_ilac_g8_fails_the_grey_zone() -> None:
    assert decide([0.8, 0.95, 1.05], 0.05, upper=1, rule="ILAC-G8 binary").verdict.tolist() == [YES, NO, NO]


def test_jjf_1094_ignores_u_where_it_is_a_third_of_the_limit() -> None:
    # MPEV 0.3, U 0.1 and 0.11: at a third simple acceptance, above it a zone left undetermined
    k = 1.959963984540054
    d = decide(
        [0.29, 0.31, 0.29, 0.31, 0.18, 0.42],
        [0.1 / k] * 2 + [0.11 / k] * 4,
        lower=-0.3,
        upper=0.3,
        rule="JJF 1094",
    )
    assert d.verdict.tolist() == [YES, NO, OPEN, OPEN, YES, NO]


def test_jjf_1094_decides_on_the_edges_of_the_grey_zone() -> None:
    u = 0.2 / 2.0000024438996027  # U = 0.2 at 95.45 %
    d = decide([0.1, -0.1, 0.5, -0.5], u, lower=-0.3, upper=0.3, rule="JJF 1094", coverage=0.9545)
    assert d.verdict.tolist() == [YES, YES, NO, NO]


def test_u95_is_taken_at_95_percent_whatever_the_report_states() -> None:
    wide = decide(0.0, 0.05, upper=1, rule="ILAC-G8", coverage=0.999)
    assert wide.acceptance_upper == decide(0.0, 0.05, upper=1, rule="ILAC-G8").acceptance_upper
    twice = decide(0.0, 0.05, upper=1, rule="ILAC-G8", coverage=0.9544997361036416)
    assert twice.acceptance_upper == pytest.approx(0.9, abs=1e-12)


def test_the_managed_guard_band_vanishes_above_a_ratio_of_4_6() -> None:
    u = np.array([1 / 2, 1 / 4, 1 / 4.7]) / 1.959963984540054
    d = decide(0.0, u, lower=-1, upper=1, rule="Dobbert")
    # 1 − (1.04 − exp(0.38 ln TUR − 0.54))/TUR
    expected = [
        1 - (1.04 - np.exp(0.38 * np.log(2) - 0.54)) / 2,
        1 - (1.04 - np.exp(0.38 * np.log(4) - 0.54)) / 4,
        1,
    ]
    np.testing.assert_allclose(d.acceptance_upper, expected, rtol=1e-9)


@given(u=us, risk=st.floats(1e-4, 0.5))
def test_a_required_probability_holds_at_the_limit(u: float, risk: float) -> None:
    d = decide(0.0, u, upper=1, lower=-1, rule="specific risk", risk=risk)
    w = guard_band_for_specific_risk(u, lower=-1, upper=1, risk=risk)
    np.testing.assert_allclose(d.acceptance_upper, 1 - w, rtol=1e-12)


def test_nothing_is_accepted_where_the_guard_bands_meet() -> None:
    d = decide(0.0, 0.6, lower=-1, upper=1, rule="ILAC-G8")
    assert (np.isnan(d.acceptance_lower), d.verdict) == (True, OPEN)
    assert decide(0.0, 0.6, lower=-1, upper=1, rule="guarded", r=1).verdict == NO


def test_a_value_on_a_limit_but_for_rounding_is_on_it() -> None:
    # 1.3 − 0.1 is 1.2 but for the last digit, and so is 0.1 + 0.2
    assert decide(1.2, 0.05, upper=1.3, rule="guarded", w=0.1).verdict == YES
    assert decide(0.1 + 0.2, 0.05, upper=0.3).verdict == YES


def test_every_verdict_has_a_word() -> None:
    assert [v.word for v in (YES, NO, OPEN)] == ["conforming", "not conforming", "undetermined"]


@pytest.mark.parametrize("name", [*RULES, *OTHER_NAMES])
def test_spellings_of_a_rule_are_the_rule(name: str) -> None:
    meant = rule_name(name)
    assert meant in RULES
    assert rule_name(name.upper().replace("-", "").replace(" ", "_")) == meant


def test_the_table_of_the_document_lists_every_rule() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/methods/conformity.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([^`]+)`", text, re.MULTILINE) == list(RULES)


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidLimits, match="ISO 14253-1"):
        decide(0.0, 0.1, upper=1, rule="ISO 14235")
    with pytest.raises(InvalidLimits, match="simple, guarded"):
        rule_name("%%")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"rule": "guarded"}, InvalidLimits),
        ({"rule": "guarded", "w": 0.1, "r": 1.0}, InvalidLimits),
        ({"rule": "guarded", "w": np.nan}, InvalidData),
        ({"rule": "simple", "w": 0.1}, InvalidLimits),
        ({"rule": "JJF 1094", "risk": 0.1}, InvalidLimits),
        ({"rule": "specific risk"}, InvalidLimits),
        ({"rule": "specific risk", "risk": 0.6}, InvalidLimits),
        ({"rule": "specific risk", "risk": 0.0}, InvalidLimits),
        ({"rule": "JJF 1094", "lower": -np.inf}, InvalidLimits),
        ({"rule": "Dobbert", "lower": -np.inf}, InvalidLimits),
        ({"lower": 1.0}, InvalidLimits),
        ({"lower": -np.inf, "upper": np.inf}, InvalidLimits),
        ({"u": 0.0}, InvalidUncertainty),
        ({"value": np.nan}, InvalidData),
        ({"rule": "guarded", "r": 1.0, "coverage": 1.0}, InvalidUncertainty),
    ],
)
def test_what_is_no_question_is_refused(arguments: dict[str, object], error: type[ValueError]) -> None:
    asked = {"value": 0.0, "u": 0.1, "lower": -1.0, "upper": 1.0} | arguments
    with pytest.raises(error, match=" / "):
        decide(**asked)
