"""What a lake holds and what is odd in it, as `quanheng lake check` tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import AreaReadings, Float, Registers
from quanheng.readings.lake.files import Stamp
from quanheng.readings.lake.open import Lake, verify_unchanged
from quanheng.readings.lake.read import read_partition

MINUTES_PER_DAY = 1440
FEW_DAYS = 30  # below this even curves leave most meters undetermined
NAMED = 20  # ids kept of each kind of note
# kinds of notes: of areas, then of meters (masters among them)
AREA_NOTES = ("no_rows", "no_master", "few_meters", "few_days")
METER_NOTES = ("never_read", "backwards", "rollover")


@dataclass
class Note:
    """Areas or meters that share one oddity: how many, and the first of them by name."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, *names: str) -> None:
        self.count += len(names)
        self.first += names[: NAMED - len(self.first)]


@dataclass
class Survey:
    """What was counted over all areas."""

    areas: int
    meters: int
    files: int
    bytes: int
    sorted_by_area: bool
    first_day: str | None = None
    last_day: str | None = None
    days: int = 0  # of the longest area
    utilities: dict[str, int] = field(default_factory=dict)  # areas by utility
    data: dict[str, int] = field(default_factory=dict)  # areas by the best that they have
    freezes: int = 0  # registers that should have been read, masters included
    read: int = 0
    notes: dict[str, Note] = field(
        default_factory=lambda: {each: Note() for each in AREA_NOTES + METER_NOTES}
    )

    @property
    def read_rate(self) -> float | None:
        """Share of the freezes that were read; None where there are none."""
        return self.read / self.freezes if self.freezes else None


def survey(lake: Lake, on_area: Callable[[], object] = lambda: None) -> Survey:
    """Read every area once. Raises BadLake for lists of wrong length and a lake that changes meanwhile."""
    result = Survey(lake.n_areas, lake.n_meters, len(lake.files), _size(lake.files), lake.sorted_by_area)
    for partition in lake.partitions():
        for readings in read_partition(lake.path, partition):
            _add(result, readings)
            on_area()
    verify_unchanged(lake)
    return result


def _size(files: tuple[Stamp, ...]) -> int:
    return sum(each.size for each in files)


def _add(result: Survey, readings: AreaReadings) -> None:
    area = readings.area
    best = "curves" if readings.curves else "terms" if readings.terms else "registers"
    best = best if readings.registers or best != "registers" else "none"
    result.data[best] = result.data.get(best, 0) + 1
    result.utilities[area.utility] = result.utilities.get(area.utility, 0) + 1
    if len(readings.meters) <= 1:
        result.notes["few_meters"].add(area.area)
    if readings.registers is None:
        result.notes["no_rows"].add(area.area)
        result.notes["never_read"].add(*readings.meters.meter)
    else:
        _add_registers(result, readings, readings.registers)


def _add_registers(result: Survey, readings: AreaReadings, registers: Registers) -> None:
    steps = np.vstack([registers.meter, registers.master])
    names = (*readings.meters.meter, readings.area.master)
    read = ~np.isnan(steps)
    days = (steps.shape[1] - 1) * registers.step_minutes // MINUTES_PER_DAY
    last = np.datetime64(registers.start, "D") + days
    result.days = max(result.days, days)
    result.first_day = min(filter(None, (result.first_day, registers.start.isoformat())))
    result.last_day = max(filter(None, (result.last_day, str(last))))
    result.freezes += read.size
    result.read += int(np.count_nonzero(read))
    if not read[-1].any():
        result.notes["no_master"].add(readings.area.area)
    if days < FEW_DAYS:
        result.notes["few_days"].add(readings.area.area)
    result.notes["never_read"].add(*_names(names[:-1], np.isnan(registers.meter).all(axis=1)))
    backwards, rollover = falls(steps)
    result.notes["backwards"].add(*_names(names, backwards))
    result.notes["rollover"].add(*_names(names, rollover))


def falls(steps: Float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which registers (n, K) ever fall: backwards (or the meter was exchanged), or by rolling over.

    A fall counts as roll-over if it leads from the last tenth of a power of ten to its first tenth.
    """
    fallen = np.zeros(len(steps), np.bool_)
    rolled = np.zeros(len(steps), np.bool_)
    highest = np.fmax.accumulate(steps, axis=1)
    for row in np.flatnonzero((steps < highest).any(axis=1)):
        values = steps[row][~np.isnan(steps[row])]
        at = np.flatnonzero(np.diff(values) < 0)
        before, after = values[at], values[at + 1]
        top = 10.0 ** np.ceil(np.log10(np.maximum(before, 1.0) + 0.5))
        over = (before >= 0.9 * top) & (after <= 0.1 * top) & (after >= 0) & (top > 10)
        fallen[row], rolled[row] = bool(np.any(~over)), bool(np.any(over))
    return fallen, rolled


def _names(names: tuple[str, ...], chosen: NDArray[np.bool_] | np.bool_) -> list[str]:
    return [names[each] for each in np.flatnonzero(chosen)]
