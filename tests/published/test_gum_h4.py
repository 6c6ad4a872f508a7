"""JCGM 100:2008, H.4: radon activity; six cycles of standard, blank and sample counted one after another.

The expected figures were not read in the GUM; they were recomputed by independent code.
"""

import numpy as np
import pytest

from quanheng.measure.statistics.type_a import Simultaneous, simultaneous, type_a

# table H.7: times in min, counts in T0 = 60 min; decay constant of radon in 1/min
T0, DECAY = 60.0, 1.25894e-4
T_S, C_S = np.array(
    [[243.74, 984.53, 1723.87, 2463.17, 3217.56, 3956.83], [15380, 14978, 14394, 13254, 12516, 11058]]
)
C_B = np.array([4054.0, 3922.0, 4200.0, 3830.0, 3956.0, 3980.0])
T_X, C_X = np.array(
    [[367.37, 1107.66, 1846.99, 2586.28, 3340.68, 4079.94], [41432, 38706, 35860, 32238, 29640, 26356]]
)
R_X = (C_X - C_B) / T0 * np.exp(DECAY * T_X)
R_S = (C_S - C_B) / T0 * np.exp(DECAY * T_S)
# standard's activity in Bq/g, masses in g, each with its u
(A_S, U_AS), (M_S, U_MS), (M_X, U_MX) = (0.1368, 0.0018), (5.0192, 0.005), (5.0571, 0.001)
CERTIFIED = (U_AS / A_S) ** 2 + (U_MS / M_S) ** 2 + (U_MX / M_X) ** 2


@pytest.fixture
def rates() -> Simultaneous:
    return simultaneous(np.column_stack([R_X, R_S]))


def test_mean_rates_and_their_correlation(rates: Simultaneous) -> None:
    assert rates.mean[0] == pytest.approx(652.6006796991608, abs=0.3)
    assert rates.mean[1] == pytest.approx(206.0880666003874, abs=0.01)
    assert rates.u == pytest.approx([6.41646590605654, 3.7925320208532822], abs=0.005)
    assert rates.correlation[0, 1] == pytest.approx(0.6459872667492824, abs=0.0005)


def test_activity_from_the_mean_rates(rates: Simultaneous) -> None:
    x, s = rates.mean
    activity = A_S * M_S / M_X * x / s
    J = np.array([1 / x, -1 / s])
    u = activity * np.sqrt(J @ rates.covariance @ J + CERTIFIED)
    assert (activity, u) == pytest.approx((0.42994582296753076, 0.00833384897757067), abs=1e-4)


def test_activity_from_the_ratio_of_each_cycle() -> None:
    ratio = type_a(R_X / R_S)
    activity = A_S * M_S / M_X * float(ratio.mean)
    u = activity * np.sqrt((float(ratio.u) / float(ratio.mean)) ** 2 + CERTIFIED)
    assert (activity, u) == pytest.approx((0.4304312283626216, 0.008405685011714669), abs=1e-4)
