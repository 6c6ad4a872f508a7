"""The energy balance as a linear model, against dense linear algebra and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.energy_balance import (
    Equation,
    Float,
    Noise,
    covariance,
    factorised,
    freeze_information,
    marginalise,
    nuisance_mean,
    solve,
    whitened,
    without,
)
from quanheng.measure.expectation_propagation import mixture


def example(seed: int, *, steps: int = 40, rows: int = 5, kinds: bool = True) -> Equation:
    """An equation of arbitrary numbers; nothing in it is an error of a row's own register."""
    rng = np.random.default_rng(seed)
    m = 6
    return Equation(
        meter=np.arange(rows),
        target=rng.standard_normal(steps),
        energy=rng.gamma(2.0, 3.0, (steps, rows)),
        nuisance=rng.standard_normal((steps, m)),
        kind=np.array([0, 0, 1, 1, -1, -1]) if kinds else np.full(m, -1),
        white=rng.gamma(2.0, 0.5, steps),
        clock=rng.gamma(2.0, 1e-4, steps + 1),
        known=rng.gamma(2.0, 0.01, steps + 1),
        extra=np.where(rng.random(steps) < 0.1, 5.0, 0.0),
        read_error=np.zeros((1, rows)),
    )


NOISE = Noise(0.7, 300.0, (0.5, 2.0))


def dense(equation: Equation, noise: Noise) -> Float:
    """Covariance of the steps, built from the difference operator."""
    D = np.diff(np.eye(len(equation.known)), axis=0)
    at_freeze = equation.known + noise.clock * equation.clock
    return D @ np.diag(at_freeze) @ D.T + np.diag(noise.white * equation.white + equation.extra)


def tridiagonal(diagonal: Float, off: Float) -> Float:
    return np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)


@given(st.integers(0, 10_000))
def test_the_covariance_is_that_of_errors_at_freezes_and_in_steps(seed: int) -> None:
    q = example(seed)
    np.testing.assert_allclose(tridiagonal(*covariance(q, NOISE)), dense(q, NOISE), rtol=1e-12, atol=1e-15)


@given(st.integers(0, 10_000))
def test_whitened_columns_have_the_gram_matrix_of_the_inverse_covariance(seed: int) -> None:
    q = example(seed)
    z = whitened(q.energy, *factorised(*covariance(q, NOISE)))
    exact = q.energy.T @ np.linalg.solve(dense(q, NOISE), q.energy)
    np.testing.assert_allclose(z.T @ z, exact, rtol=1e-9)


@given(st.integers(0, 10_000))
def test_information_at_the_freezes_is_the_diagonal_of_the_dense_one(seed: int) -> None:
    q = example(seed)
    D = np.diff(np.eye(len(q.known)), axis=0)
    exact = np.diag(D.T @ np.linalg.solve(dense(q, NOISE), D))
    np.testing.assert_allclose(freeze_information(*factorised(*covariance(q, NOISE))), exact, rtol=1e-9)


@given(st.integers(0, 10_000))
def test_integrating_the_nuisances_out_is_generalised_least_squares(seed: int) -> None:
    q = example(seed)
    spread = np.array([0.5, 0.5, 2.0, 2.0, 1.0, 1.0])
    V = dense(q, NOISE) + (q.nuisance * spread**2) @ q.nuisance.T
    found = marginalise(q, NOISE)
    A, h = q.energy.T @ np.linalg.solve(V, q.energy), q.energy.T @ np.linalg.solve(V, q.target)
    np.testing.assert_allclose(found.A, A, rtol=1e-9, atol=1e-9 * np.abs(A).max())
    np.testing.assert_allclose(found.h, h, rtol=1e-9, atol=1e-9 * np.abs(h).max())


def test_the_nuisances_are_those_of_the_joint_regression() -> None:
    q = example(3)
    c = np.array([0.01, -0.02, 0.0, 0.05, 0.03])
    W = np.linalg.inv(dense(q, NOISE))
    precision = np.diag([4.0, 4.0, 0.25, 0.25, 1.0, 1.0])
    exact = np.linalg.solve(
        q.nuisance.T @ W @ q.nuisance + precision, q.nuisance.T @ W @ (q.target - q.energy @ c)
    )
    np.testing.assert_allclose(nuisance_mean(marginalise(q, NOISE), c), exact, rtol=1e-9)


def test_a_covariance_that_is_none_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        factorised(np.array([1.0, 1.0]), np.array([-2.0]))


def area(
    seed: int, *, steps: int = 300, n: int = 6, white: float = 2.0, clock: float = 600.0
) -> tuple[Equation, Float]:
    """Meters in kWh whose registers are read in steps of 0.1 kWh, some noise, and their true corrections."""
    rng = np.random.default_rng(seed)
    c = 0.004 * rng.standard_normal(n)
    c[0] = 0.05
    x = rng.gamma(3.0, 2.0, (steps, n))
    power = np.full((steps + 1, n), 0.3)
    total = x.sum(axis=1)
    shape = total**2 / 96 * 1e-4
    at_freeze = np.full(steps + 1, (power[0] ** 2).sum() / 3600.0**2)
    noise = np.sqrt(white * shape) * rng.standard_normal(steps)
    noise += np.diff(np.sqrt(clock * at_freeze) * rng.standard_normal(steps + 1))
    rounding = 0.01**2 / 12
    shown = np.diff(np.floor(np.concatenate([np.zeros((1, n)), x.cumsum(axis=0)]) / 0.01) * 0.01, axis=0)
    nuisance = np.full((steps, 1), 0.002 * total.mean())
    return Equation(
        meter=np.arange(n),
        target=x @ (1 + c) + noise - shown.sum(axis=1),
        energy=shown,
        nuisance=nuisance,
        kind=np.array([-1]),
        white=shape,
        clock=at_freeze,
        known=np.full(steps + 1, n * rounding),
        extra=np.zeros(steps),
        read_error=np.full((1, n), rounding),
    ), c


