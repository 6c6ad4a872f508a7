"""The regressions against independent minimisations, and against one another."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import (
    distance,
    generalised,
    generalised_distance,
    ordinary,
    weighted,
)
from quanheng.measure.errors import InvalidCorrelation, InvalidData, InvalidUncertainty, NotConverged

Float = np.ndarray
seeds = st.integers(0, 10_000)


def points(seed: int, m: int = 7) -> tuple[Float, Float, Float, Float]:
    """x, y, u_x, u_y near a line."""
    rng = np.random.default_rng(seed)
    u_x, u_y = rng.uniform(0.05, 0.3, m), rng.uniform(0.1, 0.6, m)
    true = np.sort(rng.uniform(0, 10, m)) + np.arange(m)
    slope = rng.choice([-1, 1]) * rng.uniform(0.3, 3)
    return true + u_x * rng.normal(size=m), 2 + slope * true + u_y * rng.normal(size=m), u_x, u_y


def covariance(seed: int, q: int) -> Float:
    A = np.random.default_rng(seed).normal(size=(q, q + 2)) * 0.15
    return A @ A.T + 0.01 * np.eye(q)


def figures(line: Curve) -> list[float]:
    return [*line.coefficients, *line.u, line.covariance[0, 1]]


def by_minimisation(x: Float, y: Float, V: Float) -> tuple[Float, Float, float]:
    """a, b and the true x that minimise chi-squared together; covariance of a, b from its Jacobian; chi-squared."""
    m = len(x)
    whiten = np.linalg.inv(np.linalg.cholesky(V))

    def deviations(p: Float) -> Float:
        return whiten @ np.concatenate([x - p[2:], y - p[0] - p[1] * p[2:]])

    b, a = np.polyfit(x, y, 1)
    found = least_squares(deviations, [a, b, *x], method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    # the exact Jacobian at the solution, not its finite differences
    J = np.zeros((2 * m, m + 2))
    J[:m, 2:], J[m:, 0], J[m:, 1], J[m:, 2:] = np.eye(m), 1, found.x[2:], found.x[1] * np.eye(m)
    return found.x[:2], np.linalg.inv((whiten @ J).T @ (whiten @ J))[:2, :2], 2 * float(found.cost)


# ---- exact x ---------------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 3))
def test_ordinary_is_numpys_polyfit(seed: int, degree: int) -> None:
    x, y, _, _ = points(seed)
    c, V = np.polyfit(x, y, degree, cov=True)
    curve = ordinary(x, y, degree=degree)
    assert curve.coefficients == pytest.approx(c[::-1], rel=1e-6, abs=1e-6)
    assert curve.covariance == pytest.approx(V[::-1, ::-1], rel=1e-5, abs=1e-9)


@given(seeds)
def test_weighted_is_numpys_polyfit(seed: int) -> None:
    x, y, _, u = points(seed)
    for spread, cov in (("stated", "unscaled"), ("residuals", True)):
        c, V = np.polyfit(x, y, 1, w=1 / u, cov=cov)
        line = weighted(x, y, u, spread=spread)  # type: ignore[arg-type]
        assert line.coefficients == pytest.approx(c[::-1], rel=1e-8, abs=1e-8)
        assert line.covariance == pytest.approx(V[::-1, ::-1], rel=1e-7)


@given(seeds, st.integers(1, 2))
def test_generalised_is_the_solution_of_the_normal_equations(seed: int, degree: int) -> None:
    x, y, _, _ = points(seed)
    V = covariance(seed, len(x))
    X = np.vander(x, degree + 1, increasing=True)
    W = np.linalg.inv(V)
    C = np.linalg.inv(X.T @ W @ X)
    curve = generalised(x, y, V, spread="stated", degree=degree)
    assert curve.coefficients == pytest.approx(C @ X.T @ W @ y, rel=1e-6, abs=1e-7)
    assert curve.covariance == pytest.approx(C, rel=1e-6, abs=1e-9)


@given(seeds)
def test_methods_agree_where_their_errors_are_the_same(seed: int) -> None:
    x, y, _, u = points(seed)
    assert figures(weighted(x, y, 1.0, spread="residuals")) == pytest.approx(figures(ordinary(x, y)))
    assert figures(generalised(x, y, np.diag(u**2), spread="stated")) == pytest.approx(
        figures(weighted(x, y, u, spread="stated"))
    )
    nearly_exact = distance(x, y, 1e-9, u, spread="stated")
    assert figures(nearly_exact) == pytest.approx(figures(weighted(x, y, u, spread="stated")), rel=1e-6)


@given(seeds, st.floats(-1e3, 1e3))
def test_the_curve_does_not_depend_on_its_origin(seed: int, origin: float) -> None:
    x, y, _, u = points(seed)
    here, there = (weighted(x, y, u, spread="stated", degree=2, origin=o) for o in (0.0, origin))
    assert here.predict(x).value == pytest.approx(there.predict(x).value)
    assert there.coefficients[0] == pytest.approx(float(here.predict(origin).value), rel=1e-6)
    assert there.u[0] == pytest.approx(float(here.predict(origin).u), rel=1e-6)


def test_a_curve_far_from_zero_keeps_its_digits() -> None:
    # a frequency of 10 MHz known over 1 Hz: powers of x would have lost them
    t, y = np.linspace(-1, 1, 9), np.sin(np.arange(9.0))
    near, far = ordinary(t, y, degree=3), ordinary(1e7 + t, y, degree=3)
    assert far.predict(1e7 + 0.3).value == pytest.approx(float(near.predict(0.3).value), abs=1e-7)
    assert far.predict(1e7 + 0.3).u == pytest.approx(float(near.predict(0.3).u), rel=1e-6)


@given(seeds)
def test_chi_squared_has_the_probability_of_its_distribution(seed: int) -> None:
    x, y, u_x, u_y = points(seed)
    line = distance(x, y, u_x, u_y, spread="stated")
    assert 0.0 <= float(line.p_value) <= 1.0
    assert float(line.residual_s) == pytest.approx(np.sqrt(float(line.chi_squared) / 5))


# ---- errors of both --------------------------------------------------------------------------------------------


@given(seeds)
def test_distance_minimises_over_the_line_and_the_true_x(seed: int) -> None:
    x, y, u_x, u_y = points(seed)
    line = distance(x, y, u_x, u_y, spread="stated")
    ab, V, chi_squared = by_minimisation(x, y, np.diag(np.concatenate([u_x, u_y]) ** 2))
    assert line.coefficients == pytest.approx(ab, rel=1e-5, abs=1e-5)
    assert line.covariance == pytest.approx(V, rel=1e-4, abs=1e-8)
    assert float(line.chi_squared) == pytest.approx(chi_squared, rel=1e-7)


@given(seeds)
def test_generalised_distance_minimises_with_all_covariances(seed: int) -> None:
    x, y, _, _ = points(seed)
    m = len(x)
    V = covariance(seed, 2 * m)
    line = generalised_distance(x, y, V[:m, :m], V[m:, m:], V[:m, m:], spread="stated")
    ab, C, chi_squared = by_minimisation(x, y, V)
    assert line.coefficients == pytest.approx(ab, rel=1e-5, abs=1e-5)
    assert line.covariance == pytest.approx(C, rel=1e-4, abs=1e-8)
    assert float(line.chi_squared) == pytest.approx(chi_squared, rel=1e-7)


def test_clauses_9_and_10_of_iso_28037_by_minimisation() -> None:
    x = np.array([50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1])
    y = np.array([52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2])
    V = np.zeros((14, 14))
    V[:7, :7] = [
        [0.50, 0.00, 0.25, 0.00, 0.25, 0.00, 0.25],
        [0.00, 1.25, 1.00, 0.00, 0.00, 1.00, 1.00],
        [0.25, 1.00, 1.50, 0.00, 0.25, 1.00, 1.25],
        [0.00, 0.00, 0.00, 1.25, 1.00, 1.00, 1.00],
        [0.25, 0.00, 0.25, 1.00, 1.50, 1.00, 1.25],
        [0.00, 1.00, 1.00, 1.00, 1.00, 2.25, 2.00],
        [0.25, 1.00, 1.25, 1.00, 1.25, 2.00, 2.50],
    ]
    V[7:, 7:] = 4 * np.eye(7) + 1
    ab, C, chi_squared = by_minimisation(x, y, V)
    assert [*ab, *np.sqrt(np.diagonal(C)), C[0, 1]] == pytest.approx(
        [0.3424, 1.0012, 2.0569, 0.0090, -0.0129], abs=6e-5
    )
    assert chi_squared == pytest.approx(1.772, abs=5e-4)


@given(seeds)
def test_a_line_of_exchanged_axes_is_the_same_line(seed: int) -> None:
    x, y, u_x, u_y = points(seed)
    a, b = distance(x, y, u_x, u_y, spread="stated").coefficients
    assert distance(y, x, u_y, u_x, spread="stated").coefficients == pytest.approx([-a / b, 1 / b], rel=1e-6)


@settings(max_examples=5)
@given(seeds)
def test_u_of_a_line_is_the_spread_of_lines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, u_x, u_y = np.arange(8.0), 0.15, np.linspace(0.2, 0.5, 8)
    x = true + u_x * rng.normal(size=(4000, 8))
    y = 1 + 2 * true + u_y * rng.normal(size=(4000, 8))
    lines = distance(x, y, u_x, u_y, spread="stated")
    assert lines.coefficients.std(axis=0) == pytest.approx(lines.u.mean(axis=0), rel=0.05)
    assert lines.coefficients.mean(axis=0) == pytest.approx([1, 2], abs=0.03)
    assert (lines.p_value < 0.05).mean() == pytest.approx(0.05, abs=0.015)


# ---- many instruments ------------------------------------------------------------------------------------------

METHODS: dict[str, Callable[[Float, Float, Float, Float], Curve]] = {
    "ordinary": lambda x, y, u_x, u_y: ordinary(x, y, degree=2),
    "weighted": lambda x, y, u_x, u_y: weighted(x, y, u_y, spread="stated"),
    "weighted by residuals": lambda x, y, u_x, u_y: weighted(x, y, u_y, spread="residuals"),
    "generalised": lambda x, y, u_x, u_y: generalised(x, y, covariance(1, 7), spread="residuals"),
    "distance": lambda x, y, u_x, u_y: distance(x, y, u_x, u_y, spread="stated"),
    "generalised distance": lambda x, y, u_x, u_y: generalised_distance(
        x, y, covariance(1, 7), covariance(2, 7), spread="stated"
    ),
    "with covariance of x and y": lambda x, y, u_x, u_y: generalised_distance(
        x, y, covariance(1, 7), covariance(2, 7), 0.01 * np.eye(7), spread="residuals"
    ),
}


@pytest.mark.parametrize("own_x", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_many_instruments_give_what_each_gives(method: str, own_x: bool) -> None:
    x, _, u_x, u_y = points(3)
    ys = np.stack([points(seed)[1] for seed in (4, 5, 6)])
    xs = np.stack([x, x + 0.1, 2 * x]) if own_x else x
    many = METHODS[method](xs, ys, u_x, u_y)
    for k, y in enumerate(ys):
        one = METHODS[method](xs[k] if own_x else x, y, u_x, u_y)
        for field in ("coefficients", "covariance", "chi_squared", "residual_s", "residuals"):
            assert getattr(many, field)[k] == pytest.approx(getattr(one, field), rel=1e-6, abs=1e-9), field
        for at in (3.0, [1.0, 4.0]):
            assert many.predict(at, 0.1).value[k] == pytest.approx(one.predict(at, 0.1).value)
            assert many.predict(at, 0.1).u[k] == pytest.approx(one.predict(at, 0.1).u, rel=1e-6)
            assert many.predict(at, 0.1).dof[k] == pytest.approx(one.predict(at, 0.1).dof, rel=1e-6)
        assert many.predict([1.0, 4.0]).covariance[k] == pytest.approx(
            one.predict([1.0, 4.0]).covariance, rel=1e-6
        )


# ---- what is refused -------------------------------------------------------------------------------------------

X, Y = [1.0, 2.0, 3.0, 4.0], [1.1, 2.3, 2.9, 4.2]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0], "takes at least 3 points to see a spread, not 2"),
        ([5.0, 5.0, 5.0], [1.0, 2.0, 3.0], r"x takes 1 different values \(as 5\)"),
        (X, [1.0, np.nan, 3.0, 4.0], "y of point 2 is missing or infinite"),
        (X, [Y, [1.0, 2.0, np.inf, 4.0]], "curve 2, y of point 3"),
        (X, Y[:3], "same number of points"),
        ([], [], "at least 3 points"),
    ],
)
def test_points_that_make_no_line_are_refused(x: list[float], y: list[float], message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        ordinary(x, y)


def test_a_degree_takes_as_many_points() -> None:
    with pytest.raises(InvalidData, match="degree 4 takes at least 5 points, not 4"):
        weighted(X, Y, 0.1, spread="stated", degree=4)
    with pytest.raises(InvalidData, match="degree"):
        ordinary(X, Y, degree=0)


@pytest.mark.parametrize("u", [0.0, -0.1, np.nan, np.inf, [0.1, 0.1, 0.0, 0.1]])
def test_uncertainties_that_are_not_positive_are_refused(u: float | list[float]) -> None:
    with pytest.raises(InvalidUncertainty, match="u_y of point"):
        weighted(X, Y, u, spread="stated")
    with pytest.raises(InvalidUncertainty, match="u_x of point"):
        distance(X, Y, u, 0.1, spread="stated")


def test_uncertainties_of_another_shape_are_refused() -> None:
    with pytest.raises(InvalidData, match="does not fit"):
        weighted(X, Y, [0.1, 0.1], spread="stated")


def test_where_the_spread_comes_from_is_never_guessed() -> None:
    with pytest.raises(TypeError):
        weighted(X, Y, 0.1)  # type: ignore[call-arg]
    with pytest.raises(InvalidData, match="stated"):
        weighted(X, Y, 0.1, spread="known")  # type: ignore[arg-type]
    with pytest.raises(InvalidData, match="give none"):
        weighted(X, Y, 0.1, spread="residuals", dof_y=5)


def changed(V: Float, i: int, j: int, value: float) -> Float:
    V = V.copy()
    V[i, j] = V[j, i] = value
    return V


@pytest.mark.parametrize(
    ("V", "message"),
    [
        (changed(np.eye(4), 1, 3, 1.5), "y2 .* y4"),
        (np.eye(4) + np.tri(4, k=-1) * 0.1, "covariance of y1 and y2 is not symmetric"),
        (changed(np.eye(4), 2, 2, 0.0), "variance of y3 is positive"),
        (np.ones((4, 4)), "singular"),
        (np.eye(3), "4 by 4"),
        (np.full((4, 4), np.nan), "finite"),
    ],
)
def test_covariances_that_no_errors_have_are_refused_by_pair(V: Float, message: str) -> None:
    with pytest.raises((InvalidCorrelation, InvalidUncertainty, InvalidData), match=message):
        generalised(X, Y, V, spread="stated")


def test_covariance_of_x_and_y_that_is_too_large_names_the_pair() -> None:
    with pytest.raises(InvalidCorrelation, match="x2 与 y2"):
        generalised_distance(
            X, Y, np.eye(4), np.eye(4), changed(np.zeros((4, 4)), 1, 1, 2.0), spread="stated"
        )
    with pytest.raises(InvalidData):
        generalised_distance(X, Y, np.eye(4), np.eye(4), np.eye(3), spread="stated")


def test_points_that_make_no_line_do_not_converge() -> None:
    x, y = [-2.4, 3.2, 1.4, 6.1, 3.8, 6.7], [1.6, 0.6, 1.4, 0.1, 0.7, 2.9]
    with pytest.raises(NotConverged, match="too wide"):
        distance(x, y, 3.5, 1.0, spread="stated")
