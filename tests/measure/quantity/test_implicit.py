import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidModel, NotConverged
from quanheng.measure.quantity.implicit import ImplicitModel
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.uncertain import quantity


def test_an_implicit_model_gives_what_the_explicit_one_gives_with_its_correlation() -> None:
    voltage = quantity([5.0, 6.0], ([0.01, 0.02], Source("V")))
    current = quantity([0.5, 0.2], ([0.001, 0.001], Source("I", 4)))
    implicit = ImplicitModel(["R*I - V", "P - V*I"], {"R": 1.0, "P": 1.0})(V=voltage, I=current)
    explicit = Model({"R": "V/I", "P": "V*I"})(V=voltage, I=current)
    for name in ("R", "P"):
        np.testing.assert_allclose(implicit[name].value, explicit[name].value, rtol=1e-14)
        np.testing.assert_allclose(implicit[name].u, explicit[name].u, rtol=1e-14)
        np.testing.assert_allclose(implicit[name].dof, explicit[name].dof, rtol=1e-12)
    np.testing.assert_allclose(
        implicit["R"].correlation(implicit["P"]), explicit.correlation("R", "P"), atol=1e-14
    )


def test_shared_sources_pass_through_equations() -> None:
    bench = named("bench 7")
    a = quantity(4.0, (0.1, bench))
    root = ImplicitModel(["x**2 - a"], {"x": 1.0})(a=a)["x"]
    assert root.correlation(a)[0] == pytest.approx(1.0)
    assert root.u[0] == pytest.approx(0.1 / 4)


@settings(max_examples=50)
@given(st.floats(0.1, 50), st.floats(-50, 50))
def test_a_cubic_is_solved_from_one_start(a: float, b: float) -> None:
    x = ImplicitModel(["x**3 + a*x - b"], {"x": 1.0}).values({"a": a, "b": b})["x"][0]
    assert x**3 + a * x == pytest.approx(b, abs=1e-10)


def test_equations_without_a_solution_say_from_where_they_set_out() -> None:
    model = ImplicitModel(["exp(x) + a"], {"x": 1.0})
    with pytest.raises(NotConverged, match="row 1: no solution is reached from x = 1"):
        model(a=quantity(1.0, (0.1, Source("a"))))


def test_as_many_equations_as_outputs_are_needed() -> None:
    with pytest.raises(InvalidModel, match="as many equations as outputs"):
        ImplicitModel(["x - a", "x + a"], {"x": 1.0})


def test_equations_that_do_not_fix_an_output_are_refused() -> None:
    with pytest.raises(InvalidModel, match="no equation has the output z"):
        ImplicitModel(["x - a", "x + a - 1"], {"x": 1.0, "z": 1.0})
    with pytest.raises(InvalidModel, match="do not fix the outputs"):
        ImplicitModel(["x + z - a", "2*x + 2*z - 2*a"], {"x": 1.0, "z": 1.0}).values({"a": 1.0})


def test_inputs_of_different_rows_are_refused_by_name() -> None:
    model = ImplicitModel(["x - a - b"], {"x": 1.0})
    with pytest.raises(InvalidModel, match="a has 2 rows, others 3"):
        model(a=[1.0, 2.0], b=[1.0, 2.0, 3.0])
