"""Examples of NIST Technical Note 1900, by the law of propagation."""

from __future__ import annotations

import pytest

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import StudentT
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import quantity


def test_thermal_expansion_coefficient_of_e13() -> None:
    # u is the standard deviation of a t with 3 degrees of freedom, as the NIST Uncertainty Machine takes it
    t = StudentT(3, of="standard deviation")
    table = {"L0": (1.4999, 0.0001), "T0": (288.15, 0.02), "L1": (1.5021, 0.0002), "T1": (373.1, 0.05)}
    inputs = {name: quantity(x, (u, Source(name, shape=t))) for name, (x, u) in table.items()}
    alpha = Model("(L1 - L0)/(L0*(T1 - T0))")(inputs)["y"]
    assert alpha.value[0] == pytest.approx(1.7266e-5, abs=1e-9)
    assert alpha.u[0] == pytest.approx(1.76e-6, abs=1e-8)
