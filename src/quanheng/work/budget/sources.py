"""Which effects of a budget file are one variable: those of one source and one name, in this file and in others.

An input that states its u itself, and of its source alone, gives no name; where others state theirs as one named effect
of that source, the two are one variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from quanheng.work.budget.budget_file import Cartesian, InputSpec, Polar
from quanheng.work.budget.statement import Notes

Variables = dict[tuple[str, str], str]


def variables_of(inputs: Mapping[str, InputSpec]) -> Variables:
    """The variable, by its identity in all files, of each source and name of an effect of real inputs."""
    found: Variables = {}
    for source, uses in _uses(inputs).items():
        named = _named(uses)
        unnamed = named[0] if len(named) == 1 and not _both(uses) else ""
        for name in ("", *named):
            found[source, name] = _identity(source, name or unnamed)
    return found


def check_sources(inputs: Mapping[str, InputSpec], notes: Notes) -> None:
    """Note inputs of one source that do not say which of its variables they are of, or that differ about it."""
    for source, uses in _uses(inputs).items():
        named = _named(uses)
        if len(named) > 1 and not _both(uses):
            for each in (name for name, mine in uses.items() if "" in mine):
                notes.add(
                    ("inputs", each, "source"),
                    f"“{source}”在别处有几项影响（{'、'.join(named)}）；请写成其中一项：effects = [{{ name = … }}]"
                    f" / {source!r} has several effects elsewhere ({', '.join(named)}): state one of them in effects",
                )
    variables = variables_of(inputs)
    first: dict[str, tuple[str, object]] = {}
    for spec in inputs.values():
        for effect in spec.effects:
            if effect.source is None:
                continue
            name, said = first.setdefault(
                variables[effect.source, effect.name], (spec.name, (effect.shape, effect.dof))
            )
            if said != (effect.shape, effect.dof):
                _differs(notes, spec.name, name, effect.source)
    _check_complex(inputs, notes)


def unrelated(inputs: Mapping[str, InputSpec]) -> Iterator[tuple[str, str, str]]:
    """Two inputs and a source that both name without a variable in common: a reader would expect one."""
    variables = variables_of(inputs)
    for source, uses in _uses(inputs).items():
        mine = {name: {variables[source, each] for each in names} for name, names in uses.items()}
        yield from ((a, b, source) for a, b in combinations(mine, 2) if not mine[a] & mine[b])


def _uses(inputs: Mapping[str, InputSpec]) -> dict[str, dict[str, set[str]]]:
    """By source and input: the names of the effects."""
    uses: dict[str, dict[str, set[str]]] = {}
    for spec in inputs.values():
        for effect in spec.effects:
            if effect.source is not None:
                uses.setdefault(effect.source, {}).setdefault(spec.name, set()).add(effect.name)
    return uses


def _named(uses: Mapping[str, set[str]]) -> list[str]:
    """The names of the effects of a source."""
    return sorted(set().union(*uses.values()) - {""})


def _both(uses: Mapping[str, set[str]]) -> bool:
    """Some input has a u of the source itself and an effect of it besides: these are two variables."""
    return any("" in each and len(each) > 1 for each in uses.values())


def _identity(source: str, name: str) -> str:
    return f"{source} · {name}" if name else source


def _check_complex(inputs: Mapping[str, InputSpec], notes: Notes) -> None:
    """Real inputs, complex ones by their parts and by modulus and argument have no variable in common."""
    first: dict[str, tuple[str, type]] = {}
    for spec in inputs.values():
        kind = type(spec.value) if isinstance(spec.value, Cartesian | Polar) else float
        named = {effect.source for effect in spec.effects} if kind is float else {spec.source}
        for source in sorted(each for each in named if each):
            name, said = first.setdefault(source, (spec.name, kind))
            if said is not kind:
                _differs(notes, spec.name, name, source)


def _differs(notes: Notes, name: str, other: str, source: str) -> None:
    notes.add(
        ("inputs", name, "source"),
        f"与 {other} 同出“{source}”，分布、自由度和实复应相同；否则请分写两个来源"
        f" / {other} is of {source!r} too, so distribution and dof should be the same, and both real or both complex;"
        " where they differ, name two sources",
    )
