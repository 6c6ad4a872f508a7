"""From what a budget file says of its inputs to uncertain columns of one row, in SI units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import InvalidCorrelation
from quanheng.measure.quantity.freedom import welch_satterthwaite
from quanheng.measure.quantity.shapes import Normal
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain
from quanheng.measure.quantity.units import Unit, parse_unit
from quanheng.work.budget.budget_file import BudgetFile, Cartesian, EffectSpec, InputSpec, Polar
from quanheng.work.budget.sources import variables_of

Float = NDArray[np.float64]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """One input of the model: a real input of the file, or one part of a complex one."""

    name: str  # as the model has it
    shown: str  # as people read it: z.re, z.modulus
    spec: InputSpec
    value: float  # in `unit`, as u
    u: float
    unit: Unit
    dof: float
    effects: tuple[EffectSpec, ...]
    part: str = ""  # re, im, modulus, argument


@dataclass(frozen=True)
class Columns:
    """Inputs of the model by name, in the order of the file; `certificates`: the source that a variable is of."""

    given: tuple[Given, ...]
    uncertain: Mapping[str, Uncertain]
    certificates: Mapping[Source, str]
    complex_inputs: tuple[str, ...] = ()
    # a complex input by modulus and argument is an expression of these two
    expressions: Mapping[str, str] = field(default_factory=dict)


def columns_of(file: BudgetFile) -> Columns:
    """The inputs as columns. BadBudget where sources and correlations do not go together.

    1 inputs of the model, a complex one as two  2 what each is made of, and a source for every cause
    3 correlated inputs: one source each, and ensembles of them  4 columns
    """
    given = [each for spec in file.inputs.values() for each in _given(spec, file)]
    made, sources, certificates = _causes(given, file)
    _correlate_parts(given, made, sources, file)
    _correlate_inputs(given, made, sources, file)
    uncertain = {each.name: _column(each, made[each.name], sources) for each in given}
    polar = [spec for spec in file.inputs.values() if isinstance(spec.value, Polar)]
    return Columns(
        tuple(given),
        uncertain,
        {source: certificates[key] for key, source in sources.items() if key in certificates},
        tuple(name for name, spec in file.inputs.items() if isinstance(spec.value, Cartesian)),
        {spec.name: _expression(*_names(spec.name, ("modulus", "argument"), file)) for spec in polar},
    )


def _given(spec: InputSpec, file: BudgetFile) -> Iterable[Given]:
    match spec.value:
        case Cartesian() as z:
            parts = (("re", z.re, z.u_re, spec.unit), ("im", z.im, z.u_im, spec.unit))
            names: tuple[str, ...] = (f"{spec.name}.re", f"{spec.name}.im")
        case Polar() as z:
            parts = (
                ("modulus", z.modulus, z.u_modulus, spec.unit),
                ("argument", z.argument, z.u_argument, parse_unit("rad")),
            )
            names = _names(spec.name, ("modulus", "argument"), file)
        case float() | int() as value:
            dof = float(_dof(spec.effects))
            yield Given(spec.name, spec.name, spec, value, spec.u, spec.unit, dof, spec.effects)
            return
    for name, (part, value, u, unit) in zip(names, parts, strict=True):
        effect = EffectSpec("", u, Normal(), z.dof, "B", "normal", spec.source)
        yield Given(name, f"{spec.name}.{part}", spec, value, u, unit, z.dof, (effect,) if u else (), part)


def _names(name: str, parts: tuple[str, ...], file: BudgetFile) -> tuple[str, ...]:
    """Names of the parts of a complex input that nothing else in the file bears."""
    mark = "_"
    while any(f"{name}{mark}{part}" in {**file.inputs, **file.outputs} for part in parts):
        mark += "_"
    return tuple(f"{name}{mark}{part}" for part in parts)


def _expression(modulus: str, argument: str) -> str:
    return f"{modulus}*cos({argument}) + 1j*{modulus}*sin({argument})"


def _dof(effects: Iterable[EffectSpec]) -> Float:
    """Degrees of freedom of the sum of independent effects."""
    # of the largest one, so that no square is beyond numbers
    largest = max((e.u for e in effects), default=1.0)
    return welch_satterthwaite([(e.u / largest) ** 2 for e in effects], [e.dof for e in effects])


# ---- causes ------------------------------------------------------------------------------------------------------

Made = dict[str, list[tuple[float, Key]]]  # of an input of the model: u of each of its causes, in SI


def _causes(given: Iterable[Given], file: BudgetFile) -> tuple[Made, dict[Key, Source], dict[Key, str]]:
    """What each input is made of; a source for each cause."""
    made: Made = {}
    variables = variables_of(file.inputs)
    sources: dict[Key, Source] = {}
    certificates: dict[Key, str] = {}
    for each in given:
        made[each.name] = []
        for effect in each.effects:
            if effect.source is None:
                key: Key = ("", each.name, each.part or effect.name)
            elif each.part:
                key = (f"{effect.source} · {each.part}",)
            else:
                key = (variables[effect.source, effect.name],)
            made[each.name].append((each.unit.difference_to_si(effect.u), key))
            known = sources.setdefault(key, _source(each, effect, key))
            if (known.dof, known.shape) != (effect.dof, effect.shape):
                raise file.fault(("inputs", each.spec.name, "source"), _differs(effect.source or each.name))
            if effect.source:
                certificates[key] = effect.source
    return made, sources, certificates


def _differs(source: str) -> str:
    return (
        f"同出“{source}”的输入量，分布、自由度和两部分的相关应相同；否则请分写两个来源"
        f" / inputs of {source!r} should have one distribution, dof and correlation of parts; else name two sources"
    )


def _source(each: Given, effect: EffectSpec, key: Key) -> Source:
    if effect.source:
        return named(key[0], dof=effect.dof, shape=effect.shape, kind=effect.kind)
    label = " · ".join(filter(None, (each.spec.name, each.part or effect.name)))
    return Source(label, effect.dof, effect.shape, effect.kind)


def _column(each: Given, made: Iterable[tuple[float, Key]], sources: Mapping[Key, Source]) -> Uncertain:
    shared: dict[Source, Float] = {}
    for u, key in made:
        shared[sources[key]] = shared.get(sources[key], np.zeros(1)) + u
    return Uncertain(np.array([each.unit.to_si(each.value)]), dict(shared))


# ---- correlations ------------------------------------------------------------------------------------------------


def _correlate_parts(
    given: Iterable[Given], made: Made, sources: dict[Key, Source], file: BudgetFile
) -> None:
    """The parts of a complex input, observed together: one component of its degrees of freedom (Willink)."""
    stated: dict[Key, float] = {}
    for spec in file.inputs.values():
        if isinstance(spec.value, Cartesian) and spec.value.u_re and spec.value.u_im:
            pair = [made[each.name][0][1] for each in given if each.spec is spec]
            r = spec.value.r
            if stated.setdefault(pair[0], r) != r:
                raise file.fault(("inputs", spec.name, "source"), _differs(str(spec.source)))
            if r == 0.0:
                continue
            ensemble = correlated([sources[key] for key in pair], [[1.0, r], [r, 1.0]], declared=True)
            sources.update(zip(pair, ensemble, strict=True))


def _correlate_inputs(
    given: Iterable[Given], made: Made, sources: dict[Key, Source], file: BudgetFile
) -> None:
    by_name = {each.name: each for each in given}
    for names in _clusters(file):
        keys = [_condensed(by_name[name], made, sources, file) for name in names]
        r = np.eye(len(names))
        for spec in file.correlations:
            if spec.between[0] in names:
                i, j = (names.index(name) for name in spec.between)
                r[i, j] = r[j, i] = spec.r
        try:
            ensemble = correlated([sources[key] for key in keys], r)
        except InvalidCorrelation as error:
            raise file.fault(("correlation",), str(error)) from error
        sources.update(zip(keys, ensemble, strict=True))


def _clusters(file: BudgetFile) -> list[list[str]]:
    """Inputs that are correlated with one another, directly or through others."""
    clusters: list[set[str]] = []
    for spec in (each for each in file.correlations if each.r):
        touched = [each for each in clusters if each & set(spec.between)]
        clusters = [each for each in clusters if each not in touched]
        clusters.append(set(spec.between).union(*touched))
    return [[name for name in file.inputs if name in each] for each in clusters]


def _condensed(each: Given, made: Made, sources: dict[Key, Source], file: BudgetFile) -> Key:
    """The one source of a correlated input: of several effects, their sum, normal with W–S degrees of freedom."""
    others = {key for name, parts in made.items() if name != each.name for _, key in parts}
    shared = [key for _, key in made[each.name] if key in others]
    if shared:
        raise file.fault(
            ("inputs", each.name, "source"),
            f"{each.name} 已通过来源“{shared[0][0]}”与别的输入量相关，不能再写 [[correlation]]；二者取一"
            f" / {each.name} is correlated through its source {shared[0][0]!r} already: state either the source"
            " or [[correlation]]",
        )
    if len(made[each.name]) == 1:
        return made[each.name][0][1]
    key = ("", each.name, "")
    kinds = {effect.kind for effect in each.effects}
    sources[key] = Source(each.name, each.dof, Normal(), "A" if kinds == {"A"} else "B")
    made[each.name] = [(each.unit.difference_to_si(each.u), key)]
    return key
