"""JCGM 100:2008, H.2 and JCGM 102:2011, 9.4: means, and covariance of means, of quantities observed together."""

import numpy as np
import pytest

from quanheng.measure.statistics.type_a import simultaneous

# table H.2: V in V, I in A, phase in rad; JCGM 102:2011, 9.4 has a sixth set
SETS = np.array(
    [
        [5.007, 0.019663, 1.0456],
        [4.994, 0.019639, 1.0438],
        [5.005, 0.019640, 1.0468],
        [4.990, 0.019685, 1.0428],
        [4.999, 0.019678, 1.0433],
        [4.999, 0.019661, 1.0445],
    ]
)


def outputs(sets: np.ndarray, *, bayesian: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R, X, Z with u and correlation matrix, propagated by hand."""
    observed = simultaneous(sets, bayesian=bayesian)
    V, I, phi = observed.mean  # noqa: E741
    Z, c, s = V / I, np.cos(phi), np.sin(phi)
    J = np.array([[c / I, -Z * c / I, -Z * s], [s / I, -Z * s / I, Z * c], [1 / I, -Z / I, 0]])
    covariance = J @ observed.covariance @ J.T
    u = np.sqrt(np.diagonal(covariance))
    return Z * np.array([c, s, 1.0]), u, covariance / np.outer(u, u)


def test_means_their_u_and_correlations_are_those_of_table_h2() -> None:
    observed = simultaneous(SETS[:5])
    assert np.all(abs(observed.mean - [4.999, 0.019661, 1.04446]) < 1e-5)
    assert np.all(abs(observed.u - [0.0032, 9.5e-6, 0.00075]) < 1e-5)
    assert observed.dof == 4
    r = observed.correlation
    assert [r[0, 1], r[0, 2], r[1, 2]] == pytest.approx([-0.36, 0.86, -0.65], abs=0.01)


def test_resistance_and_reactance_of_h2() -> None:
    y, u, r = outputs(SETS[:5], bayesian=False)
    assert y == pytest.approx([127.732, 219.847, 254.260], abs=1e-3)
    assert u == pytest.approx([0.071, 0.295, 0.236], abs=1e-3)
    assert [r[0, 1], r[0, 2], r[1, 2]] == pytest.approx([-0.588, -0.485, 0.993], abs=1e-3)


@pytest.mark.parametrize(
    ("bayesian", "u_published"), [(False, [0.058, 0.241, 0.193]), (True, [0.130, 0.540, 0.431])]
)
def test_six_sets_of_jcgm_102(bayesian: bool, u_published: list[float]) -> None:
    # 9.4.2.2: sums of products over n(n−1) = 30; 9.4.2.5: over n(n−N−2) = 6
    y, u, r = outputs(SETS, bayesian=bayesian)
    assert y == pytest.approx([127.732, 219.847, 254.260], abs=0.005)
    assert u == pytest.approx(u_published, abs=0.0006)
    assert [r[0, 1], r[0, 2]] == pytest.approx([-0.588, -0.485], abs=0.0006)
    assert 1 - r[1, 2] == pytest.approx(0.00749, abs=6e-6)
