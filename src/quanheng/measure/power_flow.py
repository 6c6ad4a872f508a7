"""Power flow of a four-wire radial feeder, many time steps at once.

Three phase wires and a neutral leave the busbar and branch; a load hangs between one phase and the neutral
of its node, behind a service cable of its own. Loads are of constant power. Mutual coupling of the wires and
the earthing of the neutral beyond the busbar are left out: all unbalance returns in the neutral and displaces
it.

Solved as the fixed point of `V = V0 − Z·conj(S/V)` (Z-bus form of the backward-forward sweep: Shirmohammadi
et al., IEEE Trans. Power Syst. 3 (1988) 753). It contracts by the relative voltage drop, some 3 % a turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Complex = NDArray[np.complexfloating[Any, Any]]
Real = NDArray[np.floating[Any]]
Index = NDArray[np.intp]

PHASES = 3
MOST_TURNS = 50


class ConvergenceError(ArithmeticError):
    """The loads are beyond what the lines can carry, or nearly so."""


@dataclass(frozen=True)
class Feeder:
    """A radial four-wire network. Node 0 … b−1; the busbar is no node. All impedances in ohm, complex.

    parent            (b,) node towards the busbar, always smaller than the node itself; −1 = busbar
    phase_impedance   (b,) of each phase wire of the line from the parent
    neutral_impedance (b,) of the neutral wire of that line
    load_node         (r,) node a load hangs on
    load_phase        (r,) 0, 1, 2
    service_impedance (r,) of the service cable, there and back
    """

    parent: Index
    phase_impedance: Complex
    neutral_impedance: Complex
    load_node: Index
    load_phase: Index
    service_impedance: Complex


@dataclass(frozen=True)
class Flow:
    """Phasors. voltage (r, T): V across each load; current (r, T): A through it; line_current (4, b, T): A in
    the wires A, B, C and the neutral of the line that feeds each node, counted away from the busbar."""

    voltage: Complex
    current: Complex
    line_current: Complex


def solve_feeder(feeder: Feeder, *, busbar: Complex, power: Complex, tolerance: float) -> Flow:
    """Voltages and currents of `feeder` in every time step.

    busbar (3, T): phase-to-neutral phasors at the busbar, V; power (r, T): S = P + jQ of the loads, VA.
    tolerance: largest change of a voltage in the last turn, V. The precision of the work is that of `power`:
    complex64 serves 1e-4 V, complex128 1e-10 V. Raises ConvergenceError after 50 turns.
    """
    paths = _paths(feeder.parent)
    gather = _gather(feeder, real=power.real.dtype)
    phase_z = ((paths.T * feeder.phase_impedance) @ paths).astype(power.dtype)
    neutral_z = ((paths.T * feeder.neutral_impedance) @ paths).astype(power.dtype)
    service_z = feeder.service_impedance.astype(power.dtype)[:, None]
    nodes = len(feeder.parent)
    source = busbar[feeder.load_phase].astype(power.dtype)
    slot = feeder.load_phase * nodes + feeder.load_node
    demand = power.conj()
    voltage = source.copy()
    for _ in range(MOST_TURNS):
        current = demand * voltage
        current /= _squared(voltage)
        node_current = np.asarray(gather @ current).reshape((PHASES, nodes, -1))
        drop = phase_z @ node_current + neutral_z @ node_current.sum(axis=0)
        moved = source - drop.reshape(PHASES * nodes, -1)[slot]
        moved -= service_z * current
        voltage -= moved
        change = float(np.sqrt(_squared(voltage).max(initial=0.0)))
        voltage = moved
        if change <= tolerance:
            break
    else:
        raise ConvergenceError(f"voltages still move by {change:.3g} V after {MOST_TURNS} turns")
    wires = np.concatenate([node_current, -node_current.sum(axis=0, keepdims=True)])
    return Flow(voltage, current, paths.astype(power.real.dtype) @ wires)


def load_losses(feeder: Feeder, flow: Flow, *, busbar: Complex) -> Real:
    """Power lost in the lines on behalf of each load, (r, T) in W: Re[(V0 − V)·conj(I)], V0 of its phase.

    Their sum is the loss of the network exactly: what the busbar gives less what the loads take.
    """
    drop = busbar[feeder.load_phase].astype(flow.voltage.dtype) - flow.voltage
    loss: Real = drop.real * flow.current.real + drop.imag * flow.current.imag
    return loss


def line_losses(feeder: Feeder, flow: Flow) -> Real:
    """The same loss counted in the wires: (T,) in W, Σ |I|²·R over lines, neutrals and service cables."""

    wires = _squared(flow.line_current)
    return np.asarray(
        np.einsum("b,wbt->t", feeder.phase_impedance.real, wires[:PHASES])
        + feeder.neutral_impedance.real @ wires[PHASES]
        + feeder.service_impedance.real @ _squared(flow.current)
    )


def _squared(phasor: Complex) -> Real:
    return np.asarray(phasor.real**2 + phasor.imag**2)


def _paths(parent: Index) -> NDArray[np.float64]:
    """(b, b): element (l, n) is 1 where line l lies between the busbar and node n."""
    paths = np.eye(len(parent))
    for node, above in enumerate(parent):
        if above >= 0:
            paths[:, node] += paths[:, above]
    return paths


def _gather(feeder: Feeder, *, real: np.dtype[Any]) -> sparse.csr_array:
    """(3b, r): adds the currents of the loads of each phase and node."""
    nodes, loads = len(feeder.parent), len(feeder.load_node)
    where = (feeder.load_phase * nodes + feeder.load_node, np.arange(loads))
    return sparse.csr_array((np.ones(loads, dtype=real), where), shape=(PHASES * nodes, loads))
