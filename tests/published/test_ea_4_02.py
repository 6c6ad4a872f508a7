"""Worked examples of EA-4/02 with the results that the GUM Workbench publishes for them."""

from __future__ import annotations

import pytest

from quanheng.measure.quantity.freedom import coverage_factor
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import rectangular, triangular
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain, exact, quantity


def within(name: str, value: float, half_width: float) -> Uncertain:
    """Rectangular between value ± half_width."""
    u, shape = rectangular(half_width)
    return quantity(value, (u, Source(name, shape=shape)))


def test_ten_kilogram_weight_of_s2() -> None:
    # g; the Workbench takes 14.2 mg for the comparison
    inputs = {
        "mS": quantity(10000.005, (0.045 / 2, Source("mS"))),
        "dmD": within("dmD", 0.0, 0.015),
        "dm": quantity(0.02, (0.0142, Source("dm"))),
        "dmC": within("dmC", 0.0, 0.010),
        "dB": within("dB", 0.0, 0.010),
    }
    mass = Model("mS + dmD + dm + dmC + dB")(inputs)["y"]
    assert mass.value[0] == pytest.approx(10000.025, abs=1e-9)
    assert mass.u[0] == pytest.approx(0.0291465131827805, abs=2e-6)
    assert coverage_factor(0.9545) * mass.u[0] == pytest.approx(0.058, abs=0.0005)
    share = {source.name: 100 * c[0] ** 2 / mass.variance[0] for source, c in mass.shared.items()}
    assert share == pytest.approx({"mS": 59.6, "dmD": 8.8, "dm": 23.7, "dmC": 3.9, "dB": 3.9}, abs=0.06)


def test_ten_kiloohm_resistor_of_s3() -> None:
    u, shape = triangular(1e-6)
    inputs = {
        "RS": quantity(10000.053, (0.005 / 2, Source("RS"))),
        "dRD": within("dRD", 0.020, 0.010),
        "dRTS": within("dRTS", 0.0, 0.00275),
        "dRTX": within("dRTX", 0.0, 0.0055),
        "rC": quantity(1.0, (u, Source("rC", shape=shape))),
        "r": quantity(1.0000105, (0.158e-6 / 5**0.5, Source("r", 4))),
    }
    resistance = Model("(RS + dRD + dRTS)*rC*r - dRTX")(inputs)["y"]
    assert resistance.value[0] == pytest.approx(10000.1780007665, abs=1e-9)
    assert resistance.u[0] == pytest.approx(0.00832800405259282, abs=2e-6)


def test_fifty_millimetre_gauge_block_of_s4() -> None:
    # mm; the expected u is as recomputed, the published 36.4 nm being from memory
    inputs = {
        "lS": quantity(50.00002, (15e-6, Source("lS"))),
        "dlD": quantity(0.0, (17.3e-6, Source("dlD"))),
        "dl": quantity(-94e-6, (5.37e-6, Source("dl", 4))),
        "dlC": quantity(0.0, (18.5e-6, Source("dlC"))),
        "dt": quantity(0.0, (0.0289, Source("dt"))),
        "dalpha_Dt": quantity(0.0, (0.236e-6, Source("dalpha_Dt"))),
        "dlV": quantity(0.0, (3.87e-6, Source("dlV"))),
        "L": exact(50.0),
        "alpha": exact(11.5e-6),
    }
    length = Model("lS + dlD + dl + dlC - L*(alpha*dt + dalpha_Dt) - dlV")(inputs)["y"]
    assert length.value[0] == pytest.approx(49.999926, abs=1e-9)
    assert 1e6 * length.u[0] == pytest.approx(36.399098889945066, abs=0.1)
