from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from quanheng.measure.quantity.elementary import log, normal_scores, sine
from quanheng.measure.quantity.generator import MANTISSA, ONE, Float, philox, uniforms


def some_uniforms(count: int) -> Float:
    return uniforms((philox(1, 0, count) & MANTISSA) | ONE)


def smallest_first() -> Float:
    """Uniforms down to the smallest there is, and their complements."""
    k = np.concatenate([[0], 2 ** np.arange(52) - 1, 2 ** np.arange(51)]).astype(np.uint64)
    u = uniforms(k | ONE)
    return np.concatenate([u, 1 - u])


def test_normal_scores_are_quantiles_of_the_normal_distribution() -> None:
    u = np.concatenate([some_uniforms(100_000), smallest_first()])
    z, expected = normal_scores(u), ndtri(u)
    np.testing.assert_allclose(z, expected, rtol=2e-15, atol=1e-16)


def test_normal_scores_are_odd() -> None:
    u = np.concatenate([some_uniforms(10_000), smallest_first()])
    assert np.array_equal(normal_scores(1 - u), -normal_scores(u))


def test_normal_scores_take_any_shape() -> None:
    u = some_uniforms(30)
    assert np.array_equal(
        normal_scores(u.reshape(2, 3, 5)).ravel(), [normal_scores(each[None])[0] for each in u]
    )


def test_logarithms_are_right_to_the_last_places() -> None:
    p = np.concatenate([some_uniforms(100_000), smallest_first()])
    np.testing.assert_allclose(log(p), np.log(p), rtol=4e-16, atol=0)


def test_sines_are_right_to_the_last_places() -> None:
    x = np.pi * (np.concatenate([some_uniforms(100_000), smallest_first()]) - 0.5)
    np.testing.assert_allclose(sine(x), np.sin(x), rtol=4e-16, atol=0)


def test_numba_gives_the_same_normal_scores_to_the_last_bit() -> None:
    pytest.importorskip("numba")
    from quanheng.measure.quantity.fused.scores import scores

    u = np.concatenate([some_uniforms(100_000), smallest_first()])
    z = np.empty_like(u)
    far, where = np.empty(len(u), dtype=np.uint8), np.empty(len(u) + 1, dtype=np.int64)
    scores(u, z, far, where, np.empty((2, len(u))))
    assert z.tobytes() == normal_scores(u).tobytes()
