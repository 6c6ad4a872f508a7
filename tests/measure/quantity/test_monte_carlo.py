from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from quanheng.measure.errors import InvalidDistribution, InvalidModel, InvalidUncertainty
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.monte_carlo import propagate, validate
from quanheng.measure.quantity.second_order import linear_enough
from quanheng.measure.quantity.shapes import StudentT, TOfSource
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.uncertain import quantity


def line(n: int = 1) -> Evaluation:
    x = quantity(np.linspace(1, 2, n), (np.linspace(0.1, 0.3, n), Source("x")))
    return Model("q = 2*x + z")(x=x, z=quantity(0.0, (0.2, named("bench"))))


def test_one_seed_gives_one_result_and_another_seed_another() -> None:
    one, again, other = (propagate(line(), trials=5000, seed=seed).outputs["q"] for seed in (1, 1, 2))
    assert one.sample is not None
    assert again.sample is not None
    assert one.sample.tobytes() == again.sample.tobytes()
    assert one.u[0] != other.u[0]


def test_numba_changes_nothing() -> None:
    pytest.importorskip("numba")
    compiled, plain = (
        propagate(line(3), trials=4096, compiled=compiled).outputs["q"] for compiled in (True, False)
    )
    np.testing.assert_allclose(compiled.value, plain.value, rtol=1e-14)
    np.testing.assert_allclose(compiled.high, plain.high, rtol=1e-14)


@pytest.mark.parametrize("trials", [2, 7, 8, 1000, 100_003])
def test_as_many_trials_are_made_as_asked_for(trials: int) -> None:
    assert propagate(line(), trials=trials).trials[0] == trials


@pytest.mark.parametrize("asked", [{"coverage": 0.999999}, {"trials": 200_000_000}])
def test_trials_that_memory_does_not_hold_are_refused(asked: dict[str, Any]) -> None:
    x = quantity(1.0, (0.1, Source("x")))
    with pytest.raises(InvalidUncertainty, match="too many"):
        propagate(Model({"y": "x", "z": "2*x"})(x=x), **asked)


def test_a_linear_model_of_normals_is_normal() -> None:
    found = propagate(line(), trials=1 << 17).outputs["q"]
    u = float(np.hypot(0.2, 0.2))
    assert found.value[0] == pytest.approx(2.0, abs=1e-4)
    assert found.u[0] == pytest.approx(u, rel=1e-3)
    assert found.high[0] == pytest.approx(2.0 + norm.ppf(0.975) * u, rel=1e-3)


def test_columns_give_what_single_rows_give_with_the_same_seed() -> None:
    together = propagate(line(3), trials=4096, seed=5).outputs["q"]
    x, u = np.linspace(1, 2, 3), np.linspace(0.1, 0.3, 3)
    for k in range(3):
        alone = Model("q = 2*x + z")(
            x=quantity(x[k], (u[k], Source("x"))), z=quantity(0.0, (0.2, named("bench")))
        )
        found = propagate(alone, trials=4096, seed=5).outputs["q"]
        assert together.u[k] == pytest.approx(found.u[0], rel=2e-3)


def test_the_adaptive_procedure_stops_when_two_digits_are_known() -> None:
    found = propagate(line())
    assert found.converged[0]
    assert np.all(2 * found.outputs["q"].errors[:2, 0] <= 0.005)


def test_shared_sources_correlate_outputs() -> None:
    bench = named("bench")
    model = Model({"a": "x + z", "b": "w + z"})
    evaluation = model(
        x=quantity(0.0, (1.0, Source("x"))),
        w=quantity(0.0, (1.0, Source("w"))),
        z=quantity(0.0, (1.0, bench)),
    )
    found = propagate(evaluation, trials=1 << 16)
    assert found.correlation[0, 0, 1] == pytest.approx(0.5, abs=0.01)


def test_monte_carlo_sees_what_a_square_at_zero_hides() -> None:
    evaluation = Model("q = x**2")(x=quantity(0.0, (1.0, Source("x"))))
    found = propagate(evaluation, trials=1 << 16).outputs["q"]
    assert found.value[0] == pytest.approx(1.0, abs=0.01)
    assert found.u[0] == pytest.approx(np.sqrt(2), abs=0.02)
    assert not validate([0.0], [0.0], evaluation["q"].u, found).validated[0]
    assert not linear_enough(evaluation, "q")[0]


