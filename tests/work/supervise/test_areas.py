"""One look at small simulated areas: what is found, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from small_areas import area, city, scores

from quanheng.readings.batch import AreaReadings
from quanheng.work.simulate.faults import Fault
from quanheng.work.supervise.areas import assess
from quanheng.work.supervise.findings import Known
from quanheng.work.supervise.membership import only


def part(readings: AreaReadings, meters: int) -> AreaReadings:
    return only(readings, frozenset(readings.meters.meter[:meters]))


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
@pytest.mark.parametrize("seed", [1, 3, 5])
def test_a_sound_area_is_ok_and_its_estimates_lie_where_they_say(data: str, seed: int) -> None:
    simulated = area(data=data, seed=seed)
    found = assess(simulated.readings)
    assert found.finding.health == "ok"
    assert found.finding.data == data
    assert set(found.meters.status) == {"ok"}
    z = scores(found, simulated)
    assert np.sqrt(np.mean(z**2)) < 1.4


@pytest.mark.parametrize("data", ["terms", "curves"])
def test_the_balance_of_a_sound_area_closes(data: str) -> None:
    found = assess(area(data=data).readings).finding
    assert found.days == 90
    assert len(found.master_day) == len(found.metered_day) == len(found.residual_day) == 90
    missing = found.master_day - found.metered_day
    assert found.residual_kwh < 0.2 * missing.std() + 0.05 * abs(missing.mean())
    assert 0 < found.loss_kwh < 0.1 * found.metered_day.mean()


def test_a_look_gives_the_same_to_the_bit_every_time() -> None:
    a, b = (assess(area().readings).meters for _ in range(2))
    assert np.array_equal(a.location, b.location)
    assert np.array_equal(a.scale, b.scale)


def test_too_few_days_are_said_and_nothing_is_estimated() -> None:
    found = assess(area(days=10).readings)
    assert found.finding.health == "too_few_days"
    assert not found.finding.repaired
    assert np.isnan(found.meters.location).all()
    assert set(found.meters.status) == {"area:too_few_days"}


def test_an_area_whose_master_was_never_read_says_so() -> None:
    readings = area(data="registers").readings
    assert readings.registers is not None
    dark = replace(
        readings,
        registers=replace(readings.registers, master=np.full_like(readings.registers.master, np.nan)),
    )
    found = assess(dark)
    assert found.finding.health == "master"
    assert np.isnan(found.meters.location).all()


@pytest.mark.parametrize("meters", [0, 1])
def test_an_area_of_one_meter_or_none_is_empty(meters: int) -> None:
    found = assess(part(area().readings, meters))
    assert found.finding.health == "empty"
    assert len(found.meters.meter) == meters
    assert set(found.meters.status) <= {"area:empty"}


def test_an_area_without_any_readings_has_records_all_the_same() -> None:
    found = assess(replace(area().readings, registers=None, terms=None, curves=None))
    assert found.finding.health in ("readings", "too_few_days")
    assert len(found.meters.meter) == 24


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
def test_one_packet_lost_in_a_hundred_is_modelled(data: str) -> None:
    simulated = area(Fault("missing", 0.01), data=data)
    found = assess(simulated.readings)
    assert found.finding.health == "ok"
    assert found.finding.read_rate > 0.9
    assert np.sqrt(np.mean(scores(found, simulated) ** 2)) < 1.4


def test_a_quarter_of_the_packets_lost_is_too_many() -> None:
    found = assess(area(Fault("missing", 0.25)).readings)
    assert found.finding.health == "readings"
    assert not found.finding.repaired
    assert np.isnan(found.meters.location).all()


@pytest.mark.parametrize("data", ["terms", "curves"])
def test_without_voltages_it_falls_back_on_registers_and_is_wide(data: str) -> None:
    blind, seeing = (
        assess(area(Fault("no_voltage"), data=data).readings),
        assess(area(data=data).readings),
    )
    assert blind.finding.health == "voltage"
    assert blind.finding.repaired
    assert blind.finding.data == "registers"
    assert np.median(blind.meters.scale) > 3 * np.median(seeing.meters.scale)


def test_a_coarse_master_is_named() -> None:
    found = assess(area(Fault("coarse_master")).readings)
    assert found.finding.causes == ("resolution",)
    assert found.finding.detail["resolution"]["master_resolution"] == pytest.approx(0.8)


def test_a_clock_that_is_far_off_is_named_and_nobody_elses() -> None:
    simulated = city(Fault("clock", 240.0), data="curves", seed=2)[0]
    found = assess(simulated.readings)
    late = found.finding.detail.get("clock", {})
    named = {meter: seconds for meter, seconds in late.items() if meter != "*"}  # "*": the clocks of the area
    assert named
    for meter, seconds in named.items():
        offset = simulated.truth.clock[simulated.truth.meter.index(meter)]
        assert abs(offset) > 150
        assert np.sign(offset) == np.sign(seconds)


def test_a_verified_meter_is_held_at_what_was_found() -> None:
    readings = area().readings
    name = readings.meters.meter[5]
    free = assess(readings).meters
    held = assess(readings, known={name: Known(0.05, 0.0005, date(2025, 2, 1))}).meters
    # the data's own word on a meter does not hear what is known of it; its neighbours do
    assert held.location[5] == pytest.approx(free.location[5], abs=2 * free.scale[5])
    assert not np.allclose(np.delete(held.location, 5), np.delete(free.location, 5), atol=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_theft_is_named_with_its_phase_and_date(seed: int) -> None:
    simulated = area(Fault("theft", 8.0), seed=seed)
    theft = next(e for e in simulated.events if e.fault == "theft")
    found = assess(simulated.readings)
    assert found.finding.health == "unmetered"
    flow = found.finding.detail["unmetered"][0]
    assert flow["phase"] == theft.phase
    assert theft.since is not None
    assert abs(date.fromisoformat(flow["since"]) - theft.since) <= timedelta(days=7)
    assert 4.0 < flow["kwh_day"] < 16.0
    assert flow["stopped"] is None


def test_theft_does_not_bend_the_other_estimates() -> None:
    simulated = area(Fault("theft", 8.0), seed=2)
    found = assess(simulated.readings)
    assert found.finding.repaired
    assert np.sqrt(np.mean(scores(found, simulated) ** 2)) < 1.4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stopped_meter_is_named_and_dated(seed: int) -> None:
    simulated = area(Fault("stopped"), seed=seed)
    stop = next(e for e in simulated.events if e.fault == "stopped")
    found = assess(simulated.readings).meters
    k = found.meter.index(str(stop.meter))
    assert found.status[k] == "meter:stopped"
    assert list(found.status).count("meter:stopped") == 1
    since = found.since[k]
    assert since is not None
    assert stop.since is not None
    assert abs(since - stop.since) <= timedelta(days=2)
    assert np.isnan(found.location[k])


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_step_of_an_error_is_dated_and_sized(seed: int) -> None:
    simulated = area(Fault("step", 6.0), seed=seed)
    step = next(e for e in simulated.events if e.fault == "step")
    found = assess(simulated.readings).meters
    k = found.meter.index(str(step.meter))
    since = found.since[k]
    assert since is not None
    assert step.since is not None
    assert abs(since - step.since) <= timedelta(days=10)
    assert abs(found.change[k]) == pytest.approx(0.06, abs=0.015)
    assert [d for d in found.since if d is not None] == [since]


@pytest.mark.parametrize("fault", ["exchanged", "rollover"])
@pytest.mark.parametrize("data", ["registers", "terms"])
def test_what_a_register_does_besides_counting_harms_nobody(fault: str, data: str) -> None:
    simulated = area(Fault(fault), data=data)
    found = assess(simulated.readings)
    assert found.finding.health == "ok"
    assert np.sqrt(np.mean(scores(found, simulated) ** 2)) < 1.4


def test_a_meter_that_was_never_read_is_named() -> None:
    readings = area(data="registers", meters=40).readings
    assert readings.registers is not None
    registers = readings.registers.meter.copy()
    registers[4] = np.nan
    found = assess(replace(readings, registers=replace(readings.registers, meter=registers)))
    assert found.meters.status[4] == "meter:no_readings"
    assert np.isnan(found.meters.location[4])
