"""The compiled loops do what NumPy does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from quanheng.measure.quantity import sample
from quanheng.measure.quantity.basis import Basis, drawn
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.regions import Kind
from quanheng.measure.quantity.sample import ByNumPy, Float, Loops, points
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
)
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import quantity

SHAPES: tuple[Shape, ...] = (
    CTrap(0.3),
    Normal(),
    StudentT(4.0),
    Rectangular(),
    Exponential(),
    Triangular(),
    Gamma(3),
    Trapezoidal(0.4),
    Arcsine(),
    StudentT(9.0, of="standard deviation"),
    Normal(),
)
CORRELATIONS = np.array([[1, 0.5, -0.2], [0.5, 1, 0.3], [-0.2, 0.3, 1]])


def evaluation_of(shapes: Sequence[Shape], rows: int = 1, together: Sequence[int] = ()) -> Evaluation:
    sources = [Source(f"s{k}", shape=shape) for k, shape in enumerate(shapes)]
    if together:
        for k, each in zip(together, correlated([sources[k] for k in together], CORRELATIONS), strict=True):
            sources[k] = each
    u = np.linspace(0.1, 0.2, rows)
    inputs = {f"x{k}": quantity(np.full(rows, k + 2.0), (u, each)) for k, each in enumerate(sources)}
    inputs["x0"] = quantity(np.full(rows, 2.0), (u, sources[0]), (0.1, named("bench")))
    product = " + ".join(f"x{k}*x{k + 1}/x0**2" for k in range(len(shapes) - 1))
    return Model({"y": product, "z": "sqrt(x0) - x1*2"})(inputs)


CASES = {
    "every shape": evaluation_of(SHAPES),
    "normals alone": evaluation_of([Normal()] * 3),
    "formulas alone": evaluation_of([Rectangular(), Arcsine()]),
    "correlated": evaluation_of(SHAPES, together=(1, 2, 6)),
    "correlated by formulas": evaluation_of(SHAPES, together=(1, 3, 8)),
    "rows": evaluation_of(SHAPES, rows=11),
}


@pytest.fixture(params=list(CASES))
def loops(request: pytest.FixtureRequest) -> Iterator[tuple[Evaluation, Basis, Loops, Loops]]:
    pytest.importorskip("numba")
    from quanheng.measure.quantity.fused.loops import Compiled

    evaluation = CASES[request.param]
    basis, inputs = drawn(list(evaluation.inputs.values()), evaluation.n)
    plan = inputs.schedule(evaluation.model.tape)
    yield evaluation, basis, ByNumPy(basis, plan), Compiled(basis, plan)


@pytest.mark.parametrize("method", ["sobol", "plain"])
@pytest.mark.parametrize(("m", "count"), [(0, 1), (3, 7), (8, 256), (15, 20_000)])
def test_draws_are_the_same_to_the_last_bit(
    loops: tuple[Evaluation, Basis, Loops, Loops], method: str, m: int, count: int
) -> None:
    _, basis, plain, compiled = loops
    (where,) = points(1, [3], dimensions=basis.dimensions, m=m, method=method)
    assert compiled.draws(where, count).tobytes() == plain.draws(where, count).tobytes()


@pytest.mark.parametrize("method", ["sobol", "plain"])
def test_trials_are_the_same_at_once_as_one_after_the_other(
    loops: tuple[Evaluation, Basis, Loops, Loops], method: str
) -> None:
    evaluation, basis, plain, compiled = loops
    _, inputs = drawn(list(evaluation.inputs.values()), evaluation.n)
    (where,) = points(1, [2], dimensions=basis.dimensions, m=15, method=method)
    found = []
    for each in (plain, compiled):
        at_once, after = (np.empty((inputs.rows, 2, 20_000)) for _ in range(2))
        each.trials(where, inputs, at_once)
        each.evaluate(inputs, each.draws(where, 20_000), after)
        assert at_once.tobytes() == after.tobytes()
        found.append(at_once)
    assert found[0].tobytes() == found[1].tobytes()


def test_dimensions_beyond_those_of_the_net_are_filled_too(
    loops: tuple[Evaluation, Basis, Loops, Loops], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, basis, plain, compiled = loops
    monkeypatch.setattr(sample, "MOST_DIMENSIONS", 1)
    (where,) = points(1, [0], dimensions=basis.dimensions, m=15, method="sobol")
    assert compiled.draws(where, 20_000).tobytes() == plain.draws(where, 20_000).tobytes()


SAMPLES = {
    "normal": np.random.default_rng(1).normal(5.0, 2.0, (3, 2, 20_011)),
    "of few values": np.random.default_rng(2).integers(0, 5, (2, 1, 20_011)).astype(float),
    "constant": np.full((1, 2, 5000), 0.1),
    "of one sequence": np.random.default_rng(3).normal(size=(2, 1, 2048)),
    "that grows": np.sort(np.random.default_rng(4).normal(size=(1, 1, 20_011))),
}


@pytest.mark.parametrize("kind", ["symmetric", "shortest"])
@pytest.mark.parametrize("size", [1, 2, 16, 2048])
@pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)
def test_figures_are_the_same(y: Float, size: int, kind: Kind) -> None:
    pytest.importorskip("numba")
    from quanheng.measure.quantity.fused import figures

    evaluation = CASES["normals alone"]
    basis, inputs = drawn(list(evaluation.inputs.values()), evaluation.n)
    plain = ByNumPy(basis, inputs.schedule(evaluation.model.tape))
    y = np.ascontiguousarray(y[..., : 100 * size])
    for one, other in zip(plain.sums(y, size), figures.sums(y, size), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
    ends = [each(y, size, 0.95, kind) for each in (plain.interval_ends, figures.interval_ends)]
    assert np.array_equal(*ends)
