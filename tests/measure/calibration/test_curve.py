"""Use of a calibration curve: forward, inverse, and as columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.calibration.curve import Curve, Prediction
from quanheng.measure.calibration.regression import distance, ordinary, weighted
from quanheng.measure.errors import InvalidCorrelation, InvalidData, InvalidUncertainty
from quanheng.measure.quantity.uncertain import Uncertain

X = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
Y = np.array([0.1, 1.2, 1.9, 3.2, 3.9, 5.1])
MANY = np.stack([Y, 2 * Y, Y + np.array([0.0, 0.1, -0.1, 0.0, 0.1, 0.0])])


def lines() -> dict[str, Curve]:
    return {
        "ordinary": ordinary(X, Y),
        "weighted": weighted(X, Y, 0.1, spread="stated", dof_y=[3, 4, 5, 6, 7, 8]),
        "distance": distance(X, Y, 0.05, 0.1, spread="stated", dof_x=9),
        "curve": weighted(X, Y + 0.1 * X**2, 0.1, spread="stated", degree=2),
        "many": ordinary(X, MANY),
        "many by standards": distance(X, MANY, 0.05, 0.1, spread="stated", dof_x=9),
    }


@pytest.fixture(params=lines())
def curve(request: pytest.FixtureRequest) -> Curve:
    return lines()[request.param]


def test_inverse_undoes_predict(curve: Curve) -> None:
    at = np.array([0.4, 2.5, 4.9])
    y = curve.predict(at)
    for row in np.atleast_2d(y.value):
        back = curve.inverse(row, 0.0)
        again = curve.predict(back.value)
        assert again.value == pytest.approx(np.broadcast_to(row, again.value.shape))


def test_points_together_give_what_each_gives(curve: Curve) -> None:
    at = [0.4, 2.5, 4.9]
    y = [1.0, 1.6, 3.1]
    for together, alone in (
        (curve.predict(at, 0.1), [curve.predict(x, 0.1) for x in at]),
        (curve.inverse(y, 0.2), [curve.inverse(each, 0.2) for each in y]),
    ):
        for field in ("value", "u", "dof", "beyond"):
            expected = np.stack([getattr(each, field) for each in alone], axis=-1)
            assert getattr(together, field) == pytest.approx(expected), field


def test_inverse_has_the_u_of_the_linear_propagation() -> None:
    line = lines()["distance"]
    (a, b), V = line.coefficients, line.covariance
    x = (2.2 - a) / b
    J = np.array([-1 / b, -x / b])
    assert line.inverse(2.2, 0.3).u == pytest.approx(np.sqrt(J @ V @ J + (0.3 / b) ** 2))


def test_columns_have_the_values_u_and_dof_of_the_prediction(curve: Curve) -> None:
    for prediction in (curve.predict(2.5, 0.1, dof_x=7), curve.inverse(2.4, 0.2, dof_y=5)):
        column = prediction.as_uncertain()
        assert column.value == pytest.approx(np.atleast_1d(prediction.value))
        assert column.u == pytest.approx(np.atleast_1d(prediction.u))
        assert column.dof == pytest.approx(np.atleast_1d(prediction.dof))


def test_coefficients_as_columns_have_their_covariances(curve: Curve) -> None:
    columns = curve.as_uncertain()
    for i, first in enumerate(columns):
        for j, second in enumerate(columns):
            assert first.covariance(second) == pytest.approx(
                np.atleast_1d(curve.covariance[..., i, j]), abs=1e-12
            )


def test_values_read_off_one_curve_are_correlated_through_it() -> None:
    line = lines()["ordinary"]
    x = line.inverse([1.0, 4.0, 4.5], 0.05)
    assert x.as_uncertain().matrix([0, 1, 2]) == pytest.approx(x.covariance)
    apart = line.inverse(1.0, 0.05).as_uncertain(), line.inverse(4.0, 0.05).as_uncertain()
    assert apart[0].covariance(apart[1]) == pytest.approx([x.covariance[0, 1]])


def test_readings_with_the_spread_of_the_residuals_keep_its_degrees_of_freedom() -> None:
    x = lines()["ordinary"].inverse([1.0, 4.0], observations=3)
    column = x.as_uncertain()
    assert x.dof == pytest.approx([4, 4])
    assert column.dof == pytest.approx([4, 4])
    assert column.total([1, -1]).dof == pytest.approx([4])
    assert column.matrix([0, 1]) == pytest.approx(x.covariance)


def test_readings_of_many_instruments_keep_the_degrees_of_freedom_of_each() -> None:
    x = lines()["many"].inverse(2.4, observations=2)
    column = x.as_uncertain()
    assert column.u == pytest.approx(x.u)
    assert column.dof == pytest.approx([4, 4, 4])


def test_columns_of_one_spread_that_were_made_apart_are_not_combined() -> None:
    line = lines()["ordinary"]
    first, second = (line.inverse(y, observations=2).as_uncertain() for y in (1.0, 2.0))
    both = Uncertain(first.value - second.value, {**first.shared, **second.shared})
    with pytest.raises(InvalidCorrelation, match="two ensembles"):
        _ = both.dof


def test_instruments_that_met_the_same_standards_are_correlated() -> None:
    # x once: one realisation of the standards; its part of u does not average out over instruments
    same = distance(X, MANY, 0.05, 0.1, spread="stated").inverse(2.4, 0.0).as_uncertain()
    own = distance(np.stack([X] * 3), MANY, 0.05, 0.1, spread="stated").inverse(2.4, 0.0).as_uncertain()
    assert same.u == pytest.approx(own.u)
    assert same.shared and not own.shared
    mean = np.full(3, 1 / 3)
    assert same.total(mean).u > 1.1 * own.total(mean).u


def test_instruments_whose_reference_is_y_share_its_errors() -> None:
    indications = np.stack([X, X + 0.1, X - 0.1])
    column = distance(indications, Y, 0.05, 0.1, spread="stated").predict(2.0).as_uncertain()
    assert {source.name[0] for source in column.shared} == {"y"}
    assert {source.name[0] for source in column.private} == {"x"}


def test_a_name_makes_curves_of_different_days_one_cause() -> None:
    days = [weighted(X, Y, 0.1, spread="stated", name="NIM-1").inverse(2.0, 0.05) for _ in range(2)]
    first, second = (each.as_uncertain() for each in days)
    assert first.covariance(second) == pytest.approx(days[0].variance - days[0].reading ** 2)
    unnamed = [weighted(X, Y, 0.1, spread="stated").inverse(2.0, 0.05).as_uncertain() for _ in range(2)]
    assert unnamed[0].covariance(unnamed[1]) == pytest.approx([0.0])


def test_a_name_joins_two_lots_of_instruments_by_their_standards_alone() -> None:
    lots = [distance(X, y, 0.05, 0.1, spread="stated", name="bench 7") for y in (MANY, MANY[::-1])]
    first, second = (lot.inverse(2.4, 0.0).as_uncertain() for lot in lots)
    assert {source.name for source in first.shared} == {f"bench 7 x{k}" for k in range(1, 7)}
    assert set(first.shared) == set(second.shared)
    assert not set(first.private) & set(second.private)


def test_standards_in_common_do_not_take_their_errors_from_the_residuals_of_each_instrument() -> None:
    lines = distance(X, MANY, 0.05, 0.1, spread="residuals")
    assert lines.inverse(2.4, 0.1).u.shape == (3,)
    with pytest.raises(InvalidData, match="in common"):
        lines.as_uncertain()


def test_uncertainties_of_another_shape_than_the_points_are_refused() -> None:
    line = lines()["ordinary"]
    with pytest.raises(InvalidData, match="do not fit"):
        line.inverse(2.4, [0.1, 0.2])
    with pytest.raises(InvalidData, match="do not fit"):
        line.predict([1.0, 2.0, 3.0], [0.1, 0.2])


def test_one_point_of_each_instrument_is_a_column() -> None:
    many = lines()["many"]
    at = np.array([[1.0], [2.0], [3.0]])
    prediction = many.predict(at, 0.1)
    assert prediction.value.shape == (3, 1)
    assert prediction.as_uncertain().u == pytest.approx(prediction.u[:, 0])
    with pytest.raises(InvalidData, match="one point of each curve"):
        many.predict([1.0, 2.0]).as_uncertain()


def test_use_beyond_the_points_is_said() -> None:
    line = lines()["weighted"]
    assert line.predict([-0.1, 0.0, 5.0, 5.1]).beyond.tolist() == [True, False, False, True]
    assert bool(line.inverse(9.0, 0.1).beyond)


@given(st.floats(0.02, 4.9))
def test_inverse_of_a_cubic_finds_the_only_x(x: float) -> None:
    cubic = weighted(X, 1 + X + 0.2 * (X - 2) ** 3, 0.1, spread="stated", degree=3)
    assert cubic.inverse(float(cubic.predict(x).value), 0.0).value == pytest.approx(x, abs=1e-9)


def test_inverse_of_falling_curves_of_many_instruments() -> None:
    curves = weighted(X, np.stack([5 - X, 9 - X - 0.1 * X**2]), 0.01, spread="stated", degree=2)
    found = curves.inverse([4.0, 3.0], 0.01)
    assert found.value[0] == pytest.approx([1.0, 2.0], abs=1e-9)
    assert curves.predict(found.value).value == pytest.approx(np.array([[4.0, 3.0], [4.0, 3.0]]))


def test_inverse_of_a_curve_that_turns_or_beyond_its_ends_is_refused() -> None:
    turning = weighted(X, (X - 2) ** 2, 0.1, spread="stated", degree=2)
    with pytest.raises(InvalidData, match="turns between its points"):
        turning.inverse(1.0, 0.1)
    rising = weighted(X, X**2 + X, 0.1, spread="stated", degree=2)
    with pytest.raises(InvalidData, match="y = 31 is outside"):
        rising.inverse(31.0, 0.1)


def test_inverse_at_a_slope_that_is_not_distinguishable_from_zero_is_refused() -> None:
    flat = ordinary(X, [1.0, 1.2, 0.9, 1.1, 1.0, 1.1])
    with pytest.raises(InvalidData, match="not distinguishable from 0"):
        flat.inverse(1.05, 0.1)
    with pytest.raises(InvalidData, match="not distinguishable from 0"):
        weighted(X, np.ones(6), 0.1, spread="stated").inverse(1.0, 0.1)


def test_inverse_says_how_its_reading_is_known() -> None:
    line = lines()["ordinary"]
    for wrong in ({}, {"u_y": 0.1, "observations": 2}, {"observations": 0}, {"observations": 1.5}):
        with pytest.raises(InvalidData, match="observations"):
            line.inverse(2.0, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidData, match="ordinary"):
        lines()["weighted"].inverse(2.0, observations=2)


@pytest.mark.parametrize("u", [-0.1, np.nan, np.inf])
def test_readings_without_a_proper_uncertainty_are_refused(u: float) -> None:
    line = lines()["ordinary"]
    with pytest.raises(InvalidUncertainty):
        line.predict(1.0, u)
    with pytest.raises(InvalidUncertainty):
        line.inverse(1.0, u)
    with pytest.raises(InvalidData, match="finite"):
        line.predict(np.nan)


def test_nothing_is_tested_where_the_spread_is_that_of_the_residuals() -> None:
    with pytest.raises(InvalidData, match="nothing to test"):
        _ = lines()["ordinary"].p_value
    through = weighted(X[:2], Y[:2], 0.1, spread="stated")
    with pytest.raises(InvalidData, match="no residuals"):
        _ = through.residual_s
    assert through.predict(0.5).u == pytest.approx(np.sqrt(0.5) * 0.1)


def test_points_exactly_on_a_line_show_no_spread() -> None:
    exact = ordinary([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 0.0, 0.0])
    with pytest.raises(InvalidUncertainty, match="no spread"):
        exact.as_uncertain()


def test_covariance_is_that_of_several_points() -> None:
    prediction: Prediction = lines()["ordinary"].predict([1.0, 2.0])
    assert np.diagonal(prediction.covariance) == pytest.approx(prediction.variance)
    with pytest.raises(InvalidData, match="array of points"):
        _ = lines()["ordinary"].predict(1.0).covariance
