"""ISO 6143:2001, B.2.1, example 1: three gas mixtures, line from response to content, errors of both.

Data and figures as in the tests of METAS B LEAST, at the tolerances stated there.
"""

import pytest

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import distance


@pytest.fixture
def line() -> Curve:
    response, content = [0.1969, 0.7874, 2.0228], [4.5, 18.75, 50.0]
    return distance(response, content, [0.003938, 0.015748, 0.040456], [0.045, 0.1875, 0.5], spread="stated")


def test_line(line: Curve) -> None:
    assert line.coefficients[0] == pytest.approx(-0.35747, abs=1e-5)
    assert line.coefficients[1] == pytest.approx(24.612, abs=1e-3)
    assert line.u[0] == pytest.approx(0.15716, abs=3e-5)
    assert line.u[1] == pytest.approx(0.48048, abs=1.3e-4)
    assert line.covariance[0, 1] == pytest.approx(-0.056921, abs=3.2e-5)
    assert line.chi_squared == pytest.approx(0.6743, abs=1e-4)


def test_three_mixtures_and_their_covariances(line: Curve) -> None:
    content = line.predict([0.258, 0.6, 1.8], [0.00516, 0.012, 0.036])
    assert content.value == pytest.approx([5.9923, 14.409, 43.943], abs=1e-3)
    assert content.u == pytest.approx([0.16377, 0.35599, 1.1631], abs=2e-4)
    V = content.covariance
    assert [V[0, 1], V[0, 2]] == pytest.approx([1.16e-2, 1.48e-2], abs=1e-4)
    assert V[1, 2] == pytest.approx(0.137, abs=1e-3)


def test_the_column_of_the_mixtures_has_these_covariances(line: Curve) -> None:
    content = line.predict([0.258, 0.6, 1.8], [0.00516, 0.012, 0.036])
    assert content.as_uncertain().matrix([0, 1, 2]) == pytest.approx(content.covariance)
