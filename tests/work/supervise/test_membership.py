"""Meters taken out of an area's readings, and brought in from another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from small_areas import city

from quanheng.readings.batch import AreaReadings
from quanheng.work.supervise.membership import only, with_adopted, without_removed


def two(data: str) -> tuple[AreaReadings, AreaReadings]:
    a, b = city(areas=2, meters=20, days=30, data=data)
    return a.readings, b.readings


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
def test_nobody_removed_or_adopted_leaves_an_area_as_it_is(data: str) -> None:
    a, _ = two(data)
    assert without_removed(a, frozenset()) is a
    assert without_removed(a, frozenset({"nobody"})) is a
    assert with_adopted(a, ()) is a


@pytest.mark.parametrize("data", ["terms", "curves"])
def test_a_removed_meter_keeps_its_place_and_counts_nothing(data: str) -> None:
    a, _ = two(data)
    name = a.meters.meter[3]
    found = without_removed(a, frozenset({name}))
    rows = getattr(found, data)
    assert found.meters == a.meters
    assert 3 not in rows.meter
    assert set(rows.meter) == set(range(20)) - {3}
    assert len(rows.phase) == len(rows.energy) == len(rows.meter)
    assert found.registers is not None
    assert not np.diff(found.registers.meter[3]).any()
    assert np.array_equal(rows.master_energy, getattr(a, data).master_energy)


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
def test_only_some_meters_keep_all_that_was_read_of_them(data: str) -> None:
    a, _ = two(data)
    chosen = frozenset({a.meters.meter[2], a.meters.meter[7]})
    found = only(a, chosen)
    assert found.meters.meter == (a.meters.meter[2], a.meters.meter[7])
    assert a.registers is not None
    assert found.registers is not None
    assert np.array_equal(found.registers.meter, a.registers.meter[[2, 7]], equal_nan=True)
    assert found.meters.batch == (a.meters.batch[2], a.meters.batch[7])
    if data != "registers":
        rows, all_rows = getattr(found, data), getattr(a, data)
        for place, old in enumerate((2, 7)):
            mine, his = rows.meter == place, all_rows.meter == old
            assert np.array_equal(rows.energy[mine], all_rows.energy[his], equal_nan=True)


@pytest.mark.parametrize("data", ["registers", "terms", "curves"])
def test_adopted_meters_stand_behind_the_others(data: str) -> None:
    a, b = two(data)
    chosen = only(b, frozenset({b.meters.meter[5]}))
    found = with_adopted(a, (chosen,))
    assert found.meters.meter == (*a.meters.meter, b.meters.meter[5])
    assert len(found.meters.mpe) == 21
    assert found.registers is not None
    assert b.registers is not None
    assert np.array_equal(found.registers.meter[20], b.registers.meter[5], equal_nan=True)
    if data != "registers":
        rows, his = getattr(found, data), getattr(b, data)
        assert np.array_equal(rows.energy[rows.meter == 20], his.energy[his.meter == 5], equal_nan=True)


@pytest.mark.parametrize("data", ["terms", "curves"])
def test_adopting_a_part_of_oneself_gives_back_the_whole(data: str) -> None:
    a, _ = two(data)
    names = frozenset(a.meters.meter[:4])
    rest = frozenset(a.meters.meter[4:])
    found = with_adopted(only(a, rest), (only(a, names),))
    assert sorted(found.meters.meter) == sorted(a.meters.meter)
    rows, all_rows = getattr(found, data), getattr(a, data)
    for name in a.meters.meter:
        mine = rows.energy[rows.meter == found.meters.meter.index(name)]
        his = all_rows.energy[all_rows.meter == a.meters.meter.index(name)]
        assert np.array_equal(mine, his, equal_nan=True)


def test_losses_against_another_masters_voltage_are_not_adopted() -> None:
    a, b = two("terms")
    found = with_adopted(a, (only(b, frozenset({b.meters.meter[5]})),)).terms
    assert found is not None
    assert np.isnan(found.loss[found.meter == 20]).all()
    assert not np.isnan(found.energy[found.meter == 20]).any()


def test_records_of_another_time_are_left_out() -> None:
    a, b = two("terms")
    chosen = only(b, frozenset({b.meters.meter[5]}))
    assert chosen.terms is not None
    assert chosen.registers is not None
    later = chosen.terms.start + timedelta(days=1)
    moved = replace(
        chosen, terms=replace(chosen.terms, start=later), registers=replace(chosen.registers, start=later)
    )
    found = with_adopted(a, (moved,))
    assert found.terms is not None
    assert found.registers is not None
    assert 20 not in found.terms.meter
    assert np.isnan(found.registers.meter[20]).all()


def test_nothing_handed_in_is_written_to() -> None:
    a, b = two("terms")
    assert a.registers is not None
    kept = a.registers.meter.copy()
    with_adopted(without_removed(a, frozenset(a.meters.meter[:2])), (only(b, frozenset(b.meters.meter[:2])),))
    assert np.array_equal(a.registers.meter, kept, equal_nan=True)
