"""Draws have the correlation that was stated, whatever their shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.measure.quantity.copula import coefficient, score_correlation, score_correlations
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.monte_carlo import propagate
from quanheng.measure.quantity.shapes import Arcsine, CTrap, Normal, Rectangular, Shape, StudentT, Triangular
from quanheng.measure.quantity.source import Source, correlated
from quanheng.measure.quantity.uncertain import quantity

SHAPES = [Normal(), Rectangular(), Triangular(), Arcsine(), CTrap(0.3), StudentT(5.0, "standard deviation")]


@given(st.floats(-0.999, 0.999))
def test_two_rectangular_variables_have_the_closed_form(r: float) -> None:
    assert score_correlation(Rectangular(), Rectangular(), r) == pytest.approx(
        2 * math.sin(math.pi * r / 6), abs=1e-8
    )


def test_normal_variables_are_as_stated() -> None:
    matrix = np.array([[1.0, 0.3], [0.3, 1.0]])
    assert score_correlations([Normal(), Normal()], matrix) is matrix


@pytest.mark.parametrize("a", SHAPES, ids=str)
@pytest.mark.parametrize("b", SHAPES, ids=str)
@pytest.mark.parametrize("r", [-0.9, 0.5])
def test_draws_have_the_coefficient_that_was_stated(a: Shape, b: Shape, r: float) -> None:
    within = np.clip(r, coefficient(a, b, -1.0), coefficient(a, b, 1.0))
    assert coefficient(a, b, score_correlation(a, b, r)) == pytest.approx(within, abs=1e-9)


def test_a_coefficient_that_two_shapes_cannot_have_is_come_as_near_to_as_can_be() -> None:
    lopsided = CTrap(1.0)
    assert coefficient(lopsided, lopsided, 1.0) < 0.9
    assert score_correlation(lopsided, lopsided, 0.99) == 1.0


def test_scores_that_cannot_be_together_are_brought_near_to_a_matrix_that_can() -> None:
    r = np.array([[1, 0.99, 0.98], [0.99, 1, 0.995], [0.98, 0.995, 1]])
    found = score_correlations([Arcsine(), Rectangular(), Arcsine()], r)
    assert np.linalg.eigvalsh(found)[0] >= -1e-12
    assert np.diag(found).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("r", [-0.99, 0.5])
def test_trials_of_correlated_rectangular_inputs_agree_with_the_law_of_propagation(r: float) -> None:
    a, b = correlated([Source("a", shape=Rectangular()), Source("b", shape=Rectangular())], [[1, r], [r, 1]])
    found = Model("a + b")(a=quantity(1.0, (1.0, a)), b=quantity(1.0, (1.0, b)))
    drawn = propagate(found, trials=200_000, seed=1)
    assert float(drawn.outputs["y"].u[0]) == pytest.approx(float(found["y"].u[0]), rel=2e-3)
