"""Regions that hold several results together, from the trials: JCGM 102:2011, 7.7."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidData
from quanheng.measure.quantity.regions import ellipsoid, rectangle, smallest_region
from quanheng.work.budget.result import Joint, Region

Float = NDArray[np.float64]

MOST_MESHED = 4  # outputs: the cells of a mesh multiply with each


def joint(samples: Mapping[str, Float], coverage: float) -> Joint | None:
    """The regions of the results by name, from their trials (M,); None unless several are uncertain.

    Where a result is determined by the others there is no ellipsoid, and no mesh holds the smallest region.
    """
    names = tuple(name for name, sample in samples.items() if np.ptp(sample) > 0)
    if len(names) < 2:
        return None
    y = np.array([samples[name] for name in names])
    return Joint(names, tuple(_regions(names, y, coverage)))


def _regions(names: tuple[str, ...], y: Float, coverage: float) -> Iterator[Region]:
    try:
        round_ = ellipsoid(y, coverage)
    except InvalidData:
        round_ = None
    if round_ is not None:
        yield Region("ellipsoid", round_.k, round_.volume)
    straight = rectangle(y, coverage)
    widths = (straight.k * straight.u).tolist()
    yield Region("rectangle", straight.k, straight.volume, dict(zip(names, widths, strict=True)))
    if round_ is not None and len(names) <= MOST_MESHED:
        yield Region("smallest", math.nan, smallest_region(y, coverage).volume)
