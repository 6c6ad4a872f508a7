"""Rounding by rules that are data, exact on decimal digits, and printing by GB 3101 and ISO 80000-1."""

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidData, InvalidUncertainty
from quanheng.measure.quantity.rounding import (
    RULES,
    concise,
    expanded,
    number,
    round_uncertainty,
    round_value,
)
from quanheng.measure.quantity.units import parse_unit

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(1e-30, 1e30)


def unspaced(text):
    """A printed number as Python reads it."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-", "\u2009")
    return float(text.replace(" × 10", "e").translate(digits))


# ---- rules


@pytest.mark.parametrize(
    ("u", "half_even", "half_away", "up"),
    [
        (0.125, "0.12", "0.13", "0.13"),
        (0.135, "0.14", "0.14", "0.14"),
        (0.121, "0.12", "0.12", "0.13"),
        (0.12, "0.12", "0.12", "0.12"),
        (0.0996, "0.10", "0.10", "0.10"),
        (995, "1.0E+3", "1.0E+3", "1.0E+3"),
        (994.0, "9.9E+2", "9.9E+2", "1.0E+3"),
        (1234.0, "1.2E+3", "1.2E+3", "1.3E+3"),
        (0.1, "0.10", "0.10", "0.10"),
        (2.5e-7, "2.5E-7", "2.5E-7", "2.5E-7"),
    ],
)
def test_an_uncertainty_is_rounded_by_each_rule(u, half_even, half_away, up):
    assert str(round_uncertainty(u)) == half_even
    assert str(round_uncertainty(u, rule="half-away")) == half_away
    assert str(round_uncertainty(u, rule="up")) == up


def test_rounding_goes_by_the_digits_that_are_printed_and_not_by_the_binary_number():
    # as binary numbers 2.675 lies below, and 1.005 below, the half that their digits say
    assert str(round_value(2.675, Decimal("0.01"), "half-away")) == "2.68"
    assert str(round_value(1.005, Decimal("0.01"), "half-away")) == "1.01"
    assert str(round_value(1.005, Decimal("0.01"), "half-even")) == "1.00"


def test_a_value_is_never_rounded_up_for_safety():
    assert str(round_value(1.001, Decimal("0.01"), "up")) == "1.00"


def test_every_rule_says_where_it_is_laid_down():
    assert all(rule.source for rule in RULES.values())
    assert set(RULES) == {"half-even", "half-away", "up"}


def test_an_unknown_rule_or_number_of_digits_is_refused():
    with pytest.raises(InvalidData, match="half-even"):
        round_uncertainty(1.0, rule="half_even")
    with pytest.raises(InvalidData):
        round_uncertainty(1.0, digits=0)


@given(POSITIVE, st.integers(1, 6), st.sampled_from(sorted(RULES)))
def test_an_uncertainty_keeps_its_significant_digits(u, digits, rule):
    rounded = round_uncertainty(u, digits, rule)
    assert len(rounded.as_tuple().digits) == digits
    assert float(rounded) == pytest.approx(u, rel=10.0 ** (1 - digits))
    assert rule != "up" or rounded >= Decimal(repr(u))


@given(FLOATS, st.integers(1, 3))
def test_rounding_twice_changes_nothing(u, digits):
    assume(u > 0)
    once = round_uncertainty(u, digits)
    assume(math.isfinite(float(once)))
    assert round_uncertainty(float(once), digits) == once


# ---- results


@pytest.mark.parametrize(
    ("value", "u", "printed"),
    [
        (12.34512, 0.0671, "12.345(67)"),
        (50000.8381, 0.025, "50\u2009000.838(25)"),
        (50000838.0, 93.0, "50\u2009000\u2009838(93)"),
        (50000838.0, 1234.0, "5.000\u200908(12) × 10⁷"),
        (1.1e-6, 2e-8, "1.100(20) × 10⁻⁶"),
        (-0.0004, 0.01, "0.000(10)"),
        (-12.3, 1.2, "\u221212.3(12)"),
        (0.0996, 0.0996, "0.10(10)"),
        (9999.6, 1000.0, "1.00(10) × 10⁴"),
        (8.31446261815, 4.8e-10, "8.314\u2009462\u2009618\u200915(48)"),
        (0.0, 1e-5, "0.0(10) × 10⁻⁵"),
    ],
)
def test_a_result_is_printed_with_its_uncertainty_in_the_last_digits(value, u, printed):
    assert concise(value, u) == printed


@pytest.mark.parametrize(
    ("value", "U", "k", "unit", "printed"),
    [
        (12.3451, 0.0132, 2, "mm", "(12.345 ± 0.013) mm, k = 2"),
        (50000838.0, 1234.0, 2.131, "nm", "(5.000\u200908 ± 0.000\u200912) × 10⁷ nm, k = 2.13"),
        (0.5, 0.01, 2.0, "1", "0.500 ± 0.010, k = 2"),
        (12.5, 0.1, 1.96, "°", "(12.50 ± 0.10)°, k = 1.96"),
        (-20.5, 0.12, 2, "°C", "(\u221220.50 ± 0.12) °C, k = 2"),
        (1.5e-7, 1e-9, 2, "1", "(1.500 ± 0.010) × 10⁻⁷, k = 2"),
        (54.2, 1.5, 2, "%RH", "(54.2 ± 1.5) %RH, k = 2"),
    ],
)
def test_a_result_is_printed_with_its_expanded_uncertainty(value, U, k, unit, printed):
    assert expanded(value, U, k, parse_unit(unit)) == printed
    assert expanded(value, U, k, unit) == printed


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e9))
def test_a_printed_value_lies_within_half_a_last_digit(value, u):
    printed = concise(value, u)
    mantissa, _, rest = printed.partition("(")
    power = rest.partition(")")[2]
    assert abs(unspaced(mantissa + power) - value) <= 0.5000001 * 10.0 ** (math.floor(math.log10(u)) + 1)


# ---- numbers


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (0.1, None, "0.1"),
        (2.0, None, "2"),
        (1234.5, None, "1234.5"),
        (12345.0, None, "12\u2009345"),
        (123456.789, None, "123\u2009456.789"),
        (0.00123456, None, "0.001\u2009234\u200956"),
        (1e22, None, "1 × 10²²"),
        (-1.5e-7, None, "\u22121.5 × 10⁻⁷"),
        (-0.0, None, "0"),
        (1234.5678, 3, "1.23 × 10³"),
        (999.6, 3, "1.00 × 10³"),
        (0.012345, 2, "0.012"),
        (5e-324, None, "5 × 10⁻³²⁴"),
    ],
)
def test_a_number_is_grouped_by_threes(value, digits, printed):
    assert number(value, digits) == printed


@given(FLOATS)
def test_a_printed_number_reads_back_as_it_was(value):
    assert unspaced(number(value)) == value


# ---- what cannot be printed


@pytest.mark.parametrize("u", [0.0, -1.0, math.nan, math.inf])
def test_an_uncertainty_that_is_not_positive_and_finite_has_no_digits(u):
    for printing in (lambda: round_uncertainty(u), lambda: concise(1.0, u), lambda: expanded(1.0, u, 2)):
        with pytest.raises(InvalidUncertainty, match=str(u)):
            printing()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused(value):
    for printing in (lambda: concise(value, 1.0), lambda: expanded(value, 1.0, 2), lambda: number(value)):
        with pytest.raises(InvalidData, match="不是有限数"):
            printing()


def test_a_coverage_factor_that_is_not_positive_is_refused():
    with pytest.raises(InvalidUncertainty, match="k = 0"):
        expanded(1.0, 0.1, 0)
