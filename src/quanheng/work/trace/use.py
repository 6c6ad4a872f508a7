"""Rules 2 to 5: a standard at work: in time, fine enough, inside its range and conditions, for its own quantity.

All are judged on the day of use, by the parameters of the procedure that the certificate names.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quanheng.evidence.chain.columns import NEVER, SUPPORT, Chain, Codes, Conditions, Flags, Float
from quanheng.work.trace.part import Found, Part, taken

SLACK = 1 + 1e-9  # two sums of one figure differ in their last digits


def in_time(part: Part) -> Iterator[Found]:
    """2: calibrated by the day of use, not overdue on it, not failed (ISO/IEC 17025:2017, 6.4.7, 7.8.4.3; JJF 1139)."""
    certificates = part.whole.chain.certificates
    standard, at_hand = part.standard, part.at_hand
    begun, ended = part.certificates.begun[part.of_use], part.certificates.ended[part.of_use]
    due = certificates.due[standard]
    late, early = ended > due, certificates.ended[standard] > begun
    unset = due == NEVER
    if not part.all_at_hand:
        late, early, unset = late & at_hand, early & at_hand, unset & at_hand
    if (failed := part.whole.failed) is not None:
        yield from part.of_uses("standard_failed", failed[standard] & at_hand)
    yield from part.of_uses("standard_not_yet", early)
    yield from part.of_uses("standard_overdue", late)
    yield from part.of_uses("validity_unset", unset)


def fine_enough(part: Part) -> Iterator[Found]:
    """3: U of the standard, as it acts on the point, is at most a share of the MPE or U that the procedure names."""
    procedures, points = part.whole.procedures, part.points
    code = part.procedure
    ratio, by_mpe = (
        part.at_points(taken(procedures.ratio, code)),
        part.at_points(taken(procedures.by_mpe, code)),
    )
    if np.ndim(by_mpe) == 0:
        measure = _mpe(part) if by_mpe else 2 * points.u
    else:
        measure = np.where(by_mpe, _mpe(part), 2 * points.u)
    allowed = ratio * SLACK * measure
    acting = 2 * np.abs(part.uses.acting)
    yield from part.of_uses("ratio", acting > allowed[part.point_of_use])
    unclear = np.isnan(acting)
    if unclear.any():
        unclear &= part.at_hand & (part.uses.support == SUPPORT.index("supported"))
        yield from part.of_uses("ratio_unclear", unclear)
    if not points.acted.all():
        yield from part.of_points("standard_hardly_acts", ~points.acted)


def _mpe(part: Part) -> Float:
    """By point: the largest error that is permitted; inf where there are no limits, so that none can be exceeded."""
    points = part.points
    if points.relative.all():
        return np.asarray(np.maximum(np.abs(points.lower), np.abs(points.upper)))
    half = (points.upper - points.lower) / 2
    return np.asarray(np.where(points.relative, np.maximum(np.abs(points.lower), np.abs(points.upper)), half))


def inside(part: Part) -> Iterator[Found]:
    """4 and 5: between calibrated points, for the quantity and dimension that was calibrated; within conditions."""
    support = part.uses.support
    if support.any():
        for name, code in (
            ("range", "out_of_range"),
            ("quantity", "quantity_mismatch"),
            ("unit", "unit_mismatch"),
        ):
            yield from part.of_uses(code, (support == SUPPORT.index(name)) & part.at_hand)
    if not part.points.fits.all():
        yield from part.of_points("quantity_mismatch", ~part.points.fits)
    if len(part.whole.chain.conditions):
        within = part.whole.procedures.within[part.certificates.procedure]
        if within.any():
            compared = within[part.of_use] & part.at_hand
            outside, unstated = _conditions(part)
            yield from part.of_uses("conditions", outside & compared)
            yield from part.of_uses("conditions_unclear", unstated & compared)


def _conditions(part: Part) -> tuple[Flags, Flags]:
    """By use: whether some influence quantity left the interval that it had when the standard was calibrated; and
    whether one that is stated there is not stated of the use."""
    out, unstated = np.zeros((2, len(part.uses)), bool)
    n = len(part.certificates)
    for quantity in range(len(part.whole.chain.names.conditions)):
        table = intervals(part.whole.chain, quantity)
        if not len(table):
            continue
        lower, upper = _of(table, np.arange(part.first, part.first + n, dtype=np.int32))
        low, high = lower[part.of_use], upper[part.of_use]
        floor, ceiling = _of(table, part.standard)
        out |= (low < floor) | (high > ceiling)  # NaN: not stated
        unstated |= np.isnan(low) & ~np.isnan(floor)
    return out, unstated


def intervals(chain: Chain, quantity: int) -> Conditions:
    """Conditions of one influence quantity, in the order of certificates."""
    return chain.conditions.part(np.flatnonzero(chain.conditions.quantity == quantity))


def _of(table: Conditions, rows: Codes) -> tuple[Float, Float]:
    """Lower and upper by certificate; NaN where it states none."""
    place = np.minimum(np.searchsorted(table.certificate, rows), len(table) - 1)
    there = table.certificate[place] == rows
    return np.where(there, table.lower[place], np.nan), np.where(there, table.upper[place], np.nan)
