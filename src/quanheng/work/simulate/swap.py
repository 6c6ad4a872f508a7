"""Two meters booked to each other's areas: each passes the other's master."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import AreaReadings, Meters
from quanheng.work.simulate.world import Event, SimulatedArea

Item = TypeVar("Item")
Number = TypeVar("Number", np.float32, np.float64)

LEAST_SHARE = 0.2  # of the median: a meter that draws less is not missed where it is missing


def swap_meters(
    one: SimulatedArea, two: SimulatedArea, ill: np.random.Generator
) -> tuple[SimulatedArea, SimulatedArea]:
    """Both areas with one single-phase meter exchanged in the books; unchanged if either has none to spare.

    Ids stay with the place in the books and do not betray the swap; all that belongs to the meter moves.
    """
    places = [_candidates(area) for area in (one, two)]
    if any(len(each) == 0 for each in places):
        return one, two
    i, j = (int(ill.choice(each)) for each in places)
    return _receive(one, i, two, j), _receive(two, j, one, i)


def _candidates(area: SimulatedArea) -> NDArray[np.intp]:
    truth, meters = area.truth, area.readings.meters
    touched = {event.meter for event in area.events}
    free = [
        kind == "ok" and phase != "ABC" and meter not in touched
        for kind, phase, meter in zip(truth.kind, meters.phase, truth.meter, strict=True)
    ]
    return np.flatnonzero(np.array(free) & (truth.kwh_day > LEAST_SHARE * np.median(truth.kwh_day)))


def _receive(home: SimulatedArea, i: int, away: SimulatedArea, j: int) -> SimulatedArea:
    """`home` with the meter at place j of `away` booked at its place i."""
    truth, other = home.truth, away.truth
    name = away.readings.area.area
    event = Event(home.readings.area.area, "swap", truth.meter[i], None, None, float(other.kwh_day[j]))
    true_loss = home.true_loss
    if home.readings.curves is not None:
        true_loss = true_loss.copy()
        true_loss[home.readings.curves.meter == i] = 0.0
    return replace(
        home,
        readings=_book(home.readings, i, away.readings, j),
        truth=replace(
            truth,
            error=_put(truth.error, i, other.error[j]),
            kind=_set(truth.kind, i, "foreign"),
            true_area=_set(truth.true_area, i, name),
            kwh_day=_put(truth.kwh_day, i, other.kwh_day[j]),
            clock=_put(truth.clock, i, other.clock[j]),
            lot_mean=_put(truth.lot_mean, i, other.lot_mean[j]),
        ),
        events=(*home.events, event),
        true_loss=true_loss,
    )


def _book(home: AreaReadings, i: int, away: AreaReadings, j: int) -> AreaReadings:
    registers, curves = home.registers, home.curves
    if registers is not None and away.registers is not None:
        registers = replace(registers, meter=_put(registers.meter, i, away.registers.meter[j]))
    if curves is not None and away.curves is not None:
        here = int(np.flatnonzero(curves.meter == i)[0])
        there = int(np.flatnonzero(away.curves.meter == j)[0])
        curves = replace(
            curves,
            phase=_set(curves.phase, here, away.curves.phase[there]),
            energy=_put(curves.energy, here, away.curves.energy[there]),
            voltage=_put(curves.voltage, here, away.curves.voltage[there]),
        )
    mine, theirs = home.meters, away.meters
    meters = Meters(
        meter=mine.meter,
        phase=_set(mine.phase, i, theirs.phase[j]),
        mpe=_put(mine.mpe, i, theirs.mpe[j]),
        resolution=_put(mine.resolution, i, theirs.resolution[j]),
        batch=_set(mine.batch, i, theirs.batch[j]),
        maker=_set(mine.maker, i, theirs.maker[j]),
        verified=_set(mine.verified, i, theirs.verified[j]),
    )
    return replace(home, meters=meters, registers=registers, curves=curves)


def _set(column: tuple[Item, ...], k: int, item: Item) -> tuple[Item, ...]:
    return (*column[:k], item, *column[k + 1 :])


def _put(values: NDArray[Number], k: int, value: NDArray[Number] | Number) -> NDArray[Number]:
    changed = values.copy()
    changed[k] = value
    return changed
