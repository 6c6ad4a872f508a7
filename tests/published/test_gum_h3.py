"""JCGM 100:2008, H.3: corrections of a thermometer as a straight line (table H.6)."""

import pytest

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import ordinary

# temperatures and corrections in °C; the line is written about 20 °C
T = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
B = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]


@pytest.fixture
def line() -> Curve:
    return ordinary(T, B, origin=20.0)


def test_coefficients_are_the_published_ones(line: Curve) -> None:
    assert line.coefficients[0] == pytest.approx(-0.1712, abs=5e-5)
    assert line.coefficients[1] == pytest.approx(0.00218, abs=5e-6)
    assert line.u[0] == pytest.approx(0.0029, abs=5e-5)
    assert line.u[1] == pytest.approx(0.00067, abs=5e-6)
    assert line.correlation[0, 1] == pytest.approx(-0.930, abs=5e-4)
    assert line.residual_s == pytest.approx(0.0035, abs=5e-5)
    assert line.dof == 9


def test_correction_at_30_degrees_is_the_published_one(line: Curve) -> None:
    correction = line.predict(30.0)
    assert correction.value == pytest.approx(-0.1494, abs=5e-5)
    assert correction.u == pytest.approx(0.0041, abs=5e-5)
    assert correction.dof == pytest.approx(9)
    assert bool(correction.beyond)


def test_figures_are_those_recomputed(line: Curve) -> None:
    assert line.coefficients == pytest.approx([-0.17120379013134995, 0.002182697739887277], rel=1e-10)
    assert line.u == pytest.approx([0.002877597835159958, 0.0006679387732278328], rel=1e-10)
    assert line.predict(30.0).u == pytest.approx(0.004138595752854954, rel=1e-10)
