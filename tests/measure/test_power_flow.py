"""The power flow against an independent solution, and against conservation of energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.measure.power_flow import ConvergenceError, Feeder, line_losses, load_losses, solve_feeder

TURN = np.exp(-2j * np.pi * np.arange(3) / 3)


def some_feeder(rng, *, nodes=7, loads=15):
    def impedance(size, low, high):
        return (rng.uniform(low, high, size) * (1 + 0.25j)).astype(complex)

    return Feeder(
        parent=np.array([int(rng.integers(-1, k)) for k in range(nodes)]),
        phase_impedance=impedance(nodes, 0.005, 0.02),
        neutral_impedance=impedance(nodes, 0.005, 0.03),
        load_node=rng.integers(0, nodes, loads),
        load_phase=rng.integers(0, 3, loads),
        service_impedance=impedance(loads, 0.0, 0.05),
    )


def some_case(seed, *, steps=4):
    rng = np.random.default_rng(seed)
    feeder = some_feeder(rng)
    busbar = 230 * (1 + rng.normal(0, 0.01, (3, steps))) * TURN[:, None]
    power = rng.gamma(0.5, 1500, (len(feeder.load_node), steps)) * (1 + 0.3j)
    return feeder, busbar, power


def nodal_voltages(feeder, busbar, power):
    """One step solved another way: Newton's method on the nodal equations Y·V = I of every wire and cable.

    Unknowns: four wires at each node, then the terminal of each load. Returns the voltage across each load.
    """
    nodes, loads = len(feeder.parent), len(feeder.load_node)
    size = 4 * nodes + loads
    admittance, injected = np.zeros((size, size), dtype=complex), np.zeros(size, dtype=complex)
    source = np.append(busbar, 0)
    for node, parent in enumerate(feeder.parent):
        for wire in range(4):
            y = 1 / (feeder.phase_impedance[node] if wire < 3 else feeder.neutral_impedance[node])
            here = 4 * node + wire
            admittance[here, here] += y
            if parent < 0:
                injected[here] += y * source[wire]
            else:
                there = 4 * parent + wire
                admittance[there, there] += y
                admittance[here, there] -= y
                admittance[there, here] -= y
    across = np.zeros((loads, size))
    for load in range(loads):
        here, wire = 4 * nodes + load, 4 * feeder.load_node[load] + feeder.load_phase[load]
        y = 1 / feeder.service_impedance[load]
        for a, b, value in ((here, here, y), (wire, wire, y), (here, wire, -y), (wire, here, -y)):
            admittance[a, b] += value
        across[load, here], across[load, 4 * feeder.load_node[load] + 3] = 1, -1
    voltage = np.concatenate([np.tile(source, nodes), source[feeder.load_phase]])
    for _ in range(20):
        drop = across @ voltage
        current = across.T @ np.conj(power / drop)
        residual = admittance @ voltage + current - injected
        # d conj(S/u) = −conj(S/u²)·conj(du): real and imaginary parts apart
        slope = -(across.T * np.conj(power / drop**2)) @ across
        jacobian = np.block(
            [
                [admittance.real + slope.real, -admittance.imag + slope.imag],
                [admittance.imag + slope.imag, admittance.real - slope.real],
            ]
        )
        step = np.linalg.solve(jacobian, np.concatenate([residual.real, residual.imag]))
        voltage = voltage - (step[:size] + 1j * step[size:])
    return across @ voltage


@pytest.mark.parametrize("seed", range(5))
def test_voltages_agree_with_newton_on_the_nodal_equations(seed):
    feeder, busbar, power = some_case(seed, steps=2)
    flow = solve_feeder(feeder, busbar=busbar, power=power, tolerance=1e-11)
    expected = np.stack([nodal_voltages(feeder, busbar[:, t], power[:, t]) for t in range(2)], axis=1)
    assert np.abs(flow.voltage / expected - 1).max() < 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_busbar_gives_what_loads_take_and_wires_lose(seed):
    feeder, busbar, power = some_case(seed)
    flow = solve_feeder(feeder, busbar=busbar, power=power, tolerance=1e-11)
    first = np.flatnonzero(feeder.parent == -1)
    given_ = (busbar * np.conj(flow.line_current[:3, first].sum(axis=1))).sum(axis=0).real
    taken = power.real.sum(axis=0)
    assert np.allclose(given_, taken + line_losses(feeder, flow), rtol=1e-10)
    assert np.allclose(load_losses(feeder, flow, busbar=busbar).sum(axis=0), given_ - taken, rtol=1e-7)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_many_steps_at_once_are_each_step_alone(seed):
    feeder, busbar, power = some_case(seed)
    together = solve_feeder(feeder, busbar=busbar, power=power, tolerance=1e-11).voltage
    alone = [
        solve_feeder(feeder, busbar=busbar[:, [t]], power=power[:, [t]], tolerance=1e-11).voltage[:, 0]
        for t in range(power.shape[1])
    ]
    assert np.allclose(together, np.stack(alone, axis=1), rtol=1e-12)


def test_balanced_load_leaves_the_neutral_without_current():
    feeder = Feeder(
        parent=np.array([-1]),
        phase_impedance=np.array([0.02 + 0.01j]),
        neutral_impedance=np.array([0.05 + 0.01j]),
        load_node=np.zeros(3, dtype=np.intp),
        load_phase=np.arange(3),
        service_impedance=np.zeros(3, dtype=complex),
    )
    flow = solve_feeder(
        feeder, busbar=230 * TURN[:, None], power=np.full((3, 1), 2000 + 500j), tolerance=1e-11
    )
    assert abs(flow.line_current[3, 0, 0]) < 1e-9
    assert np.ptp(np.abs(flow.voltage)) < 1e-9


def test_unbalance_raises_the_voltage_of_an_idle_phase():
    feeder = Feeder(
        parent=np.array([-1]),
        phase_impedance=np.array([0.05 + 0j]),
        neutral_impedance=np.array([0.05 + 0j]),
        load_node=np.zeros(2, dtype=np.intp),
        load_phase=np.array([0, 1]),
        service_impedance=np.zeros(2, dtype=complex),
    )
    flow = solve_feeder(
        feeder, busbar=230 * TURN[:, None], power=np.array([[6000 + 0j], [0j]]), tolerance=1e-11
    )
    assert abs(flow.voltage[0, 0]) < 228 < 230 < abs(flow.voltage[1, 0])


def test_single_precision_serves_a_millivolt():
    feeder, busbar, power = some_case(1, steps=50)
    exact = solve_feeder(feeder, busbar=busbar, power=power, tolerance=1e-11).voltage
    fast = solve_feeder(
        feeder, busbar=busbar.astype(np.complex64), power=power.astype(np.complex64), tolerance=1e-3
    ).voltage
    assert fast.dtype == np.complex64
    assert np.abs(fast - exact).max() < 1e-3


def test_load_beyond_the_lines_is_said_to_have_no_solution():
    feeder, busbar, power = some_case(2)
    with pytest.raises(ConvergenceError, match="after 50 turns"):
        solve_feeder(feeder, busbar=busbar, power=100 * power, tolerance=1e-9)
