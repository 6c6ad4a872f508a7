"""Points of a comparison: from readings and a standard's certificate to a result as a certificate states it."""

from __future__ import annotations

from datetime import date

import pytest

from quanheng.evidence.certificate import Certificate, Kind, Outcome, Party, Point
from quanheng.ground.errors import Fault
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.result import Result as Found
from quanheng.work.verify import points
from quanheng.work.verify.methods import Method, methods
from quanheng.work.verify.points import Readings, Result, Standard

METERS, SCALES = methods()["JJG 596-2012"], methods()["JJG 539-2016"]


def certificate(method: Method, *of: tuple[float, float, float], k: float = 2.0) -> Certificate:
    """Of a standard: nominal value, what it says there, U."""
    listed = tuple(
        Point(f"p{n}", "S", method.quantity, nominal, method.unit, value, method.result_unit, U, k, 0.95,
              relative=method.relative)
        for n, (nominal, value, U) in enumerate(of)
    )  # fmt: skip
    day = date(2026, 1, 5)
    return Certificate(Kind.CALIBRATION, "S-1", Party("院", "I"), (), day, day, day, "JJF 1", listed, "甲")


def computed(method: Method, readings: Readings, standard: Standard, resolution: float) -> Found:
    text = points.budget(method, readings, standard, resolution, None)
    return evaluate(parse_budget(text.encode(), "b.toml"), trials=False).results[0]


def test_a_relative_error_has_the_standards_own_error_in_it() -> None:
    standard = points.standard_of(certificate(METERS, (1, 0.02, 0.05)), "00", METERS, 1)
    found = computed(METERS, Readings(1, (1.003,) * 3, (1.0,) * 3), standard, 0.0)
    assert found.value == pytest.approx(0.3 + 0.02 + 0.3 * 0.02 / 100)
    assert found.u == pytest.approx(0.05 / 2 * (1 + 0.003))


def test_an_indicated_value_is_corrected_by_the_standards_error() -> None:
    standard = points.standard_of(certificate(SCALES, (2, 2.0004, 0.0002)), "00", SCALES, 2)
    found = computed(SCALES, Readings(2, (2.001,) * 3, (2.0,) * 3), standard, 0.0)
    assert found.value == pytest.approx(2 + 0.001 - 0.0004)
    assert found.u == pytest.approx(0.0001)


def test_resolution_is_half_a_digit_either_way() -> None:
    standard = points.standard_of(certificate(SCALES, (2, 2.0, 0.0002)), "00", SCALES, 2)
    found = computed(SCALES, Readings(2, (2.0,) * 3, (2.0,) * 3), standard, 0.001)
    assert found.u == pytest.approx((0.0001**2 + 0.001**2 / 12) ** 0.5)


def test_between_two_points_of_the_standard_the_less_certain_one_speaks() -> None:
    standard = points.standard_of(certificate(METERS, (0.1, 0.01, 0.10), (5, 0.02, 0.04)), "00", METERS, 4)
    assert standard.point.value == 0.02
    assert standard.point.standard_uncertainty == pytest.approx(0.05)


@pytest.mark.parametrize("nominal", [0.05, 6])
def test_a_standard_that_does_not_reach_a_point_is_refused(nominal: float) -> None:
    with pytest.raises(Fault, match="does not reach"):
        points.standard_of(certificate(METERS, (0.1, 0.01, 0.1), (5, 0.02, 0.04)), "00", METERS, nominal)


def test_a_standard_of_another_quantity_is_refused() -> None:
    with pytest.raises(Fault, match="does not reach"):
        points.standard_of(certificate(METERS, (1, 0.01, 0.1)), "00", SCALES, 1)


@pytest.mark.parametrize("references", [(0.0,), (float("nan"),)])
def test_readings_without_a_relative_error_are_refused(references: tuple[float, ...]) -> None:
    with pytest.raises(Fault):
        points.errors(METERS, Readings(1, (1.0,), references))


@pytest.mark.parametrize(
    ("result", "printed"),
    [
        (Result(0.12345, 0.0612, 2.0, None), ("0.123", "0.061", "2")),
        (Result(-0.1, 0.0104, 2.003, None), ("−0.100", "0.010", "2")),
        (Result(1234.5, 124.0, 4.3027, None), ("1230", "120", "4.3")),
        (Result(-0.00001, 0.02, 2.0, None), ("0.000", "0.020", "2")),
    ],
)
def test_people_read_the_figures_that_the_certificate_states(
    result: Result, printed: tuple[str, str, str]
) -> None:
    assert points.printed(result) == printed
    figures = tuple(float(each.replace("−", "-")) for each in printed)
    assert figures == points.stated(result.value, result.expanded, result.k)


@pytest.mark.parametrize(
    ("value", "U", "outcome"),
    [(0.5, 0.1, Outcome.PASS), (1.5, 0.1, Outcome.FAIL), (0.5, 0.9, None)],
)
def test_a_result_is_decided_where_it_is_certain_enough(
    value: float, U: float, outcome: Outcome | None
) -> None:
    assert points.outcome(METERS, 1, (value, U, 2.0), 1.0) == outcome
