"""Figures of a point as people read them: what the certificate states, and nothing lost or rounded."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence.certificate import Point
from quanheng.evidence.figures import Figures, figures, limits, pair


def point(value: float = -0.19, U: float = 0.049, unit: str = "%", **more: float | None) -> Point:
    return Point("p1", "E-1", "energy", 0.1, "kW·h", value, unit, U, 1.96, 0.95, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "U", "said"),
    [
        (-0.19, 0.049, ("−0.190", "0.049")),
        (0.498, 0.05, ("0.498", "0.050")),
        (0.5, 0.05, ("0.500", "0.050")),
        (1230.0, 120.0, ("1230", "120")),
        (1200.0, 100.0, ("1200", "100")),
        (0.0, 0.0012, ("0.0000", "0.0012")),
        (50000838.0, 93.0, ("50000838", "93")),
        (100.000123, 0.00002, ("100.000123", "0.000020")),
        (1.23456789, 0.1, ("1.23456789", "0.10")),
        (3.0, 5.0, ("3.0", "5.0")),
        (1.0, 0.123, ("1.000", "0.123")),
        (1e300, 1e290, ("1 × 10³⁰⁰", "1 × 10²⁹⁰")),
    ],
)
def test_a_value_goes_as_far_as_its_uncertainty(value: float, U: float, said: tuple[str, str]) -> None:
    assert pair(value, U) == said


@given(st.floats(-1e12, 1e12), st.floats(1e-12, 1e9))
def test_nothing_is_rounded(value: float, U: float) -> None:
    said = [each.replace("−", "-") for each in pair(value, U)]
    if not any("10" in each and "×" in each for each in said):
        assert [float(each) for each in said] == [value, U]


@given(st.integers(-(10**6), 10**6), st.integers(10, 99), st.integers(-6, 3))
def test_a_result_rounded_by_the_rule_is_shown_to_one_last_place(value: int, U: int, place: int) -> None:
    unit = Decimal(1).scaleb(place)
    texts = pair(float(value * unit), float(U * unit))
    assert [math.ceil(len(each.partition(".")[2])) for each in texts] == [max(-place, 0)] * 2


def test_a_point_is_said_with_its_units() -> None:
    said = figures(point(lower=-1.0, upper=1.0))
    assert said == Figures("0.1 kW·h", "−0.190 %", "0.049 %", "1.96", "±1 %")


def test_what_has_the_unit_one_has_no_unit() -> None:
    assert figures(point(unit="1"))[1:3] == ("−0.190", "0.049")


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [(None, None, ""), (-1.0, 1.0, "±1"), (0.9, 1.1, "0.9 … 1.1"), (0.0, None, "≥ 0"), (None, 0.0, "≤ 0")],
)
def test_limits_are_said_on_one_side_or_both(lower: float | None, upper: float | None, said: str) -> None:
    assert limits(point(lower=lower, upper=upper)) == said
