"""EURACHEM/CITAC QUAM, example A5: cadmium released from ceramic ware, calibration line and inverse prediction."""

import numpy as np
import pytest

from quanheng.measure.calibration.curve import Curve
from quanheng.measure.calibration.regression import ordinary

# concentrations in mg/L, each measured three times; absorbances
C = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 3)
A = [0.028, 0.029, 0.029, 0.084, 0.083, 0.081, 0.135, 0.131, 0.133, 0.180, 0.181, 0.183, 0.215, 0.230, 0.216]


@pytest.fixture
def line() -> Curve:
    return ordinary(C, A)


def test_line_is_the_published_one(line: Curve) -> None:
    assert line.coefficients == pytest.approx([0.0087, 0.2410], abs=5e-5)
    assert line.u == pytest.approx([0.0029, 0.0050], abs=5e-5)
    assert line.correlation[0, 1] == pytest.approx(-0.87038, abs=1e-5)


def test_concentration_from_two_absorbances_is_the_published_one(line: Curve) -> None:
    found = line.inverse(np.mean([0.0712, 0.0716]), observations=2)
    assert found.value == pytest.approx(0.260, abs=5e-4)
    assert found.u == pytest.approx(0.018, abs=5e-4)
    assert found.u == pytest.approx(0.017844611125583106, rel=1e-10)
    # one s for the line and for the two absorbances: its 13 degrees of freedom stay 13
    assert found.dof == pytest.approx(13)
    assert found.as_uncertain().dof == pytest.approx([13])
