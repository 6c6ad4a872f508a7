"""Worked examples of JCGM 106:2012, in the terms of a meter whose posterior is a single Gaussian."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.mixture_posterior import MixturePosterior, cumulative, probability_out


def test_conformance_probability_of_the_motor_oil_of_7_4() -> None:
    # SAE grade 40: kinematic viscosity 13.6 mm²/s, u = 1.8, limits 12.5 and 16.3: p_c = 0.66
    one = np.ones(1)
    oil = MixturePosterior(0 * one, 13.6 * one, 1.8 * one, 13.6 * one, 1.8 * one)
    inside = cumulative(np.array([16.3]), oil) - cumulative(np.array([12.5]), oil)
    assert inside[0] == pytest.approx(0.66, abs=0.005)


def test_an_estimate_at_the_limit_is_as_likely_out_as_in() -> None:
    # JCGM 106, 8.2 (simple acceptance): probability up to one half that an accepted item does not conform
    correction = np.array([1 / 0.98 - 1])
    at_limit = MixturePosterior(np.zeros(1), correction, np.array([1e-4]), correction, np.array([1e-4]))
    assert probability_out(at_limit, np.array([0.02]))[0] == pytest.approx(0.5, abs=1e-6)
