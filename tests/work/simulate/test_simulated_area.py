"""One sample area: its physics, its books, and each fault where it must show."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.work.simulate.area import simulate_area
from quanheng.work.simulate.faults import parse_faults
from quanheng.work.simulate.world import World

QUARTERS = 96


def area_of(*faults, seed=3, **world):
    world = {"meters": 40, "days": 28, **world}
    return simulate_area(
        World(faults=parse_faults(faults), **world), area="A", rng=np.random.default_rng(seed)
    )


@pytest.fixture(scope="module")
def sound():
    return area_of()


@pytest.fixture(scope="module")
def large():
    return area_of(meters=150, days=40)


def place(area, fault):
    """Index of the meter that an event names, and the day it began."""
    event = next(each for each in area.events if each.fault == fault)
    start = area.readings.registers.start
    return area.truth.meter.index(event.meter), (event.since - start).days


def by_meter(area, values):
    total = np.zeros((len(area.readings.meters), values.shape[1]))
    np.add.at(total, area.readings.curves.meter, values)
    return total


def of_days(values):
    return values.reshape(len(values), -1, QUARTERS).sum(axis=2)


def test_quarter_hours_add_up_to_the_registers(sound):
    registers, curves = sound.readings.registers, sound.readings.curves
    assert np.array_equal(of_days(by_meter(sound, curves.energy)), np.diff(registers.meter, axis=1))
    assert np.array_equal(of_days(curves.master_energy).sum(axis=0), np.diff(registers.master))


def test_columns_have_the_shapes_of_the_batch(sound):
    readings = sound.readings
    assert readings.registers.meter.shape == (40, 29)
    assert readings.registers.master.shape == (29,)
    rows = len(readings.curves.meter)
    assert readings.curves.energy.shape == readings.curves.voltage.shape == (rows, 28 * QUARTERS)
    assert sound.true_loss.shape == (rows, 28 * QUARTERS)
    assert readings.curves.master_voltage.shape == (3, 28 * QUARTERS)
    assert list(readings.meters.meter) == sorted(readings.meters.meter)


def test_three_phase_meter_has_three_rows_and_others_one(large):
    rows = np.bincount(large.readings.curves.meter)
    for count, phase, meter in zip(rows, large.readings.meters.phase, range(150), strict=True):
        own = [
            p
            for p, m in zip(large.readings.curves.phase, large.readings.curves.meter, strict=True)
            if m == meter
        ]
        assert own == (["A", "B", "C"] if phase == "ABC" else [phase])
        assert count == len(own)


def test_master_counts_what_meters_lines_and_fixed_loss_take(large):
    energy = large.truth.kwh_day.sum() * 40
    master = large.readings.curves.master_energy.sum(dtype=float) * 0.008 / (1 + large.master_gain.mean())
    loss = large.true_loss.sum(dtype=float)
    assert 0.008 < loss / energy < 0.016
    assert 0.001 < (master - loss - energy) / energy < 0.005


def test_meters_indicate_true_energy_and_their_error(large):
    indicated = by_meter(large, large.readings.curves.energy).sum(axis=1) * 0.01
    used = large.truth.kwh_day > 1
    ratio = indicated[used] / (large.truth.kwh_day[used] * 40)
    assert np.allclose(ratio - 1, large.truth.error[used], atol=2e-3)


def test_voltages_of_the_meters_tell_the_loss(large):
    terms = area_of(meters=150, days=40, data="terms").readings.terms
    told, true = terms.loss.sum(axis=1), large.true_loss.sum(axis=1)
    assert abs(told.sum() / true.sum() - 1) < 0.15
    assert np.corrcoef(told, true)[0, 1] > 0.95


def test_two_of_a_hundred_meters_are_out_of_tolerance_and_most_indicate_too_little():
    errors = np.concatenate([area_of(seed=s, meters=400, days=1).truth.error for s in range(15)])
    bad = np.abs(errors) > 0.02
    assert 0.013 < bad.mean() < 0.027
    assert 0.55 < (errors[bad] < 0).mean() < 0.85
    assert abs(errors[~bad].std() - 0.003) < 0.0004


def test_bad_lot_is_off_as_a_lot():
    truth = area_of(meters=400, days=1, bad_lots=5).truth
    off = truth.lot_mean != 0
    assert 0 < off.sum() < 400
    assert abs(np.median(truth.error[off]) + 0.012) < 0.002
    assert abs(np.median(truth.error[~off])) < 0.002


def test_same_generator_gives_the_same_area():
    one, two = area_of("theft", "missing:0.1"), area_of("theft", "missing:0.1")
    assert np.array_equal(one.readings.curves.energy, two.readings.curves.energy, equal_nan=True)
    assert np.array_equal(one.readings.curves.voltage, two.readings.curves.voltage, equal_nan=True)
    assert one.events == two.events


@pytest.mark.parametrize("fault", ["stopped", "step", "exchanged", "rollover", "missing:0.2", "no_voltage"])
def test_fault_leaves_all_that_it_does_not_touch_as_it_was(sound, fault):
    ill = area_of(fault)
    touched = {area_event.meter for area_event in ill.events}
    rows = [ill.truth.meter[m] not in touched for m in ill.readings.curves.meter]
    energy = ill.readings.curves.energy[rows]
    read = ~np.isnan(energy)
    assert np.array_equal(energy[read], sound.readings.curves.energy[rows][read])
    assert np.array_equal(ill.true_loss, sound.true_loss)


def test_theft_passes_the_master_and_no_meter(sound):
    ill = area_of("theft:20", meters=40)
    event = ill.events[0]
    day = (event.since - ill.readings.registers.start).days
    more = of_days(ill.readings.curves.master_energy - sound.readings.curves.master_energy) * 0.008
    assert np.allclose(ill.readings.curves.energy, sound.readings.curves.energy)
    assert abs(more[:, :day].sum()) < 0.05
    p = "ABC".index(event.phase)
    assert abs(more[p, day:].mean() - 20) < 1.5
    assert more[p].sum() > 20 * np.abs(np.delete(more, p, axis=0).sum())


def test_stopped_meter_counts_nothing_more(sound):
    ill = area_of("stopped")
    meter, day = place(ill, "stopped")
    daily = np.diff(ill.readings.registers.meter[meter])
    assert (daily[day + 1 :] <= 1).all()
    assert daily[:day].sum() > 0
    assert ill.truth.kind[meter] == "stopped"
    assert ill.truth.error[meter] == -1
    assert ill.truth.since[meter] == next(e.since for e in ill.events)


def test_step_changes_the_error_of_one_good_meter_by_its_size(sound):
    ill = area_of("step:6")
    meter, day = place(ill, "step")
    before, after = (np.diff(a.readings.registers.meter[meter]) for a in (sound, ill))
    ratio = after[day + 1 :].sum() / before[day + 1 :].sum()
    assert abs(abs(ratio - 1) - 0.06) < 0.003
    assert np.array_equal(after[:day], before[:day])
    assert ill.truth.kind[meter] == "step"
    assert abs(abs(ill.truth.error[meter] - sound.truth.error[meter]) - 0.06) < 1e-12


def test_exchanged_meter_starts_again_from_nothing():
    ill = area_of("exchanged")
    meter, day = place(ill, "exchanged")
    register = ill.readings.registers.meter[meter]
    assert register[day] > register[day + 1] >= 0
    assert register[day + 1] < 10_000
    assert (np.diff(register[day + 1 :]) >= 0).all()
    assert ill.truth.kind[meter] == "ok"


def test_one_register_in_ten_rolls_over():
    ill = area_of("rollover")
    rolled = (np.diff(ill.readings.registers.meter, axis=1) < 0).sum(axis=1)
    assert rolled.max() == 1
    assert 1 <= rolled.sum() <= 4
    assert ill.readings.registers.meter.max() < 1e8


def test_lost_packet_takes_the_day_and_the_freeze_that_closes_it():
    ill = area_of("missing:0.2")
    curves, registers = ill.readings.curves, ill.readings.registers
    gone = np.isnan(curves.energy).reshape(len(curves.meter), -1, QUARTERS)
    assert np.array_equal(gone.all(axis=2), gone.any(axis=2))
    assert np.array_equal(gone[:, :, 0], np.isnan(registers.meter[curves.meter, 1:]))
    assert np.array_equal(np.isnan(curves.voltage), np.isnan(curves.energy))
    assert 0.15 < gone.mean() < 0.25


def test_lost_packet_of_terms_takes_its_day_and_leaves_the_others():
    ill = area_of("missing:0.2", data="terms")
    terms, registers = ill.readings.terms, ill.readings.registers
    gone = np.isnan(terms.energy)
    assert ill.readings.curves is None
    assert np.array_equal(gone, np.isnan(registers.meter[terms.meter, 1:]))
    assert np.array_equal(gone, np.isnan(terms.loss))
    assert np.array_equal(np.isnan(terms.power[:, 1:]), gone)


def test_terms_hold_the_energy_of_the_registers():
    area = area_of(data="terms")
    total = np.zeros((40, 28))
    np.add.at(total, area.readings.terms.meter, area.readings.terms.energy)
    assert np.allclose(total, np.diff(area.readings.registers.meter, axis=1) * 0.01, atol=1e-3)


def test_registers_alone_are_the_registers_of_the_curves(sound):
    alone = area_of(data="registers").readings
    assert alone.curves is None
    assert alone.terms is None
    assert np.array_equal(alone.registers.meter, sound.readings.registers.meter)


def test_no_voltage_is_unknown_and_not_zero():
    assert np.isnan(area_of("no_voltage").readings.curves.voltage).all()
    assert np.isnan(area_of("no_voltage", data="terms").readings.terms.loss).all()


def test_coarse_master_is_read_in_coarse_steps(sound):
    coarse = area_of("coarse_master").readings
    assert coarse.area.master_resolution == 0.8
    fine = np.diff(sound.readings.registers.master).sum() * 0.008
    assert abs(np.diff(coarse.registers.master).sum() * 0.8 - fine) < 3.2


def test_worse_clocks_move_more_energy_between_days(sound):
    def moved(area):
        energy = of_days(by_meter(area, area.readings.curves.energy)) * 0.01
        return np.abs(energy - of_days(by_meter(sound, sound.readings.curves.energy)) * 0.01).sum()

    assert 0 < moved(area_of("clock:120")) < moved(area_of("clock:1200"))


def test_drifting_clock_is_further_off_every_day(sound):
    still, drifting = sound.truth.clock, area_of("drift:30").truth.clock
    assert np.array_equal(still, drifting)  # the same on the first day
    late = area_of("drift:3000", seed=3).readings.curves
    assert not np.array_equal(late.energy, sound.readings.curves.energy)


@pytest.mark.parametrize(("meters", "days"), [(1, 1), (2, 3), (9, 2)])
def test_smallest_areas_have_every_fault_that_fits(meters, days):
    faults = [
        "theft",
        "stopped",
        "step",
        "exchanged",
        "rollover",
        "missing:0.5",
        "drift:100",
        "coarse_master",
        "noisy_fixed",
    ]
    for seed in range(4):
        area = area_of(*faults, seed=seed, meters=meters, days=days)
        assert area.readings.registers.meter.shape == (meters, days + 1)


@pytest.mark.parametrize("utility", ["water", "gas", "heat"])
def test_building_has_registers_and_leaks_at_most_three_percent(utility):
    area = area_of(utility=utility, meters=20, days=200, data="registers")
    readings = area.readings
    assert readings.curves is None
    used = area.truth.kwh_day.sum()
    master = np.diff(readings.registers.master).sum() * readings.area.master_resolution / 200
    leak = master / (1 + area.master_gain[0]) / used - 1
    assert 0 < leak < 0.05
    indicated = (
        readings.registers.meter[:, -1] - readings.registers.meter[:, 0]
    ) * readings.meters.resolution
    assert np.allclose(indicated / 200 / area.truth.kwh_day - 1, area.truth.error, atol=0.02)


def test_flow_meter_misses_more_where_little_flows():
    truths = [
        area_of(utility="water", meters=60, days=60, data="registers", bad_share=0.0, seed=s).truth
        for s in range(8)
    ]
    use = np.concatenate([t.kwh_day for t in truths])
    error = np.concatenate([t.error for t in truths])
    assert error[use < 0.01].mean() < error[use > 0.3].mean() - 0.005


@pytest.mark.parametrize(
    "fault", ["theft", "stopped", "step:15", "exchanged", "missing:0.1", "rollover", "noisy_fixed"]
)
def test_building_has_the_same_faults(fault):
    area = area_of(fault, utility="water", meters=20, days=60, data="registers")
    name = fault.partition(":")[0]
    if name in ("theft", "stopped", "step", "exchanged"):
        assert [event.fault for event in area.events] == [name]
