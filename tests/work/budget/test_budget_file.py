"""What the keys of a budget file mean."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from budget_trees import parsed, small, toml_bytes

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import (
    Arcsine,
    CTrap,
    Exponential,
    Gamma,
    Normal,
    Rectangular,
    Shape,
    StudentT,
    Trapezoidal,
    Triangular,
)
from quanheng.work.budget.budget_file import Cartesian, EffectSpec, InputSpec, Polar, Title, dotted
from quanheng.work.budget.errors import BadBudget
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import parse_budget, read_budget

FILES = Path(__file__).parent / "files"


def read(**table: Any) -> InputSpec:
    return parsed(small(b={"unit": "mm", **table})).inputs["b"]


def effect(**table: Any) -> EffectSpec:
    (only,) = read(**table).effects
    return only


def test_an_input_of_value_and_unit_is_an_exact_constant() -> None:
    spec = read(value=3)
    assert (spec.value, spec.effects, spec.u, str(spec.unit)) == (3.0, (), 0.0, "mm")


def test_a_missing_unit_is_the_pure_number() -> None:
    tree = small(b={"value": 2})
    assert str(parsed(tree).inputs["b"].unit) == "1"


STATED: list[tuple[dict[str, Any], float, Shape, float, str]] = [
    ({"u": 0.2}, 0.2, Normal(), math.inf, "normal"),
    ({"u": 0.2, "dof": 7}, 0.2, Normal(), 7, "normal"),
    ({"u": 0.2, "dof": math.inf}, 0.2, Normal(), math.inf, "normal"),
    ({"U": 0.5, "k": 2}, 0.25, Normal(), math.inf, "normal"),
    ({"u_rel": 0.01}, 0.04, Normal(), math.inf, "normal"),
    ({"distribution": "rectangular", "half_width": 3}, math.sqrt(3), Rectangular(), math.inf, "rectangular"),
    ({"distribution": "rectangular", "u": 3}, 3, Rectangular(), math.inf, "rectangular"),
    ({"distribution": "triangular", "half_width": 6}, math.sqrt(6), Triangular(), math.inf, "triangular"),
    ({"distribution": "arcsine", "half_width": 2, "dof": 50}, math.sqrt(2), Arcsine(), 50, "arcsine"),
    (
        {"distribution": "trapezoidal", "half_width": 2, "top": 1},
        math.sqrt(5 / 6),
        Trapezoidal(0.5),
        math.inf,
        "",
    ),
    (
        {"distribution": "ctrap", "half_width": 2, "inexactness": 0.5},
        2 * math.sqrt(49 / 144),
        CTrap(0.25),
        math.inf,
        "",
    ),
    ({"distribution": "t", "scale": 0.3, "dof": 5}, 0.3, StudentT(5.0, "scale"), 5, "t"),
    ({"distribution": "t", "u": 0.3, "dof": 5}, 0.3, StudentT(5.0, "standard deviation"), math.inf, "t"),
    ({"distribution": "exponential"}, 4.0, Exponential(), math.inf, "exponential"),
    ({"distribution": "gamma", "count": 15}, 1.0, Gamma(15.0), math.inf, "gamma"),
]


@pytest.mark.parametrize(("said", "u", "shape", "dof", "distribution"), STATED)
def test_every_way_of_stating_an_uncertainty_gives_u_and_its_shape(
    said: dict[str, Any], u: float, shape: Shape, dof: float, distribution: str
) -> None:
    found = effect(value=4, **said)
    assert found.u == pytest.approx(u, rel=1e-14)
    assert (found.shape, found.dof, found.kind) == (shape, dof, "B")
    assert found.distribution == (distribution or shape.name)


def test_limits_make_the_value_their_midpoint() -> None:
    spec = read(distribution="rectangular", lower=1, upper=4)
    assert spec.value == 2.5
    assert spec.u == pytest.approx(1.5 / math.sqrt(3), rel=1e-14)


def test_the_midpoint_may_stand_beside_the_limits() -> None:
    assert read(distribution="arcsine", lower=0.1, upper=0.3, value=0.2).value == 0.2


def test_a_relative_uncertainty_is_of_the_size_of_the_value() -> None:
    assert effect(value=-50, u_rel=0.01).u == 0.5


def test_a_count_alone_is_a_value_of_one_more() -> None:
    spec = read(distribution="gamma", count=8)
    assert (spec.value, spec.u) == (9.0, 3.0)


def test_readings_give_mean_u_and_degrees_of_freedom() -> None:
    spec = read(readings=[1, 2, 3, 6])
    (found,) = spec.effects
    assert (spec.value, spec.readings) == (3.0, (1.0, 2.0, 3.0, 6.0))
    assert found.u == pytest.approx(math.sqrt(14 / 3 / 4), rel=1e-14)
    assert (found.shape, found.dof, found.kind, found.distribution) == (StudentT(3.0, "scale"), 3, "A", "t")


def test_a_pooled_standard_deviation_serves_one_reading() -> None:
    found = effect(readings=[0.02, 0.03], pooled_s=0.5, pooled_dof=12)
    assert found.u == pytest.approx(0.5 / math.sqrt(2), rel=1e-15)
    assert (found.shape, found.dof, found.kind) == (StudentT(12.0, "scale"), 12, "A")
    assert effect(readings=[0.02], pooled_s=0.5).shape == Normal()


def test_equal_readings_add_nothing_beside_their_resolution() -> None:
    resolution = {"name": "resolution", "distribution": "rectangular", "half_width": 0.5}
    spec = read(readings=[7, 7, 7], effects=[resolution])
    assert (spec.value, [each.name for each in spec.effects]) == (7.0, ["resolution"])


def test_effects_are_independent_parts_of_one_input() -> None:
    spec = read(value=0, effects=[{"name": "p", "u": 3}, {"name": "q", "u": 4, "dof": 4}])
    assert [each.name for each in spec.effects] == ["p", "q"]
    assert spec.u == 5.0


def test_an_effect_has_the_source_of_its_input_unless_it_names_another() -> None:
    spec = read(value=0, source="s", effects=[{"name": "p", "u": 3}, {"name": "q", "u": 4, "source": "t"}])
    assert [each.source for each in spec.effects] == ["s", "t"]


def test_a_complex_value_stands_by_parts_or_by_modulus_and_argument() -> None:
    inputs = read_budget(FILES / "complex.toml").inputs
    assert inputs["a"].value == Cartesian(0.012, -0.034, 0.005, 0.006, 0.3, 9.0)
    assert inputs["b"].value == Polar(0.98, 1.2, 0.01, 0.02)


def test_what_is_left_out_has_its_default() -> None:
    budget = parsed({"outputs": {"y": {"model": "2 * pi"}}})
    assert (budget.coverage, budget.title, budget.inputs) == (0.95, Title(), {})
    assert (budget.monte_carlo.trials, budget.monte_carlo.seed, budget.monte_carlo.interval) == (
        "adaptive",
        1,
        "symmetric",
    )


def test_trials_may_be_written_as_1e6() -> None:
    assert parsed({**small(), "monte_carlo": {"trials": 1e6}}).monte_carlo.trials == 1_000_000


@pytest.mark.parametrize(
    "title",
    ['title = "量块"', 'title = "量块"\n"title.en" = "Block"', 'title.zh = "量块"\ntitle.en = "Block"'],
)
def test_a_title_stands_in_one_language_or_in_two(title: str) -> None:
    found = parse_budget(f"{title}\n[outputs.y]\nmodel = '1'".encode(), "b.toml").title
    assert found == Title("量块", "Block" if "Block" in title else "量块")


def test_an_input_or_output_may_take_the_name_of_a_constant() -> None:
    tree = small(e={"value": 1, "unit": "mm"}, c={"value": 1, "unit": "mm"})
    tree["outputs"]["R"] = {"model": "a*c/e + y", "unit": "mm"}
    assert list(parsed(tree).outputs) == ["y", "R"]


def test_characters_that_look_alike_are_one_name() -> None:
    tree = small()
    tree["inputs"]["\u00b5"] = {"value": 1, "unit": "mm"}
    tree["outputs"]["y"]["model"] = "a + \u03bc"
    assert "\u03bc" in parsed(tree).inputs


@pytest.mark.parametrize("name", ["\u00b5", "\uff36", "\ufb01", "\u7535\u538b"])
def test_a_model_uses_a_name_as_its_input_spells_it(name: str) -> None:
    tree = small(**{name: {"value": 3, "unit": "1"}})
    tree["outputs"]["y"]["model"] = f"a*{name} + b"
    assert evaluate(parsed(tree), trials=False).results[0].value == pytest.approx(6.5)


def test_a_power_that_is_no_name_does_not_become_one() -> None:
    tree = small(a2={"value": 1, "unit": "mm"})
    tree["outputs"]["y"]["model"] = "a² + b"
    with pytest.raises(BadBudget, match="syntax error in column 2"):
        parsed(tree)


def test_a_model_may_run_over_several_lines() -> None:
    text = '[outputs.y]\nmodel = """\n  a\n  + b\n"""\n[inputs.a]\nvalue = 1\nu = 1\n[inputs.b]\nvalue = 2\n'
    assert evaluate(parse_budget(text.encode(), "y"), trials=False).results[0].value == 3


def test_a_rule_is_known_by_its_other_names() -> None:
    tree = {**small(), "conformity": {"y": {"upper": 4, "rule": "jjf1094-2002"}}}
    spec = parsed(tree).conformity["y"]
    assert (spec.lower, spec.upper, spec.rule) == (-math.inf, 4.0, "JJF 1094")


def test_correlation_that_cannot_be_told_from_certainty_is_taken() -> None:
    tree = {**small(), "correlation": [{"between": ["a", "b"], "r": -1}]}
    assert parsed(tree).correlations[0].r == -1.0


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    assert parse_budget(b"\xef\xbb\xbf" + toml_bytes(small()), "b.toml") == parsed(small())


def test_order_is_that_of_the_file() -> None:
    budget = read_budget(FILES / "gum_h1.toml")
    assert list(budget.inputs) == ["ls", "d0", "d1", "d2", "alphas", "dalpha", "dtheta", "theta", "Delta"]


def test_a_fault_found_later_names_the_key() -> None:
    budget = parsed(small())
    error = budget.fault(("outputs", "y", "unit"), "不是长度 / is no length")
    assert str(error) == "budget.toml: outputs.y.unit: 不是长度 / is no length"


def test_a_key_is_written_as_people_write_it() -> None:
    assert dotted(("inputs", "d x", "readings", 0)) == 'inputs."d x".readings #1'


# ---- published budgets, in SI by the core's own propagation --------------------------------------------------------

PUBLISHED = [
    ("gum_h1", "l", 50_000_838, 31.663879111008633, 1e-9),
    ("ea_s2", "m", 10000.025, 0.029147155378641442, 1e-9),
    ("ea_s3", "RX", 10000.1780007665, 0.008327960824204944, 1e-6),
    ("ea_s4", "lX", 49.999926, 36.399098889945066e-6, 1e-12),
    ("quam_a1", "c", 1002.69972, 0.8351992267684394, 1e-12),
    ("quam_a2", "c", 0.10213615970679071, 0.00010050072212400461, 1e-12),
    ("quam_a3", "c", 0.10138716120227426, 0.00018433874437622308, 1e-12),
]


@pytest.mark.parametrize(("name", "output", "y", "u", "tolerance"), PUBLISHED)
def test_published_budgets_give_their_result(
    name: str, output: str, y: float, u: float, tolerance: float
) -> None:
    budget = read_budget(FILES / f"{name}.toml")
    models = {each: spec.model for each, spec in budget.outputs.items()}
    models = {output: models.pop(output), **models}
    model = Model(models, inputs=list(budget.inputs))
    specs = [budget.inputs[each] for each in model.inputs]
    values = [spec.unit.to_si(float(spec.value)) for spec in specs]  # type: ignore[arg-type]
    found = model.propagate(values, [spec.unit.difference_to_si(spec.u) for spec in specs])
    unit = budget.outputs[output].unit
    assert unit.from_si(found[0]) == pytest.approx(y, rel=1e-12)
    assert unit.difference_from_si(found[1]) == pytest.approx(u, rel=tolerance)


def test_the_readings_of_h_2_give_its_means_and_deviations() -> None:
    inputs = read_budget(FILES / "gum_h2.toml").inputs
    assert [spec.value for spec in inputs.values()] == pytest.approx([4.999, 19.661, 1.04446], rel=1e-12)
    expected = [0.0032093613071761794, 9.471008394041335e-3, 0.0007520638270785368]
    assert [spec.u for spec in inputs.values()] == pytest.approx(expected, rel=1e-12)


def test_9_5_is_read_with_the_distributions_of_its_table() -> None:
    inputs = read_budget(FILES / "jcgm101_9_5.toml").inputs
    shapes = {name: [each.shape for each in spec.effects] for name, spec in inputs.items()}
    assert shapes == {
        "Ls": [StudentT(18.0, "scale")],
        "D": [StudentT(24.0, "scale")],
        "d1": [StudentT(5.0, "scale")],
        "d2": [StudentT(8.0, "scale")],
        "alphas": [Rectangular()],
        "theta0": [Normal()],
        "Delta": [Arcsine()],
        "dalpha": [CTrap(0.1)],
        "dtheta": [CTrap(0.5)],
        "Lnom": [],
    }
