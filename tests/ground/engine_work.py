"""Functions that workers of the engine import by name."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info


def square(task: int) -> bytes:
    return str(task * task).encode()


def slow_if_even(task: int) -> bytes:
    time.sleep(0.05 if task % 2 == 0 else 0.0)
    return square(task)


def fail_on_three(task: int) -> bytes:
    if task == 3:
        time.sleep(0.5)  # the other worker has finished task 0 by then
        raise ValueError("three")
    return square(task)


def die_on_three(task: int) -> bytes:
    if task == 3:
        os._exit(9)
    return square(task)


def noted(task: tuple[Path, int]) -> bytes:
    """Leaves a note for every call, so that a test can count them."""
    folder, value = task
    (folder / f"{value}-{time.time_ns()}").touch()
    return square(value)


def threads(task: int) -> bytes:
    np.ones((50, 50)) @ np.ones((50, 50))
    return str(max(each["num_threads"] for each in threadpool_info())).encode()


def product(seed: int) -> bytes:
    """A product of matrices: its last bits would show another number of BLAS threads."""
    a = np.random.default_rng(seed).standard_normal((200, 200))
    return (a @ a).tobytes()
