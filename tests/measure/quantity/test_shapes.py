from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import gammainccinv, gammaincinv, ndtr, stdtrit

from quanheng.measure.errors import InvalidDistribution
from quanheng.measure.quantity.elementary import Float, normal_scores
from quanheng.measure.quantity.shapes import (
    Arcsine,
    CTrap,
    Exponential,
    Gamma,
    Normal,
    Rectangular,
    Shape,
    StudentT,
    Trapezoidal,
    Triangular,
    arcsine,
    ctrap,
    exponential,
    gamma,
    rectangular,
    trapezoidal,
    triangular,
)

OF_ONE = [
    Normal(),
    Rectangular(),
    Triangular(),
    Trapezoidal(0.0),
    Trapezoidal(0.4),
    Trapezoidal(1.0),
    Arcsine(),
    StudentT(9.0),
    StudentT(9.0, of="standard deviation"),
    StudentT(math.inf),
    Exponential(),
    Gamma(0),
    Gamma(12),
]


def even(count: int = 1 << 18) -> Float:
    return ((np.arange(count) + 0.5) / count)[None]


@pytest.mark.parametrize("shape", OF_ONE, ids=repr)
def test_draws_have_mean_0_and_the_variance_stated(shape: Shape) -> None:
    x = shape.draw(even())
    assert x.mean() == pytest.approx(0, abs=1e-5)
    assert x.var() == pytest.approx(shape.variance, rel=1e-3)


@pytest.mark.parametrize("shape", OF_ONE, ids=repr)
def test_draws_grow_with_their_uniform(shape: Shape) -> None:
    assert np.all(np.diff(shape.draw(even(1 << 12))) > 0)


@pytest.mark.parametrize("shape", OF_ONE, ids=repr)
def test_an_array_of_uniforms_gives_what_each_gives(shape: Shape) -> None:
    u = even(64)
    assert shape.draw(u).tolist() == [shape.draw(u[:, k : k + 1])[0] for k in range(64)]


@pytest.mark.parametrize("inexactness", [0.0, 0.3, 1.0])
def test_limits_known_inexactly_widen_a_rectangle(inexactness: float) -> None:
    shape = CTrap(inexactness)
    u = np.stack(np.meshgrid(even(1 << 9)[0], even(1 << 9)[0])).reshape(2, -1)
    x = shape.draw(u)
    scale, _ = ctrap(1.0, inexactness)
    assert x.mean() == pytest.approx(0, abs=1e-9)
    assert x.var() == pytest.approx(1, rel=1e-4)
    assert np.abs(x).max() * scale == pytest.approx(1 + inexactness, rel=5e-3)


@pytest.mark.parametrize(
    ("function", "u"),
    [
        (rectangular, 1 / math.sqrt(3)),
        (triangular, 1 / math.sqrt(6)),
        (lambda a: trapezoidal(a, 0.5), math.sqrt(1.25 / 6)),
        (arcsine, 1 / math.sqrt(2)),
        (lambda a: ctrap(a, 0.5), math.sqrt(1 / 3 + 0.25 / 9)),
        (exponential, 1.0),
    ],
)
def test_u_follows_from_what_is_stated(function: Callable[..., tuple[Float, Shape]], u: float) -> None:
    # JCGM 101:2008, 6.4, table 1
    assert function(2.0)[0] == pytest.approx(2 * u)
    assert function(np.array([1.0, 3.0]))[0] == pytest.approx([u, 3 * u])


@pytest.mark.parametrize(
    ("function", "edge"),
    [(rectangular, 1.0), (triangular, 1.0), (lambda a: trapezoidal(a, 0.3), 1.0), (arcsine, 1.0)],
)
def test_draws_reach_the_limits_and_no_further(
    function: Callable[[float], tuple[float, Shape]], edge: float
) -> None:
    u, shape = function(1.0)
    ends = u * shape.draw(np.array([[2.0**-53, 1 - 2.0**-53]]))
    assert ends == pytest.approx([-edge, edge], abs=1e-7)
    assert np.all(np.abs(ends) <= edge * (1 + 1e-15))


