"""ISO/TS 28037:2010, straight-line calibration functions: the examples of clauses 6, 7, 9 and 10.

Data and results of clauses 6 and 7 as in the tests of GTC and of QWTB's wrapper of NPL's software; data of 9 and 10 as
in the documents of NPL's software. The figures of 9 and 10 are recomputed here by a minimisation that knows nothing of
the iteration, in tests/measure/calibration/test_regression.py.
"""

import numpy as np
import pytest

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import distance, generalised, generalised_distance, weighted


def figures(line: Curve) -> list[float]:
    """a, b, u(a), u(b), cov(a, b)."""
    return [*line.coefficients, *line.u, line.covariance[0, 1]]


def test_clause_6_equal_weights() -> None:
    line = weighted([1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], 0.5, spread="stated")
    assert figures(line) == pytest.approx([1.866667, 1.757143, 0.4654747, 0.1195229, -0.050], abs=1e-6)
    assert line.chi_squared == pytest.approx(1.665, abs=1e-3)
    inverse = line.inverse(10.5, 0.5)
    assert (inverse.value, inverse.u) == pytest.approx((4.913, 0.322), abs=1e-3)
    forward = line.predict([3.5, 4.5], [0.2, 0.4])
    assert forward.value == pytest.approx([8.017, 9.774], abs=1e-3)
    assert forward.u == pytest.approx([0.406, 0.742], abs=1e-3)


def test_clause_6_unequal_weights() -> None:
    line = weighted(
        [1, 2, 3, 4, 5, 6], [3.2, 4.3, 7.6, 8.6, 11.7, 12.8], [0.5] * 3 + [1.0] * 3, spread="stated"
    )
    assert line.coefficients == pytest.approx([0.8852, 2.0570], abs=5e-5)
    assert figures(line)[2:] == pytest.approx([0.5297081, 0.1778920, -0.08227848], abs=1e-6)
    assert line.chi_squared == pytest.approx(4.131, abs=1e-3)
    inverse = line.inverse(10.5, 1.0)
    assert (inverse.value, inverse.u) == pytest.approx((4.674, 0.533), abs=6e-4)
    assert np.isinf(inverse.dof)


X_7 = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9]
Y_7 = [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
U_Y_7 = [0.2, 0.2, 0.2, 0.4, 0.4, 0.4]


def test_clause_7_to_every_printed_digit() -> None:
    line = distance(X_7, Y_7, 0.2, U_Y_7, spread="stated")
    assert figures(line) == pytest.approx([0.5788, 2.1597, 0.4764, 0.1355, -0.0577], abs=6e-5)
    assert line.chi_squared == pytest.approx(2.743, abs=5e-4)
    forward = line.predict([3.5, 4.5], [0.2, 0.4])
    assert forward.value == pytest.approx([8.138, 10.297], abs=1e-3)
    assert forward.u == pytest.approx([0.484, 0.909], abs=1e-3)


def test_clause_10_goes_over_into_clause_7_without_covariances() -> None:
    wide = generalised_distance(X_7, Y_7, 0.04 * np.eye(6), np.diag(np.square(U_Y_7)), spread="stated")
    assert figures(wide) == pytest.approx(figures(distance(X_7, Y_7, 0.2, U_Y_7, spread="stated")), rel=1e-10)


def test_clause_9() -> None:
    V = np.eye(10)
    V[:5, :5] += 1
    V[5:, 5:] += 4
    y = [1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0]
    line = generalised(np.arange(1.0, 11.0), y, V, spread="stated")
    assert figures(line) == pytest.approx([-0.6456, 2.2014, 1.2726, 0.2015, -0.1669], abs=6e-5)
    assert line.chi_squared == pytest.approx(2.074, abs=5e-4)


def test_clause_10() -> None:
    x = [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1]
    y = [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2]
    V_x = [
        [0.50, 0.00, 0.25, 0.00, 0.25, 0.00, 0.25],
        [0.00, 1.25, 1.00, 0.00, 0.00, 1.00, 1.00],
        [0.25, 1.00, 1.50, 0.00, 0.25, 1.00, 1.25],
        [0.00, 0.00, 0.00, 1.25, 1.00, 1.00, 1.00],
        [0.25, 0.00, 0.25, 1.00, 1.50, 1.00, 1.25],
        [0.00, 1.00, 1.00, 1.00, 1.00, 2.25, 2.00],
        [0.25, 1.00, 1.25, 1.00, 1.25, 2.00, 2.50],
    ]
    line = generalised_distance(x, y, V_x, 4 * np.eye(7) + 1, spread="stated")
    assert figures(line) == pytest.approx([0.3424, 1.0012, 2.0569, 0.0090, -0.0129], abs=6e-5)
    assert line.chi_squared == pytest.approx(1.772, abs=5e-4)
