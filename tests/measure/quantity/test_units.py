"""Units from a closed list: what is read, what is refused, and that names lead back to the unit."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.constants import CONSTANTS
from quanheng.measure.quantity.dimension import BASES, NUMBER, Dimension
from quanheng.measure.quantity.legal_units import KINDS, PREFIXES, REFUSED, ROWS
from quanheng.measure.quantity.rounding import RULES
from quanheng.measure.quantity.unit_names import plain
from quanheng.measure.quantity.units import (
    compatible,
    from_dsi,
    parse_unit,
    require_compatible,
    to_dsi,
)

LEGAL = [row for row in ROWS if row.legal]
EXAMPLES = Path(__file__).resolve().parents[3] / "../shared/data/dcc"


# ---- reading


@pytest.mark.parametrize(
    ("texts", "scale", "dimension"),
    [
        (("nm", "\\nano\\metre", "纳米", "nanometre"), 1e-9, "m"),
        (
            ("m/s^2", "m/s2", "m/s²", "m·s⁻²", "m s-2", "m.s-2", "m*s**-2", "\\metre\\per\\second\\tothe{2}"),
            1,
            "m·s⁻²",
        ),
        (("kg·m^2", "kg m2", "kg*m²", "kg⋅㎡", "(kg·m)·m"), 1, "kg·m²"),
        (("N m", "N·m", "N*m", "N.m", "\\newton\\metre"), 1, "kg·m²·s⁻²"),
        (("1/K", "K^-1", "K⁻¹", "/K", "\\kelvin\\tothe{-1}"), 1, "K⁻¹"),
        (
            ("kW·h", "kWh", "kW h", "kW.h", "千瓦时", "kilowatt hour", "\\kilo\\watt\\hour"),
            3.6e6,
            "kg·m²·s⁻²",
        ),
        (("µm", "μm", "um", "微米"), 1e-6, "m"),
        (("%", "％", "\\percent"), 0.01, "1"),
        (("1", "\\one", "一"), 1, "1"),
        (("W/(m²·K)", "W/(m2 K)", "W·m^-2·K^-1"), 1, "kg·s⁻³·K⁻¹"),
        (("V/Hz^(1/2)", "V·Hz^-0.5", "V/Hz^0.5"), 1, "kg·m²·s^(-5/2)·A⁻¹"),
        (("m³/h", "㎥/h", "m^3/h", "立方米/h")[:3], 1 / 3600, "m³·s⁻¹"),
        (("L/(100 km)", "L/100km", "L/100 km"), 1e-8, "m²"),
        (("n mile", "nmile", "海里", "[nmi_i]"), 1852, "m"),
        (("mmHg", "mm[Hg]", "毫米汞柱", "\\mmhg"), 133.322387415, "kg·m⁻¹·s⁻²"),
        (("Ω", "\u2126", "Ohm", "欧姆", "欧"), 1, "kg·m²·s⁻³·A⁻²"),
        (("r/min",), 1 / 60, "s⁻¹"),
        (("°dH",), 0.178325, "m⁻³·mol"),
        (("tCO2", "吨二氧化碳", "t{CO2}"), 1000, "kg"),
        (("kvarh", "kvar·h"), 3.6e6, "kg·m²·s⁻²"),
        (("kg", "公斤", "\\kilo\\gram", "\\kilogram"), 1, "kg"),
    ],
)
def test_spellings_of_one_unit_are_read_alike(texts, scale, dimension):
    for text in texts:
        unit = parse_unit(text)
        assert unit.scale == pytest.approx(scale, rel=1e-5)
        assert str(unit.dimension) == dimension


def test_ph_is_never_picohenry():
    assert parse_unit("pH").dimension == NUMBER
    assert parse_unit("pH").kind == "pH"
    picohenry = parse_unit("picohenry")
    assert picohenry.dimension == parse_unit("H").dimension
    assert picohenry.scale == 1e-12
    assert picohenry.symbol == "picohenry"


def test_percent_relative_humidity_is_one_unit_and_no_product():
    assert parse_unit("%RH").kind == "relative humidity"
    assert parse_unit("%RH").scale == 0.01
    with pytest.raises(UnitError, match="%RH"):
        parse_unit("RH")


def test_a_whole_symbol_wins_over_prefix_and_unit():
    assert parse_unit("min").scale == 60
    assert parse_unit("Pa") == parse_unit("pascal")
    assert parse_unit("cd") == parse_unit("candela")
    assert parse_unit("mol") == parse_unit("mole")
    assert parse_unit("分").scale == 60
    assert parse_unit("分米").scale == 0.1


@pytest.mark.parametrize("symbol", ["NTU", "HRC", "HBW", "IU"])
def test_a_scale_that_nothing_converts_to_is_its_own_dimension(symbol):
    assert str(parse_unit(symbol).dimension) == symbol


def test_the_documentation_says_how_spellings_are_read():
    page = (Path(__file__).resolve().parents[3] / "docs/methods/units.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*) \| (\S+) \| .* \|$", page, re.MULTILINE)
    examples = [(text, symbol) for texts, symbol in rows for text in re.findall("`(.*?)`", texts)]
    read = [(text, symbol) for text, symbol in examples if text not in RULES]
    assert len(read) >= 10
    assert [(text, parse_unit(text).symbol) for text, _ in read] == read


# ---- refusals


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Nm", "N·m"),
        ("kwh", "kW·h"),
        ("KG", "kg"),
        ("mtre", "metre"),
        ("ph", "pH"),
        ("\\metr", "\\metre"),
        ("m/sek", "near it"),
        ("mgL", "mg·L"),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_the_nearest(text, near):
    with pytest.raises(UnitError, match=re.escape(near)):
        parse_unit(text)


@pytest.mark.parametrize(
    "text", ["kmin", "mh", "k%", "kha", "mmmHg", "μpH", "kdB", "k°C", "ft", "\\milli\\minute"]
)
def test_a_prefix_is_refused_where_none_is_legal(text):
    with pytest.raises(UnitError):
        parse_unit(text)


@pytest.mark.parametrize("text", ["a/b/c", "W/m²·K", "m/s/s", "J/kg·K"])
def test_an_ambiguous_solidus_is_refused(text):
    with pytest.raises(UnitError, match="歧义"):
        parse_unit(text)


@pytest.mark.parametrize("text", sorted(REFUSED))
def test_what_people_often_write_is_refused_with_what_to_write(text):
    with pytest.raises(UnitError, match=re.escape(REFUSED[text][1])):
        parse_unit(text)


def test_a_prefix_does_not_hide_why_a_unit_is_refused():
    for text in ("mbar", "kcal", "mCi/kg", "kpsi"):
        with pytest.raises(UnitError, match="no legal unit"):
            parse_unit(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "()",
        "(m",
        "m)",
        "m^",
        "m^^2",
        "m^x",
        "m//s",
        "10 m",
        "m*",
        "²",
        "m^(1/0)",
        "\\",
        "\\tothe{2}",
    ],
)
def test_what_is_no_unit_at_all_is_refused(text):
    with pytest.raises(UnitError):
        parse_unit(text)


@pytest.mark.parametrize(
    "text",
    [
        "km^999999999",
        "((((Ym^9)^9)^9)^9)^9",
        "\\kilo\\metre\\tothe{999999999}",
        "Qm^12",
        "qm^11",
        "(" * 99 + "m",
        "m" * 999,
    ],
)
def test_a_unit_made_to_keep_a_reader_busy_is_refused(text):
    for read in (parse_unit, from_dsi):
        with pytest.raises(UnitError):
            read(text)


@given(st.text(max_size=12) | st.text("mskgNWh/·^*()-0123. \\{}", max_size=12))
def test_any_text_is_a_unit_or_a_unit_error(text):
    try:
        assert parse_unit(text).symbol
    except UnitError as error:
        assert " / " in str(error)


# ---- the list


def test_no_two_rows_share_a_symbol_or_a_spelling():
    seen: dict[str, str] = {}
    for row in LEGAL:
        for spelling in {plain(row.symbol), *(plain(each) for each in row.also if each[0] != "\\")}:
            assert seen.setdefault(spelling, row.symbol) == row.symbol


def test_no_refused_spelling_is_on_the_list():
    assert not {plain(each) for each in REFUSED} & {plain(row.symbol) for row in LEGAL}


def test_every_row_has_a_source_both_names_and_a_known_kind():
    for row in ROWS:
        assert row.source
        assert row.zh
        assert row.en
        assert row.kind is None or parse_unit(KINDS[row.kind][1]).dimension == from_row(row).dimension


def from_row(row):
    return parse_unit(row.symbol) if row.legal else from_dsi(row.dsi)


@pytest.mark.parametrize("row", LEGAL, ids=lambda row: row.symbol)
def test_every_listed_unit_is_read_back_from_its_printed_symbol(row):
    for unit in prefixed(row):
        assert parse_unit(unit.symbol) == unit


@pytest.mark.parametrize("row", LEGAL, ids=lambda row: row.symbol)
def test_every_listed_unit_returns_from_dsi_or_says_that_it_has_no_name_there(row):
    for unit in prefixed(row):
        if unit.dsi is None:
            with pytest.raises(UnitError, match="D-SI"):
                to_dsi(unit)
        else:
            assert_same_size(from_dsi(to_dsi(unit)), unit)


@pytest.mark.parametrize("row", [row for row in LEGAL if row.ucum or row.codes], ids=lambda row: row.symbol)
def test_every_listed_unit_returns_from_ucum(row):
    for unit in prefixed(row):
        if unit.ucum not in TAKEN:
            assert_same_size(parse_unit(unit.ucum), unit)


# codes of UCUM that a person would not mean so: pH is acidity here, and picohenry is spelled out
TAKEN = {"pH", "PH", "RH", "Gs", "PS"}


def prefixed(row):
    """The unit alone and with each prefix, by its symbol, or by its name where another has the symbol."""
    yield parse_unit(row.symbol)
    for prefix in row.prefixes.split():
        yield parse_unit(PREFIXES[prefix][1] + row.en)


def assert_same_size(a, b):
    assert a.dimension == b.dimension
    assert a.scale == pytest.approx(b.scale, rel=1e-15)
    assert a.offset == b.offset


@pytest.mark.parametrize("text", [row.zh for row in LEGAL])
def test_every_listed_unit_is_read_by_its_chinese_name(text):
    assert parse_unit(re.sub(r"[\[\]]", "", text))


def test_si_derived_units_are_exact_in_base_units():
    for symbol in (
        "N",
        "Pa",
        "J",
        "W",
        "C",
        "V",
        "F",
        "Ω",
        "S",
        "Wb",
        "T",
        "H",
        "lx",
        "Bq",
        "Gy",
        "Sv",
        "kat",
    ):
        assert parse_unit(symbol).factor == Fraction(1)


def test_units_of_the_constants_of_the_si_are_on_the_list():
    assert parse_unit(CONSTANTS["R"].unit).scale == 1
    for each in CONSTANTS.values():
        parse_unit(each.unit)


# ---- products


ATOMS = st.sampled_from(
    ["m", "kg", "s", "mm", "kW·h", "°C", "tCO2", "Ω", "mol", "L", "n mile", "°", "1", "picohenry"]
)
POWERS = st.sampled_from(["", "^2", "^-1", "^(1/2)", "^-3"])


@given(st.lists(st.tuples(ATOMS, POWERS), min_size=1, max_size=4), st.lists(ATOMS, max_size=3))
def test_a_product_is_read_back_from_its_symbol_and_from_dsi(above, below):
    text = "·".join(f"({atom}){power}" for atom, power in above)
    if below:
        text = f"{text}/({'·'.join(f'({atom})' for atom in below)})"
    unit = parse_unit(text)
    for again in (parse_unit(unit.symbol), from_dsi(to_dsi(unit))):
        assert again.dimension == unit.dimension
        assert again.scale == pytest.approx(unit.scale, rel=1e-14)
    assert parse_unit(unit.symbol).symbol == unit.symbol


def test_units_print_as_gb_3101_asks():
    assert parse_unit("kg.m2.s-2").symbol == "kg·m²/s²"
    assert parse_unit("W.m-2.K-1").symbol == "W/(m²·K)"
    assert parse_unit("1/K").symbol == "K⁻¹"
    assert parse_unit("kgCO2/kWh").symbol == "kgCO2/(kW·h)"
    assert parse_unit("(nm)/(W/(m²·K))").symbol == "nm·m²·K/W"


# ---- values


def test_celsius_carries_its_zero_only_when_it_stands_alone():
    assert parse_unit("°C").to_si(20.0) == pytest.approx(293.15)
    assert parse_unit("°C").from_si(273.15) == 0.0
    assert parse_unit("°C").difference_to_si(0.2) == 0.2
    assert parse_unit("m℃").to_si(12.0) == pytest.approx(273.162)
    assert parse_unit("mV/°C").to_si(5.0) == pytest.approx(0.005)
    assert parse_unit("1/°C").dimension == parse_unit("1/K").dimension


@pytest.mark.parametrize("text", ["nm", "°C", "kW·h", "°", "mmHg", "1"])
def test_a_column_converts_as_its_numbers_do(text):
    unit, x = parse_unit(text), np.array([-3.0, 0.0, 20.5, 1e6])
    for convert in (unit.to_si, unit.from_si, unit.difference_to_si, unit.difference_from_si):
        np.testing.assert_array_equal(convert(x), [convert(each) for each in x.tolist()])


@given(st.floats(-1e9, 1e9), st.sampled_from(["nm", "h", "°", "kW·h", "eV"]))
def test_a_value_returns_from_si(x, text):
    unit = parse_unit(text)
    assert unit.from_si(unit.to_si(x)) == pytest.approx(x, rel=1e-15)
    assert unit.difference_from_si(unit.difference_to_si(x)) == pytest.approx(x, rel=1e-15)


# ---- kinds


def test_torque_is_no_energy_though_the_dimension_is_one():
    torque, energy = parse_unit("N·m", kind="torque"), parse_unit("J")
    assert torque.dimension == energy.dimension
    assert not compatible(torque, energy)
    with pytest.raises(UnitError, match=r"力矩.*能量.*torque.*energy"):
        require_compatible(torque, energy)


def test_a_plain_product_fits_either_kind():
    assert compatible(parse_unit("N·m"), parse_unit("J"))
    assert compatible(parse_unit("N·m"), parse_unit("N·m", kind="torque"))
    assert compatible(parse_unit("rad"), parse_unit("1"))
    assert compatible(parse_unit("°"), parse_unit("rad"))
    assert compatible(parse_unit("mmHg"), parse_unit("kPa"))


@pytest.mark.parametrize(
    ("a", "b"),
    [("Hz", "Bq"), ("Gy", "Sv"), ("rad", "sr"), ("W", "VA"), ("VA", "var"), ("kWh", "kvarh"), ("r/min", "rad/s"),
     ("%RH", "%LEL"), ("NTU", "FNU"), ("HRC", "HBW"), ("lm", "cd"), ("pH", "rad"), ("m", "s")],
)  # fmt: skip
def test_units_of_two_kinds_do_not_fit(a, b):
    assert not compatible(parse_unit(a), parse_unit(b))
    with pytest.raises(UnitError):
        require_compatible(parse_unit(a), parse_unit(b))


def test_a_kind_that_the_unit_does_not_measure_is_refused():
    with pytest.raises(UnitError):
        parse_unit("J", kind="torque")
    with pytest.raises(UnitError):
        parse_unit("m", kind="torque")
    with pytest.raises(UnitError, match="torque"):
        parse_unit("N·m", kind="torqe")


# ---- dimensions


EXPONENTS = st.fractions(-4, 4, max_denominator=6)
DIMENSIONS = st.dictionaries(st.sampled_from([*BASES, "NTU"]), EXPONENTS, max_size=4).map(
    lambda d: Dimension() if not d else product(d)
)


def product(exponents):
    total = NUMBER
    for base, exponent in exponents.items():
        total = total * Dimension(((base, Fraction(1)),)) ** exponent
    return total


@given(DIMENSIONS, DIMENSIONS, DIMENSIONS)
def test_dimensions_multiply_as_a_commutative_group(a, b, c):
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * NUMBER == a
    assert a / a == NUMBER
    assert (a / b) * b == a


@given(DIMENSIONS, DIMENSIONS, EXPONENTS, EXPONENTS)
def test_powers_of_dimensions_follow_their_laws(a, b, p, q):
    assert (a * b) ** p == a**p * b**p
    assert a**p * a**q == a ** (p + q)
    assert (a**p) ** q == a ** (p * q)
    assert hash(a * b) == hash(b * a)


# ---- D-SI


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("\\kilogram   \\metre\\tothe{2}   \\micro    \\ampere\\tothe{   -1}\\second \\tothe{-2   }", 1e6),
        ("\\milli\\metre\\tothe{2}\\nano\\second\\tothe{-1}", 1e3),
        ("\\per\\second\\metre", 1),
        ("\\milli\\bar", 100),
        ("\\degreeCelsius", 1),
        ("\\deci\\bel", 0.11512925),
    ],
)
def test_dsi_of_other_peoples_certificates_is_read(text, scale):
    assert from_dsi(text).scale == pytest.approx(scale)


@pytest.mark.parametrize(
    "text",
    ["metre", "\\kiloGram", "\\milli\\kilogram", "\\micro\\nano\\ampere", "\\metre\\tothe{}", "\\metre\\tothe{2/3}",
     "\\metre\\tothe{0,5}", "\\tothe{2}\\metre", "\\metre\\tothe{2}\\tothe{2}", "\\micro", "\\milli\\one", "\\per",
     "\\metre/\\second", "\\metre{2}", "\\per\\per\\metre", "\\milli\\tothe{2}\\metre"],
)  # fmt: skip
def test_what_is_no_dsi_is_refused(text):
    with pytest.raises(UnitError):
        from_dsi(text)


REFUSED_IN_EXAMPLES = {
    "\\atomicunittime", "\\bohr", "\\clight", "\\electronmass", "\\elementarycharge", "\\hartree",
    "\\naturalunittime", "\\planckbar", "\\bar\\bar",
    "\\kilo\\bel",
}  # fmt: skip


@pytest.mark.reference
@pytest.mark.parametrize("medal", ["BRONZE", "SILVER", "GOLD", "PLATINUM"])
def test_units_of_ptbs_examples_are_read_or_refused_for_a_reason(medal):
    path = EXAMPLES / "dsi" / f"PTB-{medal}-examples.xml"
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    refused = set()
    for text in units_in(path):
        try:
            from_dsi(text)
        except UnitError as error:
            assert "/" in str(error)
            refused.add(text)
    assert refused <= REFUSED_IN_EXAMPLES


@pytest.mark.reference
def test_units_of_published_certificates_are_read():
    paths = sorted((EXAMPLES / "examples").glob("*.xml"))
    if not paths:
        pytest.skip("no certificates there")
    for path in paths:
        for text in units_in(path):
            from_dsi(text)


def units_in(path):
    found = re.findall(r"<[\w:]*unit(?:Phase)?>([^<]+)</", path.read_text(encoding="utf-8"))
    # lists of units are separated by white space; within one unit it also stands, so split only before a new unit
    lists = re.findall(r"<[\w:]*unitXMLList>([^<]+)</", path.read_text(encoding="utf-8"))
    return {*found, *(each for text in lists for each in text.split())}
