"""Energies of steps that were not read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.gaps import completed_registers, daily_profile, fill, runs


@given(st.lists(st.booleans(), max_size=30))
def test_runs_are_where_the_mask_holds(flags: list[bool]) -> None:
    mask = np.array(flags, dtype=bool)
    again = np.zeros(len(mask), dtype=bool)
    found = runs(mask)
    for a, b in found:
        assert a < b
        again[a:b] = True
    assert np.array_equal(again, mask)
    assert all(b < c for (_, b), (c, _) in pairwise(found))


def record(seed: int, *, days: int = 20, per_day: int = 4, lost: float = 0.1) -> tuple[np.ndarray, ...]:
    """Energies and registers of 3 rows; a freeze that is lost takes the steps on both its sides."""
    rng = np.random.default_rng(seed)
    steps = days * per_day
    whole = rng.gamma(2.0, 1.0, (3, steps))
    register = 100 + np.concatenate([np.zeros((3, 1)), whole.cumsum(axis=1)], axis=1)
    seen = np.where(rng.random(register.shape) < lost, np.nan, register)
    return whole, np.diff(seen, axis=1), seen


@given(seed=st.integers(0, 10_000), lost=st.floats(0.01, 0.6))
def test_the_energy_between_two_reads_is_conserved(seed: int, lost: float) -> None:
    _, energy, register = record(seed, lost=lost)
    found = fill(energy, register, per_day=4)
    for i in range(3):
        read = np.flatnonzero(~np.isnan(register[i]))
        for a, b in pairwise(read):
            assert found.energy[i, a:b].sum() == pytest.approx(register[i, b] - register[i, a], rel=1e-9)


@given(seed=st.integers(0, 10_000), lost=st.floats(0.0, 0.9))
def test_steps_that_were_read_are_left_alone_and_no_gap_remains(seed: int, lost: float) -> None:
    _, energy, register = record(seed, lost=lost)
    found = fill(energy, register, per_day=4)
    read = ~np.isnan(energy)
    assert np.array_equal(found.energy[read], energy[read])
    assert np.array_equal(found.read, read)
    assert np.isfinite(found.energy).all()
    assert (found.at_freeze >= 0).all()
    assert (found.at_step >= 0).all()
    assert (found.at_step[read] == 0).all()


def test_a_lost_freeze_between_two_that_were_read_is_uncertain_only_at_the_freeze() -> None:
    whole, energy, register = record(1, lost=0.0)
    register[0, 11], energy[0, 10:12] = np.nan, np.nan
    found = fill(energy, register, per_day=4)
    assert found.at_freeze[0, 11] > 0
    assert np.count_nonzero(found.at_freeze) == 1
    assert not found.at_step.any()
    # Brownian bridge of two steps: v1·v2/(v1 + v2)
    _, spread = daily_profile(energy[:1], 4)
    v1, v2 = spread[0, 2], spread[0, 3]
    assert found.at_freeze[0, 11] == pytest.approx(v1 * v2 / (v1 + v2))
    assert found.energy[0, 10:12].sum() == pytest.approx(whole[0, 10:12].sum())


def test_a_read_between_two_lost_freezes_is_heard() -> None:
    register = np.array([[0.0, np.nan, 2.0, np.nan, 10.0, 11.0, 12.0]])
    found = fill(np.diff(register, axis=1), register, per_day=1)
    assert found.energy.tolist() == [[1.0, 1.0, 4.0, 4.0, 1.0, 1.0]]
    assert found.at_freeze[0, 2] == 0


def test_without_registers_the_uncertainty_stands_at_the_step() -> None:
    _, energy, _ = record(2, lost=0.0)
    energy[1, 30] = np.nan
    found = fill(energy, None, per_day=4)
    mean, variance = daily_profile(energy, 4)
    assert found.energy[1, 30] == pytest.approx(mean[1, 2])
    assert found.at_step[1, 30] == pytest.approx(variance[1, 2])
    assert not found.at_freeze.any()


def test_a_gap_at_the_end_has_no_known_sum() -> None:
    _, energy, register = record(3, lost=0.0)
    energy[0, -2:], register[0, -2:] = np.nan, np.nan
    found = fill(energy, register, per_day=4)
    assert (found.at_step[0, -2:] > 0).all()
    assert not found.at_freeze.any()


def test_the_stated_variance_is_that_of_the_error() -> None:
    z = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        whole = 5 + rng.standard_normal((1, 400))
        register = np.concatenate([np.zeros((1, 1)), whole.cumsum(axis=1)], axis=1)
        seen = register.copy()
        seen[0, 5::40] = np.nan
        seen[0, 6::40] = np.nan
        found = fill(np.diff(seen, axis=1), seen, per_day=4)
        error = np.concatenate([[0.0], (found.energy - whole)[0].cumsum()])
        lost = np.isnan(seen[0])
        z += list(error[lost] / np.sqrt(found.at_freeze[0, lost]))
    assert np.mean(np.square(z)) == pytest.approx(1.0, abs=0.25)


def test_an_energy_joins_a_known_freeze_to_an_unknown_one() -> None:
    register = np.array([[np.nan, 10.0, np.nan, np.nan, 20.0]])
    energy = np.array([[1.0, 2.0, np.nan, 3.0]])
    assert completed_registers(register, energy).tolist() == [[9.0, 10.0, 12.0, 17.0, 20.0]]


def test_what_nothing_joins_stays_unread() -> None:
    nothing = np.full((2, 4), np.nan)
    assert np.isnan(completed_registers(nothing, np.full((2, 3), np.nan))).all()
    assert np.isnan(completed_registers(nothing, np.ones((2, 3)))).all()
    register = np.array([[1.0, np.nan, np.nan, 9.0]])
    assert np.isnan(completed_registers(register, np.full((1, 3), np.nan))[0, 1:3]).all()


def test_registers_handed_in_are_not_written_to() -> None:
    register = np.array([[0.0, np.nan, 2.0]])
    completed_registers(register, np.ones((1, 2)))
    assert np.isnan(register[0, 1])


def test_a_meter_that_was_never_read_has_no_profile_and_is_filled_with_nothing() -> None:
    energy = np.full((1, 8), np.nan)
    mean, variance = daily_profile(energy, 4)
    assert np.isnan(mean).all()
    assert np.isnan(variance).all()
    found = fill(energy, None, per_day=4)
    assert not found.energy.any()
    assert not found.read.any()


def test_a_gap_of_a_meter_that_shows_no_other_energy_is_spread_evenly() -> None:
    register = np.array([[0.0, 0.0, np.nan, 6.0, 6.0]])
    found = fill(np.diff(register, axis=1), register, per_day=1)
    assert found.energy.tolist() == [[0.0, 3.0, 3.0, 0.0]]


@given(st.integers(0, 10_000))
def test_the_rows_do_not_know_each_other(seed: int) -> None:
    _, energy, register = record(seed, lost=0.2)
    whole = fill(energy, register, per_day=4)
    for i in range(3):
        one = fill(energy[i : i + 1], register[i : i + 1], per_day=4)
        assert np.array_equal(one.energy[0], whole.energy[i])
        assert np.array_equal(one.at_freeze[0], whole.at_freeze[i])
