"""Who stands behind a master: meters taken out of an area's readings, or brought in from another's."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.readings.batch import AreaReadings, Curves, Meters, Terms


def chosen_meters(meters: Meters, keep: NDArray[np.intp]) -> Meters:
    """The meters at the places `keep`."""
    columns: dict[str, Any] = {
        f.name: (a[keep] if isinstance(a, np.ndarray) else tuple(a[k] for k in keep))
        for f in fields(meters)
        for a in [getattr(meters, f.name)]
    }
    return Meters(**columns)


def rows_kept(rows: Curves | Terms, keep: NDArray[np.bool_]) -> Curves | Terms:
    """Curves or terms with the rows that `keep` (r,) marks; the master's stay."""
    names = ("meter", "energy", "voltage", "loss", "cross", "power")
    columns = {name: getattr(rows, name)[keep] for name in names if hasattr(rows, name)}
    return replace(rows, phase=tuple(p for p, k in zip(rows.phase, keep, strict=True) if k), **columns)


def without_removed(readings: AreaReadings, removed: frozenset[str]) -> AreaReadings:
    """The readings as if the removed meters counted nothing; the meters keep their places."""
    gone = np.array([m in removed for m in readings.meters.meter], dtype=bool)
    if not gone.any():
        return readings
    curves, terms, registers = readings.curves, readings.terms, readings.registers
    if curves is not None:
        curves = rows_kept(curves, ~gone[curves.meter])  # type: ignore[assignment]
    if terms is not None:
        terms = rows_kept(terms, ~gone[terms.meter])  # type: ignore[assignment]
    if registers is not None:
        registers = replace(registers, meter=np.where(gone[:, None], 0.0, registers.meter))
    return replace(readings, curves=curves, terms=terms, registers=registers)


def only(readings: AreaReadings, meters: frozenset[str]) -> AreaReadings:
    """The readings of some meters of an area, for another area to adopt."""
    keep = np.flatnonzero([m in meters for m in readings.meters.meter])
    place = np.full(len(readings.meters), -1)
    place[keep] = np.arange(len(keep))
    curves, terms, registers = readings.curves, readings.terms, readings.registers
    if curves is not None:
        curves = rows_kept(curves, place[curves.meter] >= 0)  # type: ignore[assignment]
        curves = replace(curves, meter=place[curves.meter])
    if terms is not None:
        terms = rows_kept(terms, place[terms.meter] >= 0)  # type: ignore[assignment]
        terms = replace(terms, meter=place[terms.meter])
    if registers is not None:
        registers = replace(registers, meter=registers.meter[keep])
    return replace(
        readings, meters=chosen_meters(readings.meters, keep), curves=curves, terms=terms, registers=registers
    )


def with_adopted(readings: AreaReadings, adopted: tuple[AreaReadings, ...]) -> AreaReadings:
    """The readings with those of adopted meters behind them.

    Losses reckoned against another master's voltage mean nothing here: adopted `terms` keep their energy alone.
    Kinds of data that do not cover the same time are left out on the adopted side.
    """
    for other in adopted:
        n = len(readings.meters)
        columns: dict[str, Any] = {
            f.name: np.concatenate([a, b]) if isinstance(a, np.ndarray) else (*a, *b)
            for f in fields(Meters)
            for a, b in [(getattr(readings.meters, f.name), getattr(other.meters, f.name))]
        }
        meters = Meters(**columns)
        registers, curves, terms = readings.registers, readings.curves, readings.terms
        if registers is not None:
            extra = np.full((len(other.meters), registers.meter.shape[1]), np.nan)
            same = other.registers is not None and other.registers.start == registers.start
            if (
                same
                and other.registers is not None
                and other.registers.meter.shape[1] == registers.meter.shape[1]
            ):
                extra = other.registers.meter
            registers = replace(registers, meter=np.concatenate([registers.meter, extra]))
        if curves is not None and other.curves is not None and same_span(curves, other.curves):
            curves = replace(
                curves,
                meter=np.concatenate([curves.meter, other.curves.meter + n]),
                phase=(*curves.phase, *other.curves.phase),
                energy=np.concatenate([curves.energy, other.curves.energy]),
                voltage=np.concatenate([curves.voltage, other.curves.voltage]),
            )
        if terms is not None and other.terms is not None and same_span(terms, other.terms):
            blank = np.full_like(other.terms.energy, np.nan)
            terms = replace(
                terms,
                meter=np.concatenate([terms.meter, other.terms.meter + n]),
                phase=(*terms.phase, *other.terms.phase),
                energy=np.concatenate([terms.energy, other.terms.energy]),
                loss=np.concatenate([terms.loss, blank]),
                cross=np.concatenate([terms.cross, blank]),
                power=np.concatenate([terms.power, other.terms.power]),
            )
        readings = replace(readings, meters=meters, registers=registers, curves=curves, terms=terms)
    return readings


def same_span(a: Curves | Terms, b: Curves | Terms) -> bool:
    """Whether two records cover the same steps."""
    return a.start == b.start and a.energy.shape[1] == b.energy.shape[1]
