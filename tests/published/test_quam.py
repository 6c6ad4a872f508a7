"""Worked examples of the EURACHEM/CITAC guide QUAM:2012, appendix A, by the law of propagation."""

from __future__ import annotations

from typing import Any

import pytest

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import Shape, rectangular, triangular
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain, quantity

POTASSIUM_HYDROGEN_PHTHALATE = "8*C + 5*H + 4*O + K"


def of(name: str, value: float, *effects: float | tuple[float, Shape]) -> Uncertain:
    """A value with effects that are standard uncertainties, or (u, shape)."""
    pairs: list[tuple[float, Shape | None]] = [
        each if isinstance(each, tuple) else (each, None) for each in effects
    ]
    return quantity(value, *((u, Source(name, **({"shape": shape} if shape else {}))) for u, shape in pairs))


def atoms() -> dict[str, Uncertain]:
    """Atomic weights with the half-widths that their table states, g/mol."""
    table = {"C": (12.0107, 0.0008), "H": (1.00794, 0.00007), "O": (15.9994, 0.0003), "K": (39.0983, 0.0001)}
    return {name: of(name, weight, rectangular(half)) for name, (weight, half) in table.items()}


def test_cadmium_calibration_standard_of_a1() -> None:
    model = Model("c = 1000*m*P/(flask + filling + temperature)")
    inputs: dict[str, Any] = {
        "m": of("m", 100.28, 0.05),
        "P": of("P", 0.9999, rectangular(0.0001)),
        "flask": of("flask", 100.0, triangular(0.1)),
        "filling": of("filling", 0.0, 0.02),
        "temperature": of("temperature", 0.0, rectangular(0.084)),
    }
    c = model(inputs)["c"]
    assert c.value[0] == pytest.approx(1002.7, abs=0.05)
    assert c.u[0] == pytest.approx(0.835199, abs=1e-6)
    contributions = {source.name: abs(each[0]) for source, each in c.shared.items()}
    expected = {"m": 0.49995, "P": 0.0578967, "flask": 0.40935, "filling": 0.20054, "temperature": 0.486284}
    assert contributions == pytest.approx(expected, abs=1e-5)


def test_standardised_sodium_hydroxide_of_a2() -> None:
    model = Model({"M": POTASSIUM_HYDROGEN_PHTHALATE, "c": "R*1000*m*P/(M*V)"})
    found = model(
        atoms(),
        R=of("R", 1.0, 0.0005),
        m=of("m", 0.3888, rectangular(0.15e-3), rectangular(0.15e-3)),
        P=of("P", 1.0, rectangular(0.0005)),
        V=of("V", 18.64, triangular(0.03), 0.006),
    )
    assert found["c"].value[0] == pytest.approx(0.102136159706, abs=1e-12)
    assert found["c"].u[0] == pytest.approx(0.000100500722124, abs=1e-14)


def test_acid_base_titration_of_a3() -> None:
    model = Model({"M": POTASSIUM_HYDROGEN_PHTHALATE, "c": "R*1000*m*P*VT2/(M*VT1*VHCl)"})
    # volumes warm by up to 4 K in water of 2.1e-4 / K
    found = model(
        atoms(),
        R=of("R", 1.0, 0.001),
        m=of("m", 0.3888, rectangular(0.15e-3), rectangular(0.15e-3)),
        P=of("P", 1.0, rectangular(0.0005)),
        VT2=of("VT2", 14.89, triangular(0.03), rectangular(15 * 2.1e-4 * 4)),
        VT1=of("VT1", 18.64, triangular(0.03), rectangular(19 * 2.1e-4 * 4)),
        VHCl=of("VHCl", 15.0, triangular(0.02), rectangular(15 * 2.1e-4 * 4)),
    )
    assert found["c"].value[0] == pytest.approx(0.10139, abs=5e-6)
    assert found["c"].u[0] == pytest.approx(0.0001843, abs=5e-8)
