"""Budgets as trees of keys, to write as TOML or as a sheet: made small for one test, or drawn at random."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from quanheng.work.budget.budget_file import BudgetFile
from quanheng.work.budget.errors import BadBudget
from quanheng.work.budget.reading import parse_budget

Tree = dict[str, Any]
SMALL: Tree = {
    "coverage": 0.95,
    "outputs": {"y": {"model": "a + b", "unit": "mm"}},
    "inputs": {"a": {"value": 1.5, "unit": "mm", "u": 0.1}, "b": {"value": 2, "unit": "mm", "u": 0.2}},
}


def small(**inputs: Any) -> Tree:
    """A sound budget; `inputs` replaces those of that name, or adds."""
    tree = copy.deepcopy(SMALL)
    tree["inputs"] |= inputs
    return tree


def full() -> Tree:
    """A sound budget with everything that a sheet has a place for."""
    tree = small(
        d={"unit": "mm", "readings": [1.5, 1.75, 1.25]},
        z={"unit": "1", "value": {"re": 1, "im": 0.5, "u_re": 0.1}},
        h={"value": 0, "unit": "mm", "effects": [{"name": "p", "u": 1}, {"name": "q", "u": 2}]},
    )
    tree["correlation"] = [{"between": ["a", "b"], "r": 0.25}]
    tree["monte_carlo"] = {"trials": 5000, "seed": 3}
    tree["conformity"] = {"y": {"upper": 5, "rule": "simple"}}
    return tree


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values in a tree but itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from paths(each, (*path, key))


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return "nan" if math.isnan(value) else repr(value)
        case Mapping():
            return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return str(value)


def toml_bytes(tree: Tree) -> bytes:
    return "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in tree.items()).encode()


def parsed(tree: Tree) -> BudgetFile:
    return parse_budget(toml_bytes(tree), "budget.toml")


def refusals(data: bytes, name: str = "budget.toml") -> list[str]:
    """What a file is refused for, a line each."""
    try:
        parse_budget(data, name)
    except BadBudget as error:
        return str(error).splitlines()
    return []


# ---- at random -----------------------------------------------------------------------------------------------------

numbers = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12) | st.integers(-(10**9), 10**9)
positive = st.floats(1e-9, 1e9) | st.integers(1, 1000)
degrees = st.just(math.inf) | st.floats(2.5, 1e4) | st.integers(3, 100)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).map(
    lambda text: "w" + text.strip()
)
units = st.sampled_from(["mm", "nm", "K", "1/K", "mg/L", "Ω", "1"])
VALUE, WIDTH = {"value": numbers}, {"half_width": positive}
SIZES = st.one_of(
    st.fixed_dictionaries(
        {"u": positive}, optional={"distribution": st.sampled_from(["normal", "rectangular"])}
    ),
    st.fixed_dictionaries({"U": positive, "k": positive}),
    st.fixed_dictionaries(
        {**WIDTH, "distribution": st.sampled_from(["rectangular", "triangular", "arcsine"])}
    ),
    positive.flatmap(
        lambda a: st.sampled_from([("trapezoidal", "top"), ("ctrap", "inexactness")]).map(
            lambda each: {"distribution": each[0], "half_width": a, each[1]: a / 4}
        )
    ),
    st.fixed_dictionaries({"distribution": st.just("t"), "scale": positive, "dof": degrees}),
    st.fixed_dictionaries({"distribution": st.just("t"), "u": positive, "dof": degrees}),
)
MORE = {"dof": degrees, "source": st.none()}


def without_none(table: Tree) -> Tree:
    return {key: value for key, value in table.items() if value is not None}


effects = st.lists(st.tuples(words, SIZES), min_size=1, max_size=3, unique_by=lambda each: each[0]).map(
    lambda pairs: [{"name": name, **size} for name, size in pairs]
)
stated = st.tuples(st.fixed_dictionaries(VALUE), SIZES).map(lambda each: each[0] | each[1])
limits = st.tuples(numbers, positive).map(
    lambda each: {
        "distribution": "rectangular",
        "lower": each[0],
        "upper": each[0] + 2 * abs(each[0]) + each[1],
    }
)
readings = st.fixed_dictionaries(
    # as `numbers`: of two that are nearer than that, s² is no number
    {
        "readings": st.lists(
            st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-12),
            min_size=2,
            max_size=5,
            unique=True,
        )
    },
    optional={"pooled_s": positive},
)
exact = st.fixed_dictionaries(VALUE)
counted = st.fixed_dictionaries({"distribution": st.just("gamma"), "count": st.integers(0, 10**6)})
summed = st.tuples(st.fixed_dictionaries(VALUE), effects).map(lambda each: each[0] | {"effects": each[1]})
cartesian = st.fixed_dictionaries(
    {"re": numbers, "im": numbers}, optional={"u_re": positive, "u_im": positive}
).map(lambda value: {"value": value})
polar = st.fixed_dictionaries(
    {"modulus": positive, "argument": st.floats(-3, 3)}, optional={"u_modulus": positive}
).map(lambda value: {"value": value})
table = st.tuples(
    st.one_of(stated, limits, readings, exact, counted, summed, cartesian, polar), units, st.none() | words
).map(lambda each: without_none(each[0] | {"unit": each[1], "source": each[2]}))
names = st.from_regex(r"[a-z]{1,3}_[0-9]", fullmatch=True)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any sound budget, as keys."""
    inputs = draw(st.dictionaries(names, table, min_size=1, max_size=4))
    for index, each in enumerate(inputs.values()):
        if "source" in each:  # one source has one distribution
            each["source"] += f" {index}"
    tree: Tree = {
        "outputs": {"y": {"model": " + ".join(inputs), "unit": draw(units)}},
        "inputs": inputs,
        "monte_carlo": {
            "trials": draw(st.just("adaptive") | st.integers(1000, 10**6)),
            "seed": draw(st.integers(0, 2**31)),
            "interval": draw(st.sampled_from(["symmetric", "shortest"])),
        },
        "conformity": {"y": {"upper": draw(numbers), "rule": "guarded", "r": draw(st.floats(0, 2))}},
    }
    if draw(st.booleans()):
        tree = {"title": draw(words), "coverage": draw(st.floats(0.5, 0.999)), **tree}
    uncertain = [name for name, each in inputs.items() if "u" in each or "half_width" in each]
    if len(uncertain) > 1:
        tree["correlation"] = [{"between": uncertain[:2], "r": draw(st.floats(-1, 1))}]
    return tree
