"""Can a phase carry verdicts? A balance of numbers drawn from the model, with one thing wrong at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quanheng.measure.energy_balance import Equation, Noise
from quanheng.work.supervise.gate import PhaseVerdict, change_profiles, judge_phase, longest_run

DAYS, METERS = 150, 10
NOISE = Noise(1.0, 1.0)


def phase(seed: int) -> Equation:
    """A sound phase: 10 meters of some 8 kWh a day, corrections N(0, 0.4 %), noise of 0.1 kWh."""
    rng = np.random.default_rng(seed)
    x = rng.gamma(8.0, 1.0, (DAYS, METERS))
    return Equation(
        meter=np.arange(METERS),
        target=x @ (0.004 * rng.standard_normal(METERS)) + 0.1 * rng.standard_normal(DAYS),
        energy=x,
        nuisance=np.full((DAYS, 1), 0.1),
        kind=np.array([-1]),
        white=np.full(DAYS, 0.01),
        clock=np.full(DAYS + 1, 1e-9),
        known=np.full(DAYS + 1, 1e-6),
        extra=np.zeros(DAYS),
        read_error=np.zeros((1, METERS)),
    )


def verdict(equation: Equation) -> PhaseVerdict:
    return judge_phase(equation, NOISE, per_day=1, label="A", correction_sd=np.full(METERS, 0.0087))


@pytest.mark.parametrize("seed", range(8))
def test_a_sound_phase_is_left_alone(seed: int) -> None:
    found = verdict(phase(seed))
    assert not (found.changes or found.foreign or found.unmetered or found.lost or found.aside.any())
    assert found.vector is None
    assert 0.6 < found.misfit < 1.5


@pytest.mark.parametrize("seed", range(4))
def test_a_step_of_one_meter_is_dated_and_sized(seed: int) -> None:
    q = phase(seed)
    late = np.arange(DAYS) >= 70
    found = verdict(replace(q, target=q.target + 0.05 * late * q.energy[:, 3]))
    assert [c.meter for c in found.changes] == [3]
    assert abs(found.changes[0].since - 70) <= 3
    assert found.changes[0].size == pytest.approx(0.05, abs=0.01)
    assert not found.lost


@pytest.mark.parametrize("seed", range(4))
def test_an_error_that_always_held_is_no_change(seed: int) -> None:
    q = phase(seed)
    found = verdict(replace(q, target=q.target + 0.06 * q.energy[:, 3]))
    assert found.changes == ()
    assert not found.lost


@pytest.mark.parametrize("seed", range(4))
def test_a_meter_that_does_not_pass_the_master_is_foreign(seed: int) -> None:
    q = phase(seed)
    found = verdict(replace(q, target=q.target - q.energy[:, 6]))
    assert [i for i, _ in found.foreign] == [6]
    assert not found.lost


@pytest.mark.parametrize("seed", range(4))
def test_energy_of_no_meter_is_unmetered_from_its_first_day(seed: int) -> None:
    q = phase(seed)
    flows = (np.arange(DAYS) >= 90) & (np.random.default_rng(seed).random(DAYS) < 0.8)
    found = verdict(replace(q, target=q.target + 8.0 * flows))
    assert len(found.unmetered) == 1
    assert abs(found.unmetered[0].since - 90) <= 3
    assert found.unmetered[0].kwh_day == pytest.approx(8.0, rel=0.2)
    assert found.unmetered[0].stopped is None
    assert (found.aside & ~flows).sum() <= 1
    assert not found.lost


@pytest.mark.parametrize("seed", range(4))
def test_a_meter_that_stopped_is_named(seed: int) -> None:
    q = phase(seed)
    silent = np.arange(DAYS) >= 100
    energy = q.energy.copy()
    energy[silent, 4] = 0.0
    found = verdict(replace(q, energy=energy, target=q.target + silent * q.energy[:, 4]))
    assert [u.stopped for u in found.unmetered] == [4]
    assert abs(found.unmetered[0].since - 100) <= 1


def test_a_dwelling_that_was_left_is_no_stopped_meter() -> None:
    q = phase(1)
    energy = q.energy.copy()
    energy[100:, 4] = 0.0
    found = verdict(replace(q, energy=energy))
    assert found.unmetered == ()


def test_single_days_far_out_are_set_aside() -> None:
    q = phase(2)
    target = q.target.copy()
    target[[20, 60]] += 15.0
    found = verdict(replace(q, target=target))
    assert set(np.flatnonzero(found.aside)) == {20, 60}
    assert found.unmetered == ()
    assert not found.lost


def test_a_run_of_days_forgives_short_pauses() -> None:
    flags = np.zeros(60, dtype=bool)
    flags[[5, 30, 31, 35, 44]] = True
    assert longest_run(flags) == (30, 45)
    assert longest_run(np.zeros(5, dtype=bool)) == (0, 0)


@pytest.mark.parametrize("days", [20, 30, 90, 365])
def test_profiles_of_change_begin_where_they_say(days: int) -> None:
    profiles, begins = change_profiles(days)
    assert profiles.shape == (days, len(begins))
    assert ((profiles >= 0) & (profiles <= 1)).all()
    for k, day in enumerate(begins):
        assert not profiles[:day, k].any()
