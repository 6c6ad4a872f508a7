"""Roots of increasing functions, many at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.monotone_root import Float, Rows, monotone_root

ROOTS = st.lists(st.floats(-0.99, 0.99), min_size=1, max_size=8)


@given(roots=ROOTS, steep=st.floats(0.01, 200))
def test_a_root_is_found_from_anywhere(roots: list[float], steep: float) -> None:
    at = np.array(roots)

    def function(x: Float, k: Rows) -> tuple[Float, Float]:
        t = np.tanh(steep * (x - at[k]))
        return t, steep * (1 - t * t)

    ones = np.ones(len(at))
    found = monotone_root(function, -ones, ones, ones.copy(), tolerance=1e-12)
    np.testing.assert_allclose(found, at, atol=1e-9)


def test_a_function_of_one_sign_ends_at_the_end() -> None:
    def function(x: Float, k: Rows) -> tuple[Float, Float]:
        return x + 5.0, np.ones(len(x))

    assert monotone_root(function, np.zeros(1), np.ones(1), np.ones(1), tolerance=1e-9)[0] < 1e-8


def test_a_start_that_is_no_number_stays_none() -> None:
    def function(x: Float, k: Rows) -> tuple[Float, Float]:
        return x, np.ones(len(x))

    found = monotone_root(function, -np.ones(2), np.ones(2), np.array([np.nan, 0.5]), tolerance=1e-9)
    assert np.isnan(found[0])
    assert found[1] == 0.0
