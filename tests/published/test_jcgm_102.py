"""Worked examples of JCGM 102:2011, by the generalised law of propagation (clause 6)."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import quantity

# 9.4.1.2: six simultaneous observations of V (V), I (A) and φ (rad)
OBSERVATIONS = np.array(
    [
        [5.007, 0.019663, 1.0456],
        [4.994, 0.019639, 1.0438],
        [5.005, 0.01964, 1.0468],
        [4.99, 0.019685, 1.0428],
        [4.999, 0.019678, 1.0433],
        [4.999, 0.019661, 1.0445],
    ]
)


def test_additive_model_of_9_2_has_outputs_correlated_by_their_common_input() -> None:
    model = Model({"Y1": "X1 + X3", "Y2": "X2 + X3"})
    x = {f"X{k}": quantity(0.0, (v**0.5, Source(f"X{k}"))) for k, v in ((1, 1.0), (2, 1.0), (3, 9.0))}
    found = model(x)
    covariance = [[found.covariance(a, b)[0] for b in model.outputs] for a in model.outputs]
    assert covariance == [pytest.approx([10, 9], abs=1e-12), pytest.approx([9, 10], abs=1e-12)]
    assert found["Y1"].correlation(found["Y2"])[0] == pytest.approx(0.9, abs=1e-12)


@pytest.mark.parametrize(
    ("x1", "r", "u_phase"), [(0.01, 0.0, 1.0), (0.1, 0.0, 0.1), (0.001, 0.9, 10.0), (0.01, 0.9, 1.0)]
)
def test_cartesian_to_polar_of_9_3(x1: float, r: float, u_phase: float) -> None:
    model = Model({"Y1": "sqrt(X1^2 + X2^2)", "Y2": "atan2(X2, X1)"})
    one, two = correlated([Source("X1"), Source("X2")], [[1, r], [r, 1]])
    found = model(X1=quantity(x1, (0.01, one)), X2=quantity(0.0, (0.01, two)))
    assert [found[name].value[0] for name in ("Y1", "Y2")] == pytest.approx([x1, 0.0], abs=1e-9)
    assert [found[name].u[0] for name in ("Y1", "Y2")] == pytest.approx([0.01, u_phase], abs=1e-9)
    assert found.correlation("Y1", "Y2")[0] == pytest.approx(r, abs=1e-9)


@pytest.mark.parametrize(
    ("divisor", "u"),
    # 9.4.2.2: covariances of means; 9.4.2.5: those of the multivariate t, (n - 1)/(n - 1 - 2) times larger,
    # of the observations
    [(30, (0.058, 0.241, 0.193)), (6, (0.13, 0.54, 0.431))],
)
def test_resistance_and_reactance_of_9_4_2(divisor: int, u: tuple[float, ...]) -> None:
    model = Model({"R": "V/I*cos(phi)", "X": "V/I*sin(phi)", "Z": "V/I"})
    deviations = OBSERVATIONS - OBSERVATIONS.mean(axis=0)
    covariance = deviations.T @ deviations / divisor
    s = np.sqrt(np.diag(covariance))
    sources = correlated([Source(name) for name in model.inputs], covariance / np.outer(s, s))
    effects = zip(model.inputs, OBSERVATIONS.mean(axis=0), s, sources, strict=True)
    found = model({name: quantity(x, (each, source)) for name, x, each, source in effects})
    assert [found[name].value[0] for name in "RXZ"] == pytest.approx([127.732, 219.847, 254.26], abs=0.005)
    assert [found[name].u[0] for name in "RXZ"] == pytest.approx(u, abs=0.0006)
    assert found.correlation("R", "X")[0] == pytest.approx(-0.588, abs=0.0006)
    assert found.correlation("R", "Z")[0] == pytest.approx(-0.485, abs=0.0006)
    assert 1 - found.correlation("X", "Z")[0] == pytest.approx(0.00749, abs=6e-6)
