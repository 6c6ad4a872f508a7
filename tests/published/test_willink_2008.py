"""R. Willink, Metrologia 45 (2008) 63-67: degrees of freedom of a value interpolated on a line through three points."""

import pytest

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import weighted


@pytest.fixture
def line() -> Curve:
    return weighted([-1, 0, 1], [-1, 0, 1], 0.1, dof_y=2, spread="stated")


def test_degrees_of_freedom_follow_the_weights_of_the_observations(line: Curve) -> None:
    at = line.predict(2 / 3)
    assert at.variance == pytest.approx(5 * 0.1**2 / 9, rel=1e-12)
    assert at.dof == pytest.approx(25 * 2 / 17, rel=1e-12)


def test_the_column_of_the_prediction_and_that_of_a_plus_b_x_agree(line: Curve) -> None:
    assert line.predict(2 / 3).as_uncertain().dof == pytest.approx([50 / 17], rel=1e-12)
    a, b = line.as_uncertain()
    # independent inputs a (6) and b (4) would make it 10 instead of 2.94
    assert a.covariance(b) == pytest.approx([0.0], abs=1e-17)
    assert (a.dof, b.dof) == (pytest.approx([6.0]), pytest.approx([4.0]))
