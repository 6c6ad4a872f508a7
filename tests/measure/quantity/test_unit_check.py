"""Units of a model, checked on its graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.operations import OPERATIONS
from quanheng.measure.quantity.unit_check import RULES, check, require_unit
from quanheng.measure.quantity.units import compatible, parse_unit


def measured(expression, complex_inputs=(), **units):
    """What the outputs of a model measure. A unit is text, or text and kind."""
    model = Model(expression, complex_inputs=complex_inputs)
    given_units = {
        name: parse_unit(*([each] if isinstance(each, str) else each)) for name, each in units.items()
    }
    found = check(model.graph.entries, given_units, [node.place for node in model.nodes.values()])
    return [found[node.place] for node in model.nodes.values()]


def fits(expression, unit, **units):
    (found,) = measured(expression, **units)
    require_unit("y", parse_unit(unit), found)
    return True


def refused(expression, match, **units):
    with pytest.raises(UnitError, match=match):
        measured(expression, **units)
    return True


def test_the_gauge_block_of_h1_is_a_length():
    model = "ls + d - ls*(dalpha*theta + alphas*dtheta)"
    units = {"ls": "nm", "d": "nm", "dalpha": "1/K", "theta": "K", "alphas": "K^-1", "dtheta": "K"}
    assert fits(f"l = {model}", "mm", **units)


def test_what_cannot_be_added_is_named_on_both_sides():
    assert refused("ls + theta", "ls is nm, theta is K: they cannot be added", ls="nm", theta="K")
    assert refused("ls + theta", "ls 的单位是 nm，theta 的单位是 K：不能相加", ls="nm", theta="K")
    assert refused("ls - ls*theta", r"\(ls\*theta\) is m·K", ls="nm", theta="K")
    assert refused("hypot(a, b)", "operands of hypot", a="m", b="s")
    assert refused("arctan2(a, b)", "operands of arctan2", a="m", b="s")


def test_a_literal_number_is_a_pure_number():
    assert refused("x + 1", "1 is a pure number", x="m")
    assert fits("x + 1", "1", x="%")
    assert fits("2*x", "m", x="m")


def test_a_literal_nought_may_be_added_to_anything():
    assert fits("x + 0", "m", x="m")
    assert fits("0 - x", "m", x="m")
    assert fits("t - 0", "°C", t="°C")


def test_an_output_is_refused_in_a_unit_of_another_dimension():
    with pytest.raises(UnitError, match=r"y is stated in kg, the model gives m·s⁻¹"):
        fits("a/b", "kg", a="m", b="s")


def test_an_input_without_a_unit_is_named():
    assert refused("a*b", "the input b has no unit", a="m")


def test_constants_of_the_si_bring_their_units():
    assert fits("E/c**2", "kg", E="J")
    assert fits("p*V/(R*T)", "mol", p="Pa", V="L", T="K")


def test_an_input_takes_the_name_of_a_constant():
    assert fits("c/V", "g/L", c="g", V="L")


# ---- powers and functions


def test_powers_scale_a_dimension():
    assert fits("x**2", "m²", x="m")
    assert fits("x**0.5", "m", x="m2")
    assert fits("x**(1/3)", "m", x="m3")
    assert fits("sqrt(x)*cbrt(z)", "m²", x="m2", z="m3")
    assert fits("x**-1", "Hz", x="s")


def test_a_dimension_cannot_have_a_variable_power():
    assert refused("x**n", "x is m and the exponent n is no constant", x="m", n="1")
    assert refused("x**0.123456", "no simple fraction", x="m")
    assert refused("2**x", "power wants a pure number as an exponent: x is m", x="m")
    assert fits("a**n", "1", a="%", n="1")


@pytest.mark.parametrize("function", ["exp", "log", "log10", "log1p", "sinh", "arctanh", "sin", "arccos"])
def test_functions_want_a_pure_number(function):
    assert refused(f"{function}(x)", f"{function} wants a pure number as its argument: x is m", x="m")
    assert fits(f"{function}(x/z)", "1", x="m", z="mm")


def test_angles_are_pure_numbers_and_revolutions_are_no_angles():
    assert fits("sin(x)", "1", x="°")
    assert fits("sin(w*t)", "1", w="1/s", t="s")
    assert refused("sin(x)", "takes an angle", x="r")
    assert fits("arctan2(a, b)", "°", a="m", b="mm")
    with pytest.raises(UnitError):
        fits("arctan2(a, b)", "%RH", a="m", b="mm")


@pytest.mark.parametrize(
    "expression",
    ["degrees(arctan2(a, b))", "arctan2(a, b)*180/pi", "180*arctan2(a, b)/pi", "sin(radians(x))"],
)
def test_angles_are_not_turned_into_degrees_twice(expression):
    assert refused(expression, "angles are in rad inside a model", a="m", b="m", x="°")


def test_a_multiple_of_an_angle_is_an_angle_and_a_pure_number_may_be_in_degrees():
    assert fits("2*x/3", "°", x="°")
    assert fits("sin(radians(x))", "1", x="1")


def test_every_operation_of_a_model_has_a_rule():
    assert RULES.keys() == OPERATIONS.keys()


# ---- kinds


def test_torque_and_energy_cannot_be_added():
    assert refused("M + E", r"M is N·m \(torque\), E is J \(energy\)", M=("N·m", "torque"), E="J")
    assert fits("M + E", "J", M="N·m", E="J")


def test_kinds_survive_sums_and_literal_factors():
    for expression in ("M + M", "M - N", "-M", "abs(M)", "2*M", "M/3", "M*1.5"):
        (found,) = measured(expression, M=("N·m", "torque"), N="N·m")
        assert found.kind == "torque"
        assert not compatible(found, parse_unit("J"))


def test_other_products_are_of_no_kind():
    assert fits("S*cos(phi)", "W", S="VA", phi="°")
    assert fits("sqrt(S**2 - P**2)", "var", S="VA", P="W")
    assert refused("S - P", "apparent power", S="VA", P="W")
    assert fits("A*w", "Sv", A="Gy", w="1")


def test_ph_may_stand_in_an_exponent():
    assert fits("10**(-x)", "1", x="pH")


def test_levels_are_only_added_and_scaled():
    assert fits("(L1 + L2)/2", "dB", L1="dB", L2="dB")
    assert refused("10**(L/20)", "an exponent", L="dB")
    assert refused("exp(L)", r"L is dB \(level\)", L="dB")
    assert refused("L + 1", "cannot be added", L="dB")


# ---- Celsius temperatures


def test_celsius_temperatures_differ_by_kelvins():
    assert fits("t1 - t2", "K", t1="°C", t2="°C")
    with pytest.raises(UnitError, match="its unit is K, not °C"):
        fits("t1 - t2", "°C", t1="°C", t2="°C")


def test_a_correction_to_a_celsius_temperature_is_stated_in_kelvins():
    assert fits("t + d", "°C", t="°C", d="K")
    assert fits("d + t", "°C", t="°C", d="mK")
    assert refused("t + d", "state a correction in K", t="°C", d="°C")
    assert refused("d - t", "can only be subtracted", t="°C", d="K")


def test_the_mean_of_celsius_temperatures_goes_by_their_difference():
    assert fits("t1 + (t2 - t1)/2", "°C", t1="°C", t2="°C")
    assert refused("(t1 + t2)/2", r"t1 \+ \(t2 - t1\)/2", t1="°C", t2="°C")


@pytest.mark.parametrize(
    "expression", ["R*t", "t/R", "2*t", "-t", "t**2", "abs(t)", "sqrt(t)", "hypot(t, t)"]
)
def test_a_celsius_temperature_is_no_factor(expression):
    with pytest.raises(UnitError, match="Celsius"):
        measured(expression, t="°C", **({"R": "Ω"} if "R" in expression else {}))


def test_a_resistance_thermometer_is_written_with_a_difference():
    assert fits("R0*(1 + A*(t - t0) + B*(t - t0)**2)", "Ω", R0="Ω", A="1/°C", B="1/K^2", t="°C", t0="°C")


# ---- graphs


def test_a_complex_model_is_checked_in_both_parts():
    parts = {"V.re": "V", "V.im": "V", "I.re": "mA", "I.im": "mA"}
    for found in measured("V/I", complex_inputs=("V", "I"), **parts):
        require_unit("Z", parse_unit("Ω"), found)
    for found in measured("R + 1j*w*L", R="Ω", w="1/s", L="mH"):
        require_unit("Z", parse_unit("kΩ"), found)


def test_a_model_traced_from_a_function_is_checked():
    model = Model(lambda v, i: np.log(v / i) + np.sin(v / v), inputs=["v", "i"])
    with pytest.raises(UnitError, match="log wants a pure number"):
        check(model.graph.entries, {"v": parse_unit("V"), "i": parse_unit("A")})


def test_derivatives_in_the_graph_are_left_out():
    model = Model("t1 - t2*1")
    units = {"t1": parse_unit("K"), "t2": parse_unit("K")}
    assert model.first
    found = check(model.graph.entries, units, [node.place for node in model.nodes.values()])
    assert set(found) <= set(range(len(model.graph.entries)))


def test_a_long_model_is_shown_with_its_depths_left_out():
    deep = "x" + "*x" * 100
    with pytest.raises(UnitError) as error:
        measured(f"{deep} + 1", x="m")
    assert len(str(error.value)) < 400


UNITS = st.sampled_from(["m", "s", "kg", "1", "J", "Hz", "rad"])


@given(UNITS, UNITS, st.integers(1, 4))
def test_the_units_of_a_product_are_the_product_of_the_units(a, b, n):
    (found,) = measured(f"x**{n}/z", x=a, z=b)
    assert found.dimension == parse_unit(a).dimension ** n / parse_unit(b).dimension
