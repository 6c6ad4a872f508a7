"""The problems that every contender solves, as plain numbers: nothing here knows a library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SEED = 20_261_231
COVERAGE = 0.95


# The calibration of a gauge block, JCGM 100:2008, H.1, with all nine influence quantities.

GAUGE_INPUTS = ("ls", "d0", "d1", "d2", "alphas", "dalpha", "dtheta", "theta", "Delta")
GAUGE_MODEL = "ls + d0 + d1 + d2 - ls*(dalpha*(theta + Delta) + alphas*dtheta)"
GAUGE_X = np.array([50_000_623.0, 215, 0, 0, 11.5e-6, 0, 0, -0.1, 0])
GAUGE_U = np.array([25, 5.8, 3.9, 6.7, 2e-6 / 3**0.5, 1e-6 / 3**0.5, 0.05 / 3**0.5, 0.2, 0.5 / 2**0.5])
GAUGE_DOF = np.array([18, 24, 5, 8, np.inf, 50, 2, np.inf, np.inf])


def gauge(ls, d0, d1, d2, alphas, dalpha, dtheta, theta, Delta):  # type: ignore[no-untyped-def]
    """Length of the block, nm; for numbers, arrays, or whatever a library computes with."""
    return ls + d0 + d1 + d2 - ls * (dalpha * (theta + Delta) + alphas * dtheta)


def gauges(count: int) -> list[list[float]]:
    """Inputs of as many blocks; they differ in the length of the standard."""
    first, *rest = GAUGE_X.tolist()
    return [[first + k, *rest] for k in range(count)]


def own_gauges(count: int) -> tuple[Float, Float]:
    """Values and standard uncertainties (9, count) of as many blocks, each its own in everything."""
    scale, shift = np.moveaxis(np.random.default_rng(SEED).random((count, len(GAUGE_X), 2)), (2, 1), (0, 1))
    u = GAUGE_U[:, None] * (0.8 + 0.4 * scale)
    return GAUGE_X[:, None] + 0.2 * u * (shift - 0.5), u


# The same with the distributions of JCGM 101:2008, 9.5.2.

GAUGE_DRAWN = {
    "ls": ("t", 50_000_623.0, {"scale": 25.0, "dof": 18}),
    "d0": ("t", 215.0, {"scale": 6.0, "dof": 24}),
    "d1": ("t", 0.0, {"scale": 4.0, "dof": 5}),
    "d2": ("t", 0.0, {"scale": 7.0, "dof": 8}),
    "alphas": ("rectangular", 11.5e-6, {"half_width": 2e-6}),
    "dalpha": ("ctrap", 0.0, {"half_width": 1e-6, "inexactness": 0.1e-6}),
    "dtheta": ("ctrap", 0.0, {"half_width": 0.05, "inexactness": 0.025}),
    "theta": ("normal", -0.1, {"u": 0.2}),
    "Delta": ("arcsine", 0.0, {"half_width": 0.5}),
}
GAUGE_DRAWN_U = 35.808_242_477_537_2  # nm, by quadrature; the standard prints 36


# The relative error of a water meter by weighing (as in ISO 4185): ten inputs, all of each meter's own.

METER_INPUTS = ("end", "start", "m1", "m0", "rho_w", "rho_a", "rho_p", "beta", "t_meter", "t_tank")
METER_MODEL = "(end - start)*(rho_w - rho_a)/((m1 - m0)*(1 - rho_a/rho_p)*(1 + beta*(t_meter - t_tank))) - 1"
METER_DOF = np.array([np.inf, np.inf, 9, 9, 50, 20, np.inf, 12, 4, 4])
_METER_U = np.array([0.01, 0.01, 0.02, 0.02, 1e-4, 2e-5, 0.05, 1e-5, 0.1, 0.1])


def meter(end, start, m1, m0, rho_w, rho_a, rho_p, beta, t_meter, t_tank):  # type: ignore[no-untyped-def]
    """Relative error of the meter: indications in L, masses in kg, densities in kg/L, temperatures in °C."""
    volume = (m1 - m0) * (1 - rho_a / rho_p) * (1 + beta * (t_meter - t_tank)) / (rho_w - rho_a)
    return (end - start) / volume - 1


def meters(count: int) -> tuple[Float, Float]:
    """Values and standard uncertainties (10, count) of as many meters, each its own."""
    rng = np.random.default_rng(SEED)
    start = rng.uniform(0, 900, count)
    end = start + 100 * (1 + rng.normal(0, 0.01, count))
    empty = rng.uniform(20, 21, count)
    spread = rng.normal(0, 1, (6, count))
    x = np.array([end, start, empty + 99.8, empty,
                  0.9982 + 1e-4 * spread[0], 0.0012 + 1e-5 * spread[1], 8 + 0.02 * spread[2],
                  2.1e-4 + 1e-6 * spread[3], 20 + spread[4], 20 + spread[5]])  # fmt: skip
    return x, _METER_U[:, None] * rng.uniform(0.8, 1.25, (10, count))


# Global risks of instruments with a normal prior, JCGM 106:2012, 9.5.

TOLERANCE = (-1.0, 1.0)
GUARD = 0.1  # acceptance limits lie that much inside


def instruments(count: int) -> tuple[Float, Float, Float]:
    """Mean and standard deviation of the prior, and standard uncertainty, (count,) each, of the tolerance's unit."""
    rng = np.random.default_rng(SEED)
    return rng.uniform(-0.3, 0.3, count), rng.uniform(0.3, 0.7, count), rng.uniform(0.05, 0.3, count)


# Results that share six sources and have two of their own each.

SHARED, PRIVATE = 6, 2


def related(count: int) -> tuple[Float, Float, Float]:
    """Values (count,), contributions (6, count) of the shared sources and (2, count) of private ones."""
    rng = np.random.default_rng(SEED)
    return (
        rng.normal(0, 1, count),
        rng.normal(0, 0.01, (SHARED, count)),
        rng.uniform(0.01, 0.02, (PRIVATE, count)),
    )
