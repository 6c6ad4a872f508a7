"""Gold plating by X-ray fluorescence, from Sandia's course ENGR224: t factor at effective degrees of freedom."""

from __future__ import annotations

import pytest

from quanheng.measure.quantity.freedom import coverage_factor
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import quantity


def test_thickness_by_x_ray_fluorescence() -> None:
    table = {"X1": (0.182, 0.00093, 9), "X2": (0.1823, 0.00058, 19), "Yu": (0.6978, 0.0026, 19)}
    inputs = {name: quantity(x, (u, Source(name, dof))) for name, (x, u, dof) in table.items()}
    thickness = Model("X1/X2*Yu")(inputs)["y"]
    assert thickness.value[0] == pytest.approx(0.6967, abs=1e-4)
    assert thickness.u[0] == pytest.approx(0.00494, abs=1e-5)
    assert thickness.dof[0] == pytest.approx(27.7, abs=0.5)
    assert coverage_factor(0.95, thickness.dof[0]) * thickness.u[0] == pytest.approx(0.0101, abs=1e-4)