def test_a_linear_result_is_validated() -> None:
    evaluation = line()
    found = propagate(evaluation).outputs["q"]
    q = evaluation["q"]
    half = norm.ppf(0.975) * q.u
    assert validate(q.value - half, q.value + half, q.u, found).validated[0]


def test_trials_outside_the_domain_are_counted_and_refused() -> None:
    evaluation = Model("q = log(x)")(x=quantity(1.0, (1.0, Source("x"))))
    with pytest.raises(InvalidModel, match="trials fall outside the domain"):
        propagate(evaluation, trials=1000)


def test_absurd_numbers_of_trials_are_refused() -> None:
    with pytest.raises(InvalidUncertainty, match="trials: from 2"):
        propagate(line(), trials=1)


def test_sobol_needs_fewer_trials_than_plain_numbers() -> None:
    exact = float(np.hypot(0.2, 0.2))
    errors = {}
    for method in ("sobol", "plain"):
        u = [propagate(line(), trials=1024, seed=s, method=method).outputs["q"].u[0] for s in range(20)]  # type: ignore[arg-type]
        errors[method] = float(np.sqrt(np.mean((np.array(u) - exact) ** 2)))
    assert errors["sobol"] < errors["plain"] / 4


def test_a_t_may_have_other_degrees_of_freedom_in_each_row() -> None:
    dof = np.array([9.0, 4.0, 9.0, 30.0])
    x, u = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.1, 0.2, 0.3, 0.4])
    model = Model("q = x + z")
    bench = quantity(0.0, (0.1, named("bench")))
    together = propagate(model(x=quantity(x, (u, Source("s", dof, TOfSource()))), z=bench), trials=1 << 17)
    for k in range(4):
        alone = quantity(x[k], (u[k], Source("s", dof[k], StudentT(dof[k]))))
        found = propagate(model(x=alone, z=bench), trials=1 << 17).outputs["q"]
        q = together.outputs["q"]
        assert q.value[k] == pytest.approx(found.value[0], abs=1e-3 * u[k])
        assert q.u[k] == pytest.approx(found.u[0], rel=0.02)
        assert q.high[k] == pytest.approx(found.high[0], abs=0.02 * u[k])
    assert together.trials.tolist() == [1 << 17] * 4


def test_a_t_of_its_source_is_that_t_where_there_is_one_row() -> None:
    model = Model("q = x")
    runs = [
        propagate(model(x=quantity(0.0, (1.0, Source("x", 5.0, shape)))), trials=5000).outputs["q"].sample
        for shape in (TOfSource(), StudentT(5.0))
    ]
    assert np.array_equal(*runs)


def test_a_t_of_undefined_degrees_of_freedom_is_refused() -> None:
    x = quantity([1.0, 2.0], (1.0, Source("x", np.array([5.0, np.nan]), TOfSource())))
    with pytest.raises(InvalidDistribution, match="degrees of freedom of a t"):
        propagate(Model("q = x")(x=x), trials=1000)


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("trials", [20_000, "adaptive"])
def test_progress_grows_to_what_is_expected(n: int, trials: Any) -> None:
    told: list[tuple[int, int]] = []
    found = propagate(line(n), trials=trials, progress=lambda *each: told.append(each))
    done = [each for each, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]
    assert trials == "adaptive" or told[-1][0] == n * 20_000
    assert (found.outputs["q"].sample is None) == (n > 1)


def test_rows_that_settle_at_once_have_the_figures_of_a_run_of_so_many_trials() -> None:
    evaluation = line(6)
    adaptive = propagate(evaluation, seed=4)
    fixed = propagate(evaluation, seed=4, trials=int(adaptive.trials[0]))
    assert adaptive.trials.tolist() == [int(adaptive.trials[0])] * 6
    assert np.array_equal(adaptive.outputs["q"].low, fixed.outputs["q"].low)
    assert np.array_equal(adaptive.outputs["q"].errors, fixed.outputs["q"].errors)


def test_rows_that_take_longer_do_not_change_the_others() -> None:
    x = quantity([1.0, 2.0], ([0.1, 0.1], Source("x")))
    model = Model("q = x + exp(z)")
    wide = model(x=x, z=quantity([0.0, 1.0], ([1e-3, 2.0], Source("z"))))
    together = propagate(wide)
    assert together.trials[1] > together.trials[0]
    alone = propagate(model(x=x.take([0]), z=quantity(0.0, (1e-3, Source("z")))))
    assert together.outputs["q"].u[0] == pytest.approx(alone.outputs["q"].u[0], rel=1e-3)
