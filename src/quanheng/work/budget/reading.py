"""From the keys of a budget file, wherever they stood, to the budget that they state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path as File
from typing import Any, cast, get_args

from quanheng.ground.workbook import is_workbook
from quanheng.measure.conformity import PARAMETERS, rule_name
from quanheng.measure.errors import InvalidLimits
from quanheng.measure.quantity.monte_carlo import MOST_TRIALS
from quanheng.work.budget import sheet, toml_file
from quanheng.work.budget.budget_file import (
    BudgetFile,
    ConformitySpec,
    CorrelationSpec,
    InputSpec,
    Interval,
    MonteCarloSpec,
    OutputSpec,
    Path,
    Title,
    dotted,
)
from quanheng.work.budget.correlations import check_possible, correlations_of
from quanheng.work.budget.errors import BadBudget, Wrong
from quanheng.work.budget.inputs import input_of, unit_of
from quanheng.work.budget.names import check_models, check_names, identifier, spelled
from quanheng.work.budget.sources import check_sources
from quanheng.work.budget.statement import Notes, Table, nearest, order_of

LARGEST = 16 * 1024 * 1024
TRIALS = (100, MOST_TRIALS)
LEAST_COVERAGE = 0.01  # nobody means less, and U of far less is 0 within the digits of numbers
KEYS = ("title", "title.en", "coverage", "outputs", "inputs", "correlation", "monte_carlo", "conformity")
CONFORMITY_KEYS = ("lower", "upper", "rule", "w", "r", "risk")


def read_budget(path: File) -> BudgetFile:
    """The budget in a TOML file or an Excel sheet. BadBudget names every key or cell at fault."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadBudget(str(path), [Wrong("", f"读不出来 / cannot be read: {reason}")]) from error
    return parse_budget(data, str(path))


def parse_budget(data: bytes, name: str) -> BudgetFile:
    """The budget in the bytes of a TOML file or an Excel sheet; `name` stands in messages."""
    if len(data) > LARGEST:
        raise BadBudget(
            name, [Wrong("", "大于 16 MB，不是预算文件 / is larger than 16 MB and no budget file")]
        )
    if is_workbook(data):
        tree, place_of = sheet.read(data, name)
        return budget_of(tree, name, place_of)
    return budget_of(toml_file.read(data, name), name)


def budget_of(tree: Mapping[str, Any], file: str, place_of: Callable[[Path], str] = dotted) -> BudgetFile:
    """The budget that the keys of a file state; BadBudget tells all that is wrong.

    1 unknown keys, title, coverage  2 each output and input  3 names and models, sources, correlations: what refers
    to one another  4 Monte Carlo and conformity  5 all that is wrong, or the budget
    """
    notes = Notes(file, place_of)
    top = Table(tree, (), notes)
    top.only(KEYS)
    title, coverage = title_of(top), coverage_of(top)
    outputs, inputs = outputs_of(top), inputs_of(top)
    refer_to_each_other(top, notes)
    check_sources(inputs, notes)
    correlations = correlated(top, inputs)
    monte_carlo, conformity = monte_carlo_of(top), conformity_of(top)
    notes.refuse(order_of(tree))
    return BudgetFile(title, coverage, outputs, inputs, correlations, monte_carlo, conformity, file, place_of)


def keys_of(top: Table, group: str) -> list[str]:
    value = top.entries.get(group)
    return list(value) if isinstance(value, Mapping) else []


def title_of(top: Table) -> Title:
    """`title = "…"`; in two languages title.zh and title.en, or "title.en" beside it."""
    if isinstance(top.entries.get("title"), Mapping):
        both = top.table("title")
        assert both is not None
        both.only(("zh", "en"))
        zh, en = both.text("zh"), both.text("en")
    else:
        zh, en = top.text("title"), None
    en = top.text("title.en") or en
    return Title(zh or en or "", en or zh or "")


def coverage_of(top: Table) -> float:
    """A probability of at least LEAST_COVERAGE and below 1; 0.95 where the file says nothing."""
    coverage = top.number("coverage")
    if coverage is not None and not LEAST_COVERAGE <= coverage < 1:
        top.wrong(
            "coverage",
            f"{coverage:g}，应为不小于 {LEAST_COVERAGE:g} 而小于 1 的概率，如 0.95 / "
            f"{coverage:g}: should be a probability of at least {LEAST_COVERAGE:g} and below 1, such as 0.95",
        )
    return 0.95 if coverage is None else coverage


def outputs_of(top: Table) -> dict[str, OutputSpec]:
    """The outputs that are sound."""
    if not top.entries.get("outputs"):
        top.wrong("outputs", "缺少：至少一个输出量 [outputs.y] / missing: at least one output, [outputs.y]")
    found = {}
    for raw, table in top.named("outputs"):
        table.only(("model", "unit"))
        table.needs("model", '表达式，如 "V / I"', 'an expression, such as "V / I"')
        name, model, unit = identifier(raw), table.text("model"), unit_of(table)
        if model is not None and unit is not None:
            found[name] = OutputSpec(name, spelled(model), unit)
    return found


