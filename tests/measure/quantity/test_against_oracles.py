"""Random models and inputs, reckoned by us and by two independent libraries: GTC and `uncertainties`.

Both propagate scalars one by one. A model is drawn as a tree and read to each of them in its own functions, to us as
text, so that the reader of expressions is compared too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import GTC
import numpy as np
import pytest
import uncertainties
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from uncertainties import umath

from quanheng.measure.quantity.model import Complex, Model
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, quantity

NAMES = ("a", "b", "c", "d")

# Smooth and defined everywhere, so that every model has a value: text, and the same of a library's functions.
UNARY: dict[str, Callable[[Any, Any], Any]] = {
    "sin({0})": lambda m, x: m.sin(x),
    "cos({0})": lambda m, x: m.cos(x),
    "atan({0})": lambda m, x: m.atan(x),
    "tanh({0})": lambda m, x: m.tanh(x),
    "asinh({0})": lambda m, x: m.asinh(x),
    "exp(sin({0}))": lambda m, x: m.exp(m.sin(x)),
    "log(2 + ({0})**2)": lambda m, x: m.log(2 + x * x),
    "sqrt(1 + ({0})**2)": lambda m, x: m.sqrt(1 + x * x),
    "-({0})": lambda m, x: -x,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "({0}) + ({1})": lambda x, y: x + y,
    "({0}) - ({1})": lambda x, y: x - y,
    "({0})*({1})": lambda x, y: x * y,
    "({0})/(2 + ({1})**2)": lambda x, y: x / (2 + y * y),
}

Tree = str | float | tuple[Any, ...]

numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
uncertainties_ = st.floats(1e-3, 0.5).map(lambda u: round(u, 4))
freedoms = st.one_of(st.just(math.inf), st.integers(1, 50).map(float))
trees: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(st.sampled_from(NAMES), numbers),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner),
        st.tuples(st.sampled_from(sorted(BINARY)), inner, inner),
    ),
    max_leaves=12,
)


class Inputs(NamedTuple):
    x: tuple[float, ...]
    u: tuple[float, ...]
    dof: tuple[float, ...]


def four(each: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(each, each, each, each)


inputs = st.builds(Inputs, four(numbers), four(uncertainties_), four(freedoms))
# coefficients of four variables that share a common factor: always a correlation matrix
loadings = four(st.floats(-0.95, 0.95).map(lambda r: round(r, 3)))

# real and imaginary part, their u, and their correlation; away from 0, for they divide
complex_inputs = st.tuples(*[st.floats(0.3, 2)] * 2, *[st.floats(0.01, 0.3)] * 2, st.floats(-0.9, 0.9))

few = settings(max_examples=60, deadline=None)


def text_of(tree: Tree) -> str:
    if isinstance(tree, tuple):
        return str(tree[0]).format(*[text_of(each) for each in tree[1:]])
    return str(tree)


def value_of(tree: Tree, known: Mapping[str, Any], functions: Any) -> Any:
    """The tree over a library's quantities."""
    if not isinstance(tree, tuple):
        return known[tree] if isinstance(tree, str) else tree
    parts = [value_of(each, known, functions) for each in tree[1:]]
    return UNARY[tree[0]](functions, *parts) if len(parts) == 1 else BINARY[tree[0]](*parts)


def model_of(*found: Tree) -> Model:
    return Model({f"y{k}": text_of(tree) for k, tree in enumerate(found)}, inputs=NAMES)


def ours(at: Inputs, sources: Sequence[Source] | None = None) -> dict[str, Uncertain]:
    made = sources or [named(name, dof=dof) for name, dof in zip(NAMES, at.dof, strict=True)]
    return {
        name: quantity(x, (u, source)) for name, x, u, source in zip(NAMES, at.x, at.u, made, strict=True)
    }


def of_gtc(at: Inputs) -> dict[str, Any]:
    return {name: GTC.ureal(*each) for name, *each in zip(NAMES, *at, strict=True)}


def of_uncertainties(at: Inputs) -> dict[str, Any]:
    return {name: uncertainties.ufloat(x, u) for name, x, u in zip(NAMES, at.x, at.u, strict=True)}


