"""Worked examples of JCGM 100:2008 (GUM), by the law of propagation."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.quantity.freedom import coverage_factor
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.second_order import linear_enough, second_order
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import Uncertain, quantity

GAUGE_BLOCK = "ls + d0 + d1 + d2 - ls*(dalpha*(thbar + Delta) + alphas*dtheta)"
# H.1, table H.1: value, standard uncertainty and degrees of freedom; nm and K
INFLUENCES = {
    "ls": (50000623, 25, 18),
    "d0": (215, 5.8, 24),
    "d1": (0, 3.9, 5),
    "d2": (0, 6.7, 8),
    "alphas": (1.15e-05, 2e-06 / 3**0.5, np.inf),
    "dalpha": (0, 1e-06 / 3**0.5, 50),
    "dtheta": (0, 0.05 / 3**0.5, 2),
    "thbar": (-0.1, 0.2, np.inf),
    "Delta": (0, 0.5 / 2**0.5, np.inf),
}


def gauge_block() -> Evaluation:
    model = Model({"l": GAUGE_BLOCK, "d": "d0 + d1 + d2"})
    return model({name: quantity(x, (u, Source(name, dof))) for name, (x, u, dof) in INFLUENCES.items()})


def test_gauge_block_of_h1_with_all_nine_influences() -> None:
    length = gauge_block()["l"]
    assert length.value[0] == pytest.approx(50000838, abs=0.5)
    assert length.u[0] == pytest.approx(31.7, abs=0.05)
    assert length.u[0] == pytest.approx(31.663879111008633, rel=1e-12)
    assert length.dof[0] == pytest.approx(16.752, abs=0.001)


def test_contributions_to_the_gauge_block_of_h1() -> None:
    contributions = {source.name: abs(c[0]) for source, c in gauge_block()["l"].shared.items()}
    expected = {"ls": 25, "dtheta": 16.599, "d2": 6.7, "d0": 5.8, "d1": 3.9, "dalpha": 2.88679}
    assert {name: contributions[name] for name in expected} == pytest.approx(expected, abs=0.001)


def test_degrees_of_freedom_of_the_comparison_of_h1() -> None:
    # the sum of repeatability and the comparator's two effects
    assert gauge_block()["d"].dof[0] == pytest.approx(25.447, abs=0.001)


def test_fast_path_of_h1_gives_the_same_as_columns() -> None:
    model = Model(GAUGE_BLOCK)
    x, u, dof = zip(*(INFLUENCES[name] for name in model.inputs), strict=True)
    length = gauge_block()["l"]
    assert model.propagate(x, u, dof) == pytest.approx(
        (length.value[0], length.u[0], length.dof[0]), rel=1e-14
    )


def test_gauge_block_of_h1_7_needs_terms_of_second_order() -> None:
    evaluation = gauge_block()
    u = second_order(evaluation, "l").u[0]
    assert u == pytest.approx(34.0, abs=0.5)
    assert u == pytest.approx(33.80654542952218, rel=1e-9)
    assert not linear_enough(evaluation, "l")[0]


# H.2, table H.2: five simultaneous observations of V (V), I (A) and φ (rad)
OBSERVATIONS = np.array(
    [
        [5.007, 0.019663, 1.0456],
        [4.994, 0.019639, 1.0438],
        [5.005, 0.01964, 1.0468],
        [4.99, 0.019685, 1.0428],
        [4.999, 0.019678, 1.0433],
    ]
)
IMPEDANCE = Model({"R": "V/I*cos(phi)", "X": "V/I*sin(phi)", "Z": "V/I"})


def impedance(
    x: np.ndarray, u: np.ndarray, r: np.ndarray, *, dof: float = np.inf, declared: bool = False
) -> Evaluation:
    names = ("V", "I", "phi")
    sources = correlated([Source(name, dof) for name in names], r, declared=declared)
    effects = zip(names, x, u, sources, strict=True)
    return IMPEDANCE({name: quantity(each, (s, source)) for name, each, s, source in effects})


def test_resistance_reactance_and_impedance_of_h2_from_the_observations() -> None:
    means, s = OBSERVATIONS.mean(axis=0), OBSERVATIONS.std(axis=0, ddof=1) / 5**0.5
    found = impedance(means, s, np.corrcoef(OBSERVATIONS.T))
    assert means == pytest.approx([4.999, 0.019661, 1.04446], abs=1e-5)
    assert s == pytest.approx([0.0032, 9.5e-6, 0.00075], abs=1e-5)
    assert [found[name].value[0] for name in "RXZ"] == pytest.approx([127.732, 219.847, 254.26], abs=0.001)
    assert [found[name].u[0] for name in "RXZ"] == pytest.approx([0.071, 0.295, 0.236], abs=0.001)
    assert found.correlation("R", "X")[0] == pytest.approx(-0.588, abs=0.001)
    assert found.correlation("R", "Z")[0] == pytest.approx(-0.485, abs=0.001)
    assert found["X"].correlation(found["Z"])[0] == pytest.approx(0.993, abs=0.001)


def test_rounded_coefficients_of_h2_are_not_enough() -> None:
    r = np.array([[1.0, -0.36, 0.86], [-0.36, 1.0, -0.65], [0.86, -0.65, 1.0]])
    x, u = np.array([4.999, 0.019661, 1.04446]), np.array([0.0032, 9.5e-6, 0.00075])
    found = impedance(x, u, r)
    assert found["R"].u[0] == pytest.approx(0.0699787279884, abs=1e-9)
    assert found["X"].u[0] == pytest.approx(0.295716826846, abs=1e-9)
    assert found.correlation("R", "X")[0] == pytest.approx(-0.591484610819, abs=1e-9)


def test_degrees_of_freedom_of_h2_are_those_of_the_observations_only_when_declared_an_ensemble() -> None:
    means, s = OBSERVATIONS.mean(axis=0), OBSERVATIONS.std(axis=0, ddof=1) / 5**0.5
    r = np.corrcoef(OBSERVATIONS.T)
    # Willink, Metrologia 44 (2007) 340: observed together, they are one component
    assert impedance(means, s, r, dof=4, declared=True)["R"].dof[0] == pytest.approx(4)
    assert np.isnan(impedance(means, s, r, dof=4)["R"].dof[0])


# H.4, table H.7: times (min) and counts of six runs of the standard, the blank and the sample
RUNS = {
    "tS": [243.74, 984.53, 1723.87, 2463.17, 3217.56, 3956.83],
    "CS": [15380, 14978, 14394, 13254, 12516, 11058],
    "CB": [4054, 3922, 4200, 3830, 3956, 3980],
    "tx": [367.37, 1107.66, 1846.99, 2586.28, 3340.68, 4079.94],
    "Cx": [41432, 38706, 35860, 32238, 29640, 26356],
}
COUNTING_TIME, DECAY_CONSTANT = 60.0, 1.25894e-4
MASSES = {
    "As": quantity(0.1368, (0.0018, Source("As"))),
    "ms": quantity(5.0192, (0.005, Source("ms"))),
    "mx": quantity(5.0571, (0.001, Source("mx"))),
}


def radon_rates() -> tuple[np.ndarray, np.ndarray]:
    """Counting rates of the sample and of the standard, corrected for background and decay, 1/min."""
    run = {name: np.array(each) for name, each in RUNS.items()}
    sample = (run["Cx"] - run["CB"]) / COUNTING_TIME * np.exp(DECAY_CONSTANT * run["tx"])
    standard = (run["CS"] - run["CB"]) / COUNTING_TIME * np.exp(DECAY_CONSTANT * run["tS"])
    return sample, standard


def test_radon_activity_of_h4_by_correlated_means() -> None:
    rates = np.array(radon_rates())
    means, s, r = rates.mean(axis=1), rates.std(axis=1, ddof=1) / 6**0.5, np.corrcoef(rates)
    assert means[0] == pytest.approx(652.6, abs=0.3)
    assert means[1] == pytest.approx(206.09, abs=0.01)
    assert s == pytest.approx([6.42, 3.79], abs=0.005)
    assert r[0, 1] == pytest.approx(0.646, abs=0.0005)
    sources = correlated([Source("Rx", 5), Source("Rs", 5)], r)
    rx, rs = (quantity(x, (u, source)) for x, u, source in zip(means, s, sources, strict=True))
    activity = Model("Ax = As*ms/mx*Rx/Rs")(MASSES, Rx=rx, Rs=rs)["Ax"]
    assert activity.value[0] == pytest.approx(0.42994582296753076, rel=1e-9)
    assert activity.u[0] == pytest.approx(0.00833384897757067, rel=1e-9)
    assert np.isnan(activity.dof[0])


def test_radon_activity_of_h4_by_the_mean_of_ratios() -> None:
    sample, standard = radon_rates()
    ratios = sample / standard
    ratio: Uncertain = quantity(ratios.mean(), (ratios.std(ddof=1) / 6**0.5, Source("R", 5)))
    activity = Model("Ax = As*ms/mx*R")(MASSES, R=ratio)["Ax"]
    assert activity.value[0] == pytest.approx(0.4304312283626216, rel=1e-9)
    assert activity.u[0] == pytest.approx(0.008405685011714669, rel=1e-9)


@pytest.mark.parametrize(
    ("coverage", "dof", "factor"),
    [(0.95, 1, 12.71), (0.95, 5, 2.57), (0.95, 16, 2.12), (0.99, 16, 2.92), (0.9545, 10, 2.28)],
)
def test_coverage_factors_of_table_g2(coverage: float, dof: float, factor: float) -> None:
    assert coverage_factor(coverage, dof) == pytest.approx(factor, abs=0.005)


def test_coverage_factor_is_taken_at_the_truncated_degrees_of_freedom_of_g_4_2() -> None:
    assert coverage_factor(0.99, 16.752) == coverage_factor(0.99, 16)
