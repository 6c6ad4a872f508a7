import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidModel, NotConverged
from quanheng.measure.quantity.implicit import ImplicitModel
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.monte_carlo import propagate
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, quantity


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


# ---- by trials -------------------------------------------------------------------------------------------------


def impedance() -> dict[str, Uncertain]:
    """The inputs of JCGM 100:2008, H.2, with their correlations."""
    r = [[1, -0.36, 0.86], [-0.36, 1, -0.65], [0.86, -0.65, 1]]
    sources = correlated([Source(name) for name in ("V", "I", "phi")], r)
    values, u = (4.999, 19.661e-3, 1.04446), (3.2e-3, 9.5e-6, 7.5e-4)
    return {s.name: quantity(x, (b, s)) for x, b, s in zip(values, u, sources, strict=True)}


@pytest.mark.parametrize("compiled", [True, False])
def test_trials_of_equations_are_those_of_the_explicit_model(compiled: bool) -> None:
    equations = ["R - V/I*cos(phi)", "X - V/I*sin(phi)", "Z**2 - R**2 - X**2"]
    implicit = ImplicitModel(equations, {"R": 100.0, "X": 200.0, "Z": 250.0})(impedance())
    explicit = Model({"R": "V/I*cos(phi)", "X": "V/I*sin(phi)", "Z": "V/I"}, ["V", "I", "phi"])(impedance())
    assert implicit.model.inputs == explicit.model.inputs
    one, other = (propagate(each, trials=20_000, seed=3, compiled=compiled) for each in (implicit, explicit))
    for name in ("R", "X", "Z"):
        np.testing.assert_allclose(one.outputs[name].sample, other.outputs[name].sample, rtol=1e-12)
    np.testing.assert_allclose(one.correlation, other.correlation, atol=1e-8)


def test_rows_are_solved_as_each_alone() -> None:
    a, b = [2.0, 3.0, 9.0, 4.0, 5.0], [0.1, 0.2, 0.3, 0.1, 0.1]
    model = ImplicitModel(["x**3 + x - a"], {"x": 1.0})
    together = propagate(model(a=quantity(a, (b, Source("a")))), trials=5000).outputs["x"]
    for k in range(5):
        alone = propagate(model(a=quantity(a[k], (b[k], Source("a")))), trials=5000).outputs["x"]
        assert together.u[k] == pytest.approx(alone.u[0], rel=1e-12)


def test_of_two_solutions_trials_take_the_one_that_belongs_to_the_estimates() -> None:
    a = quantity(4.0, (0.5, Source("a")))
    for start in (1.0, -1.0):
        found = propagate(ImplicitModel(["x**2 - a"], {"x": start})(a=a), trials=10_000).outputs["x"]
        assert found.sample is not None
        assert np.all(np.sign(found.sample) == start)


def test_trials_without_a_solution_are_counted_and_refused() -> None:
    evaluation = ImplicitModel(["exp(x) - a"], {"x": 0.0})(a=quantity(1.0, (0.5, Source("a"))))
    with pytest.raises(NotConverged, match=r"from the linear solution \d+ of \d+ trials reach none"):
        propagate(evaluation, trials=1000)