def matrix_of(loads: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    r = np.outer(loads, loads)
    np.fill_diagonal(r, 1.0)
    return r


def covariance_of(first: Tree, second: Tree, at: Inputs) -> float:
    """Covariance of two outputs by `uncertainties`."""
    known = of_uncertainties(at)
    exact = 0 * known["a"]  # it knows no covariance of plain numbers
    found = [value_of(tree, known, umath) + exact for tree in (first, second)]
    return float(uncertainties.covariance_matrix(found)[0][1])


def same(ours: float, theirs: float, scale: float = 1.0) -> None:
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12 * scale)


@few
@given(trees, inputs)
def test_value_and_u_are_those_of_uncertainties(tree: Tree, at: Inputs) -> None:
    y = model_of(tree)(ours(at))["y0"]
    theirs = value_of(tree, of_uncertainties(at), umath)
    same(y.value[0], uncertainties.nominal_value(theirs))
    same(y.u[0], uncertainties.std_dev(theirs))


@few
@given(trees, inputs)
def test_value_u_and_degrees_of_freedom_are_those_of_gtc(tree: Tree, at: Inputs) -> None:
    y = model_of(tree)(ours(at))["y0"]
    theirs = value_of(tree, of_gtc(at), GTC)
    same(y.value[0], GTC.value(theirs))
    same(y.u[0], GTC.uncertainty(theirs))
    assume(GTC.uncertainty(theirs) > 1e-6)
    assert y.dof[0] == pytest.approx(GTC.dof(theirs), rel=1e-7)


@few
@given(trees, inputs)
def test_the_path_of_single_numbers_is_that_of_gtc(tree: Tree, at: Inputs) -> None:
    value, u, dof = model_of(tree).propagate(*at)
    theirs = value_of(tree, of_gtc(at), GTC)
    same(value, GTC.value(theirs))
    same(u, GTC.uncertainty(theirs))
    assume(GTC.uncertainty(theirs) > 1e-6)
    assert dof == pytest.approx(GTC.dof(theirs), rel=1e-7)


@few
@given(trees, trees, inputs)
def test_outputs_are_correlated_as_in_both(first: Tree, second: Tree, at: Inputs) -> None:
    found = model_of(first, second)(ours(at))
    one, two = (value_of(tree, of, GTC) for of in [of_gtc(at)] for tree in (first, second))
    assume(min(GTC.uncertainty(one), GTC.uncertainty(two)) > 1e-6)
    assert found.correlation("y0", "y1")[0] == pytest.approx(GTC.get_correlation(one, two), abs=1e-9)
    assert found["y0"].correlation(found["y1"])[0] == pytest.approx(GTC.get_correlation(one, two), abs=1e-9)
    assert found.covariance("y0", "y1")[0] == pytest.approx(
        covariance_of(first, second, at), rel=1e-8, abs=1e-12
    )


@few
@given(trees, trees, inputs)
def test_results_of_separate_models_are_correlated_through_named_sources(
    first: Tree, second: Tree, at: Inputs
) -> None:
    one = model_of(first)(ours(at))["y0"]
    two = model_of(second)(ours(at))["y0"]  # made anew: equal by the names of its sources alone
    assert one.covariance(two)[0] == pytest.approx(covariance_of(first, second, at), rel=1e-8, abs=1e-12)


@few
@given(trees, inputs, loadings)
def test_correlated_inputs_give_the_u_of_uncertainties(tree: Tree, at: Inputs, loads: Any) -> None:
    r = matrix_of(loads)
    y = model_of(tree)(ours(at, correlated([Source(name) for name in NAMES], r)))["y0"]
    pairs = list(zip(at.x, at.u, strict=True))
    known = dict(zip(NAMES, uncertainties.correlated_values_norm(pairs, r), strict=True))
    theirs = uncertainties.std_dev(value_of(tree, known, umath))
    assert y.u[0] == pytest.approx(theirs, rel=1e-6, abs=1e-9)  # theirs goes through eigenvectors


