"""What a budget file comes to, in its own units: published budgets, and each thing that a file can say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from budget_trees import parsed, small
from hypothesis import HealthCheck, given, settings
from random_sums import sums

from quanheng.measure.conformity import Verdict
from quanheng.work.budget.errors import BadBudget
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.machine import as_bytes, as_json
from quanheng.work.budget.reading import read_budget
from quanheng.work.budget.result import Budget

FILES = Path(__file__).parent / "files"
FEW = {"trials": 2000}


def of(tree: dict[str, Any]) -> Budget:
    """The budget of a tree of keys, with few trials where it does not say how many."""
    return evaluate(parsed({"monte_carlo": FEW} | tree))


def refusal(tree: dict[str, Any]) -> str:
    with pytest.raises(BadBudget) as error:
        of(tree)
    return str(error.value)


def with_model(model: str, unit: str = "mm", **inputs: Any) -> dict[str, Any]:
    return small(**inputs) | {"outputs": {"y": {"model": model, "unit": unit}}}


# ---- linear ------------------------------------------------------------------------------------------------------


def test_numbers_stand_in_the_units_of_the_file() -> None:
    tree = with_model(
        "a + b", "m", a={"value": 1.5, "unit": "mm", "u": 0.1}, b={"value": 2, "unit": "cm", "u": 1}
    )
    (result,) = of(tree).results
    a, b = result.rows
    assert result.value == 0.0215
    assert (a.value, a.u, a.sensitivity, a.contribution) == pytest.approx((1.5, 0.1, 1e-3, 1e-4))
    assert (b.value, b.u, b.sensitivity, b.contribution) == pytest.approx((2, 1, 1e-2, 1e-2))
    assert result.u == pytest.approx(math.hypot(1e-4, 1e-2))


def test_a_celsius_temperature_is_converted_as_a_value_and_its_u_as_a_difference() -> None:
    tree = {
        "outputs": {"t2": {"model": "t + d", "unit": "°C"}, "p": {"model": "k_B*(t0 + d)", "unit": "J"}},
        "inputs": {
            "t": {"value": 20.5, "unit": "°C", "u": 0.1},
            "t0": {"value": 293, "unit": "K"},
            "d": {"value": 2, "unit": "K", "u": 0.1},
        },
    }
    t2, p = of(tree).results
    assert (t2.value, t2.u) == pytest.approx((22.5, math.hypot(0.1, 0.1)))
    assert p.value == pytest.approx(1.380649e-23 * 295)


def test_shares_add_up_to_one_with_correlation_and_may_be_negative() -> None:
    tree = with_model("a - 0.2*b") | {"correlation": [{"between": ["a", "b"], "r": 0.9}]}
    (result,) = of(tree).results
    shares = [row.share for row in result.rows]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) < 0
    assert result.u**2 == pytest.approx(0.1**2 + 0.04**2 - 2 * 0.9 * 0.1 * 0.04)


def test_effects_stand_below_their_input_and_share_it() -> None:
    effects = [
        {"name": "resolution", "distribution": "rectangular", "half_width": 0.3},
        {"name": "s", "u": 0.1, "dof": 4},
    ]
    (result,) = of(small(a={"value": 1, "unit": "mm", "effects": effects})).results
    row = result.rows[0]
    assert (row.kind, row.distribution) == ("B", "combined")
    assert [effect.name for effect in row.effects] == ["resolution", "s"]
    assert sum(effect.share for effect in row.effects) == pytest.approx(row.share)
    assert row.u == pytest.approx(0.2)
    assert row.dof == pytest.approx(0.2**4 / (0.1**4 / 4))


def test_a_correlated_input_of_several_effects_is_one_variable_and_a_note_says_so() -> None:
    effects = [{"name": "p", "u": 0.3}, {"name": "q", "u": 0.4, "dof": 4}]
    tree = small(a={"value": 1, "unit": "mm", "effects": effects})
    budget = of(tree | {"correlation": [{"between": ["a", "b"], "r": 0.5}]})
    (result,) = budget.results
    assert result.u**2 == pytest.approx(0.5**2 + 0.2**2 + 2 * 0.5 * 0.5 * 0.2)
    assert math.isnan(result.dof)
    assert sum(effect.share for effect in result.rows[0].effects) == pytest.approx(result.rows[0].share)
    assert any("taken together" in note.en for note in budget.notes)
    assert any("undefined" in note.en for note in budget.notes)


def test_a_correlation_of_nought_says_nothing() -> None:
    effects = [{"name": "p", "u": 1, "dof": 5}, {"name": "q", "u": 1}]
    tree = small(
        a={"value": 1, "unit": "mm", "effects": effects}, b={"value": 1, "unit": "mm", "u": 1, "dof": 5}
    )
    assert as_json(of(tree | {"correlation": [{"between": ["a", "b"], "r": 0}]})) == as_json(of(tree))


def test_inputs_that_are_correlated_through_a_third_that_is_not_used_keep_their_degrees_of_freedom() -> None:
    five = {"value": 1, "unit": "mm", "u": 1, "dof": 5}
    tree = with_model("a + d", a=five, b=five, d=five) | {
        "correlation": [{"between": ["a", "b"], "r": 0.5}, {"between": ["b", "d"], "r": 0.5}]
    }
    assert of(tree).results[0].dof == pytest.approx(10)


def test_an_input_that_has_no_part_lends_no_degrees_of_freedom() -> None:
    tree = with_model(
        "a", a={"value": 1, "unit": "mm", "u": 1}, b={"value": 1, "unit": "mm", "u": 1, "dof": 5}
    )
    (result,) = of(tree | {"correlation": [{"between": ["a", "b"], "r": 0.5}]}).results
    assert math.isinf(result.dof)


def test_a_t_by_its_standard_deviation_has_its_degrees_of_freedom_in_u() -> None:
    t = {"value": 1, "unit": "mm", "distribution": "t", "u": 1, "dof": 30}
    budget = of(with_model("a", a=t, b={"value": 0, "unit": "mm"}) | {"monte_carlo": {"trials": 100_000}})
    (result,) = budget.results
    assert (result.u, result.dof) == (1, math.inf)
    assert result.k == pytest.approx(1.96, abs=0.001)  # t of 30: 2.042, times √(28/30) is 1.973
    assert budget.monte_carlo is not None
    assert budget.monte_carlo.outputs["y"].linear_validated
    assert any("does not count them again" in note.en for note in budget.notes)


def equal_parts(n: int, u: float, **monte_carlo: Any) -> dict[str, Any]:
    """A sum of n normal inputs, with u together."""
    parts = {f"x{i}": {"value": 1, "u": u / math.sqrt(n)} for i in range(n)}
    return {"outputs": {"y": {"model": "+".join(parts)}}, "inputs": parts, "monte_carlo": monte_carlo}


@pytest.mark.parametrize("seed", range(1, 11))
def test_a_linear_model_of_normal_inputs_is_never_told_to_be_wrong(seed: int) -> None:
    for tree in (equal_parts(4, 0.99, seed=seed), equal_parts(12, 0.97, seed=seed, trials=10_000)):
        trials = evaluate(parsed(tree)).monte_carlo
        assert trials is not None
        assert trials.outputs["y"].linear_validated or trials.outputs["y"].undecided


def test_two_stable_digits_that_leave_the_comparison_open_are_followed_by_more_trials() -> None:
    trials = evaluate(parsed(equal_parts(12, 0.99, interval="shortest", seed=3))).monte_carlo
    assert trials is not None
    assert trials.trials == 2**21


def test_trials_that_are_too_few_for_a_coverage_are_noted() -> None:
    tree = equal_parts(2, 1, trials=1000) | {"coverage": 0.99}
    assert any(note.at == "monte_carlo.trials" for note in of(tree).notes)
    assert not any(note.at == "monte_carlo.trials" for note in of(tree | {"coverage": 0.9}).notes)


def test_few_degrees_of_freedom_of_a_bounded_distribution_are_noted() -> None:
    tree = small(a={"value": 1, "unit": "mm", "distribution": "rectangular", "half_width": 1, "dof": 2})
    assert any("ctrap" in note.en for note in of(tree).notes)


def test_inputs_of_one_source_are_one_variable() -> None:
    scale = {"value": 1, "unit": "mm", "u": 0.3, "source": "certificate 7"}
    (result,) = of(with_model("a - b", a=scale, b=scale | {"u": 0.1})).results
    assert result.u == pytest.approx(0.2)
    (certificate,) = result.certificates
    assert (certificate.name, certificate.u, certificate.share) == pytest.approx(("certificate 7", 0.2, 1.0))


def test_a_u_of_a_source_and_the_one_effect_of_it_are_one_variable() -> None:
    effect = {"name": "calibration", "u": 0.2, "source": "C1"}
    tree = small(
        a={"value": 1, "unit": "mm", "u": 0.3, "source": "C1"},
        b={"value": 2, "unit": "mm", "effects": [effect]},
    )
    budget = of(tree)
    assert budget.results[0].u == pytest.approx(0.5)
    assert [each.name for each in budget.results[0].certificates] == ["C1"]


def test_a_u_of_a_source_with_several_effects_must_name_its_own() -> None:
    effects = [{"name": "calibration", "u": 0.2}, {"name": "drift", "u": 0.1}]
    tree = small(
        a={"value": 1, "unit": "mm", "u": 0.3, "source": "C1"},
        b={"value": 2, "unit": "mm", "source": "C1", "effects": effects},
    )
    assert "inputs.a.source" in refusal(tree)
    assert "calibration、drift" in refusal(tree)


def test_a_u_of_a_source_beside_an_effect_of_it_is_another_variable() -> None:
    a = {"value": 1, "unit": "mm", "u": 0.3, "source": "C1", "effects": [{"name": "drift", "u": 0.4}]}
    both = of(with_model("a + b", a=a, b={"value": 2, "unit": "mm", "u": 0.3, "source": "C1"}))
    assert both.results[0].u == pytest.approx(math.hypot(0.6, 0.4))


def test_inputs_of_one_source_without_a_common_effect_are_told_to_be_independent() -> None:
    tree = small(
        a={"value": 1, "unit": "mm", "source": "C1", "effects": [{"name": "calibration", "u": 0.3}]},
        b={"value": 2, "unit": "mm", "source": "C1", "effects": [{"name": "drift", "u": 0.4}]},
    )
    budget = of(tree)
    assert budget.results[0].u == pytest.approx(0.5)
    assert any("taken as independent" in note.en for note in budget.notes)


def test_a_real_and_a_complex_input_have_no_source_in_common() -> None:
    tree = small(
        a={"value": 1, "unit": "mm", "u": 0.3, "source": "C1"},
        z={"value": {"re": 1, "im": 1, "u_re": 0.1}, "unit": "mm", "source": "C1"},
    )
    assert "inputs.z.source" in refusal(tree)


def test_what_a_certificate_gives_is_told_beside_the_inputs() -> None:
    tree = small(
        a={"value": 1, "unit": "mm", "u": 0.3, "source": "C1"},
        c={"value": 1, "unit": "mm", "u": 0.2, "source": "C2"},
    )
    (result,) = of(tree | {"outputs": {"y": {"model": "a + b + c", "unit": "mm"}}}).results
    assert [each.name for each in result.certificates] == ["C1", "C2"]
    assert sum(each.share for each in result.certificates) == pytest.approx((0.09 + 0.04) / 0.17)


def test_a_source_and_a_correlation_of_one_input_are_refused_together() -> None:
    listed = [{"name": "p", "u": 0.3}, {"name": "q", "u": 0.4}]
    tree = small(
        a={"value": 1, "unit": "mm", "effects": listed, "source": "C"},
        c={"value": 1, "unit": "mm", "effects": listed, "source": "C"},
    )
    said = refusal(tree | {"correlation": [{"between": ["a", "b"], "r": 0.5}]})
    assert "inputs.a.source" in said


def test_an_exact_input_has_no_share_no_type_and_infinite_dof() -> None:
    (result,) = of(small(a={"value": 1, "unit": "mm"})).results
    row = result.rows[0]
    assert (row.u, row.share, row.contribution, row.kind, row.distribution) == (0, 0, 0, None, None)
    assert math.isinf(row.dof)


def test_contributions_of_one_source_that_cancel_leave_nothing() -> None:
    tree = with_model(
        "a - b",
        a={"value": 1.1, "unit": "mm", "u": 0.1, "source": "S"},
        b={"value": 0.3, "unit": "µm", "u": 100, "source": "S"},
    )
    budget = evaluate(parsed(tree))
    assert (budget.results[0].u, budget.results[0].certificates) == (0, ())
    assert budget.monte_carlo is not None
    assert budget.monte_carlo.converged
    assert budget.monte_carlo.outputs["y"].linear_validated
    assert budget.monte_carlo.outputs["y"].u == 0


def test_a_value_keeps_the_digits_that_a_small_u_needs() -> None:
    (result,) = of(with_model("a", "Hz", a={"value": 123456789.12345679, "unit": "Hz", "u": 1e-6})).results
    assert result.value == 123456789.12345679


@pytest.mark.parametrize(
    ("tree", "at"),
    [
        (small(z={"value": {"re": 20, "im": 1, "u_re": 0.1}, "unit": "°C"}), "inputs.z.unit"),
        (
            small(z={"value": {"re": 20, "im": 1, "u_re": 0.1}, "unit": "K"})
            | {"outputs": {"w": {"model": "z", "unit": "°C"}}},
            "outputs.w",
        ),
    ],
)
def test_nothing_complex_is_in_degrees_celsius(tree: dict[str, Any], at: str) -> None:
    assert at in refusal(tree)


def test_a_result_of_constants_is_exact_and_has_no_trials() -> None:
    budget = of(small(a={"value": 1, "unit": "mm"}, b={"value": 2, "unit": "mm"}))
    assert budget.results[0].u == 0
    assert budget.monte_carlo is None
    assert as_json(budget)["monte_carlo"] is None


def test_an_exact_result_beside_an_uncertain_one_agrees_with_its_trials() -> None:
    tree = small(c={"value": 2, "unit": "mm"})
    budget = of(tree | {"outputs": {"y": {"model": "a", "unit": "mm"}, "z": {"model": "2*c", "unit": "mm"}}})
    assert budget.monte_carlo is not None
    assert budget.monte_carlo.outputs["z"].linear_validated
    assert math.isnan(budget.correlation[0, 1])
    assert as_json(budget)["correlation"]["matrix"][0] == [1.0, None]


def test_where_all_sensitivities_vanish_a_note_sends_to_monte_carlo() -> None:
    budget = of(with_model("a**2", "mm2", a={"value": 0, "unit": "mm", "u": 1}))
    assert not budget.results[0].linear_enough
    assert any("of no use" in note.en for note in budget.notes)
    assert budget.monte_carlo is not None
    assert not budget.monte_carlo.outputs["y"].linear_validated


def test_an_input_that_no_model_uses_is_noted() -> None:
    budget = of(small(idle={"value": 1, "unit": "mm", "u": 1}))
    assert any("No model uses idle" in note.en for note in budget.notes)
    assert budget.results[0].rows[-1].share == 0


# ---- complex -----------------------------------------------------------------------------------------------------


def test_a_complex_output_reports_both_parts_and_their_correlation() -> None:
    z = {"re": 3, "im": 4, "u_re": 0.1, "u_im": 0.2, "r": 0.5}
    tree = {"outputs": {"w": {"model": "2*z", "unit": "V"}}, "inputs": {"z": {"value": z, "unit": "V"}}}
    found = as_json(of(tree))
    w = found["outputs"]["w"]
    assert w["value"] == {"re": 6, "im": 8}
    assert w["u"] == pytest.approx({"re": 0.2, "im": 0.4})
    assert w["r"] == pytest.approx(0.5)
    assert found["correlation"]["names"] == ["w.re", "w.im"]
    assert [row["input"] for row in w["budget"]] == ["z.re", "z.im"]
    assert w["budget"][0]["sensitivity"] == {"re": 2, "im": 0}
    assert set(found["monte_carlo"]["outputs"]["w"]["interval"]) == {"re", "im"}


def test_a_complex_input_by_modulus_and_argument_is_drawn_as_that() -> None:
    z = {"modulus": 1, "argument": 0, "u_argument": 0.5}
    tree = {"outputs": {"w": {"model": "real(z)", "unit": "1"}}, "inputs": {"z": {"value": z, "unit": "1"}}}
    budget = of(tree | {"monte_carlo": {"trials": 20000}})
    assert [row.input for row in budget.results[0].rows] == ["z.modulus", "z.argument"]
    assert budget.monte_carlo is not None
    # the mean of the cosine of a normal angle
    assert budget.monte_carlo.outputs["w"].value == pytest.approx(math.exp(-0.125), abs=0.002)


def test_degrees_of_freedom_of_a_complex_quantity_are_those_of_its_observations() -> None:
    z = {"re": 3, "im": 4, "u_re": 0.1, "u_im": 0.2, "r": 0.5}
    tree = {
        "outputs": {"w": {"model": "abs(z)", "unit": "V"}},
        "inputs": {"z": {"value": z, "unit": "V", "dof": 9}},
    }
    assert of(tree).results[0].dof == pytest.approx(9)


def test_a_complex_output_has_no_limits() -> None:
    z = {"re": 3, "im": 4, "u_re": 0.1, "u_im": 0.2}
    tree = {"outputs": {"w": {"model": "z", "unit": "V"}}, "inputs": {"z": {"value": z, "unit": "V"}}}
    assert "abs(w)" in refusal(tree | {"conformity": {"w": {"lower": 1}}})


# ---- what cannot be evaluated ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        (with_model("a*b"), "outputs.y.model"),
        (with_model("sin(a)", "1"), "outputs.y.model"),
        (with_model("log(a/b - 1)", "1"), "outputs.y.model"),
        (with_model("sqrt((a - b)/b)", "1"), "outputs.y.model"),
    ],
)
def test_a_model_that_does_not_fit_or_is_undefined_is_named(tree: dict[str, Any], place: str) -> None:
    assert f"budget.toml: {place}" in refusal(tree)


def test_trials_outside_the_domain_of_a_model_are_refused_by_name() -> None:
    said = refusal(with_model("log(a/b)", "1", a={"value": 1, "unit": "mm", "u": 0.9}))
    assert "outputs.y.model" in said
    assert "domain" in said


def test_an_uncertainty_too_small_to_reckon_with_is_refused_and_not_nought() -> None:
    assert "inputs.a: " in refusal(with_model("a", a={"value": 1e-300, "unit": "mm", "u": 1e-200}))
    assert "outputs.y: " in refusal(with_model("1e-90*a", a={"value": 1, "unit": "mm", "u": 0.1}))


def test_an_uncertainty_too_large_to_reckon_with_is_refused_and_not_infinite() -> None:
    assert "inputs.a: " in refusal(with_model("a", a={"value": 1, "unit": "mm", "u": 1e155}))
    assert "outputs.y: " in refusal(with_model("a*1e90", a={"value": 1, "unit": "mm", "u": 0.1}))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-70, 1e70])
def test_degrees_of_freedom_do_not_hang_on_the_size_of_the_numbers(size: float) -> None:
    inputs = {name: {"value": size, "u": u * size, "dof": 4} for name, u in (("a", 0.1), ("b", 0.2))}
    (result,) = of({"outputs": {"y": {"model": "a + b"}}, "inputs": inputs}).results
    assert result.dof == pytest.approx(25 / (1 / 4 + 16 / 4))


def test_the_second_of_two_outputs_is_the_one_that_is_undefined() -> None:
    outputs = {"y": {"model": "a", "unit": "mm"}, "z": {"model": "1/(a - 1.5*b/2)", "unit": "1/mm"}}
    assert "outputs.z.model" in refusal(small() | {"outputs": outputs})


def test_limits_of_an_exact_output_are_refused() -> None:
    tree = small(
        a={"value": 1, "unit": "mm"}, b={"value": 2, "unit": "mm"}, c={"value": 2, "unit": "mm", "u": 1}
    )
    assert "conformity.y" in refusal(tree | {"conformity": {"y": {"upper": 4}}})


# ---- Monte Carlo and conformity ----------------------------------------------------------------------------------


def test_a_coverage_that_takes_too_many_adaptive_trials_is_refused_by_its_key() -> None:
    said = refusal(small() | {"coverage": 0.9999999, "monte_carlo": {}})
    assert "coverage: " in said
    assert "state how many trials" in said


def test_more_trials_of_all_outputs_than_memory_holds_are_refused_by_their_key() -> None:
    outputs = {f"y{k}": {"model": "a", "unit": "mm"} for k in range(16)}
    said = refusal(small() | {"outputs": outputs, "monte_carlo": {"trials": 200_000_000}})
    assert "monte_carlo.trials: " in said
    assert "at most 16777216" in said


def test_a_result_correlates_with_itself_by_exactly_one_in_trials() -> None:
    outputs = {"y": {"model": "a + b", "unit": "mm"}, "z": {"model": "a - b/3", "unit": "mm"}}
    monte_carlo = of(small() | {"outputs": outputs}).monte_carlo
    assert monte_carlo is not None
    assert monte_carlo.correlation.diagonal().tolist() == [1.0, 1.0]


def test_a_normal_with_finite_dof_is_drawn_as_stated_and_noted() -> None:
    budget = of(small(a={"value": 1.5, "unit": "mm", "u": 0.1, "dof": 3}))
    assert any(note.at == "monte_carlo" and "6.4.9.7" in note.en for note in budget.notes)
    assert budget.monte_carlo is not None
    assert budget.monte_carlo.outputs["y"].u == pytest.approx(budget.results[0].u, rel=0.02)


def test_trials_that_cannot_settle_say_that_a_t_of_two_dof_has_no_standard_deviation() -> None:
    budget = of(small(a={"value": 1.5, "unit": "mm", "distribution": "t", "scale": 0.1, "dof": 2}))
    assert any("no standard deviation" in note.en for note in budget.notes)


def test_the_shortest_interval_is_no_longer_than_the_symmetric_one() -> None:
    wide = {"value": 1, "unit": "mm", "distribution": "exponential"}
    tree = with_model("a", a=wide)
    lengths = []
    for interval in ("symmetric", "shortest"):
        monte_carlo = of(tree | {"monte_carlo": {"trials": 20000, "interval": interval}}).monte_carlo
        assert monte_carlo is not None
        low, high = monte_carlo.outputs["y"].interval
        lengths.append(high - low)
    assert lengths[1] < 0.9 * lengths[0]


def test_a_decision_stands_beside_the_share_of_trials_between_the_limits() -> None:
    budget = of(small() | {"conformity": {"y": {"lower": 3.0, "upper": 4.0, "rule": "ILAC-G8"}}})
    decision = budget.conformity["y"]
    assert decision.verdict is Verdict.CONFORMING
    assert decision.acceptance == pytest.approx((3 + budget.results[0].U, 4 - budget.results[0].U))
    assert decision.by_trials == pytest.approx(decision.probability, abs=0.01)


def test_limits_on_one_side_are_null_on_the_other() -> None:
    found = as_json(of(small() | {"conformity": {"y": {"upper": 4.0, "rule": "guarded", "r": 1}}}))[
        "conformity"
    ]["y"]
    assert found["acceptance"][0] is None
    assert found["acceptance"][1] < 4
    assert found["verdict"] == "conforming"


def test_nothing_is_accepted_where_the_guard_bands_meet() -> None:
    found = as_json(
        of(small() | {"conformity": {"y": {"lower": 3.4, "upper": 3.6, "rule": "guarded", "w": 0.2}}})
    )
    assert found["conformity"]["y"]["acceptance"] is None


# ---- the same again ----------------------------------------------------------------------------------------------


def test_the_same_file_gives_the_same_bytes() -> None:
    file = read_budget(FILES / "complex.toml")
    assert as_bytes(evaluate(file)) == as_bytes(evaluate(file))


def test_another_seed_draws_other_trials() -> None:
    one, other = (as_json(of(small() | {"monte_carlo": FEW | {"seed": seed}})) for seed in (1, 2))
    assert one["outputs"] == other["outputs"]
    assert one["monte_carlo"]["outputs"] != other["monte_carlo"]["outputs"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sums)
def test_any_sum_that_can_be_read_is_evaluated_or_refused_by_its_key(tree: dict[str, Any]) -> None:
    try:
        budget = of(tree)
    except BadBudget as error:
        assert "conformity.y" in str(error) or "cannot be reckoned with" in str(error)
        return
    for result in budget.results:
        assert result.linear_enough
        if result.u > 0:
            assert sum(row.share for row in result.rows) == pytest.approx(1, abs=1e-6)
    assert as_bytes(budget).endswith(b"}\n")
