"""Is the linear model enough? The terms of second order of the law of propagation, from the same trace."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.quantity.graph import Node, gradient
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.tape import Tape, tape
from quanheng.measure.quantity.tolerance import numerical_tolerance

Float = NDArray[np.float64]
Pair = tuple[int, int]


class SecondOrder(NamedTuple):
    """u with terms of second order, how far the output's mean lies above its value, and u of first order; (n,).

    curved: the model bends with its uncertain inputs, be it that it does not show at this very place: x³ at 0.
    kinked: it has a kink just there, |x| at 0, and no derivative tells what it does.
    """

    u: Float
    bias: Float
    first: Float
    curved: NDArray[np.bool_]
    kinked: NDArray[np.bool_]

    def linear_enough(self, digits: int = 2) -> NDArray[np.bool_]:
        """See `linear_enough`, (n,)."""
        exact = (self.first == 0) & (self.u == 0) & (self.bias == 0) & ~self.curved
        tolerance = numerical_tolerance(np.where(self.first > 0, self.first, 1.0), digits)
        close = (np.abs(self.u - self.first) <= tolerance) & (np.abs(self.bias) <= tolerance)
        return np.asarray((exact | ((self.first > 0) & close)) & ~self.kinked)


class _Terms(NamedTuple):
    """A tape of second derivatives f_ij, third ones f_ijk, then what |…| is taken of, with what each output is."""

    tape: Tape
    second: list[Pair]
    third: list[tuple[int, int, int]]


def second_order(evaluation: Evaluation, output: str) -> SecondOrder:
    """u and bias of an output with the terms of second order, for jointly normal inputs of covariance V.

        u²   = cᵀVc + ½ tr(HVHV) + Σ_k (Vc)_k Σ_ij f_ijk V_ij
        bias = ½ Σ_ij f_ij V_ij

    For independent inputs that is JCGM 100:2008, 5.1.2 note. NaN where a derivative is undefined.
    """
    v = evaluation.input_covariances
    terms = _terms(evaluation.model, output, frozenset(v))
    found = terms.tape.columns(evaluation.columns)
    n = evaluation.n
    h = {pair: found[k] for k, pair in enumerate(terms.second)}
    names = evaluation.model.inputs
    c = {
        i: evaluation.sensitivities[output][name]
        for i, name in enumerate(names)
        if name in evaluation.sensitivities[output]
    }
    vc = _product(v, c)
    variance = sum((c[i] * vc[i] for i in c if i in vc), np.zeros(n))
    first, bias = np.sqrt(np.maximum(variance, 0.0)), np.zeros(n)
    with np.errstate(invalid="ignore", over="ignore"):
        for (i, j), f in h.items():
            if (key := (min(i, j), max(i, j))) in v:
                bias = bias + 0.5 * f * v[key]
        vh = _rows(v, h)
        for (i, k), left in vh.items():
            if (k, i) in vh:
                variance = variance + 0.5 * left * vh[k, i]
        for place, (i, j, k) in enumerate(terms.third, len(terms.second)):
            if k in vc:
                variance = variance + found[place] * v[min(i, j), max(i, j)] * vc[k]
    uncertain = {i: each > 0 for (i, j), each in v.items() if i == j}
    curved, kinked = np.zeros(n, bool), np.zeros(n, bool)
    for i, j in h:
        if i in uncertain and j in uncertain:
            curved |= uncertain[i] & uncertain[j]
    for inner in found[len(terms.second) + len(terms.third) :]:
        kinked |= inner == 0
    return SecondOrder(np.sqrt(np.maximum(variance, 0.0)), bias, first, curved, kinked)


def linear_enough(evaluation: Evaluation, output: str, digits: int = 2) -> NDArray[np.bool_]:
    """Whether terms of second order leave the significant digits of u as they are, (n,).

    Both the change of u and the bias must stay within the numerical tolerance of JCGM 101:2008, 7.9.2, for so many
    significant digits of u. An output whose first-order u is 0 although its inputs are uncertain is never linear.
    """
    return second_order(evaluation, output).linear_enough(digits)


@lru_cache(maxsize=64)
def _terms(model: Model, output: str, pattern: frozenset[Pair]) -> _Terms:
    inputs = [model.graph.input(name) for name in model.inputs]
    first = gradient(model.nodes[output], inputs)
    second: dict[Pair, Node] = {}
    for i, g in enumerate(first):
        for j, f in enumerate(gradient(g, inputs) if g is not None else ()):
            if f is not None and f.entry.constant != 0.0:
                second[i, j] = f
    third: dict[tuple[int, int, int], Node] = {}
    for (i, j), f in second.items():
        if (min(i, j), max(i, j)) in pattern:
            for k, each in enumerate(gradient(f, inputs)):
                if each is not None and each.entry.constant != 0.0:
                    third[i, j, k] = each
    kinks = _kinks(model, model.nodes[output], {i for pair in pattern for i in pair})
    outputs = [*second.values(), *third.values(), *kinks]
    return _Terms(tape(outputs, model.inputs, model.graph), list(second), list(third))


def _kinks(model: Model, output: Node, uncertain: set[int]) -> list[Node]:
    """What an output takes the absolute value, or the sign, of, where that is uncertain."""
    inputs = [model.graph.input(model.inputs[i]) for i in sorted(uncertain)]
    needed, found = {output.place}, []
    for place in range(output.place, -1, -1):
        entry = model.graph.entries[place]
        if place not in needed:
            continue
        needed.update(entry.operands)
        if entry.operation is not None and entry.operation.name in ("absolute", "sign"):
            inner = Node(model.graph, entry.operands[0])
            if any(each is not None for each in gradient(inner, inputs)):
                found.append(inner)
    return found


def _product(v: dict[Pair, Float], c: dict[int, Float]) -> dict[int, Float]:
    """V·c, for V given by its upper triangle."""
    out: dict[int, Float] = {}
    for (i, j), covariance in v.items():
        for p, q in {(i, j), (j, i)}:
            if q in c:
                out[p] = out.get(p, 0.0) + covariance * c[q]
    return out


def _rows(v: dict[Pair, Float], h: dict[Pair, Float]) -> dict[Pair, Float]:
    """V·H, for V given by its upper triangle."""
    out: dict[Pair, Float] = {}
    for (i, j), covariance in v.items():
        for p, q in {(i, j), (j, i)}:
            for (a, k), f in h.items():
                if a == q:
                    out[p, k] = out.get((p, k), 0.0) + covariance * f
    return out
