"""Pearson's data with York's weights: a line with errors of both x and y.

Line: F. Neri et al., J. Phys. E 22 (1989) 215. Chi-squared: as in GTC's tests. Its u: D. York et al., Am. J. Phys. 72
(2004) 367, whose 0.295 and 0.0580 come from adjusted x, as those of ISO/TS 28037 do. A. H. Kalantar's 0.2919 and 0.0576
(Meas. Sci. Technol. 3 (1992) 1113) differentiate the fitted line itself and hold terms that depend on the residuals.
"""

import numpy as np
import pytest

from quanheng.measure.calibration.regression import distance

X = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
U_X = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0]) ** -0.5
U_Y = np.array([1.0, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]) ** -0.5


def test_line_is_the_published_one() -> None:
    line = distance(X, Y, U_X, U_Y, spread="stated")
    assert line.coefficients == pytest.approx([5.47991022, -0.480533407], rel=2e-9)
    assert line.chi_squared / line.dof == pytest.approx(1.4833, abs=1e-4)
    assert line.u == pytest.approx([0.295, 0.0580], abs=5e-5)


def test_the_line_is_the_same_with_x_and_y_exchanged() -> None:
    a, b = distance(X, Y, U_X, U_Y, spread="stated").coefficients
    other = distance(Y, X, U_Y, U_X, spread="stated")
    assert other.coefficients == pytest.approx([-a / b, 1 / b], rel=1e-8)


def test_thermometers_of_mathioulakis_and_belessiotis() -> None:
    # GTC's tests: reference temperatures (y) and indications (x) with their u
    y = [0.1335, 9.9303, 19.8774, 29.8626, 39.8619, 49.8241, 59.7264, 69.6918, 79.6740, 89.7215]
    u_y = [0.0106, 0.0107, 0.0108, 0.0110, 0.0113, 0.0115, 0.0098, 0.0101, 0.0104, 0.0107]
    x = [0.0010, 10.0867, 20.2531, 30.3477, 40.6713, 50.8418, 60.9435, 71.1146, 81.3378, 91.5948]
    u_x = [0.0175, 0.0186, 0.0183, 0.0186, 0.0188, 0.0191, 0.0202, 0.0204, 0.0210, 0.0217]
    line = distance(x, y, u_x, u_y, spread="stated")
    assert line.coefficients[0] == pytest.approx(0.0991, abs=1e-4)
    assert line.coefficients[1] == pytest.approx(0.97839, abs=1e-5)
    assert line.u == pytest.approx([0.0123, 0.00024], abs=1e-4)
    assert line.covariance[0, 1] == pytest.approx(-2.41e-6, abs=1e-8)
