"""Degrees of freedom where causes are shared: Willink, Metrologia 44 (2007) 340 and 45 (2008) 63."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import Uncertain, quantity


def test_interpolated_line_of_2008_keeps_the_degrees_of_freedom_of_its_points() -> None:
    # y(2/3) = a + b·2/3 on a line through x = -1, 0, 1 with u = 0.1 of 2 degrees of freedom each. Intercept and slope
    # are uncorrelated, and Welch-Satterthwaite of the two alone would be wrong: the points are the causes
    points = [quantity(0.0, (0.1, Source(f"y{k}", 2))) for k in range(3)]
    line = Model({"a": "(y1 + y2 + y3)/3", "b": "(y3 - y1)/2"})(y1=points[0], y2=points[1], y3=points[2])
    assert line["a"].correlation(line["b"])[0] == pytest.approx(0.0, abs=1e-12)
    between = Model("a + b*2/3")(a=line["a"], b=line["b"])["y"]
    assert between.variance[0] == pytest.approx(0.005555555555555556, abs=1e-12)
    assert between.dof[0] == pytest.approx(2.9411764705882355, abs=1e-12)


def difference(*, declared: bool) -> Uncertain:
    sources = correlated([Source("x1", 5), Source("x2", 5)], [[1, 0.9], [0.9, 1]], declared=declared)
    x1, x2 = (quantity(0.0, (1.0, source)) for source in sources)
    return Model("x1 - x2")(x1=x1, x2=x2)["y"]


def test_difference_of_a_declared_ensemble_of_2007_has_the_degrees_of_freedom_of_the_ensemble() -> None:
    assert difference(declared=True).u[0] == pytest.approx(0.2**0.5)
    assert difference(declared=True).dof[0] == pytest.approx(5)


def test_difference_of_correlated_inputs_that_are_no_ensemble_has_no_degrees_of_freedom() -> None:
    # others print 5.52, 10 or 0.1 here; the GUM defines none
    assert difference(declared=False).u[0] == pytest.approx(0.2**0.5)
    assert np.isnan(difference(declared=False).dof[0])
