"""Points of certificates and the standards at work for them, as rows: what supports a use, what it brings there."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from quanheng.evidence.certificate import Certificate, Point, Use
from quanheng.evidence.chain.columns import DISTRIBUTIONS, KINDS, NONE, OUTCOMES, SUPPORT
from quanheng.evidence.chain.rows import Rows, unit_of
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.legal_units import KINDS as QUANTITIES
from quanheng.measure.quantity.units import Unit, compatible, parse_unit

SAME = 1e-9  # relative: two values that are one but for rounding
OWN_SHARE = 0.5  # of a result, that standards of its own quantity bring at least: in a comparison they bring all of it
ANY_SHARE = 1e-6  # that standards of other quantities bring at least: below it none of them was used


@dataclass(frozen=True)
class Result:
    """A point of a standard, as later uses see it."""

    quantity: int
    dimension: int
    nominal: float
    u: float  # standard uncertainty, in SI or as a ratio
    row: int
    relative: bool
    comparable: bool  # u is of the quantity that the point realises


def add_point(
    b: Rows,
    row: int,
    content: Certificate,
    point: Point,
    rows: Mapping[str, int],
    results: Mapping[int, Sequence[Result]],
) -> Result | None:
    """Write the rows of a point and of its uses; None: its unit is none, and it is left out.

    row: of its certificate; rows: of certificates by digest; results: of standards that came before, by row.
    """
    try:
        nominal_unit, unit = unit_of(point.nominal_unit), unit_of(point.unit)
    except UnitError:
        return None  # a document with such a unit is refused where it is read
    quantity, dimension = b.quantities(point.quantity), b.dimensions(str(nominal_unit.dimension))
    kind = KINDS.index(content.kind.value)
    to_si: Callable[[float], float] = unit.difference_to_si if point.relative else unit.to_si
    value, U = to_si(point.value), unit.difference_to_si(point.expanded_uncertainty)
    u = U / point.coverage_factor if point.coverage_factor > 0 else math.nan
    nominal = nominal_unit.to_si(point.nominal)

    comparable = point.relative or unit.dimension == nominal_unit.dimension
    n = len(b.points)
    contributions: dict[str, float] = defaultdict(float)
    for use in point.uses:
        contributions[use.certificate] += _use(
            b, n, row, point, use, rows.get(use.certificate, NONE), results
        )
    squares = [each * each for each in contributions.values() if not math.isnan(each)]
    own = (point.quantity, str(nominal_unit.dimension)) if comparable else None
    result = 1.0 if point.relative else nominal if comparable else value
    b.points.append(
        {
            "certificate": row,
            "quantity": quantity,
            "dimension": dimension,
            "right": b.rights((b.parties(content.issuer.identifier), quantity, dimension, kind)),
            "nominal": nominal,
            "value": value,
            "u": u,
            "k": point.coverage_factor,
            "p": point.coverage_probability,
            "lower": -math.inf if point.lower is None else to_si(point.lower),
            "upper": math.inf if point.upper is None else to_si(point.upper),
            "inherited": math.sqrt(sum(squares)),
            "relative": point.relative,
            "fits": _fits(point.quantity, nominal_unit),
            "acted": _acted(point, own, result),
            "limited": point.lower is not None or point.upper is not None,
            "comparable": comparable,
            "distribution": DISTRIBUTIONS.index(point.distribution.casefold())
            if point.distribution.casefold() in DISTRIBUTIONS
            else DISTRIBUTIONS.index("other"),
            "outcome": NONE if point.outcome is None else OUTCOMES.index(point.outcome.value),
            "uses": len(point.uses),
        }
    )
    b.point_names.append(point.identifier)
    return Result(quantity, dimension, nominal, u, n, point.relative, comparable)


def _fits(quantity: str, unit: Unit) -> bool:
    """Whether a unit measures a kind of quantity; a kind that is not on the list fits any."""
    if quantity not in QUANTITIES:
        return True
    kept = replace(parse_unit(QUANTITIES[quantity][1]), kind=quantity)
    return compatible(unit, kept)


def _acted(point: Point, own: tuple[str, str] | None, result: float) -> bool:
    """Whether the standards account for a result: y = f(x, …) changes by c·x/y of itself for each x of itself.

    Standards of the point's own quantity and dimension account for half of it at least, where there are any (GUM 5.1.3;
    a comparison has c = 1, a mean of two 0.5 each); of one certificate that stands twice the difference counts. In a
    ratio of two voltages by one voltmeter it cancels, and has been used: of other quantities each use counts.
    own: quantity and dimension; None where the result is of another than the nominal value (ohms of a thermometer).
    result: in the unit of SI that sensitivities lead to, 1 where they are of relative errors.
    """
    direct: dict[str, float] = defaultdict(float)
    others = []
    for use in point.uses:
        try:
            unit = unit_of(use.unit)
        except UnitError:
            continue  # refused by rule 5
        at = 1.0 if point.relative else unit.to_si(use.at)
        of_own = (use.quantity, str(unit.dimension)) == own
        if result == 0 or (at == 0 and not of_own):
            return True  # nothing to compare with
        share = use.sensitivity * at / result
        if of_own:
            direct[use.certificate] += share
        else:
            others.append(abs(share))
    if direct:
        return sum(map(abs, direct.values())) >= OWN_SHARE * (1 - SAME)
    return not others or sum(others) >= ANY_SHARE


def _use(
    b: Rows,
    point_row: int,
    row: int,
    point: Point,
    use: Use,
    standard: int,
    results: Mapping[int, Sequence[Result]],
) -> float:
    """Write the row of a use; returns what it brings to the point, with its sign (NaN: not known)."""
    support, acting, at, supporter = 0, math.nan, math.nan, NONE
    try:
        unit = unit_of(use.unit)
        at = unit.to_si(use.at)
    except UnitError:
        support = SUPPORT.index("unit")
    else:
        if not math.isfinite(at):  # too large for a float: no standard was ever calibrated there
            support = SUPPORT.index("range")
        elif standard in results:
            quantity, dimension = b.quantities(use.quantity), b.dimensions(str(unit.dimension))
            support, u, supporter = _supported(results[standard], quantity, dimension, at)
            over = abs(at) if point.relative else 1.0
            acting = use.sensitivity * u / over if over else math.nan
    b.uses.append(
        {
            "point": point_row,
            "certificate": row,
            "standard": standard,
            "at": at,
            "acting": acting,
            "supporter": supporter,
            "support": support,
        }
    )
    return acting


def _supported(results: Sequence[Result], quantity: int, dimension: int, at: float) -> tuple[int, float, int]:
    """What of a standard supports a use at a value: how, its standard uncertainty there, in SI, and which point.

    The point that was calibrated, or the larger of the two between which the value lies; never beyond the last.
    """
    of_kind = [each for each in results if each.quantity == quantity]
    if not of_kind:
        return SUPPORT.index("quantity"), math.nan, NONE
    fitting = [each for each in of_kind if each.dimension == dimension and math.isfinite(each.nominal)]
    fitting.sort(key=lambda each: each.nominal)
    if not fitting:
        return SUPPORT.index("unit"), math.nan, NONE
    near = [e for e in fitting if abs(e.nominal - at) <= SAME * max(abs(at), abs(e.nominal))]
    if not near:
        near = next(([a, c] for a, c in pairwise(fitting) if a.nominal < at < c.nominal), [])
    if not near:
        return SUPPORT.index("range"), math.nan, NONE
    if not all(each.comparable for each in near):
        return SUPPORT.index("supported"), math.nan, NONE
    u, row = max((e.u * abs(at) if e.relative else e.u, e.row) for e in near)
    return SUPPORT.index("supported"), u, row
