"""What a budget file is refused for, each with its key and what would be right."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path
from typing import Any

import pytest
from budget_trees import SMALL, Tree, full, paths, refusals, small, toml_bytes

from quanheng.measure.quantity.monte_carlo import MOST_TRIALS
from quanheng.work.budget.errors import AT_MOST, BadBudget
from quanheng.work.budget.reading import LARGEST, read_budget

EFFECT = {"name": "p", "u": 1}


def of_b(**table: Any) -> Tree:
    return small(b={"value": 2, "unit": "mm", **table})


def plain(**table: Any) -> Tree:
    """b without a value."""
    return small(b={"unit": "mm", **table})


def top(**tables: Any) -> Tree:
    return {**small(), **tables}


def outputs(**models: str) -> Tree:
    return top(outputs={name: {"model": model, "unit": "mm"} for name, model in models.items()})


def pair(*names: Any, **more: Any) -> Tree:
    return top(correlation=[{"between": list(names), "r": 0.5, **more}])


def judged(**table: Any) -> Tree:
    return top(conformity={"y": {"upper": 5, **table}})


def complex_(**value: Any) -> Tree:
    return small(b={"value": value, "unit": "mm"})


# a budget with one thing wrong, and what the one line that tells it must hold
FAULTS: list[tuple[Tree, list[str]]] = [
    # keys
    (top(covrage=0.9), ["covrage", "coverage"]),
    (of_b(u=1, halfwidth=1), ["inputs.b.halfwidth", "half_width"]),
    (top(outputs={"y": {"model": "a", "units": "mm"}}), ["outputs.y.units", "unit"]),
    (top(monte_carlo={"trial": 1000}), ["monte_carlo.trial", "trials"]),
    (judged(limit=4), ["conformity.y.limit"]),
    (pair("a", "b", rho=1), ["correlation #1.rho"]),
    (of_b(effects=[{**EFFECT, "unit": "mm"}]), ["inputs.b.effects #1.unit"]),
    # types
    (of_b(u="0.1"), ["inputs.b.u", '"0.1"', "数", "number"]),
    (of_b(u=True), ["inputs.b.u", "true"]),
    (of_b(u=[1]), ["inputs.b.u", "[1]"]),
    (small(b=3), ["inputs.b", "3", "{ … }"]),
    ({"outputs": {"y": {"model": "pi"}}, "inputs": [1]}, ["inputs", "{ … }"]),
    (top(correlation={"between": ["a", "b"], "r": 0}), ["correlation", "[ {…}, … ]"]),
    (top(title=3), ["title", "3"]),
    (top(title="  "), ["title"]),
    (of_b(u=1, source=7), ["inputs.b.source", "7"]),
    (of_b(effects=[]), ["inputs.b.effects"]),
    (of_b(effects=[{"u": 1}]), ["inputs.b.effects #1.name"]),
    (of_b(effects=[EFFECT, EFFECT]), ["inputs.b.effects #2.name", "p"]),
    # sizes
    (of_b(u=0), ["inputs.b.u", "0", "大于 0", "above 0"]),
    (of_b(u=-0.2), ["inputs.b.u", "-0.2"]),
    (of_b(u=math.nan), ["inputs.b.u", "nan", "finite"]),
    (of_b(u=math.inf), ["inputs.b.u", "inf", "finite"]),
    (of_b(u=10**400), ["inputs.b.u", "finite"]),
    (small(b={"value": math.nan, "unit": "mm"}), ["inputs.b.value", "nan"]),
    (of_b(u=1, dof=0.5), ["inputs.b.dof", "0.5", "1"]),
    (of_b(u=1, dof=-math.inf), ["inputs.b.dof"]),
    (of_b(dof=5), ["inputs.b", "u"]),
    (of_b(U=1), ["inputs.b.k", "U"]),
    (of_b(k=2), ["inputs.b", "U"]),
    (of_b(U=1, k=0), ["inputs.b.k", "0"]),
    (of_b(U=1e-308, k=1e300), ["inputs.b", "0.0"]),
    (of_b(u=1, U=1, k=2), ["inputs.b.U", "u"]),
    (of_b(u=1, u_rel=1), ["inputs.b.u_rel", "u"]),
    (small(b={"value": 0, "unit": "mm", "u_rel": 0.1}), ["inputs.b.u_rel", "0"]),
    (small(b={"value": 20, "unit": "°C", "u_rel": 0.1}), ["inputs.b.u_rel", "°C"]),
    # distributions
    (of_b(u=1, distribution="gaussian"), ["inputs.b.distribution", "gaussian", "normal"]),
    (of_b(u=1, distribution="rect"), ["inputs.b.distribution", "rect", "rectangular"]),
    (of_b(half_width=1), ["inputs.b.half_width", "normal", "rectangular"]),
    (of_b(distribution="rectangular"), ["inputs.b", "half_width"]),
    (of_b(distribution="rectangular", half_width=-1), ["inputs.b.half_width", "-1"]),
    (of_b(distribution="rectangular", half_width=1, u=1), ["inputs.b.half_width", "u"]),
    (of_b(distribution="rectangular", half_width=1, top=1), ["inputs.b.top", "trapezoidal"]),
    (of_b(distribution="rectangular", lower=1, upper=2), ["inputs.b.value", "1.5"]),
    (plain(distribution="rectangular", lower=2, upper=1), ["inputs.b.lower", "2", "1"]),
    (plain(distribution="rectangular", lower=2), ["inputs.b.upper", "lower"]),
    (of_b(distribution="trapezoidal", half_width=1), ["inputs.b.top"]),
    (of_b(distribution="trapezoidal", half_width=1, top=2), ["inputs.b.top", "2", "1"]),
    (of_b(distribution="ctrap", half_width=1, inexactness=-1), ["inputs.b.inexactness", "-1"]),
    (of_b(distribution="t", scale=1), ["inputs.b.dof"]),
    (of_b(distribution="t", scale=1, u=1, dof=5), ["inputs.b.scale", "u"]),
    (of_b(distribution="t", u=1, dof=2), ["inputs.b.dof", "2", "scale"]),
    (of_b(u=1, scale=1), ["inputs.b.scale"]),
    (of_b(distribution="exponential", u=1), ["inputs.b.u", "exponential"]),
    (small(b={"value": -1, "unit": "mm", "distribution": "exponential"}), ["inputs.b.value", "-1"]),
    (of_b(distribution="gamma"), ["inputs.b", "count"]),
    (of_b(distribution="gamma", count=-1), ["inputs.b.count", "-1"]),
    (of_b(distribution="gamma", count=1.5), ["inputs.b.count", "1.5"]),
    (
        of_b(effects=[{"name": "p", "distribution": "gamma", "count": 3}]),
        ["inputs.b.effects #1.distribution"],
    ),
    (
        of_b(effects=[{"name": "p", "distribution": "rectangular", "lower": 0, "upper": 1}]),
        ["inputs.b.effects #1.lower", "value"],
    ),
    (plain(), ["inputs.b.value"]),
    # readings
    (plain(readings=[]), ["inputs.b.readings"]),
    (plain(readings=5), ["inputs.b.readings"]),
    (plain(readings=[5]), ["inputs.b.readings", "pooled_s"]),
    (plain(readings=[5, 5, 5]), ["inputs.b.readings", "effects"]),
    (plain(readings=[0, 4e-264]), ["inputs.b.readings", "effects"]),
    (plain(readings=[5, "6"]), ["inputs.b.readings #2", '"6"']),
    (plain(readings=[5, math.nan]), ["inputs.b.readings #2", "nan"]),
    (plain(readings=[1e308, -1e308]), ["inputs.b.readings"]),
    (plain(readings=[5, 6], u=1), ["inputs.b.u", "readings", "effects"]),
    (plain(readings=[5, 6], dof=1), ["inputs.b.dof", "readings"]),
    (of_b(readings=[1, 3]), ["inputs.b.value", "readings"]),
    (plain(readings=[5, 6], distribution="normal"), ["inputs.b.distribution", "t"]),
    (plain(readings=[5, 6], pooled_s=0), ["inputs.b.pooled_s", "0"]),
    (plain(readings=[5, 6], pooled_dof=4), ["inputs.b.pooled_s", "pooled_dof"]),
    (of_b(pooled_s=4), ["inputs.b.readings", "pooled_s"]),
    # complex
    (complex_(re=1), ["inputs.b.value.im"]),
    (complex_(re=1, im=1, u_re=0), ["inputs.b.value.u_re", "0"]),
    (complex_(re=1, im=1, u_re=1, u_im=1, r=1.5), ["inputs.b.value.r", "1.5"]),
    (complex_(re=1, im=1, u_re=1, r=0.5), ["inputs.b.value.r", "u_im"]),
    (complex_(modulus=-1, argument=0), ["inputs.b.value.modulus", "-1"]),
    (complex_(modulus=1, argument=0, im=0), ["inputs.b.value.im"]),
    (small(b={"value": {"re": 1, "im": 1}, "unit": "mm", "u": 1}), ["inputs.b.u", "u_re"]),
    (
        small(b={"value": {"re": 1, "im": 1}, "unit": "mm", "distribution": "t"}),
        ["inputs.b.distribution", "normal"],
    ),
    # units
    (small(b={"value": 2, "unit": "furlong"}), ["inputs.b.unit", "furlong"]),
    (top(outputs={"y": {"model": "a", "unit": "%%"}}), ["outputs.y.unit", "%%"]),
    # names
    (small(**{"2d": {"value": 1}}), ["inputs.2d", "2d", "letter"]),
    (small(**{"a b": {"value": 1}}), ['inputs."a b"', "letter"]),
    (small(**{"lambda": {"value": 1}}), ["inputs.lambda", "lambda_"]),
    (small(sin={"value": 1}), ["inputs.sin", "sin_"]),
    (small(pi={"value": 1}), ["inputs.pi", "pi_"]),
    (small(y={"value": 1}), ["outputs.y", "inputs"]),
    # models
    ({"inputs": SMALL["inputs"]}, ["outputs"]),
    (top(outputs={"y": {"unit": "mm"}}), ["outputs.y.model"]),
    (outputs(y="a + bb"), ["outputs.y.model", "bb", "b"]),
    (outputs(y="a +"), ["outputs.y.model", "语法", "syntax"]),
    (outputs(y="tang(a)"), ["outputs.y.model", "tang", "tan"]),
    (outputs(y="sqrt(a, b)"), ["outputs.y.model", "sqrt"]),
    (outputs(y="__import__('os').system('true')"), ["outputs.y.model"]),
    (outputs(y="a.real"), ["outputs.y.model"]),
    (outputs(y="a if a else b"), ["outputs.y.model"]),
    (outputs(y="y + a"), ["outputs.y.model", "y → y"]),
    (outputs(y="a/0"), ["outputs.y.model", "divide(1, 0) is undefined"]),
    (outputs(y="a", z="0**b + y"), ["outputs.z.model", "log(0) is undefined"]),
    (outputs(y="a*z", z="x + b", x="2*y"), ["model", "y → z → x → y"]),
    # correlations
    (pair("a", "bb"), ["correlation #1.between", "bb", "b"]),
    (pair("a", "y"), ["correlation #1.between", "y"]),
    (pair("a"), ["correlation #1.between"]),
    (pair("a", "a"), ["correlation #1.between", "a"]),
    (pair("a", "b", r=1.01), ["correlation #1.r", "1.01"]),
    (top(correlation=[{"between": ["a", "b"]}]), ["correlation #1.r"]),
    (
        top(correlation=[{"between": ["a", "b"], "r": 0.5}, {"between": ["b", "a"], "r": 0.4}]),
        ["correlation #2.between", "a", "b"],
    ),
    (
        small(b={"value": 1, "unit": "mm"}) | {"correlation": [{"between": ["a", "b"], "r": 0}]},
        ["between", "b"],
    ),
    (complex_(re=1, im=1, u_re=1) | {"correlation": [{"between": ["a", "b"], "r": 0}]}, ["between", "复数"]),
    # sources
    (
        small(b={"value": 1, "u": 1, "source": "s"}, d={"value": 1, "u": 1, "dof": 9, "source": "s"}),
        ["inputs.d.source", "b", "s"],
    ),
    (
        small(a={"value": 1, "u": 1, "source": "s"}, b={"value": 1, "u": 2, "source": "s"})
        | {"correlation": [{"between": ["a", "b"], "r": 0.5}]},
        ["correlation #1.r", "s"],
    ),
    # the rest
    (top(coverage=95), ["coverage", "95", "0.95"]),
    (top(coverage=1.0), ["coverage", "1"]),
    (top(coverage=0), ["coverage", "0"]),
    (top(coverage=1e-17), ["coverage", "1e-17", "0.01", "0.95"]),
    (top(monte_carlo={"trials": 0}), ["monte_carlo.trials", "0", "adaptive"]),
    (top(monte_carlo={"trials": 10.5}), ["monte_carlo.trials", "10.5"]),
    (top(monte_carlo={"trials": 10**12}), ["monte_carlo.trials"]),
    (top(monte_carlo={"trials": MOST_TRIALS + 1}), ["monte_carlo.trials", str(MOST_TRIALS)]),
    (top(monte_carlo={"trials": "many"}), ["monte_carlo.trials", "many"]),
    (top(monte_carlo={"seed": -1}), ["monte_carlo.seed", "-1"]),
    (top(monte_carlo={"seed": 1.5}), ["monte_carlo.seed", "1.5"]),
    (top(monte_carlo={"interval": "short"}), ["monte_carlo.interval", "short", "shortest"]),
    (top(conformity={"z": {"upper": 1}}), ["conformity.z", "z", "y"]),
    (judged(lower=5), ["conformity.y.lower", "5"]),
    (top(conformity={"y": {"rule": "simple"}}), ["conformity.y", "lower", "upper"]),
    (judged(rule="ISO 1425"), ["conformity.y.rule", "ISO 14253-1"]),
    (judged(rule="guarded"), ["conformity.y.rule", "r", "w"]),
    (judged(rule="guarded", r=1, w=1), ["conformity.y.rule", "r", "w"]),
    (judged(rule="simple", w=1), ["conformity.y.w", "simple"]),
    (judged(rule="specific risk", risk=0.7), ["conformity.y.risk", "0.7"]),
]


@pytest.mark.parametrize(("tree", "told"), FAULTS, ids=[" ".join(told) for _, told in FAULTS])
def test_one_fault_is_one_line_that_names_its_key_in_both_languages(tree: Tree, told: list[str]) -> None:
    (line,) = refusals(toml_bytes(tree))
    file, _, message = line.partition(": ")
    assert file == "budget.toml"
    assert not [each for each in told if each not in message]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in message)
    assert " / " in message


def test_correlations_that_cannot_be_together_name_a_pair_to_look_at() -> None:
    tree = small(d={"value": 1, "u": 1})
    pairs = [("a", "b", 0.9), ("b", "d", 0.9), ("a", "d", -0.9)]
    tree["correlation"] = [{"between": [p, q], "r": r} for p, q, r in pairs]
    (line,) = refusals(toml_bytes(tree))
    assert re.search(r"correlation #[123]\.r: .*look first at [abd] and [abd], r = -?0\.9", line)


def test_correlations_count_what_sources_correlate_already() -> None:
    tree = small(
        a={"value": 1, "u": 1, "source": "s"}, b={"value": 1, "u": 1, "source": "s"}, d={"value": 1, "u": 1}
    )
    tree["correlation"] = [{"between": ["a", "d"], "r": 0.9}, {"between": ["b", "d"], "r": -0.9}]
    (line,) = refusals(toml_bytes(tree))
    assert re.search(r"correlation #[12]\.r: ", line)


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    tree = {
        "coverage": 2,
        "outputs": {"y": {"model": "a + q", "unit": "mm"}},
        "inputs": {"a": {"value": 1, "u": 0}, "b": {"valu": 1, "distribution": "rect"}},
        "correlation": [{"between": ["a", "q"], "r": 3}],
        "monte_carlo": {"seed": "x"},
    }
    keys = [line.split(": ")[1] for line in refusals(toml_bytes(tree))]
    assert keys == [
        "coverage",
        "outputs.y.model",
        "inputs.a.u",
        "inputs.b.value",
        "inputs.b.valu",
        "inputs.b.distribution",
        "correlation #1.between",
        "correlation #1.r",
        "monte_carlo.seed",
    ]


def test_of_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    tree = small(**{f"x{k}": {"value": 1, "u": 0} for k in range(AT_MOST + 3)})
    lines = refusals(toml_bytes(tree))
    assert len(lines) == AT_MOST + 1
    assert lines[-1].endswith("另有 3 处 / and 3 more")


JUNK: list[Any] = [
    *(
        True,
        0,
        -1,
        2.5,
        10**400,
        1e308,
        5e-324,
        math.inf,
        math.nan,
        "",
        " ",
        "x",
        "a",
        "a*b",
        "1/0",
        "gamma",
        "°C",
    ),
    *([], {}, [[]], [{}], [1, 2], ["a", "b"], {"re": 1}, {"modulus": 1}, {"x": {}}),
]


def test_whatever_stands_at_a_key_the_file_is_a_budget_or_is_refused() -> None:
    for path in paths(full()):
        for junk in JUNK:
            tree = full()
            table: Any = tree
            for key in path[:-1]:
                table = table[key]
            table[path[-1]] = copy.deepcopy(junk)
            assert isinstance(refusals(toml_bytes(tree)), list)


SYNTAX: list[tuple[bytes, list[str]]] = [
    (b'title = "x"\nmodel == 3\n', ["第 2 行第 8 列", "line 2, column 8", "model == 3"]),
    (b"a = 1\na = 2\n", ["line 2"]),
    (b"[inputs.a]\nvalue = 1.2.3", ["line 2"]),
    (b'title = "open', ["TOML"]),
    (b"[a]\n[a]\n", ["line 2"]),
    (b"x = " + b"[" * 100_000, ["过深"]),
    (b"x = " + b"9" * 5_000, ["TOML"]),
    (b'title = "x"\nsource = "\xd6\xa4\xca\xe9"', ["第 2 行", "UTF-8"]),
    (b"\x00\x01\x02", ["line 1"]),
    ("[inputs.电压]\nvalue = 1".encode(), ["第 1 行第 9 列", '须加引号："电压"', 'stands in quotes: "电压"']),
    ("[inputs]\nV电 = { value = 1 }".encode(), ['须加引号："V电"', 'stands in quotes: "V电"']),
]


@pytest.mark.parametrize(("data", "told"), SYNTAX)
def test_what_is_not_toml_is_told_with_line_and_column(data: bytes, told: list[str]) -> None:
    (line,) = refusals(data)
    assert not [each for each in told if each not in line]


def test_an_empty_file_lacks_outputs() -> None:
    (line,) = refusals(b"")
    assert "outputs" in line


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadBudget, match="cannot be read") as caught:
            read_budget(path)
        assert str(path) in str(caught.value)
        assert caught.value.status == 2


def test_a_file_too_large_for_a_budget_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(LARGEST * 100)
    with pytest.raises(BadBudget, match="16 MB"):
        read_budget(path)