def test_a_trapezoid_without_slopes_is_a_rectangle_and_without_top_a_triangle() -> None:
    np.testing.assert_allclose(Trapezoidal(1.0).draw(even(999)), Rectangular().draw(even(999)), atol=1e-14)
    np.testing.assert_allclose(Trapezoidal(0.0).draw(even(999)), Triangular().draw(even(999)), atol=1e-14)


@pytest.mark.parametrize("dof", [1.0, 1.5, 3.0, 5.0, 18.0, 1e3, 1e6])
def test_quantiles_of_t_are_right_to_a_billionth(dof: float) -> None:
    p = ndtr(np.linspace(-5, -1e-4, 20_001))
    found = StudentT(dof).draw(np.stack([p])), StudentT(dof).draw(np.stack([1 - p]))
    np.testing.assert_allclose(found[0], stdtrit(dof, p), rtol=1e-9)
    np.testing.assert_allclose(found[1], -stdtrit(dof, 1 - (1 - p)), rtol=1e-9)


@pytest.mark.parametrize("count", [0, 1, 7, 10_000])
def test_quantiles_of_gamma_are_right_to_a_billionth_of_u(count: int) -> None:
    u = ndtr(np.linspace(-5, 5, 20_001))[None]
    z, n = normal_scores(u[0]), count + 1
    exact = np.where(z < 0, gammaincinv(n, ndtr(z)), gammainccinv(n, ndtr(-z)))
    np.testing.assert_allclose(Gamma(count).draw(u), (exact - n) / math.sqrt(n), atol=1e-9)


def test_t_of_a_standard_deviation_is_narrower_than_t_of_that_scale() -> None:
    # "t with u" means one in JCGM 101, 6.4.9, the other in the NIST Uncertainty Machine
    scale, sd = StudentT(5.0, of="scale"), StudentT(5.0, of="standard deviation")
    assert scale.variance == pytest.approx(5 / 3)
    assert sd.variance == 1
    np.testing.assert_allclose(scale.draw(even(99)), sd.draw(even(99)) * math.sqrt(5 / 3), rtol=1e-12)


@pytest.mark.parametrize("dof", [0.5, 1.0, 2.0])
def test_t_of_few_degrees_of_freedom_has_no_standard_deviation(dof: float) -> None:
    assert StudentT(dof).variance == math.inf
    with pytest.raises(InvalidDistribution, match="> 2"):
        StudentT(dof, of="standard deviation")


def test_counting_nothing_leaves_an_exponential() -> None:
    # JCGM 101:2008, 6.4.11: gamma of shape 1
    np.testing.assert_allclose(Gamma(0).draw(even(999)), Exponential().draw(even(999)), atol=1e-9)
    assert gamma(8)[0] == pytest.approx(3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: rectangular(0.0),
        lambda: rectangular(np.array([1.0, -1.0])),
        lambda: triangular(math.nan),
        lambda: arcsine(math.inf),
        lambda: exponential(-2.0),
        lambda: trapezoidal(1.0, 1.5),
        lambda: ctrap(1.0, -0.1),
        lambda: ctrap(1.0, 1.1),
        lambda: gamma(-1),
        lambda: gamma(math.nan),
        lambda: StudentT(0.0),
        lambda: StudentT(math.nan),
        lambda: StudentT(4.0, of="u"),  # type: ignore[arg-type]
    ],
)
def test_parameters_that_make_no_distribution_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidDistribution, match="must be"):
        wrong()


def test_shapes_of_equal_parameters_are_one() -> None:
    assert len({StudentT(5.0), StudentT(5.0), StudentT(6.0), Normal(), Normal(), Gamma(5), CTrap(0.5)}) == 5
