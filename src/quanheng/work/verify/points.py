"""One point of a comparison: the readings become a budget file, and its result a point of a certificate.

    relative   E = e + s + e·s       e: mean of (indication/reference − 1), s: the standard's own relative error
    else       Y = n + d − c         n: nominal value, d: mean of (indication − reference), c: the standard's value − n
The budget is a file as `quanheng uncertainty` reads it: whoever has it computes the result again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quanheng.evidence.certificate import Certificate, Outcome, Point, Use
from quanheng.evidence.figures import pair
from quanheng.ground.errors import Fault
from quanheng.measure.conformity import Verdict, decide
from quanheng.measure.quantity.rounding import number, round_uncertainty, round_value
from quanheng.work.verify.methods import Method

COVERAGE = 0.95
NORMAL = 2.01  # largest k that is stated with a normal distribution


@dataclass(frozen=True)
class Readings:
    """What was read at a point: indications of the instrument and of the standard, in pairs, in the method's unit."""

    nominal: float
    indications: tuple[float, ...]
    references: tuple[float, ...]


@dataclass(frozen=True)
class Standard:
    """The certificate of the standard as it speaks of a point."""

    number: str
    digest: str
    point: Point


@dataclass(frozen=True)
class Result:
    """What a budget gave, in the method's result unit. outcome None: not decided."""

    value: float
    expanded: float
    k: float
    outcome: Outcome | None


def errors(method: Method, readings: Readings) -> tuple[float, ...]:
    """Error of each reading: in per cent where relative, else in the unit. Raises Fault for readings without sense."""
    pairs = list(zip(readings.indications, readings.references, strict=True))
    if not pairs or not all(math.isfinite(x) and math.isfinite(s) for x, s in pairs):
        raise Fault(
            f"{readings.nominal:g} {method.unit}：没有读数，或不是有限的数 / no readings, or not finite ones"
        )
    if not method.relative:
        return tuple(x - s for x, s in pairs)
    if any(s == 0 for _x, s in pairs):
        raise Fault(
            f"{readings.nominal:g} {method.unit}：标准器示值为 0，没有相对误差"
            " / the reference is 0: there is no relative error"
        )
    return tuple(100 * (x / s - 1) for x, s in pairs)


def standard_of(certificate: Certificate, digest: str, method: Method, nominal: float) -> Standard:
    """What a standard's certificate says nearest to a nominal value. Raises Fault where it does not reach there."""
    fitting = [
        each
        for each in certificate.points
        if each.quantity == method.quantity
        and each.nominal_unit == method.unit
        and each.relative == method.relative
    ]
    if not fitting or not min(p.nominal for p in fitting) <= nominal <= max(p.nominal for p in fitting):
        raise Fault(
            f"标准证书 {certificate.number} 不及 {nominal:g} {method.unit}（{method.quantity}）"
            f" / the standard's certificate does not reach {nominal:g} {method.unit}"
        )
    # between two of its points the less certain one speaks
    below = max((p for p in fitting if p.nominal <= nominal), key=lambda p: p.nominal)
    above = min((p for p in fitting if p.nominal >= nominal), key=lambda p: p.nominal)
    nearest = min((below, above), key=lambda p: abs(p.nominal - nominal))
    worst = max((below, above), key=lambda p: p.standard_uncertainty)
    kept = replace(
        nearest,
        expanded_uncertainty=worst.standard_uncertainty * nearest.coverage_factor,
    )
    return Standard(certificate.number, digest, kept)


def budget(
    method: Method, readings: Readings, standard: Standard, resolution: float, limit: float | None
) -> str:
    """The budget file of a point. resolution: of the instrument, in the unit; limit: MPE, None: not decided."""
    found = errors(method, readings)
    scale = 100 / readings.nominal if method.relative and readings.nominal else 1.0
    half = abs(resolution * scale) / 2
    unit = method.result_unit
    name = "E" if method.relative else "Y"
    said = standard.point.value if method.relative else standard.point.value - standard.point.nominal
    lines = [
        f'title = "{method.procedure}，{readings.nominal:g} {method.unit}"',
        f"coverage = {COVERAGE}",
        "",
        f"[outputs.{name}]",
        'model = "e + s + e*s"' if method.relative else 'model = "n + d - c"',
        f'unit = "{unit}"',
        "",
        f"[inputs.{'e' if method.relative else 'd'}]",
        *_readings(found),
        f'unit = "{_difference(unit)}"',
    ]
    if half:
        lines.append(
            f'effects = [ {{ name = "resolution", distribution = "rectangular", half_width = {half!r} }} ]'
        )
    lines += [
        "",
        f"[inputs.{'s' if method.relative else 'c'}]",
        f"value = {said!r}",
        f"U = {standard.point.expanded_uncertainty!r}",
        f"k = {standard.point.coverage_factor!r}",
        f'unit = "{_difference(unit)}"',
        f'source = "{standard.number}"',
    ]
    if not method.relative:
        lines += ["", "[inputs.n]", f"value = {readings.nominal!r}", f'unit = "{unit}"']
    if limit is not None:
        middle = 0.0 if method.relative else readings.nominal
        lines += ["", f"[conformity.{name}]", f"lower = {middle - limit!r}", f"upper = {middle + limit!r}"]
        lines += [f'rule = "{method.rule}"']
    return "\n".join([*lines, ""])


def _readings(found: Sequence[float]) -> list[str]:
    """Type A where the readings scatter; readings that are all the same say nothing but their value."""
    if len(set(found)) > 1:
        return [f"readings = [{', '.join(repr(each) for each in found)}]"]
    return [f"value = {found[0]!r}"]


def _difference(unit: str) -> str:
    """Differences of Celsius temperatures are stated in kelvins."""
    return "K" if unit == "°C" else unit


def stated(value: float, expanded: float, k: float) -> tuple[float, float, float]:
    """Value, U and k as the certificate states them: U to two digits, the value to its last place (GB/T 8170)."""
    rounded = round_uncertainty(expanded)
    return float(round_value(value, rounded)), float(rounded), float(round_uncertainty(k, 3))


def printed(result: Result) -> tuple[str, str, str]:
    """Value, U and k as the certificate states them, for people."""
    value, expanded, k = stated(result.value, result.expanded, result.k)
    return *pair(value, expanded), number(k)


def outcome(
    method: Method, nominal: float, result: tuple[float, float, float], limit: float
) -> Outcome | None:
    """What the method's rule says of the figures as stated, so that every reader finds the same; None: open."""
    (value, expanded, k), middle = result, 0.0 if method.relative else nominal
    found = decide(value, expanded / k, lower=middle - limit, upper=middle + limit, rule=method.rule)
    verdicts = {Verdict.CONFORMING: Outcome.PASS, Verdict.NOT_CONFORMING: Outcome.FAIL}
    return verdicts.get(Verdict(int(found.verdict)))


def point(
    method: Method, n: int, item: str, nominal: float, standard: Standard, result: Result, limit: float | None
) -> Point:
    """The n-th point of the certificate, as it states it."""
    value, expanded, k = stated(result.value, result.expanded, result.k)
    middle = 0.0 if method.relative else nominal
    return Point(
        f"p{n}",
        item,
        method.quantity,
        nominal,
        method.unit,
        value,
        method.result_unit,
        expanded,
        k,
        COVERAGE,
        "normal" if k <= NORMAL else "t",  # few degrees of freedom (JCGM 100:2008, G.3)
        relative=method.relative,
        lower=None if limit is None else middle - limit,
        upper=None if limit is None else middle + limit,
        outcome=result.outcome,
        uses=(Use(standard.digest, method.quantity, nominal, method.unit),),
    )
