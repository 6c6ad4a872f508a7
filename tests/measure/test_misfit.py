"""What a balance does not explain, against the model it is tested under."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from quanheng.measure.energy_balance import Equation, Noise, covariance
from quanheng.measure.misfit import (
    Float,
    daily,
    evidence_of_columns,
    evidence_of_shifts,
    free_variance_evidence,
    gaussian,
    innovations,
    prior_predictive,
    set_aside,
)


def spd(days: int, seed: int) -> Float:
    """A covariance with neighbours that are correlated and a strong common part."""
    rng = np.random.default_rng(seed)
    B = rng.standard_normal((days, 3))
    lag = np.abs(np.subtract.outer(np.arange(days), np.arange(days)))
    return B @ B.T + 0.5 ** np.minimum(lag, 40) + 0.5 * np.eye(days)


def log_density(y: Float, S: Float) -> float:
    return float(multivariate_normal(np.zeros(len(y)), S).logpdf(y))


def test_innovations_are_standard_normal_under_the_model() -> None:
    S, rng = spd(60, 0), np.random.default_rng(1)
    L = np.linalg.cholesky(S)
    z = np.concatenate([innovations(gaussian(L @ rng.standard_normal(60), S)) for _ in range(100)])
    assert z.mean() == pytest.approx(0.0, abs=0.05)
    assert z.std() == pytest.approx(1.0, abs=0.03)
    assert abs(np.mean(z[1:] * z[:-1])) < 0.05


@given(st.integers(0, 1000))
def test_squared_innovations_add_up_to_the_chi_square(seed: int) -> None:
    vector = gaussian(np.random.default_rng(seed).standard_normal(20), spd(20, seed))
    assert np.sum(innovations(vector) ** 2) == pytest.approx(vector.chi_square, rel=1e-9)


def test_a_matrix_that_is_no_covariance_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        gaussian(np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_planted_outliers_are_set_aside_and_little_else() -> None:
    S, rng = spd(120, 2), np.random.default_rng(3)
    L = np.linalg.cholesky(S)
    wrong = 0
    for _ in range(20):
        y = L @ rng.standard_normal(120)
        days = 20 + rng.permutation(100)[:6]
        y[days] += 12.0
        flags = set_aside(gaussian(y, S), threshold=5.0)
        assert flags[days].all()
        wrong += int(flags.sum()) - 6
    assert wrong == 0


def test_one_outlier_does_not_spoil_the_days_after_it() -> None:
    S, rng = spd(80, 4), np.random.default_rng(5)
    y = np.linalg.cholesky(S) @ rng.standard_normal(80)
    y[30] += 1000.0
    assert np.flatnonzero(set_aside(gaussian(y, S), threshold=5.0)).tolist() == [30]


@given(seed=st.integers(0, 1000), sd=st.floats(0.01, 10.0))
def test_evidence_of_a_column_is_the_log_bayes_factor(seed: int, sd: float) -> None:
    rng = np.random.default_rng(seed)
    S, y, columns = spd(15, seed), rng.standard_normal(15), rng.standard_normal((15, 3))
    gain, mean = evidence_of_columns(gaussian(y, S), columns, sd=sd)
    for k in range(3):
        x = columns[:, k]
        wider = S + sd**2 * np.outer(x, x)
        assert gain[k] == pytest.approx(log_density(y, wider) - log_density(y, S), rel=1e-6, abs=1e-6)
        assert mean[k] == pytest.approx(sd**2 * x @ np.linalg.solve(wider, y), rel=1e-6, abs=1e-9)


@given(seed=st.integers(0, 1000))
def test_evidence_of_a_shift_is_the_log_likelihood_ratio(seed: int) -> None:
    rng = np.random.default_rng(seed)
    S, y, shifts = spd(15, seed), rng.standard_normal(15), rng.standard_normal((15, 3))
    gain = evidence_of_shifts(gaussian(y, S), shifts)
    exact = [log_density(y + shifts[:, k], S) - log_density(y, S) for k in range(3)]
    np.testing.assert_allclose(gain, exact, rtol=1e-6, atol=1e-6)


@given(chi=st.floats(1.0, 1e5), gain=st.floats(-100.0, 1e4), days=st.integers(2, 400))
def test_free_variance_never_says_more_than_known_variance_in_a_troubled_balance(
    chi: float, gain: float, days: int
) -> None:
    found = free_variance_evidence(chi, gain, days)
    assert found >= 0.0
    if gain <= 0:
        assert found == 0.0
    if gain > 0 and chi - 2 * gain > days:
        assert found <= gain * 1.0000001


def equation(seed: int, *, days: int = 30, per_day: int = 4) -> Equation:
    rng = np.random.default_rng(seed)
    steps = days * per_day
    return Equation(
        meter=np.arange(4),
        target=rng.standard_normal(steps),
        energy=rng.gamma(2.0, 1.0, (steps, 4)),
        nuisance=rng.standard_normal((steps, 3)),
        kind=np.array([0, 0, -1]),
        white=rng.gamma(2.0, 1.0, steps),
        clock=rng.gamma(2.0, 1e-4, steps + 1),
        known=rng.gamma(2.0, 0.1, steps + 1),
        extra=np.zeros(steps),
        read_error=np.full((1, 4), 0.01),
    )


NOISE = Noise(0.5, 400.0, (2.0,))


def dense(q: Equation) -> Float:
    diagonal, off = covariance(q, NOISE)
    return np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)


@given(st.integers(0, 1000))
def test_days_have_the_covariance_of_their_steps_added_up(seed: int) -> None:
    q = equation(seed)
    add = np.kron(np.eye(30), np.ones((1, 4)))
    rows = daily(q, 4)
    np.testing.assert_allclose(dense(rows), add @ dense(q) @ add.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(rows.target, add @ q.target)
    np.testing.assert_allclose(rows.energy, add @ q.energy)


def test_the_balance_before_anything_is_known_has_noise_and_all_priors() -> None:
    q = equation(1, per_day=1)
    sd = np.array([0.01, 0.02, 0.0, 0.05])
    spread = np.array([2.0, 2.0, 1.0])
    exact = dense(q) + (q.energy * sd**2) @ q.energy.T + (q.nuisance * spread**2) @ q.nuisance.T
    np.testing.assert_allclose(prior_predictive(q, NOISE, correction_sd=sd).S, exact, rtol=1e-9, atol=1e-12)
