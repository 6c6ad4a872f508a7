"""Registers made continuous, and what they did besides counting."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.readings.batch import Registers
from quanheng.work.supervise.registers import continuous, made_continuous


def counting(days: int = 60, *, start: float = 500.0, step: float = 7.0) -> np.ndarray:
    return start + step * np.arange(days, dtype=float)


def of(*rows: np.ndarray) -> Registers:
    return Registers(date(2025, 1, 1), 1440, np.stack(rows), counting(len(rows[0])))


@given(st.lists(st.floats(0, 50), min_size=2, max_size=40))
def test_a_meter_that_only_counts_is_left_alone(steps: list[float]) -> None:
    register = np.cumsum([100.0, *steps])
    out, event, _ = made_continuous(register)
    assert event == ""
    assert np.array_equal(out, register)


@pytest.mark.parametrize("digits", [4, 5, 6])
@given(before=st.integers(1, 29), step=st.integers(1, 30))
def test_a_roll_over_goes_on_counting(digits: int, before: int, step: int) -> None:
    register = counting(30, start=10.0**digits - before * step, step=step)
    out, event, at = made_continuous(register % 10**digits)
    assert (event, at) == ("rolled", before)
    np.testing.assert_allclose(out, register)


def test_an_exchanged_meter_goes_on_from_where_the_old_one_was() -> None:
    register = np.concatenate([counting(30), counting(30, start=2.0)])
    out, event, at = made_continuous(register)
    assert (event, at) == ("exchanged", 30)
    np.testing.assert_allclose(np.diff(out), 7.0)


def test_reads_lost_about_an_exchange_stay_lost_and_the_step_between_is_usual() -> None:
    register = np.concatenate([counting(30), counting(30, start=2.0)])
    register[28:32] = np.nan
    out, event, at = made_continuous(register)
    assert (event, at) == ("exchanged", 32)
    assert np.isnan(out[28:32]).all()
    assert out[32] - out[27] == pytest.approx(35.0)


def test_a_meter_that_falls_again_and_again_runs_backwards() -> None:
    register = counting()
    for day in (10, 20, 30, 40):
        register[day:] -= 25.0
    assert made_continuous(register)[1] == "backwards"


def test_a_lone_value_that_its_neighbours_belie_was_not_read() -> None:
    register = counting()
    register[30] = 4.0
    register[40] += 5000.0
    fixed, event, _ = made_continuous(register)
    assert event == ""
    assert np.isnan(fixed[[30, 40]]).all()
    assert np.nanmax(np.diff(fixed[~np.isnan(fixed)])) < 5000.0


def test_a_meter_that_only_falls_runs_backwards() -> None:
    assert made_continuous(counting(step=-3.0))[1] == "backwards"


def test_a_small_single_fall_is_no_exchange() -> None:
    register = counting()
    register[30:] -= 20.0
    assert made_continuous(register)[1] == "backwards"


def test_a_gap_across_a_roll_over_is_closed_too() -> None:
    register = counting(40, start=9_900.0, step=7.0)
    shown = register % 10_000
    shown[13:17] = np.nan
    out, event, at = made_continuous(shown)
    assert (event, at) == ("rolled", 17)
    np.testing.assert_allclose(out[17:], register[17:])


def test_events_name_the_meters_by_their_place() -> None:
    rolled = counting(start=9_900.0) % 10_000
    exchanged = np.concatenate([counting(30), counting(30, start=2.0)])
    registers, events = continuous(
        of(counting(), rolled, exchanged, counting(step=-3.0), np.full(60, np.nan))
    )
    assert events.rolled_over == (1,)
    assert events.exchanged == ((2, 30),)
    assert events.backwards == (3,)
    assert events.unread == (4,)
    assert np.isnan(registers.meter[4]).all()
    np.testing.assert_allclose(np.diff(registers.meter[1]), 7.0)


def test_the_registers_handed_in_are_not_written_to() -> None:
    given_ = of(counting(start=9_900.0) % 10_000)
    kept = given_.meter.copy()
    continuous(given_)
    assert np.array_equal(given_.meter, kept)


def test_a_master_that_rolls_over_goes_on_counting() -> None:
    registers = Registers(date(2025, 1, 1), 1440, counting()[None], counting(start=99_900.0) % 100_000)
    np.testing.assert_allclose(np.diff(continuous(registers)[0].master), 7.0)


def test_a_master_that_was_never_read_stays_unread() -> None:
    registers = Registers(date(2025, 1, 1), 1440, counting()[None], np.full(60, np.nan))
    assert np.isnan(continuous(registers)[0].master).all()


def test_an_area_without_meters_has_no_events() -> None:
    registers = Registers(date(2025, 1, 1), 1440, np.empty((0, 60)), counting())
    _, events = continuous(registers)
    assert not (events.rolled_over or events.exchanged or events.backwards or events.unread)
