"""Readings that hold arrays, compared: NaN equals NaN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from quanheng.readings.batch import AreaReadings
from quanheng.readings.lake.open import Lake
from quanheng.readings.lake.read import read_partition


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one)
        )
    return bool(one == other)


def all_same(one: Iterable[AreaReadings], other: Iterable[AreaReadings]) -> bool:
    return all(same(a, b) for a, b in zip(one, other, strict=True))


def read_all(lake: Lake, meters: int = 2000) -> list[AreaReadings]:
    """Every area of the lake, by id."""
    found = [each for part in lake.partitions(meters) for each in read_partition(lake.path, part)]
    return sorted(found, key=lambda each: each.area.area)
