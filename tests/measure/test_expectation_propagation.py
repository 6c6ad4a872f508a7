"""Spike and slab by expectation propagation, against exact sums over all 2ⁿ configurations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.expectation_propagation import (
    Float,
    Mixture,
    inverse_spd,
    mixture,
    responsibility,
    spike_and_slab,
    tilted_moments,
)

SPIKE, SLAB, SHARE = 0.004, 0.055, 0.02


def exact_moments(A: Float, h: Float, prior: Mixture) -> tuple[Float, Float]:
    """Mean and standard deviation of every coefficient, summed over all spikes and slabs."""
    n = len(h)
    weights, means, squares = [], [], []
    for slabs in product((False, True), repeat=n):
        sd = np.where(slabs, prior.slab, prior.spike)
        precision = np.diag(sd**-2.0)
        V = np.linalg.inv(A + precision)
        b = h + prior.mean / sd**2
        m = V @ b
        log_weight = float(np.sum(np.where(slabs, np.log(prior.share), np.log1p(-prior.share)) - np.log(sd)))
        log_weight += 0.5 * np.linalg.slogdet(V)[1] + 0.5 * float(b @ m - np.sum((prior.mean / sd) ** 2))
        weights.append(log_weight)
        means.append(m)
        squares.append(np.diag(V) + m**2)
    w = np.exp(np.array(weights) - max(weights))
    w /= w.sum()
    mean = w @ np.array(means)
    return mean, np.sqrt(w @ np.array(squares) - mean**2)


def regression(
    n: int, seed: int, *, correlation: float, noise: float = 0.002, bad: int = 1
) -> tuple[Float, Float, Float]:
    """A, h and the true coefficients of 40 rows of correlated columns, the first `bad` ones faulty."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((40, 1))
    X = correlation**0.5 * common + (1 - correlation) ** 0.5 * rng.standard_normal((40, n))
    c = SPIKE * rng.standard_normal(n)
    c[:bad] += 0.05
    y = X @ c + noise * rng.standard_normal(40)
    return X.T @ X / noise**2, X.T @ y / noise**2, c


def usual(n: int) -> Mixture:
    return mixture(n, mean=0.0, spike=SPIKE, slab=SLAB, share=SHARE)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.7])
def test_moments_agree_with_the_sum_over_all_configurations(seed: int, correlation: float) -> None:
    n = 4 + seed % 5
    A, h, _ = regression(n, seed, correlation=correlation, noise=0.02)
    mean, sd = exact_moments(A, h, usual(n))
    found = spike_and_slab(A, h, usual(n))
    # expectation propagation is an approximation: within a quarter of the exact standard deviation
    np.testing.assert_allclose(found.mean, mean, rtol=0, atol=0.25 * sd.max())
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), sd, rtol=0.35)


@pytest.mark.parametrize("seed", range(4))
def test_sharp_data_leave_nothing_to_approximate(seed: int) -> None:
    A, h, _ = regression(6, seed, correlation=0.3, noise=0.002)
    mean, sd = exact_moments(A, h, usual(6))
    found = spike_and_slab(A, h, usual(6))
    np.testing.assert_allclose(found.mean, mean, rtol=0, atol=0.05 * sd.max())
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), sd, rtol=0.03)


@pytest.mark.parametrize(("share", "sd"), [(1e-12, SPIKE), (1 - 1e-12, SLAB)])
def test_one_component_alone_is_the_closed_form(share: float, sd: float) -> None:
    A, h, _ = regression(7, 11, correlation=0.6, bad=0)
    prior = mixture(7, mean=0.001, spike=SPIKE, slab=SLAB, share=share)
    found = spike_and_slab(A, h, prior, tolerance=1e-9)
    V = np.linalg.inv(A + np.eye(7) / sd**2)
    np.testing.assert_allclose(found.covariance, V, rtol=1e-6, atol=1e-6 * V.max())
    np.testing.assert_allclose(found.mean, V @ (h + 0.001 / sd**2), rtol=1e-6, atol=1e-9)


def test_equal_components_are_one_gaussian_whatever_the_share() -> None:
    A, h, _ = regression(5, 3, correlation=0.5)
    found = spike_and_slab(A, h, mixture(5, mean=0.0, spike=0.01, slab=0.01, share=0.4), tolerance=1e-9)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(A + 1e4 * np.eye(5)), rtol=1e-7, atol=1e-16)


def test_the_cavity_of_orthogonal_data_is_the_likelihood() -> None:
    information = np.array([1e4, 3e5, 2e6, 8e6])
    estimate = np.array([0.03, -0.01, 0.002, 0.06])
    found = spike_and_slab(np.diag(information), information * estimate, usual(4))
    np.testing.assert_allclose(found.location, estimate, rtol=1e-6)
    np.testing.assert_allclose(found.scale, information**-0.5, rtol=1e-6)


def test_orthogonal_data_make_it_exact() -> None:
    information = np.array([3e5, 3e6, 8e6])
    h = information * np.array([-0.05, 0.001, 0.06])
    mean, sd = exact_moments(np.diag(information), h, usual(3))
    found = spike_and_slab(np.diag(information), h, usual(3), tolerance=1e-9)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), sd, rtol=1e-3)


