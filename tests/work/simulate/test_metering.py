"""Registers as a clock freezes them, voltages as a circuit shows them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.work.simulate.metering import draw_unevenness, frozen_registers, shown_voltages


def frozen(energy, late, *, uneven=1.0, step=0.01, first=0.0):
    freezes = len(energy) + 1
    return frozen_registers(
        np.asarray(energy),
        late=np.broadcast_to(np.asarray(late, dtype=float), freezes),
        uneven=np.full(freezes, uneven),
        step=step,
        first=first,
    )


def test_true_clock_freezes_the_whole_steps_of_what_was_counted():
    assert frozen([0.25, 0.101, 0.0, 0.5], 0.0).tolist() == [0, 25, 35, 35, 85]


def test_clock_a_quarter_hour_late_freezes_the_next_register():
    energy = [0.25, 0.5, 0.75, 0.25]
    on_time, late = frozen(energy, 0.0), frozen(energy, 900.0)
    assert np.array_equal(np.diff(late)[:3], np.diff(on_time)[1:])


def test_late_freeze_moves_the_power_of_the_moment_times_the_delay():
    energy = np.array([1.0, 2.0, 4.0])
    moved = frozen(energy, [0, 90, 0, 0], uneven=1.5, step=1e-6) - frozen(energy, 0.0, step=1e-6)
    assert np.allclose(moved, [0, 90 / 900 * 2.0 * 1.5 * 1e6, 0, 0], atol=2)


def test_early_freeze_leaves_out_the_power_of_the_moment_times_the_lead():
    energy = np.array([1.0, 2.0, 4.0])
    moved = frozen(energy, [0, 0, -90, 0], uneven=1.5, step=1e-6) - frozen(energy, 0.0, step=1e-6)
    assert np.allclose(moved, [0, 0, -90 / 900 * 2.0 * 1.5 * 1e6, 0], atol=2)


@given(st.integers(0, 10_000), st.floats(-80_000, 80_000), st.floats(0.001, 1.0))
@settings(max_examples=60, deadline=None)
def test_register_never_runs_backwards(seed, late, step):
    rng = np.random.default_rng(seed)
    energy = rng.gamma(0.3, 1.0, 400).astype(np.float32)
    register = frozen_registers(
        energy,
        late=late + rng.uniform(0, 5) * np.arange(401) / 96,
        uneven=draw_unevenness(rng, 401),
        step=step,
        first=rng.random(),
    )
    assert (np.diff(register) >= 0).all()


def test_unevenness_has_mean_one_and_relative_deviation_of_seven_tenths():
    noise = draw_unevenness(np.random.default_rng(1), 200_000)
    assert abs(noise.mean() - 1) < 0.01
    assert abs(noise.std() - 0.7) < 0.02


def test_shown_voltages_are_whole_tenths_with_the_circuit_s_own_gain():
    source, drop = np.full((2, 20_000), 230.0, np.float32), np.full((2, 20_000), 4.0, np.float32)
    shown = shown_voltages(
        source, drop, gain=np.array([0.003, -0.002]), noise=0.0015, rng=np.random.default_rng(1)
    )
    assert np.allclose(shown * 10, np.rint(shown * 10), atol=1e-3)
    assert np.allclose(shown.mean(axis=1) / 226, [1.003, 0.998], atol=1e-4)
    assert np.allclose(shown.std(axis=1), np.hypot(0.6, 0.345), rtol=0.03)
