"""What is read off a curve as columns over sources of error, so that it stays correlated through the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.calibration.scatter import Effect
from quanheng.measure.quantity.contributions import Column
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cause:
    """A source of error and its contributions (…, p) to the coefficients; `private`: one variable for each curve."""

    source: Source
    contributions: Float
    private: bool


def stated(effects: Sequence[Effect], *, several: bool, name: str | None) -> list[Cause]:
    """One source for each point and coordinate, with its own degrees of freedom."""
    return [
        Cause(
            _source(f"{each.name}{k + 1}", float(each.dof[k]), None if several and not each.common else name),
            each.contributions[..., k],
            several and not each.common,
        )
        for each in effects
        for k in range(each.contributions.shape[-1])
    ]


def of_residuals(size: int, dof: float, *, several: bool, name: str | None) -> list[Source]:
    """As many sources as coefficients."""
    return [_source(f"calibration {k + 1}", dof, None if several else name) for k in range(size)]


def with_one_spread(sources: Sequence[Source]) -> list[Source]:
    """The sources as a declared ensemble, uncorrelated: they have one s, and its degrees of freedom, in common."""
    return correlated(sources, np.eye(len(sources)), declared=True)


def column(
    value: Float, sensitivity: Float, causes: Sequence[Cause], readings: Mapping[Source, Float] | None = None
) -> Uncertain:
    """A column (rows,) from its sensitivity (rows, p) or (p,) to the coefficients, and what each row's reading adds."""
    shared: dict[Source, Column] = {}
    private: dict[Source, Float] = dict(readings or {})
    for cause in causes:
        through = (sensitivity * cause.contributions).sum(axis=-1)
        into: dict[Source, Float] = private if cause.private else shared  # type: ignore[assignment]
        into[cause.source] = np.broadcast_to(through, value.shape).reshape(-1)
    return Uncertain(np.atleast_1d(value), shared, private)


def _source(label: str, dof: float, name: str | None) -> Source:
    """A source of stable identity where the calibration has a name."""
    kind: Literal["A", "B"] = "A" if np.isfinite(dof) else "B"
    if name is None:
        return Source(label, dof, kind=kind)
    return Source(f"{name} {label}", dof, kind=kind, identity=f"{name} {label}")
