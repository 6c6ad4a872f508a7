"""The tables of a report as text in cells: what a terminal, a page and LaTeX have in common."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.ground.paper.markup import Words
from quanheng.work.budget import words
from quanheng.work.budget.budget_file import ConformitySpec
from quanheng.work.budget.figures import (
    acceptance_of,
    chance,
    coverage_of,
    dof_of,
    interval_of,
    limits_of,
    percent,
    plain,
    u_of,
    value_of,
    with_unit,
)
from quanheng.work.budget.result import Budget, Decision, Effect, Joint, Result, Row
from quanheng.work.budget.words import Language, printable, said


@dataclass(frozen=True)
class Line:
    """One line of a budget table: an input, or one of its effects."""

    name: str
    value: str
    u: str
    kind: str
    distribution: str
    dof: str
    sensitivity: str
    contribution: str
    share: float
    is_effect: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells below BUDGET_HEAD."""
        return (
            *(self.name, self.value, self.u, self.kind, self.distribution, self.dof),
            *(self.sensitivity, self.contribution, percent(self.share)),
        )


BUDGET_HEAD = (
    words.INPUT,
    words.VALUE,
    Words("u", "u"),
    words.TYPE,
    words.DISTRIBUTION,
    Words("ν", "ν"),
    Words("c", "c"),
    Words("c·u", "c·u"),
    words.SHARE,
)
WORDED = (0, 3, 4)  # columns that hold words, the others hold figures


def budget_lines(result: Result, language: Language = "both") -> list[Line]:
    """The budget of a result: inputs that it uses, in the order of the file, each with the effects that the file lists.

    Contributions end at the third digit of u.
    """
    lines = []
    for row in result.rows:
        if row.used:
            lines.append(_line(row, result, language))
            lines += [_effect_line(e, row, result, language) for e in row.effects if row.is_sum]
    return lines


def _line(row: Row, result: Result, language: Language) -> Line:
    return Line(
        row.input,
        with_unit(value_of(row.value, row.u), row.unit),
        with_unit(u_of(row), row.unit),
        row.kind or "",
        said(words.DISTRIBUTIONS[row.distribution], language),
        dof_of(row.dof, language) if row.effects else "",
        plain(row.sensitivity, 4),
        value_of(row.contribution, result.u, 3),
        row.share,
    )


def _effect_line(effect: Effect, row: Row, result: Result, language: Language) -> Line:
    name = printable(effect.name) or row.input
    return Line(
        name,
        "",
        with_unit(plain(effect.u, 3), row.unit),
        effect.kind,
        said(words.DISTRIBUTIONS[effect.distribution], language),
        dof_of(effect.dof, language),
        "",
        value_of(effect.contribution, result.u, 3),
        effect.share,
        True,
    )


def comparison_head(budget: Budget) -> tuple[Words, ...]:
    """Of the table that sets Monte Carlo beside the law of propagation."""
    coverage = coverage_of(budget.coverage)
    return (
        words.OUTPUT,
        Words("方法", "method"),
        words.VALUE,
        Words("u", "u"),
        Words(f"{coverage} {words.INTERVAL.zh}", f"{coverage} {words.INTERVAL.en}"),
    )


def comparison_lines(budget: Budget, language: Language = "both") -> list[tuple[str, ...]]:
    """Each result by both ways; to one digit more than u has in the result."""
    lines: list[tuple[str, ...]] = []
    for result in budget.results:
        ways = [(words.LINEAR, result.value, result.u, result.interval)]
        if budget.monte_carlo is not None:
            trials = budget.monte_carlo.outputs[result.name]
            ways.append((words.MONTE_CARLO, trials.value, trials.u, trials.interval))
        for k, (way, value, u, interval) in enumerate(ways):
            ends = interval_of(interval, (interval[1] - interval[0]) / 4)
            lines.append(
                (
                    "" if k else result.name,
                    said(way, language),
                    with_unit(value_of(value, u), result.unit),
                    with_unit(plain(u, 3), result.unit),
                    with_unit(ends, result.unit),
                )
            )
    return lines


def source_lines(result: Result) -> list[tuple[str, str, str]]:
    """Named sources, u that they give to the result, and share."""
    return [
        (printable(each.name), with_unit(plain(each.u, 3), result.unit), percent(each.share))
        for each in result.certificates
    ]


def correlation_lines(budget: Budget) -> list[tuple[str, ...]]:
    """The matrix, to three places."""
    names = [each.name for each in budget.results]
    return [
        (name, *(f"{r:.3f}".replace("-", "−") if r == r else "–" for r in row))
        for name, row in zip(names, budget.correlation, strict=True)
    ]


REGION_HEAD = (words.REGION, Words("k", "k"), words.SIZE, words.EXTENT)


def region_lines(budget: Budget, joint: Joint, language: Language = "both") -> list[tuple[str, ...]]:
    """Each region: its factor, its size in the product of the units, and where it lies."""
    units = {each.name: each.unit for each in budget.results}
    product = "·".join(units[name].symbol for name in joint.names if units[name].symbol != "1")
    lines: list[tuple[str, ...]] = []
    for region in joint.regions:
        sides = (
            f"{name} ± {with_unit(plain(each, 3), units[name])}" for name, each in region.half_widths.items()
        )
        extent = {
            "ellipsoid": "(η − y)′ U⁻¹ (η − y) ≤ k²",
            "rectangle": ", ".join(sides),
            "smallest": said(Words("试验最密之处", "where the trials lie densest"), language),
        }[region.kind]
        name, size = (
            said(words.REGIONS[region.kind], language),
            f"{plain(region.volume, 3)} {product}".rstrip(),
        )
        lines.append((name, plain(region.k, 3), size, extent))
    return lines


def decision_lines(
    decision: Decision, result: Result, language: Language = "both"
) -> list[tuple[Words, str]]:
    """What the rule says, by line."""
    spec = decision.spec
    limits = spec.lower, spec.upper
    nothing = decision.acceptance[0] != decision.acceptance[0]
    acceptance = (
        said(words.NOTHING, language) if nothing else acceptance_of(decision.acceptance, limits, result.u)
    )
    lines = [
        (words.LIMITS, with_unit(limits_of(*limits), result.unit)),
        (words.RULE, rule_of(spec, language)),
        (words.PROBABILITY, chance(decision.probability)),
        (words.BY_TRIALS, chance(decision.by_trials)),
        (words.ACCEPTANCE, acceptance if nothing else with_unit(acceptance, result.unit)),
    ]
    if decision.specific_risk == decision.specific_risk:
        lines.append((words.SPECIFIC_RISK, chance(decision.specific_risk)))
    return lines


def rule_of(spec: ConformitySpec, language: Language = "both") -> str:
    """The rule with the parameter that it was given."""
    stated = [(name, x) for name, x in (("w", spec.w), ("r", spec.r), ("risk", spec.risk)) if x is not None]
    return said(words.rule(spec.rule), language) + "".join(f", {name} = {plain(x)}" for name, x in stated)
