"""Worked examples of JCGM 106:2012, and risk tables that others published.

Values from JCGM 106 are recalled and were recomputed by quadrature; the recomputed ones are the hard test.
"""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.conformance_probability import (
    conformance_probability,
    guard_band_for_specific_risk,
    measurement_capability,
)
from quanheng.measure.conformity import Verdict, decide
from quanheng.measure.mixture_posterior import MixturePosterior, cumulative, probability_out
from quanheng.measure.risk import NormalPrior, global_risks


@pytest.mark.parametrize(
    ("p_c", "z"), [(0.80, 0.84), (0.90, 1.28), (0.95, 1.64), (0.99, 2.33), (0.999, 3.09)]
)
def test_one_sided_guard_bands_of_7_3(p_c: float, z: float) -> None:
    # table 1: (limit − estimate)/u for conformance probabilities with a single limit
    assert guard_band_for_specific_risk(1.0, upper=0.0, risk=1 - p_c) == pytest.approx(z, abs=0.006)


def test_motor_oil_of_7_4() -> None:
    # SAE grade 40: kinematic viscosity 13.6 mm²/s, u = 1.8, limits 12.5 and 16.3: p_c = 0.66
    p = conformance_probability(13.6, 1.8, lower=12.5, upper=16.3)
    assert p == pytest.approx(0.66, abs=0.005)
    assert p == pytest.approx(0.6626297864953079, abs=1e-15)


def test_motor_oil_of_7_4_as_a_mixture_of_one() -> None:
    one = np.ones(1)
    oil = MixturePosterior(0 * one, 13.6 * one, 1.8 * one, 13.6 * one, 1.8 * one)
    inside = cumulative(np.array([16.3]), oil) - cumulative(np.array([12.5]), oil)
    assert inside[0] == pytest.approx(0.6626297864953079, abs=1e-12)


def test_capability_of_7_6() -> None:
    # C_m = T/(4 u) = T/(2U): 4 where the tolerance is eight times U with k = 2
    assert measurement_capability(0.5, lower=-4, upper=4) == 4.0


def test_an_estimate_at_the_limit_is_as_likely_out_as_in() -> None:
    # 8.2 (simple acceptance): probability up to one half that an accepted item does not conform
    d = decide(0.02, 1e-4, lower=-0.02, upper=0.02)
    assert (d.verdict, d.specific_risk) == (Verdict.CONFORMING, pytest.approx(0.5, abs=1e-12))
    correction = np.array([1 / 0.98 - 1])
    at_limit = MixturePosterior(np.zeros(1), correction, np.array([1e-4]), correction, np.array([1e-4]))
    assert probability_out(at_limit, np.array([0.02]))[0] == pytest.approx(0.5, abs=1e-6)


def test_speed_of_8_3() -> None:
    # limit 100 km/h, u = 2 % of the speed v: from which v on is it 99.9 % likely that the limit was exceeded?
    speed = 100 / (1 - 0.02 * float(guard_band_for_specific_risk(1.0, upper=0.0, risk=0.001)))
    assert speed == pytest.approx(107.0, abs=0.5)
    assert speed == pytest.approx(106.5876094853783, abs=1e-10)
    exceeded = 1 - conformance_probability(speed, 0.02 * speed, upper=100.0)
    assert exceeded == pytest.approx(0.999, abs=1e-12)


def test_precision_resistors_of_9_5() -> None:
    # population N(1500 Ω, 0.12²), u = 0.04, limits 1500 ± 0.2, accepted within ± 0.18: 1 % and 7 %
    r = global_risks(
        NormalPrior(1500.0, 0.12),
        0.04,
        lower=1499.8,
        upper=1500.2,
        acceptance_lower=1499.82,
        acceptance_upper=1500.18,
    )
    assert (r.consumer, r.producer) == (pytest.approx(0.01, abs=0.005), pytest.approx(0.07, abs=0.005))
    assert r.consumer == pytest.approx(0.009878291521848399, abs=1e-9)
    assert r.producer == pytest.approx(0.0690265104613329, abs=1e-9)


def test_false_accept_and_reject_of_deaver() -> None:
    # D. Deaver, How to maintain your confidence, NCSL 1993: ±2 standard deviations, test uncertainty ratio 4
    r = global_risks(NormalPrior(0.0, 4.0), 1.0, lower=-8, upper=8)
    assert (r.consumer, r.producer) == (pytest.approx(0.008, abs=5e-4), pytest.approx(0.015, abs=5e-4))
    assert r.consumer == pytest.approx(0.008006084834450103, abs=1e-12)
    assert r.producer == pytest.approx(0.01485088421125491, abs=1e-12)


def test_guard_band_of_deaver() -> None:
    # ratio 2 with acceptance limits at 0.91 of the limits
    r = global_risks(
        NormalPrior(0.0, 1.0), 0.5, lower=-2, upper=2, acceptance_lower=-1.82, acceptance_upper=1.82
    )
    assert (r.consumer, r.producer) == (pytest.approx(0.008, abs=5e-4), pytest.approx(0.066, abs=1e-3))
    assert r.consumer == pytest.approx(0.008051608545312443, abs=1e-12)
    assert r.producer == pytest.approx(0.0661064521590341, abs=1e-12)
