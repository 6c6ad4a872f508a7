"""The graph of a model: its derivatives beside differences, its tape on numbers and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.graph import ALIASES, MADE_OF, PARTIALS, Graph, gradient
from quanheng.measure.quantity.operations import OPERATIONS
from quanheng.measure.quantity.tape import tape

# points at which an operation and its derivatives exist
AT: dict[str, tuple[float, ...]] = {"arccosh": (1.7,), "arctan2": (-0.4, -1.3), "power": (1.7, -2.3)}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "sign"])
def test_the_derivative_of_every_operation_is_that_of_differences(name: str) -> None:
    operation = OPERATIONS[name]
    at = AT.get(name, (0.37, -1.3)[: operation.arity])
    graph = Graph()
    inputs = [graph.input(f"x{k}") for k in range(operation.arity)]
    found = gradient(graph.apply(name, *inputs), inputs)
    run = tape([node for node in found if node is not None], [f"x{k}" for k in range(operation.arity)], graph)
    step = 1e-6
    for k, derivative in enumerate(run.numbers(at)):
        up, down = ([x + s * (i == k) for i, x in enumerate(at)] for s in (step, -step))
        difference = (operation.number(*up) - operation.number(*down)) / (2 * step)
        assert derivative == pytest.approx(difference, rel=1e-7)


def test_every_operation_has_a_derivative() -> None:
    assert PARTIALS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(set(MADE_OF) | set(ALIASES)))
def test_other_names_of_numpy_mean_what_they_mean_there(name: str) -> None:
    graph = Graph()
    x = graph.input("x")
    terms = (x, graph.constant(2.0)) if name in ("true_divide", "float_power") else (x,)
    (found,) = tape([graph.apply(name, *terms)], ["x"], graph).numbers([0.7])
    # np.abs is a name of np.absolute
    assert found == pytest.approx(getattr(np, name)(*(0.7, 2.0)[: len(terms)]), rel=1e-15)


def test_a_power_with_a_whole_exponent_has_a_derivative_below_zero() -> None:
    graph = Graph()
    x = graph.input("x")
    for exponent in (1.0, 2.0, 3.0, -1.0):
        (d,) = gradient(x**exponent, [x])
        assert d is not None
        assert tape([d], ["x"], graph).numbers([-2.0]) == [exponent * (-2.0) ** (exponent - 1)]


def test_equal_terms_are_one() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    count = len((graph.input("x") * y + np.sin(x), graph)[1].entries)
    assert (x * y + np.sin(x)).place == count - 1
    assert len(graph.entries) == count


def test_a_term_that_does_not_matter_has_no_derivative() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    found = gradient(x * 2.0, [x, y])
    assert found[0] is not None
    assert found[0].entry.constant == 2.0
    assert found[1] is None


def test_a_constant_power_of_nought_has_no_derivative() -> None:
    graph = Graph()
    x = graph.input("x")
    assert gradient(x**0.0, [x]) == [None]


def test_variables_of_two_models_do_not_mix() -> None:
    with pytest.raises(InvalidModel, match="two models"):
        Graph().input("x") + Graph().input("x")


def test_a_tape_holds_only_what_its_outputs_need() -> None:
    graph = Graph()
    x = graph.input("x")
    np.exp(x)
    assert len(tape([x * 3.0], ["x"], graph).code) == 1


def test_an_input_can_be_an_output() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    assert tape([y, x, graph.constant(3.0)], ["x", "y"], graph).numbers([1.0, 2.0]) == [2.0, 1.0, 3.0]


# ---- random models: complex steps need no differences, and are exact -------------------------------------------

STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (b * b + 1.0),
    "power": lambda a, b: (a * a + 1.0) ** np.sin(b),
    "sin": lambda a, b: np.sin(a),
    "cos": lambda a, b: np.cos(a),
    "exp": lambda a, b: np.exp(np.sin(a)),
    "log": lambda a, b: np.log(a * a + 1.0),
    "sqrt": lambda a, b: np.sqrt(a * a + 1.0),
    "tanh": lambda a, b: np.tanh(a),
    "arctan": lambda a, b: np.arctan(a),
    "arcsinh": lambda a, b: np.arcsinh(a),
    "cosh": lambda a, b: np.cosh(np.sin(a)),
    "log1p": lambda a, b: np.log1p(a * a),
    "expm1": lambda a, b: np.expm1(np.sin(a)),
    "exp2": lambda a, b: np.exp2(np.cos(a)),
    "negative": lambda a, b: -a,
}
steps = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8
)
points = st.lists(st.floats(-2, 2), min_size=3, max_size=3)


def run(program: list[tuple[str, int, int]], terms: list[Any]) -> Any:
    for name, i, j in program:
        terms = [*terms, STEPS[name](terms[i % len(terms)], terms[j % len(terms)])]
    return terms[-1]


@settings(max_examples=150, deadline=None)
@given(steps, points)
def test_gradients_of_random_models_are_those_of_complex_steps(
    program: list[tuple[str, int, int]], at: list[float]
) -> None:
    graph = Graph()
    inputs = [graph.input(name) for name in "xyz"]
    found = gradient(run(program, list(inputs)), inputs)
    for k, node in enumerate(found):
        with np.errstate(all="ignore"):
            shifted = run(program, [complex(x, 1e-30 * (i == k)) for i, x in enumerate(at)])
        expected = np.imag(shifted) / 1e-30
        assume(np.isfinite(expected) and abs(expected) < 1e12)
        derivative = tape([node], "xyz", graph).numbers(at)[0] if node is not None else 0.0
        assert derivative == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(steps, st.lists(points, min_size=1, max_size=4))
def test_columns_are_their_numbers_one_by_one(
    program: list[tuple[str, int, int]], at: list[list[float]]
) -> None:
    graph = Graph()
    inputs = [graph.input(name) for name in "xyz"]
    output = run(program, list(inputs))
    straight = tape([output], "xyz", graph)
    (columns,) = straight.columns(list(np.array(at).T))
    try:
        numbers = [straight.numbers(row)[0] for row in at]
    except InvalidModel:
        assume(False)
    assert np.broadcast_to(columns, len(at)) == pytest.approx(numbers, rel=1e-13)
