import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.second_order import linear_enough, second_order
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.tolerance import numerical_tolerance
from quanheng.measure.quantity.uncertain import quantity


def test_second_order_is_exact_for_a_quadratic_form_of_correlated_normals() -> None:
    # JCGM 101:2008, 9.4: x1² + x2² with r = 0.9 has the standard deviation 504.5e-6 and the mean 2550e-6
    a, b = correlated([Source("x1"), Source("x2")], [[1, 0.9], [0.9, 1]])
    found = Model("x1**2 + x2**2")(x1=quantity(0.05, (0.005, a)), x2=quantity(0.0, (0.005, b)))
    second = second_order(found, "y")
    assert second.u[0] == pytest.approx(504.5047076093543e-6, rel=1e-12)
    assert second.bias[0] == pytest.approx(50e-6, rel=1e-12)


def test_a_square_at_zero_is_not_linear_enough() -> None:
    found = Model("x**2")(x=quantity(0.0, (1.0, Source("x"))))
    assert found["y"].u[0] == 0
    assert second_order(found, "y").u[0] == pytest.approx(np.sqrt(2))
    assert not linear_enough(found, "y")[0]


@settings(max_examples=40)
@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.lists(st.floats(0.01, 3), min_size=3, max_size=3)
)
def test_a_linear_model_is_always_linear_enough(c: list[float], u: list[float]) -> None:
    model = Model("q = a*x + b*y + c*z")
    columns = {name: quantity(1.0, (each, Source(name))) for name, each in zip("xyz", u, strict=True)}
    found = model(**dict(zip("abc", c, strict=True)), **columns)
    assert linear_enough(found, "q")[0]


def test_columns_give_what_single_results_give() -> None:
    model = Model("exp(x)*z")
    x, z = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    together = second_order(model(x=quantity(x, (0.3, Source("x"))), z=quantity(z, (0.1, Source("z")))), "y")
    for k in range(3):
        alone = second_order(
            model(x=quantity(x[k], (0.3, Source("x"))), z=quantity(z[k], (0.1, Source("z")))), "y"
        )
        np.testing.assert_allclose([together.u[k], together.bias[k]], [alone.u[0], alone.bias[0]], rtol=1e-13)


@pytest.mark.parametrize(("u", "tolerance"), [(31.66, 0.5), (9.96, 0.5), (9.94, 0.05), (0.00031, 0.000005)])
def test_the_tolerance_is_half_a_unit_of_the_second_digit(u: float, tolerance: float) -> None:
    assert numerical_tolerance(u) == pytest.approx(tolerance)


@pytest.mark.parametrize("model", ["x**3", "x**4", "x*x*z", "abs(x)", "abs(x - z)"])
def test_a_model_that_bends_or_breaks_where_its_slope_is_nought_is_not_linear(model: str) -> None:
    found = Model(model)(**{name: quantity(0.0, (1.0, Source(name))) for name in "xz" if name in model})
    assert found["y"].u[0] == 0
    assert not linear_enough(found, "y")[0]


@pytest.mark.parametrize("model", ["x*z", "2*x + abs(z)", "z*z*x"])
def test_a_model_is_linear_where_only_what_is_exact_makes_it_bend(model: str) -> None:
    found = Model(model)(x=quantity(1.0, (1.0, Source("x"))), z=0.0)
    assert linear_enough(found, "y")[0]


def test_each_row_has_a_kink_of_its_own() -> None:
    found = Model("abs(x)")(x=quantity([0.0, 3.0], (1.0, Source("x"))))
    assert linear_enough(found, "y").tolist() == [False, True]
