"""Models over columns: what they make of their inputs, in one pass or row by row, real and complex."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidCorrelation, InvalidModel, InvalidUncertainty
from quanheng.measure.quantity import propagation
from quanheng.measure.quantity.model import Complex, Model
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, by_row, exact, quantity

MODEL = Model({"p": "V*I*cos(phi)", "q": "V*I*sin(phi) + k"})


def meters(n: int, seed: int = 1) -> dict[str, Uncertain]:
    """Inputs of n rows: shared, sparse, private, in an ensemble, and one for all rows."""
    rng = np.random.default_rng(seed)
    v, i = correlated([Source("v", 4), Source("i", 4)], [[1, 0.6], [0.6, 1]], declared=True)
    bench = by_row(rng.normal(1, 0.1, n), rng.uniform(0.1, 1, n), [f"bench {k % 3}" for k in range(n)])
    return {
        "V": quantity(rng.normal(220, 5, n), (rng.uniform(0.1, 1, n), v), (0.2, named("divider", dof=30))),
        "I": quantity(rng.normal(5, 1, n), (rng.uniform(0.01, 0.1, n), i), (0.02, named("shunt"))),
        "phi": Uncertain(rng.uniform(0, 1, n), bench.shared, {Source("phi", 9): rng.uniform(0.01, 0.1, n)}),
        "k": quantity(3.0, (0.5, named("zero", dof=12))),
    }


@pytest.mark.parametrize("n", [1, 2, 7])
def test_columns_give_what_their_rows_give_one_by_one(n: int) -> None:
    inputs = meters(n)
    together = MODEL(inputs)
    for row in range(n):
        alone = MODEL({name: each.take([row]) if len(each) > 1 else each for name, each in inputs.items()})
        for name in MODEL.outputs:
            assert together[name].value[row] == pytest.approx(alone[name].value[0], rel=1e-14)
            assert together[name].u[row] == pytest.approx(alone[name].u[0], rel=1e-12)
            assert together[name].dof[row] == pytest.approx(alone[name].dof[0], rel=1e-9)
        assert together.correlation("p", "q")[row] == pytest.approx(alone.correlation("p", "q")[0], rel=1e-9)


def test_blocks_of_rows_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = meters(23)
    whole = MODEL(inputs)
    monkeypatch.setattr(propagation, "BLOCK", 5)
    blocks = MODEL(inputs)
    for name in MODEL.outputs:
        assert blocks[name].value == pytest.approx(whole[name].value, rel=1e-15)
        assert blocks[name].u == pytest.approx(whole[name].u, rel=1e-14)
        assert blocks[name].dof == pytest.approx(whole[name].dof, rel=1e-12)
        assert blocks[name].total(np.ones(23)).u == pytest.approx(whole[name].total(np.ones(23)).u, rel=1e-12)


def test_u_is_that_of_the_sensitivities_and_the_covariance_of_the_inputs() -> None:
    found = MODEL(meters(5))
    for name in MODEL.outputs:
        assert found[name].variance == pytest.approx(found.covariance(name, name), rel=1e-12)


def test_results_of_two_evaluations_are_correlated_through_a_named_source() -> None:
    def error(reading: float) -> Uncertain:
        inputs = {
            "x": quantity(reading, (0.3, Source("x"))),
            "s": quantity(10.0, (0.4, named("standard 12"))),
        }
        return Model("e = x - s")(inputs)["e"]

    assert error(10.1).correlation(error(9.8))[0] == pytest.approx(0.16 / 0.25, rel=1e-15)
    assert Model("d = a - b")(a=error(10.1), b=error(9.8))["d"].u[0] == pytest.approx(0.3 * 2**0.5)


def test_private_sources_of_one_population_are_the_same_in_two_inputs() -> None:
    own = Source("own")
    x, y = quantity([1.0, 2.0], (0.1, own)), quantity([3.0, 4.0], (0.1, own))
    assert Model("d = x - y")(x=x, y=y)["d"].u == pytest.approx([0, 0], abs=1e-15)
    assert Model("s = x + y")(x=x, y=y)["s"].u == pytest.approx([0.2, 0.2])


def condensed() -> tuple[Uncertain, Uncertain, Uncertain]:
    """Two outputs that have both private sources in common, and one of the inputs."""
    a, b = (quantity([1.0, 2.0], (0.1, Source(name))) for name in "ab")
    found = Model({"s": "a + b", "p": "a * b"})(a=a, b=b)
    return found["s"], found["p"], a


def test_outputs_that_were_condensed_from_one_source_do_not_meet_again() -> None:
    s, p, a = condensed()
    for x, y in ((s, p), (p, s), (s, a), (a, s), (s.take([1]), p.take([1]))):
        with pytest.raises(InvalidCorrelation, match="private to"):
            x.covariance(y)
        with pytest.raises(InvalidCorrelation, match="private to"):
            Model("d = x - y")(x=x, y=y)


def test_what_was_condensed_twice_remembers_the_first_sources() -> None:
    s, _, a = condensed()
    later = Model("s * c")(s=s, c=quantity([1.0, 1.0], (0.1, Source("c"))))["y"]
    with pytest.raises(InvalidCorrelation):
        later.covariance(a)


def test_condensed_outputs_of_different_inputs_meet_freely() -> None:
    a, b, c, d = (quantity([1.0, 2.0], (0.1, Source(name))) for name in "abcd")
    found = Model({"s": "a + b", "p": "c * d"})(a=a, b=b, c=c, d=d)
    assert found["s"].covariance(found["p"]).tolist() == [0.0, 0.0]
    assert found["s"].correlation(found["s"]) == pytest.approx([1.0, 1.0])
    assert condensed()[0].take([0]).covariance(condensed()[1].take([1]))[0] == 0.0


def test_one_private_source_passes_a_model_with_its_sign() -> None:
    a = quantity([1.0, 2.0], (0.1, Source("a", 5.0)))
    found = Model({"up": "2 * a", "down": "3 - a"})(a=a)
    assert found["up"].correlation(found["down"]) == pytest.approx([-1.0, -1.0])
    assert found["up"].correlation(a) == pytest.approx([1.0, 1.0])
    assert found["down"].dof.tolist() == [5.0, 5.0]


def test_a_shared_source_that_cancels_is_gone() -> None:
    x, y = (quantity([1.0, 2.0], (0.1, named("bench")), (0.2, Source(name))) for name in "ab")
    assert Model("d = x - y")(x=x, y=y)["d"].u == pytest.approx([0.2 * 2**0.5] * 2)


def test_the_path_of_single_numbers_gives_the_same() -> None:
    model = Model("p = V*I*cos(phi)")
    x, u, dof = [220.0, 5.0, 0.5], [0.4, 0.02, 0.01], [4.0, np.inf, 9.0]
    inputs = {n: quantity(a, (b, Source(n, c))) for n, a, b, c in zip(model.inputs, x, u, dof, strict=True)}
    found = model(inputs)["p"]
    assert model.propagate(x, u, dof) == pytest.approx((found.value[0], found.u[0], found.dof[0]), rel=1e-14)
    assert model.propagate(x, u) == pytest.approx((found.value[0], found.u[0], np.inf), rel=1e-14)


def test_an_output_that_uses_its_own_name_is_told_so() -> None:
    with pytest.raises(InvalidModel, match="y names the output"):
        Model("3 * y")


def test_numbers_and_arrays_are_exact() -> None:
    found = Model("y = a*x + b")(a=2.0, b=[1.0, 2.0], x=quantity([1.0, 1.0], (0.1, Source("x"))))["y"]
    assert found.value.tolist() == [3, 4]
    assert found.u == pytest.approx([0.2, 0.2])
    assert Model("y = a*2")(a=exact(1.0))["y"].u[0] == 0


def test_constants_of_the_si_may_be_named_unless_an_input_takes_the_name() -> None:
    assert Model("E = m*c**2")(m=1.0)["E"].value[0] == 299792458.0**2
    assert Model("E = m*c**2", inputs=["m", "c"])(m=1.0, c=2.0)["E"].value[0] == 4
    assert Model("E = m*c**2")(m=1.0, c=3.0)["E"].value[0] == 9


def test_outputs_may_use_each_other_in_any_order() -> None:
    model = Model({"R": "Z*cos(phi)", "Z": "V/I"})
    assert model.inputs == ("phi", "V", "I")
    found = model(V=10.0, I=2.0, phi=0.0)
    assert (found["R"].value[0], found["Z"].value[0]) == (5, 5)


# ---- Python functions ------------------------------------------------------------------------------------------


def test_a_function_is_traced_through_numpy() -> None:
    def power(v: Any, i: Any, phi: Any) -> Any:
        return np.square(v) / v * i * np.cos(phi) + np.abs(-v) * 0

    model = Model(power)
    assert model.inputs == ("v", "i", "phi")
    x = {
        name: quantity(each, (0.01, Source(name)))
        for name, each in {"v": 220.0, "i": 5.0, "phi": 0.5}.items()
    }
    text = Model("y = v*i*cos(phi)")(x)["y"]
    assert model(x)["y"].value == pytest.approx(text.value, rel=1e-15)
    assert model(x)["y"].u == pytest.approx(text.u, rel=1e-14)


@pytest.mark.parametrize(
    ("function", "outputs"),
    [
        (lambda a, b: a + b, ("y",)),
        (lambda a, b: (a + b, a - b), ("y1", "y2")),
        (lambda a, b: {"sum": a + b, "three": 3}, ("sum", "three")),
    ],
)
def test_a_function_may_return_a_term_a_tuple_or_a_dictionary(
    function: Any, outputs: tuple[str, ...]
) -> None:
    assert Model(function, inputs=["a", "b"]).outputs == outputs


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x > 0 else -x,
        lambda x: max(x, 0.0),
        lambda x: x if x else 1.0,
        lambda x: sorted([x, 2 * x])[0],
        lambda x: x and 2.0,
        lambda x: np.maximum(x, 0.0),
        lambda x: np.floor(x),
        lambda x: np.add.outer(x, x),
    ],
)
def test_a_function_that_branches_on_values_or_has_no_derivative_is_refused(
    function: Callable[..., Any],
) -> None:
    with pytest.raises(InvalidModel, match="cannot"):
        Model(function, inputs=["x"])


def test_what_is_no_term_is_refused_as_an_output() -> None:
    with pytest.raises(InvalidModel, match="no term"):
        Model(lambda x: "text", inputs=["x"])


# ---- complex ---------------------------------------------------------------------------------------------------

UNARY: dict[str, Callable[[complex], complex]] = {
    "exp({0})": cmath.exp,
    "log({0})": cmath.log,
    "sqrt({0})": cmath.sqrt,
    "sin({0})": cmath.sin,
    "cos({0})": cmath.cos,
    "tan({0})": cmath.tan,
    "sinh({0})": cmath.sinh,
    "cosh({0})": cmath.cosh,
    "tanh({0})": cmath.tanh,
    "log10({0})": cmath.log10,
    "-({0})": lambda z: -z,
    "({0})**2": lambda z: z**2,
    "({0})**-3": lambda z: z**-3,
    "({0})**0.5": lambda z: z**0.5,
    "square({0})": lambda z: z * z,
    "reciprocal({0})": lambda z: 1 / z,
    "conjugate({0})": lambda z: complex(z).conjugate(),
    "abs({0})": lambda z: abs(z) + 0j,
    "real({0})": lambda z: complex(z.real),
    "imag({0})": lambda z: complex(z.imag),
    "angle({0})": lambda z: complex(cmath.phase(z)),
    "({0})*(1 - 2j)": lambda z: z * (1 - 2j),
    "2/({0})": lambda z: 2 / z,
    "2**({0})": lambda z: 2**z,
    "3 - ({0})": lambda z: 3 - z,
}
BINARY: dict[str, Callable[[complex, complex], complex]] = {
    "({0}) + ({1})": lambda a, b: a + b,
    "({0}) - ({1})": lambda a, b: a - b,
    "({0})*({1})": lambda a, b: a * b,
    "({0})/({1})": lambda a, b: a / b,
    "({0})**({1})": lambda a, b: a**b,
}
trees: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["z", "w", "x"]),
    lambda inner: (
        st.tuples(st.sampled_from(sorted(UNARY)), inner)
        | st.tuples(st.sampled_from(sorted(BINARY)), inner, inner)
    ),
    max_leaves=5,
)
parts = st.floats(0.1, 2) | st.floats(-2, -0.1)
CUT = ("log", "sqrt", "**0.5", "angle", ")**(")


def text_of(tree: Any) -> str:
    return tree if isinstance(tree, str) else tree[0].format(*(text_of(each) for each in tree[1:]))


def value_of(tree: Any, known: dict[str, complex]) -> complex:
    if isinstance(tree, str):
        return known[tree]
    terms = [value_of(each, known) for each in tree[1:]]
    if any(word in tree[0] for word in CUT):
        # not on the cut of the principal value, where the last bit decides
        assume(abs(terms[0].imag) > 1e-6 or terms[0].real > 0)
    found = UNARY[tree[0]](*terms) if len(terms) == 1 else BINARY[tree[0]](*terms)
    assume(1e-3 < abs(found) < 1e3)
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(trees, *[parts] * 4, st.floats(0.1, 2))
def test_complex_models_are_pythons_complex_arithmetic(
    tree: Any, a: float, b: float, c: float, d: float, x: float
) -> None:
    try:
        expected = value_of(tree, {"z": complex(a, b), "w": complex(c, d), "x": complex(x)})
    except (ValueError, ZeroDivisionError, OverflowError):
        assume(False)
    try:
        model = Model({"y": text_of(tree)}, inputs=["z", "w", "x"], complex_inputs=["z", "w"])
        found = model.tape.numbers([a, b, c, d, x])
    except InvalidModel:
        # a real root or logarithm of a negative number is undefined here, complex there
        assume(False)
    if model.outputs == ("y",):
        assume(abs(expected.imag) < 1e-9)
        assert found[0] == pytest.approx(expected.real, rel=1e-9, abs=1e-9)
    else:
        assert model.outputs == ("y.re", "y.im")
        assert complex(*found) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_complex_results_are_correlated_in_their_parts() -> None:
    # |z|² = z·z* is real whatever z: the imaginary part has no uncertainty
    z = Complex(quantity(1.0, (0.1, Source("re"))), quantity(2.0, (0.2, Source("im"))))
    found = Model("s = z*conjugate(z)", complex_inputs=["z"])({"z": z})
    assert found["s.re"].u[0] == pytest.approx(math.hypot(2 * 1 * 0.1, 2 * 2 * 0.2))
    assert found["s.im"].u[0] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("text", ["floor(z)", "arctan2(z, z)", "hypot(z, 1)", "arcsin(z)", "z % 2"])
def test_what_is_not_defined_for_complex_quantities_is_refused(text: str) -> None:
    with pytest.raises(InvalidModel):
        Model({"y": text}, complex_inputs=["z"])


# ---- what is refused -------------------------------------------------------------------------------------------


def test_outputs_that_use_each_other_in_a_circle_are_named() -> None:
    with pytest.raises(InvalidModel, match="a → b → c → a"):
        Model({"a": "b + x", "b": "c*2", "c": "sqrt(a)"})


@pytest.mark.parametrize(
    ("expressions", "inputs", "message"),
    [
        ({"x": "y + 1"}, ["x", "y"], "both an input and an output"),
        ({}, None, "no output"),
        ({"2y": "x"}, None, "no identifier"),
        ({"y.re": "x"}, None, "no identifier"),
        ({"y": "x + z"}, ["x"], "z"),
    ],
)
def test_names_that_clash_or_are_none_are_refused(expressions: Any, inputs: Any, message: str) -> None:
    with pytest.raises(InvalidModel, match=message):
        Model(expressions, inputs=inputs)


def test_a_missing_input_is_named() -> None:
    with pytest.raises(InvalidModel, match="missing inputs: I, phi"):
        Model("V*I*cos(phi)")(V=1.0)


def test_an_unknown_input_is_met_with_the_nearest() -> None:
    with pytest.raises(InvalidModel, match="no input theta1; there are theta"):
        Model("theta*2")(theta=1.0, theta1=2.0)


def test_columns_of_different_lengths_are_named() -> None:
    with pytest.raises(InvalidModel, match="b has 2 rows, others 3"):
        Model("a + b")(a=[1.0, 2.0, 3.0], b=[1.0, 2.0])


@pytest.mark.parametrize(
    ("text", "x", "row"),
    [
        ("sqrt(x)", [1.0, 4.0, -1.0], 3),
        ("log(x)", [1.0, 0.0, 1.0], 2),
        ("1/x", [0.0, 1.0, 1.0], 1),
        ("exp(x)", [1.0, 1.0, 1e4], 3),
        # defined, but without a derivative
        ("sqrt(x)", [1.0, 0.0, 1.0], 2),
    ],
)
def test_a_row_at_which_a_model_is_undefined_is_named(text: str, x: list[float], row: int) -> None:
    with pytest.raises(InvalidModel, match=f"^第 {row} 行：.* / row {row}: .*x = {x[row - 1]:g}"):
        Model({"y": text})(x=quantity(x, (0.1, Source("x"))))


def test_a_point_at_which_a_model_is_undefined_is_named() -> None:
    with pytest.raises(InvalidModel, match="at x = -1"):
        Model("sqrt(x)")(x=quantity(-1.0, (0.1, Source("x"))))
    with pytest.raises(InvalidModel, match="at x = -1"):
        Model("sqrt(x)").propagate([-1.0], [0.1])


@pytest.mark.parametrize("u", [-0.1, np.nan, np.inf])
def test_the_path_of_single_numbers_refuses_what_is_no_uncertainty(u: float) -> None:
    with pytest.raises(InvalidUncertainty, match="u of I"):
        Model("p = V*I").propagate([1.0, 2.0], [0.1, u])
