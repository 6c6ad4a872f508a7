"""Energy lost in the lines: worked by hand, and on feeders of plain resistances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.line_loss import (
    QuarterHours,
    filled_by_time_of_day,
    power_at_freezes,
    reduce_quarter_hours,
    zero_load_ratio,
)

DAYS = 20


def feeder(
    seed: int = 0, *, rows: int = 4, days: int = DAYS, ohm: float = 0.05, gain: np.ndarray | None = None
) -> tuple[QuarterHours, np.ndarray]:
    """Consumers that each hang on a resistance of their own behind the master, and what is lost in it (kWh).

    One phase, unity power factor: V = V0 − R I and E = V I h, so that the loss R I² h = E (V0/V − 1).
    """
    rng = np.random.default_rng(seed)
    quarters = 96 * days
    current = rng.gamma(1.0, 8.0, (rows, quarters))
    v0 = 230 + rng.standard_normal(quarters)
    v = v0 - ohm * current
    energy = v * current / 4000
    loss = ohm * current**2 / 4000
    shown = v * (1 + (np.zeros(rows) if gain is None else gain))[:, None]
    return QuarterHours(
        energy=energy.astype(np.float32),
        voltage=shown.astype(np.float32),
        phase=np.zeros(rows, dtype=np.intp),
        master_energy=(energy + loss).sum(axis=0, keepdims=True).astype(np.float32),
        master_voltage=v0[None].astype(np.float32),
    ), loss


def test_two_buses_by_hand() -> None:
    # 230 V, 10 A through 0.1 Ω for 4 of 8 hours: 229 V, 2.29 kW; 10 W lost, 0.0025 kWh a quarter-hour
    on = np.tile(np.repeat([1.0, 0.0], 16), 3 * DAYS).astype(np.float32)[None]
    quarters = QuarterHours(
        energy=on * np.float32(2.29 / 4),
        voltage=230 - on,
        phase=np.zeros(1, dtype=np.intp),
        master_energy=on * np.float32(2.3 / 4),
        master_voltage=np.full((1, 96 * DAYS), 230, np.float32),
    )
    rows = reduce_quarter_hours(quarters, per_step=32)
    np.testing.assert_allclose(rows.loss, 16 * 0.0025, rtol=3e-3)
    np.testing.assert_allclose(rows.energy, 16 * 2.29 / 4, rtol=1e-6)
    np.testing.assert_allclose(rows.energy + rows.loss, rows.master_energy, rtol=1e-4)


def test_a_load_that_never_changes_does_not_trouble_the_others() -> None:
    quarters, loss = feeder()
    energy = quarters.energy.copy()
    energy[1] = np.float32(0.5725)
    found = reduce_quarter_hours(replace(quarters, energy=energy), per_step=96).loss
    np.testing.assert_allclose(found[0].sum(), loss[0].sum(), rtol=0.05)


def test_the_loss_of_a_resistive_feeder_is_found() -> None:
    quarters, loss = feeder()
    found = reduce_quarter_hours(quarters, per_step=96).loss
    np.testing.assert_allclose(found, loss.reshape(4, DAYS, 96).sum(axis=2), rtol=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_gain_errors_of_the_voltages_are_calibrated_away(seed: int) -> None:
    gain = 0.003 * np.random.default_rng(seed).standard_normal(4)
    quarters, loss = feeder(seed, gain=gain)
    found = reduce_quarter_hours(quarters, per_step=96).loss.sum(axis=1)
    np.testing.assert_allclose(found, loss.sum(axis=1), rtol=0.05)


def test_the_ratio_at_zero_load_is_the_gain_error() -> None:
    rng = np.random.default_rng(2)
    load = rng.gamma(1.0, 1.0, (5, 2000)).astype(np.float32)
    drop = np.abs(rng.standard_normal((5, 5))) * 1e-3
    gain = np.array([0.003, -0.002, 0.0, 0.001, -0.004])
    ratio = (gain[:, None] + drop @ load + 1e-4 * rng.standard_normal((5, 2000))).astype(np.float32)
    np.testing.assert_allclose(zero_load_ratio(ratio, load), gain, atol=5e-5)


def test_a_row_without_load_does_not_trouble_the_others() -> None:
    rng = np.random.default_rng(2)
    load = rng.gamma(1.0, 1.0, (3, 500)).astype(np.float32)
    load[1] = 0
    ratio = (0.001 + 0.002 * load).astype(np.float32)
    np.testing.assert_allclose(zero_load_ratio(ratio, load), 0.001, atol=2e-5)


def test_a_step_with_a_quarter_hour_that_was_not_read_is_missing_and_only_that() -> None:
    quarters, _ = feeder()
    energy = quarters.energy.copy()
    energy[2, 5 * 96 + 17] = np.nan
    whole, found = (
        reduce_quarter_hours(q, per_step=24) for q in (quarters, replace(quarters, energy=energy))
    )
    assert np.argwhere(np.isnan(found.energy)).tolist() == [[2, 20]]
    assert np.array_equal(np.isnan(found.loss), np.isnan(found.energy))
    read = ~np.isnan(found.energy)
    np.testing.assert_allclose(found.energy[read], whole.energy[read])
    np.testing.assert_allclose(found.loss[read], whole.loss[read], rtol=0.02, atol=1e-4)
    assert np.isfinite(found.power).all()


def test_a_master_that_was_not_read_is_missing_and_not_guessed() -> None:
    quarters, _ = feeder()
    energy = quarters.master_energy.copy()
    energy[0, 100] = np.nan
    found = reduce_quarter_hours(replace(quarters, master_energy=energy), per_step=96)
    assert np.flatnonzero(np.isnan(found.master_energy[0])).tolist() == [1]


def test_voltages_lost_now_and_then_leave_a_loss() -> None:
    quarters, loss = feeder()
    voltage = quarters.voltage.copy()
    voltage[np.random.default_rng(0).random(voltage.shape) < 0.02] = np.nan
    found = reduce_quarter_hours(replace(quarters, voltage=voltage), per_step=96).loss
    np.testing.assert_allclose(found.sum(axis=1), loss.sum(axis=1), rtol=0.08)


def test_three_phases_have_their_neutral_and_one_has_not() -> None:
    quarters, _ = feeder(rows=3)
    three = replace(
        quarters,
        phase=np.arange(3),
        master_energy=quarters.energy,
        master_voltage=np.repeat(quarters.master_voltage, 3, axis=0),
    )
    found = reduce_quarter_hours(three, per_step=96).cross
    kw = 4.0 * quarters.energy.astype(float)
    exact = quarters.energy[1].astype(float) * (kw[2] - kw[0])  # B: next is C, previous is A
    np.testing.assert_allclose(found[1], exact.reshape(DAYS, 96).sum(axis=1), rtol=1e-4, atol=1e-4)
    assert np.isnan(reduce_quarter_hours(quarters, per_step=96).cross).all()


@given(st.sampled_from([4, 8, 12, 16, 24, 48, 96]))
def test_energies_add_up_whatever_the_step(per_step: int) -> None:
    quarters, _ = feeder(days=3)
    found = reduce_quarter_hours(quarters, per_step=per_step)
    np.testing.assert_allclose(found.energy.sum(axis=1), quarters.energy.sum(axis=1, dtype=float), rtol=1e-7)
    assert found.power.shape[1] == found.energy.shape[1] + 1


def test_power_at_a_freeze_is_the_mean_of_both_sides() -> None:
    energy = np.array([[1.0, 2.0, 3.0, 5.0]], dtype=np.float32)
    assert power_at_freezes(energy, 2).tolist() == [[4.0, 10.0, 20.0]]


def test_gaps_take_the_mean_of_that_time_of_day() -> None:
    values = np.array([[1.0, 10.0, 3.0, np.nan, np.nan, 30.0]], dtype=np.float32)
    assert filled_by_time_of_day(values, 2).tolist() == [[1.0, 10.0, 3.0, 20.0, 2.0, 30.0]]
    never = np.full((1, 4), np.nan, dtype=np.float32)
    assert filled_by_time_of_day(never, 2).tolist() == [[0.0, 0.0, 0.0, 0.0]]
