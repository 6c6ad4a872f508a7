"""The streets: a low-voltage network for an area's meters, and the voltage of its busbar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from quanheng.measure.power_flow import Feeder, line_losses, load_losses, solve_feeder
from quanheng.work.simulate.loads import QUARTERS

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Complex = NDArray[np.complexfloating[Any, Any]]
Index = NDArray[np.intp]

NOMINAL = 230.0  # V, phase to neutral
BOX = 8  # meters in a meter box
TURN = np.exp(-2j * np.pi * np.arange(3) / 3)  # phases A, B, C
CHUNK = 4 * QUARTERS  # steps solved at once: what fits the cache
MOST_STRETCH = 3.0  # boxes up to 240 m apart, as in a village
TOLERANCE = 0.02  # V; what is left after that turn is some 3 % of it


@dataclass(frozen=True)
class Solved:
    """What the network does to the loads; rows as in Loads."""

    drop: Single  # (r, Q) V: |V0| − |V| of the row's phase
    loss: Single  # (r, Q) kW lost in the lines on behalf of the row


def draw_feeder(meter: Index, phase: Index, rng: np.random.Generator) -> Feeder:
    """Boxes of 8 meters on two or more mains of 0.25–0.44 ohm/km; a three-phase meter has its own node."""
    meters = int(meter.max()) + 1
    boxes = -(-meters // BOX)
    feeders = max(2, round(meters / 60))
    # 1 boxes in rows: each follows the one before on its main, a few branch off further back
    parent = np.arange(boxes) - feeders
    branch = rng.random(boxes) < 0.15
    parent = np.where(branch & (parent >= feeders), parent - feeders, parent)
    parent = np.where(parent < 0, -1, parent)
    main = rng.choice([0.25, 0.32, 0.44], feeders)[np.arange(boxes) % feeders]
    length = rng.uniform(0.03, 0.08, boxes)
    line = (main + 0.08j) * length
    # 2 the cable of a meter: 25 mm², 8–35 m
    cable = (0.727 + 0.085j) * rng.uniform(0.008, 0.035, meters)
    # 3 three-phase meters get a node at the end of their cable
    box = rng.permutation(meters) // BOX
    wide = np.flatnonzero(np.bincount(meter) == 3)
    node = box.copy()
    node[wide] = boxes + np.arange(len(wide))
    service = np.where(np.bincount(meter)[meter] == 3, 0.0, 2 * cable[meter])
    return Feeder(
        parent=np.concatenate([parent, box[wide]]).astype(np.intp),
        phase_impedance=np.concatenate([line, cable[wide]]),
        neutral_impedance=np.concatenate([line, cable[wide]]),
        load_node=node[meter],
        load_phase=phase,
        service_impedance=service,
    )


def draw_busbar(steps: int, rng: np.random.Generator) -> Single:
    """(3, steps) V at the busbar: wanders by ± 2 %, lower in the evening; phases differ by some 0.2 %."""
    hour = np.arange(steps) % QUARTERS / 4
    day_shape = -0.006 * np.exp(-0.5 * ((hour - 19.5) / 2.5) ** 2) + 0.004 * np.exp(
        -0.5 * ((hour - 3.5) / 3) ** 2
    )
    common = _wander(rng, (1, steps), memory=0.985, sd=0.007)
    apart = _wander(rng, (3, steps), memory=0.97, sd=0.001) + rng.normal(0, 0.0015, (3, 1))
    wander = np.clip(common + day_shape, -0.02, 0.02) + apart
    return (NOMINAL * (1 + wander)).astype(np.float32)


def solve_area(feeder: Feeder, busbar: Single, power: Single, tangent: Float) -> Solved:
    """Drops and losses of every row and quarter-hour. power (r, Q) kW; tangent (r,) Q/P of the load."""
    drop, loss = np.empty_like(power), np.empty_like(power)
    factor = (1000 * (1 + 1j * tangent)).astype(np.complex64)[:, None]
    for first in range(0, power.shape[1], CHUNK):
        now = slice(first, first + CHUNK)
        source = (busbar[:, now] * TURN[:, None]).astype(np.complex64)
        flow = solve_feeder(feeder, busbar=source, power=factor * power[:, now], tolerance=TOLERANCE)
        drop[:, now] = busbar[feeder.load_phase, now] - np.abs(flow.voltage)
        loss[:, now] = load_losses(feeder, flow, busbar=source)
    loss *= np.float32(1e-3)
    return Solved(drop, loss)


def stretch(feeder: Feeder, busbar: Single, power: Single, tangent: Float, *, share: float) -> Feeder:
    """The network with lengths such that about `share` of the energy is lost: lines are sized by load.

    A small or idle area loses less: no line grows to more than MOST_STRETCH times what was drawn.
    """
    days = power.shape[1] // QUARTERS
    sample = np.unique(np.linspace(0, days - 1, 6).astype(int))[:, None] * QUARTERS + np.arange(QUARTERS)
    taken, source = power[:, sample.ravel()], busbar[:, sample.ravel()]
    goal = 1000 * share * float(taken.sum(dtype=np.float64))
    demand = 1000 * taken * (1 + 1j * tangent[:, None])
    # 1 as if the voltage were the busbar's everywhere: at first the lines may be too long for any solution
    flat = solve_feeder(feeder, busbar=source * TURN[:, None], power=demand, tolerance=np.inf)
    factor = _stretching(goal, float(line_losses(feeder, flat).sum()))
    # 2 with the voltages that this gives
    lost = 1000 * float(solve_area(_scaled(feeder, factor), source, taken, tangent).loss.sum())
    return _scaled(feeder, min(factor * _stretching(goal, lost), MOST_STRETCH))


def _stretching(goal: float, lost: float) -> float:
    return min(goal / lost, MOST_STRETCH) if lost > 0 else 1.0


def _scaled(feeder: Feeder, factor: float) -> Feeder:
    return replace(
        feeder,
        phase_impedance=feeder.phase_impedance * factor,
        neutral_impedance=feeder.neutral_impedance * factor,
        service_impedance=feeder.service_impedance * factor,
    )


def _wander(rng: np.random.Generator, shape: tuple[int, int], *, memory: float, sd: float) -> Float:
    """AR(1) along the second axis, stationary from the first step on."""
    noise = rng.standard_normal(shape)
    noise[:, 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(sd * lfilter([1.0], [1.0, -memory], noise, axis=1))
