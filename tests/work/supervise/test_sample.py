"""The random sample of meters that nothing speaks against."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quanheng.work.supervise.sample import allocate, draw, strata

SEED = bytes(range(32))


def test_load_classes_begin_at_one_and_five() -> None:
    zero = np.zeros(5, dtype=np.intp)
    assert strata(zero, zero, np.array([np.nan, 0.9, 1.0, 4.9, 5.0])).tolist() == [0, 0, 1, 1, 2]


@given(st.integers(1, 400), st.integers(1, 9), st.integers(0, 100), st.binary(min_size=32, max_size=32))
def test_every_stratum_is_drawn_from_and_weights_add_up(n: int, k: int, total: int, seed: bytes) -> None:
    stratum = np.arange(n) % k
    free = np.arange(n) % 3 != 1
    rows, weight = draw(stratum, free, np.full(n, 0.01), total, seed)
    assert free[rows].all() and len(set(rows.tolist())) == len(rows)
    assert set(stratum[rows]) == set(stratum[free])
    assert np.isclose(weight.sum(), free.sum())


def test_the_draw_follows_from_the_seed_alone() -> None:
    arguments = (np.arange(500) % 4, np.ones(500, dtype=bool), np.full(500, np.nan), 40)
    first, again = draw(*arguments, SEED)[0], draw(*arguments, SEED)[0]
    assert first.tolist() == again.tolist() != draw(*arguments, SEED[::-1])[0].tolist()


def test_doubtful_strata_get_more_checks() -> None:
    count = allocate(np.array([1000, 1000]), np.array([0.0001, 0.05]), 100)
    assert count[1] > 10 * count[0] and count.sum() <= 100