def usual(n: int):  # type: ignore[no-untyped-def]
    return mixture(n, mean=0.0, spike=0.004, slab=0.055, share=0.02)


def test_true_corrections_lie_where_the_posterior_says() -> None:
    z = []
    for seed in range(30):
        q, c = area(seed)
        found = solve([q], usual(6)).posterior
        z += list((found.mean - c) / np.sqrt(np.diag(found.covariance)))
    assert 0.8 < np.std(z) < 1.2
    assert abs(np.mean(z)) < 0.25


@pytest.mark.parametrize("white", [0.5, 5.0])
@pytest.mark.parametrize("clock", [100.0, 4000.0])
def test_the_factors_of_the_noise_are_found_within_a_factor_of_two(white: float, clock: float) -> None:
    # a clock's noise that the white one drowns cannot be found: the variance of a step is compared
    found = [
        solve([area(seed, white=white, clock=clock)[0]], usual(6), passes=4).noise[0] for seed in range(4)
    ]
    q, _ = area(0)
    true, _ = covariance(q, Noise(white, clock))
    mean = np.mean([covariance(q, v)[0].mean() for v in found])
    assert 0.5 < mean / true.mean() < 2.0
    assert 0.5 < np.exp(np.mean([np.log(v.white / white) for v in found])) < 2.0


def test_rounding_of_the_meters_own_register_does_not_bias_its_correction() -> None:
    rng = np.random.default_rng(5)
    # 1 kWh steps for about 2.4 kWh a day and nothing else: the attenuation would be some 10 %
    steps, runs, sd = 200, 40, 1.0
    biased, corrected = [], []
    for _ in range(runs):
        x = rng.gamma(1.5, 0.8, (steps, 1))
        at = np.concatenate([rng.random((1, 1)), x.cumsum(axis=0) + rng.random()])
        shown = np.diff(np.floor(at / sd) * sd, axis=0)
        q = Equation(
            meter=np.zeros(1, dtype=np.intp),
            target=(1.05 * x - shown)[:, 0],
            energy=shown,
            nuisance=np.zeros((steps, 1)),
            kind=np.array([-1]),
            white=np.ones(steps),
            clock=np.full(steps + 1, 1e-12),
            known=np.full(steps + 1, sd**2 / 12),
            extra=np.zeros(steps),
            read_error=np.full((1, 1), sd**2 / 12),
        )
        g = marginalise(q, Noise(1.0, 1.0))
        corrected.append(float(g.h[0] / g.A[0, 0]))
        g = marginalise(replace(q, read_error=np.zeros((1, 1))), Noise(1.0, 1.0))
        biased.append(float(g.h[0] / g.A[0, 0]))
    assert np.mean(biased) < 0.0
    assert np.mean(corrected) == pytest.approx(0.05, abs=4 * np.std(corrected) / runs**0.5)


def test_steps_set_aside_bear_no_weight() -> None:
    q, _ = area(2)
    rows = np.zeros(300, dtype=bool)
    rows[[5, 6, 100]] = True
    spoilt = replace(q, target=np.where(rows, 40.0, q.target))
    a, b = marginalise(without(q, rows), NOISE), marginalise(without(spoilt, rows), NOISE)
    np.testing.assert_allclose(a.h, b.h, rtol=1e-2, atol=1e-2 * np.abs(a.h).max())


def test_two_equations_of_one_meter_add_their_information() -> None:
    a, b = area(1)[0], area(2)[0]
    found = solve([a, b], usual(6), passes=1, noise=[NOISE, NOISE])
    np.testing.assert_allclose(found.A, marginalise(a, NOISE).A + marginalise(b, NOISE).A, rtol=1e-12)


def test_rows_of_one_meter_in_one_equation_are_one_meter() -> None:
    q, _ = area(4)
    split = replace(
        q,
        meter=np.r_[0, q.meter],
        energy=np.concatenate([0.4 * q.energy[:, :1], 0.6 * q.energy[:, :1], q.energy[:, 1:]], axis=1),
        read_error=np.zeros((1, 7)),
    )
    whole = solve([replace(q, read_error=np.zeros((1, 6)))], usual(6), passes=1, noise=[NOISE])
    found = solve([split], usual(6), passes=1, noise=[NOISE])
    np.testing.assert_allclose(found.A, whole.A, rtol=1e-9)
    np.testing.assert_allclose(found.h, whole.h, rtol=1e-9)


def test_residuals_are_what_corrections_and_nuisances_leave() -> None:
    q, _ = area(7)
    found = solve([q], usual(6))
    left = q.target - q.energy @ found.posterior.mean - q.nuisance @ found.nuisance[0]
    np.testing.assert_allclose(found.residual[0], left, atol=1e-12)
    np.testing.assert_allclose(dense(q, found.noise[0]) @ found.whitened[0], left, atol=1e-9)


def test_energies_and_variances_in_other_units_give_the_same_corrections() -> None:
    q, _ = area(8)
    k = 1000.0
    other = replace(
        q, target=k * q.target, energy=k * q.energy, nuisance=k * q.nuisance, white=k**2 * q.white,
        clock=k**2 * q.clock, known=k**2 * q.known, read_error=k**2 * q.read_error,
    )  # fmt: skip
    a, b = solve([q], usual(6)), solve([other], usual(6))
    np.testing.assert_allclose(a.posterior.mean, b.posterior.mean, rtol=1e-3, atol=2e-5)