@pytest.mark.parametrize("estimate", [0.02, 0.03, 0.04])
def test_between_spike_and_slab_the_mean_is_still_that_of_the_product(estimate: float) -> None:
    A, h = np.array([[1e4]]), np.array([1e4 * estimate])
    mean, sd = exact_moments(A, h, usual(1))
    found = spike_and_slab(A, h, usual(1), tolerance=1e-9)
    assert found.mean[0] == pytest.approx(mean[0], abs=1e-3 * sd[0])


def test_the_cavity_does_not_hear_the_meters_own_prior() -> None:
    A, h, _ = regression(6, 5, correlation=0.4)
    other = usual(6)
    moved = Mixture(np.r_[0.02, other.mean[1:]], np.r_[0.01, other.spike[1:]], other.slab, other.share)
    a, b = spike_and_slab(A, h, other, tolerance=1e-8), spike_and_slab(A, h, moved, tolerance=1e-8)
    assert a.location[0] == pytest.approx(b.location[0], abs=0.02 * a.scale[0])
    assert a.scale[0] == pytest.approx(b.scale[0], rel=0.02)


def test_a_coefficient_without_data_keeps_its_prior_and_has_no_scale_of_note() -> None:
    A, h, _ = regression(5, 2, correlation=0.2)
    A[0], A[:, 0], h[0] = 0.0, 0.0, 0.0
    found = spike_and_slab(A, h, usual(5))
    assert found.scale[0] > 1e3 * SLAB
    assert found.mean[0] == pytest.approx(0.0, abs=1e-9)
    assert found.covariance[0, 0] == pytest.approx((1 - SHARE) * SPIKE**2 + SHARE * SLAB**2, rel=1e-3)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 8))
def test_the_order_of_the_meters_does_not_matter(seed: int, n: int) -> None:
    A, h, _ = regression(n, seed, correlation=0.5)
    order = np.random.default_rng(seed).permutation(n)
    a = spike_and_slab(A, h, usual(n))
    b = spike_and_slab(A[np.ix_(order, order)], h[order], usual(n))
    np.testing.assert_allclose(b.mean, a.mean[order], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(b.scale, a.scale[order], rtol=1e-6)


@given(seed=st.integers(0, 10_000), unit=st.floats(1e-3, 1e3))
def test_the_unit_of_the_coefficients_does_not_matter(seed: int, unit: float) -> None:
    A, h, _ = regression(5, seed, correlation=0.5)
    p = usual(5)
    scaled = Mixture(unit * p.mean, unit * p.spike, unit * p.slab, p.share)
    a, b = spike_and_slab(A, h, p), spike_and_slab(A / unit**2, h / unit, scaled)
    np.testing.assert_allclose(b.mean, unit * a.mean, rtol=1e-5, atol=1e-9 * unit)
    np.testing.assert_allclose(b.covariance, unit**2 * a.covariance, rtol=1e-5, atol=1e-12 * unit**2)


def test_the_faulty_one_is_found_among_collinear_ones() -> None:
    A, h, c = regression(8, 21, correlation=0.7)
    found = spike_and_slab(A, h, usual(8))
    faulty = responsibility(found.location, found.scale**2, usual(8))
    assert faulty[0] > 0.99
    assert faulty[1:].max() < 0.3
    assert found.mean[0] == pytest.approx(c[0], abs=0.005)


def test_the_answer_is_the_same_to_the_bit_every_time() -> None:
    A, h, _ = regression(8, 4, correlation=0.9)
    a, b = spike_and_slab(A, h, usual(8)), spike_and_slab(A.copy(), h.copy(), usual(8))
    assert np.array_equal(a.covariance, b.covariance)


def test_the_data_are_not_written_to() -> None:
    A, h, _ = regression(6, 4, correlation=0.5)
    kept = A.copy(), h.copy()
    spike_and_slab(A, h, usual(6))
    assert np.array_equal(A, kept[0])
    assert np.array_equal(h, kept[1])


@given(location=st.floats(-0.2, 0.2), sd=st.floats(1e-4, 0.2), mean=st.floats(-0.02, 0.02))
def test_tilted_moments_are_those_of_the_product(location: float, sd: float, mean: float) -> None:
    prior = mixture(1, mean=mean, spike=SPIKE, slab=SLAB, share=SHARE)
    m, v = tilted_moments(np.array([location]), np.array([sd**2]), prior)
    exact, exact_sd = exact_moments(np.array([[sd**-2]]), np.array([location / sd**2]), prior)
    assert m[0] == pytest.approx(exact[0], rel=1e-6, abs=1e-10)
    assert np.sqrt(v[0]) == pytest.approx(exact_sd[0], rel=1e-5)


def test_inverse_is_symmetric_and_refuses_what_is_not_positive_definite() -> None:
    A, _, _ = regression(6, 1, correlation=0.8)
    inverse = inverse_spd(A)
    assert np.array_equal(inverse, inverse.T)
    np.testing.assert_allclose(inverse @ A, np.eye(6), atol=1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        inverse_spd(np.array([[1.0, 2.0], [2.0, 1.0]]))