@few
@given(trees, inputs, loadings, st.integers(2, 30))
def test_a_declared_ensemble_has_the_u_and_degrees_of_freedom_of_gtc(
    tree: Tree, at: Inputs, loads: Any, dof: int
) -> None:
    r = matrix_of(loads)
    sources = correlated([Source(name, dof) for name in NAMES], r, declared=True)
    y = model_of(tree)(ours(at, sources))["y0"]
    known = GTC.multiple_ureal(at.x, at.u, dof)
    for i, j in itertools.combinations(range(len(NAMES)), 2):
        GTC.set_correlation(float(r[i, j]), known[i], known[j])
    theirs = value_of(tree, dict(zip(NAMES, known, strict=True)), GTC)
    assert y.u[0] == pytest.approx(GTC.uncertainty(theirs), rel=1e-8, abs=1e-9)
    assume(GTC.uncertainty(theirs) > 1e-6)
    assert y.dof[0] == pytest.approx(GTC.dof(theirs), rel=1e-6)


@few
@given(trees, st.lists(inputs, min_size=2, max_size=5))
def test_every_row_of_a_column_is_the_scalar_of_gtc(tree: Tree, rows: list[Inputs]) -> None:
    dof = rows[0].dof
    sources = [Source(name, each) for name, each in zip(NAMES, dof, strict=True)]
    columns = {
        name: quantity([row.x[k] for row in rows], ([row.u[k] for row in rows], sources[k]))
        for k, name in enumerate(NAMES)
    }
    y = model_of(tree)(columns)["y0"]
    for k, row in enumerate(rows):
        theirs = value_of(tree, of_gtc(row._replace(dof=dof)), GTC)
        same(np.broadcast_to(y.value, len(rows))[k], GTC.value(theirs))
        same(np.broadcast_to(y.u, len(rows))[k], GTC.uncertainty(theirs))
        if GTC.uncertainty(theirs) > 1e-6:
            assert np.broadcast_to(y.dof, len(rows))[k] == pytest.approx(GTC.dof(theirs), rel=1e-7)


@few
@given(trees, st.lists(st.tuples(numbers, uncertainties_, numbers), min_size=2, max_size=6), inputs)
def test_a_weighted_total_has_the_u_of_uncertainties(
    tree: Tree, rows: list[tuple[float, float, float]], at: Inputs
) -> None:
    """a is each row's own; b, c and d are the same standards for all rows."""
    x, u, weights = (np.array(each) for each in zip(*rows, strict=True))
    columns = ours(at) | {"a": quantity(x, (u, Source("a")))}
    total = model_of(tree)(columns)["y0"]
    of = of_uncertainties(at)
    each = [value_of(tree, of | {"a": uncertainties.ufloat(*row[:2])}, umath) for row in rows]
    theirs = sum(w * y for w, y in zip(weights, each, strict=True))
    if len(total) == len(rows):  # a model without a has one row
        ours_total = total.total(weights)
        assert ours_total.value[0] == pytest.approx(uncertainties.nominal_value(theirs), rel=1e-9, abs=1e-9)
        assert ours_total.u[0] == pytest.approx(uncertainties.std_dev(theirs), rel=1e-8, abs=1e-9)


@few
@given(st.lists(complex_inputs, min_size=3, max_size=3))
def test_complex_results_have_the_covariance_of_gtc(parts: list[tuple[float, ...]]) -> None:
    names = ("z", "v", "w")
    known, theirs = {}, []
    for name, (re, im, u_re, u_im, r) in zip(names, parts, strict=True):
        a, b = correlated([Source(f"{name}.re"), Source(f"{name}.im")], [[1, r], [r, 1]])
        known[name] = Complex(quantity(re, (u_re, a)), quantity(im, (u_im, b)))
        c = u_re * u_im * r
        theirs.append(GTC.ucomplex(complex(re, im), (u_re**2, c, c, u_im**2)))
    y = Model("y = z*v/w + exp(v)", inputs=names, complex_inputs=names)(known)
    z, v, w = theirs
    wanted = z * v / w + GTC.exp(v)
    assert complex(y["y.re"].value[0], y["y.im"].value[0]) == pytest.approx(GTC.value(wanted), rel=1e-9)
    u, r = GTC.uncertainty(wanted), GTC.get_correlation(wanted.real, wanted.imag)
    assert (y["y.re"].u[0], y["y.im"].u[0]) == pytest.approx((u.real, u.imag), rel=1e-8)
    assert y.correlation("y.re", "y.im")[0] == pytest.approx(r, abs=1e-8)
