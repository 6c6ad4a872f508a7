"""The order in which a tape is run over rows and trials, in few buffers, so that all of them stay in the cache.

What is the same for all rows comes first, once for a stretch of trials; the rest is done for each row. An input is made
when it is first needed, and a buffer is taken again as soon as nothing needs what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.quantity.tape import Tape

Whole = NDArray[np.int64]

LOAD = -1


@dataclass(frozen=True, eq=False)
class Schedule:
    """Steps (m, 4): operation, operand, operand, result; operands and results are buffers.

    Operation LOAD puts the input of the number that stands for its operands into the result. `shared` is done once for
    all rows, `own` for each; `outputs` (q,) says where the results are, `constants` which buffers hold numbers.
    """

    shared: Whole
    own: Whole
    outputs: Whole
    constants: tuple[tuple[int, float], ...]
    buffers: int


def schedule(tape: Tape, by_row: list[bool], exact: dict[int, float]) -> Schedule:
    """by_row: for each input whether it differs from row to row; exact: inputs that are one number, by place.

    1 numbers      each has its buffer
    2 shared       registers that no row changes, each in a buffer of its own
    3 own          the others, in buffers that are taken again
    """
    k = len(tape.inputs)
    numbers = exact | {k + c: float(value) for c, value in enumerate(tape.constants)}
    buffer = {register: place for place, register in enumerate(numbers)}
    own = _own(tape, by_row)
    first = k + len(tape.constants)
    steps: dict[bool, list[tuple[int, int, int, int]]] = {False: [], True: []}
    last = _last_uses(tape)
    free: list[int] = []
    used = len(buffer)

    def taken(register: int) -> int:
        nonlocal used
        if own[register] and free:
            buffer[register] = free.pop()
        else:
            buffer[register] = used
            used += 1
        return buffer[register]

    def load(register: int) -> None:
        if register < k and register not in buffer:
            steps[own[register]].append((LOAD, register, register, taken(register)))

    for m, (code, a, b) in enumerate(tape.code.tolist()):
        load(a)
        load(b)
        # before its operands are given up: a result beside them keeps the loops free of overlaps
        result = taken(first + m)
        free.extend(buffer[r] for r in {a, b} if own[r] and last[r] == m)
        steps[own[first + m]].append((code, buffer[a], buffer[b], result))
    for register in tape.outputs.tolist():
        load(register)
    return Schedule(
        _array(steps[False]),
        _array(steps[True]),
        np.array([buffer[register] for register in tape.outputs.tolist()], dtype=np.int64),
        tuple((buffer[register], value) for register, value in numbers.items()),
        used,
    )


def _own(tape: Tape, by_row: list[bool]) -> list[bool]:
    """For each register whether it differs from row to row."""
    own = by_row + [False] * len(tape.constants)
    for _, a, b in tape.code.tolist():
        own.append(own[a] or own[b])
    return own


def _last_uses(tape: Tape) -> dict[int, int]:
    """For each register the number of the last operation on it; outputs are needed to the end."""
    last = {register: m for m, (_, a, b) in enumerate(tape.code.tolist()) for register in (a, b)}
    return last | dict.fromkeys(tape.outputs.tolist(), len(tape.code))


def _array(steps: list[tuple[int, int, int, int]]) -> Whole:
    return np.array(steps, dtype=np.int64).reshape(-1, 4)