def inputs_of(top: Table) -> dict[str, InputSpec]:
    """The inputs that are sound. A file may do without: constants have no uncertainty."""
    found = {}
    for raw, table in top.named("inputs"):
        spec = input_of(identifier(raw), table)
        if spec is not None:
            found[spec.name] = spec
    return found


def refer_to_each_other(top: Table, notes: Notes) -> None:
    """Names of outputs and inputs, and the models that use them."""
    inputs, outputs = keys_of(top, "inputs"), dict(top.named("outputs"))
    taken = check_names("inputs", inputs, notes, {})
    check_names("outputs", keys_of(top, "outputs"), notes, taken)
    complex_ = [identifier(name) for name in inputs if is_complex(top.entries["inputs"][name])]
    real = [name for name in taken if name not in complex_]
    models = {identifier(raw): table.entries.get("model") for raw, table in outputs.items()}
    check_models(
        {name: spelled(text) for name, text in models.items() if isinstance(text, str)},
        real,
        complex_,
        notes,
    )


def is_complex(entries: Any) -> bool:
    return isinstance(entries, Mapping) and isinstance(entries.get("value"), Mapping)


def correlated(top: Table, inputs: Mapping[str, InputSpec]) -> tuple[CorrelationSpec, ...]:
    """Correlations of inputs, alone and together."""
    known = [identifier(name) for name in keys_of(top, "inputs")]
    before = len(top.notes.found)
    found = correlations_of(top, inputs, known)
    if len(top.notes.found) == before and len(inputs) == len(known):
        check_possible(found, inputs, top)
    return found


def monte_carlo_of(top: Table) -> MonteCarloSpec:
    """Trials, seed and interval, or their defaults."""
    table = top.table("monte_carlo")
    if table is None:
        return MonteCarloSpec()
    table.only(("trials", "seed", "interval"))
    trials: int | None = None
    if table.entries.get("trials", "adaptive") != "adaptive":
        trials = table.whole("trials", *TRIALS, ' 或 "adaptive"', ' or "adaptive"')
    seed = table.whole("seed", 0, 2**63 - 1)
    interval = table.one_of("interval", get_args(Interval)) or "symmetric"
    return MonteCarloSpec(trials or "adaptive", 1 if seed is None else seed, cast(Interval, interval))


def conformity_of(top: Table) -> dict[str, ConformitySpec]:
    """Limits and rule of each output that is judged."""
    outputs = [identifier(name) for name in keys_of(top, "outputs")]
    found = {}
    for raw, table in top.named("conformity"):
        name = identifier(raw)
        if name not in outputs:
            zh, en = nearest(name, outputs)
            table.wrong(None, f"没有输出量“{name}”{zh} / there is no output {name!r}{en}")
        found[name] = limits_of(name, table)
    return found


def limits_of(name: str, table: Table) -> ConformitySpec:
    """One output's limits, at least one of them, and its rule."""
    table.only(CONFORMITY_KEYS)
    lower, upper = table.number("lower"), table.number("upper")
    if "lower" not in table and "upper" not in table:
        table.wrong(None, "缺少：lower 或 upper / missing: lower or upper")
    if lower is not None and upper is not None and not lower < upper:
        table.wrong("lower", f"lower = {lower:g} 应小于 upper = {upper:g} / lower should be below upper")
    rule = rule_of(table)
    own = {key: table.number(key) for key in ("w", "r", "risk")}
    if own["risk"] is not None and not 0 < own["risk"] <= 0.5:
        table.wrong("risk", f"{own['risk']:g}，应在 0 与 0.5 之间 / should be between 0 and 0.5")
    return ConformitySpec(
        name, -math.inf if lower is None else lower, math.inf if upper is None else upper, rule, **own
    )


def rule_of(table: Table) -> str:
    """The rule's name in RULES, with the parameters that it takes."""
    text = table.text("rule")
    try:
        rule = "simple" if text is None else rule_name(text)
    except InvalidLimits as error:
        table.wrong("rule", str(error))
        return "simple"
    takes = PARAMETERS.get(rule, set())
    given = [key for key in ("w", "r", "risk") if key in table]
    for key in given:
        if key not in takes:
            table.wrong(key, f"规则 {rule} 不用 {key} / rule {rule} takes no {key}")
    if takes and len(takes.intersection(given)) != 1:
        one = sorted(takes)
        table.wrong(
            "rule",
            f"规则 {rule} 须写 {' 或 '.join(one)}，只一个 / rule {rule} takes {' or '.join(one)}, one of them",
        )
    return rule
