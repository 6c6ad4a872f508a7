"""Where other libraries are wrong or disagree, each seen in 2026, and what we do instead.

The versions seen: GTC 1.5.1, uncertainties 3.2.3, metrolopy 1.1.1, noodlelab 0.8.1, suncal 1.7.1, uncpy 0.3.0,
pint 0.25.3.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from quanheng.measure.errors import InvalidCorrelation, InvalidDistribution
from quanheng.measure.quantity.freedom import coverage_factor
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.second_order import linear_enough, second_order
from quanheng.measure.quantity.shapes import StudentT, arcsine
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, quantity
from quanheng.measure.quantity.units import parse_unit
from quanheng.measure.risk import NormalPrior, global_risks


def difference(dof: tuple[float, float] = (5, 5), *, declared: bool = False) -> Evaluation:
    """y = x1 - x2 of two inputs with u = 1 and r = 0.9."""
    a, b = correlated([Source("a", dof[0]), Source("b", dof[1])], [[1, 0.9], [0.9, 1]], declared=declared)
    return Model("y = x1 - x2")(x1=quantity(1.0, (1.0, a)), x2=quantity(1.0, (1.0, b)))


# Effective degrees of freedom of that difference, at 5 for each input: GTC (declared) and metrolopy 5, uncpy 5.52,
# noodlelab 10, suncal 0.1 and so an expanded uncertainty of 5.68 instead of 1.15; without a warning.


def test_degrees_of_freedom_of_correlated_inputs_are_undefined() -> None:
    y = difference()["y"]
    assert y.u[0] == pytest.approx(np.sqrt(0.2))
    assert np.isnan(y.dof[0])


def test_degrees_of_freedom_of_a_declared_ensemble_are_those_of_its_members() -> None:
    assert difference(declared=True)["y"].dof[0] == pytest.approx(5)


def test_an_ensemble_of_different_degrees_of_freedom_cannot_be_declared() -> None:
    with pytest.raises(InvalidCorrelation):
        difference((5, 10), declared=True)


def test_correlation_does_not_matter_where_all_degrees_of_freedom_are_infinite() -> None:
    assert difference((np.inf, np.inf))["y"].dof[0] == np.inf


def test_undefined_degrees_of_freedom_give_the_normal_factor_and_not_that_of_a_tenth() -> None:
    y = difference()["y"]
    expanded = coverage_factor(0.95, y.dof) * y.u
    assert expanded[0] == pytest.approx(1.96 * np.sqrt(0.2), rel=1e-3)


def test_a_result_of_correlated_and_of_independent_inputs_is_undefined_too() -> None:
    a, b = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]])
    inputs = {
        "x1": quantity(1.0, (1.0, a)),
        "x2": quantity(1.0, (1.0, b)),
        "x3": quantity(0.0, (3.0, named("c"))),
    }
    assert np.isnan(Model("y = x1 - x2 + x3")(inputs)["y"].dof[0])


# y = x² at x = 0: u = 0 in GTC, uncertainties and metrolopy, without a warning.


def test_a_model_that_is_flat_where_it_is_linearised_is_not_linear_enough() -> None:
    found = Model("y = x**2")(x=quantity(0.0, (0.1, named("x"))))
    assert found["y"].u[0] == 0
    assert not linear_enough(found, "y")[0]


def test_the_second_order_of_a_square_at_0_is_that_of_chi_squared() -> None:
    found = second_order(Model("y = x**2")(x=quantity(0.0, (0.1, named("x")))), "y")
    assert found.u[0] == pytest.approx(np.sqrt(2) * 0.01)
    assert found.bias[0] == pytest.approx(0.01)


# "Student's t with u" is the scale in JCGM 101, 6.4.9, the standard deviation in the NIST Uncertainty Machine and
# in suncal: 35.8 nm or 34.2 nm for the gauge block of JCGM 101, 9.5.


def test_the_name_says_what_the_u_of_a_t_is() -> None:
    assert StudentT(5, of="scale").variance == pytest.approx(5 / 3)
    assert StudentT(5, of="standard deviation").variance == pytest.approx(1)


def test_any_other_meaning_of_the_u_of_a_t_is_refused() -> None:
    with pytest.raises(InvalidDistribution, match="standard deviation"):
        StudentT(5, of="u")  # type: ignore[arg-type]


@pytest.mark.parametrize(("of", "factor"), [("scale", 1.0), ("standard deviation", np.sqrt(3 / 5))])
def test_draws_of_a_t_have_the_spread_that_its_name_says(of: str, factor: float) -> None:
    quartile = StudentT(5, of=of).draw(np.array([[0.75]]))[0]  # type: ignore[arg-type]
    assert quartile == pytest.approx(0.726687 * factor, rel=1e-5)


# metrolopy states half the u of an arc sine distribution: 0.177 for a half-width of 0.5.


def test_u_of_an_arc_sine_is_its_half_width_over_root_two() -> None:
    u, shape = arcsine(0.5)
    uniforms = (np.arange(10_000) + 0.5) / 10_000
    assert u == pytest.approx(0.5 / np.sqrt(2))
    assert np.std(u * shape.draw(uniforms[None])) == pytest.approx(0.5 / np.sqrt(2), rel=1e-6)


# Global risks by suncal's bivariate normal (risk_tsayke) are off by 1e-4, a fifth of a percent of the producer's risk.


def test_global_risks_are_those_of_quadrature() -> None:
    mean, spread, u, low, high = 0.1, 0.5, 0.2, -0.9, 0.9

    def accepted(x: float) -> float:
        density = np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        return float((ndtr((high - x) / u) - ndtr((low - x) / u)) * density)

    risks = global_risks(
        NormalPrior(mean, spread), u, lower=-1.0, upper=1.0, acceptance_lower=low, acceptance_upper=high
    )
    within = quad(accepted, -1, 1, epsabs=1e-14)[0]
    beyond = quad(accepted, -6, -1, epsabs=1e-14)[0] + quad(accepted, 1, 6, epsabs=1e-14)[0]
    conforming = ndtr((1 - mean) / spread) - ndtr((-1 - mean) / spread)
    assert float(risks.consumer) == pytest.approx(beyond, abs=1e-12)
    assert float(risks.producer) == pytest.approx(conforming - within, abs=1e-12)


# pint reads pH as picohenry, and %RH as percent times ronnahenry.


def test_ph_is_no_inductance() -> None:
    assert parse_unit("pH").dimension != parse_unit("mH").dimension


def test_relative_humidity_is_a_number() -> None:
    assert parse_unit("%RH").dimension == parse_unit("%").dimension


# `import suncal` changes NumPy's error state for the whole process.


def test_the_core_leaves_numpy_as_it_is() -> None:
    code = """
import importlib, pkgutil
import numpy as np
before = np.geterr(), np.get_printoptions()
import quanheng.measure
for module in pkgutil.walk_packages(quanheng.measure.__path__, "quanheng.measure."):
    importlib.import_module(module.name)
assert (np.geterr(), np.get_printoptions()) == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# Two results of `uncertainties`, pickled apart, are no longer correlated (-0.065 becomes 0).


def test_results_made_apart_are_correlated_through_the_names_of_their_sources() -> None:
    def made(model: str) -> Uncertain:
        return Model(model)(x=quantity(2.0, (0.1, named("certificate 7"))))["y"]

    assert made("y = x**2").correlation(made("y = 1/x"))[0] == pytest.approx(-1)
