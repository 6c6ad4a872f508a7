"""From a budget file to its results: linear propagation, Monte Carlo beside it, and decisions on conformity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.budget import InputRow, by_certificate, by_input
from quanheng.measure.conformity import Verdict, decide
from quanheng.measure.errors import InvalidLimits, InvalidModel, UnitError
from quanheng.measure.quantity.contributions import dense
from quanheng.measure.quantity.freedom import coverage_factor
from quanheng.measure.quantity.model import Evaluation, Model
from quanheng.measure.quantity.second_order import second_order
from quanheng.measure.quantity.uncertain import Uncertain
from quanheng.measure.quantity.unit_check import check, require_unit
from quanheng.work.budget.budget_file import BudgetFile, Cartesian, ConformitySpec, OutputSpec, Path
from quanheng.work.budget.columns import Columns, Given, columns_of
from quanheng.work.budget.notes import notes_of
from quanheng.work.budget.result import Budget, Certificate, Decision, Effect, MonteCarlo, Result, Row
from quanheng.work.budget.trials import run_trials

Float = NDArray[np.float64]
Progress = Callable[[int, int], None]
NO_CERTIFICATE = ""
CANCELLED = 1e-12  # of the contributions that it is made of
SMALLEST, LARGEST = 1e-75, 1e75  # of u in SI: u⁴, of which degrees of freedom are made, is still a number


def evaluate(file: BudgetFile, progress: Progress | None = None, *, trials: bool = True) -> Budget:
    """The evaluated budget. BadBudget names the key or the cell of what cannot be evaluated.

    1 inputs as columns in SI  2 the model, its units and its values  3 each result, linear  4 Monte Carlo, and its
    comparison with 3  5 decisions  6 notes. progress(done, expected) is told of trials. trials False: without 4, for
    whoever asks for the linear results alone.
    """
    columns = columns_of(file)
    model = model_of(file, columns)
    check_units(file, columns, model)
    evaluation = evaluated(file, model, columns)
    outputs = outputs_of(file, model)
    results = tuple(
        result_of(name, spec, file.coverage, columns, evaluation) for name, spec in outputs.items()
    )
    monte_carlo = run_trials(file, evaluation, results, progress) if trials else None
    conformity = {
        spec.output: decision_of(file, spec, results, monte_carlo) for spec in file.conformity.values()
    }
    return Budget(
        file.title,
        file.coverage,
        {name: spec.model for name, spec in file.outputs.items()},
        results,
        correlation(evaluation, list(outputs)),
        monte_carlo,
        conformity,
        notes_of(file, columns, model, results, monte_carlo),
    )


# ---- the model ---------------------------------------------------------------------------------------------------


def model_of(file: BudgetFile, columns: Columns) -> Model:
    """All outputs, over all inputs of the file."""
    expressions = {**columns.expressions, **{name: spec.model for name, spec in file.outputs.items()}}
    names = dict.fromkeys(
        each.spec.name if isinstance(each.spec.value, Cartesian) else each.name for each in columns.given
    )
    try:
        return Model(expressions, list(names), complex_inputs=columns.complex_inputs)
    except InvalidModel as error:
        raise file.fault(("outputs",), str(error)) from error


def check_units(file: BudgetFile, columns: Columns, model: Model) -> None:
    """BadBudget names the output whose model does not fit its unit, or does not fit at all."""
    units = {each.name: each.unit for each in columns.given}
    for name, spec in outputs_of(file, model).items():
        place = model.nodes[name].place
        if name != spec.name and spec.unit.offset:
            raise file.fault(
                ("outputs", spec.name, "unit"),
                f"{spec.name} 是复数，单位 {spec.unit} 有零点：写 K / {spec.name} is complex and {spec.unit} has a zero"
                " of its own: state it in K",
            )
        try:
            require_unit(name, spec.unit, check(model.graph.entries, units, [place])[place])
        except UnitError as error:
            raise file.fault(("outputs", spec.name, "model"), str(error)) from error


def evaluated(file: BudgetFile, model: Model, columns: Columns) -> Evaluation:
    """The model at the inputs. BadBudget names the output that is undefined there.

    It also names an input or an output whose u is too small or too large to reckon with.
    """
    for each in columns.given:
        check_size(file, ("inputs", each.spec.name), each.shown, columns.uncertain[each.name])
    try:
        found = model(columns.uncertain)
    except InvalidModel as error:
        raise file.fault(("outputs", undefined_output(file, model, columns), "model"), str(error)) from error
    for name, spec in outputs_of(file, model).items():
        check_size(file, ("outputs", spec.name), name, found[name])
    return found


def check_size(file: BudgetFile, path: Path, name: str, column: Uncertain) -> None:
    """BadBudget where u is not 0 and no number that can be reckoned with."""
    largest = max((abs(float(dense(each, 1)[0])) for each in column.shared.values()), default=0.0)
    if largest == 0.0 or SMALLEST <= largest <= LARGEST:
        return
    bound, zh, en = (SMALLEST, "小于", "below") if largest < SMALLEST else (LARGEST, "大于", "above")
    raise file.fault(
        path,
        f"{name} 的不确定度以 SI 单位计{zh} {bound:g}，无法计算 / "
        f"u of {name} is {en} {bound:g} in SI units and cannot be reckoned with",
    )


def undefined_output(file: BudgetFile, model: Model, columns: Columns) -> str:
    """The first output whose value or derivative is not finite at the inputs."""
    constants = {name: each.value for name, each in model.constants.items()}
    x = [constants[n] if n in constants else float(columns.uncertain[n].value[0]) for n in model.inputs]
    found = model.first.tape.columns(x)
    bad = {
        name.partition(".")[0]
        for j, name in enumerate(model.outputs)
        if not all(np.isfinite(found[place]) for place in (j, *(place for _, place in model.first.places[j])))
    }
    return next((name for name in file.outputs if name in bad), next(iter(file.outputs)))


def outputs_of(file: BudgetFile, model: Model) -> dict[str, OutputSpec]:
    """Real outputs by name, a complex one as its two parts, in the order of the file."""
    parts = {name: [name] if name in model.outputs else [f"{name}.re", f"{name}.im"] for name in file.outputs}
    return {part: spec for name, spec in file.outputs.items() for part in parts[name]}


# ---- results -----------------------------------------------------------------------------------------------------


def result_of(
    name: str, spec: OutputSpec, coverage: float, columns: Columns, evaluation: Evaluation
) -> Result:
    """One output by the law of propagation (JCGM 100:2008, 5) and its terms of second order, in its unit."""
    column, unit = evaluation[name], spec.unit
    rows = {row.input: row for row in by_input(evaluation, name)}
    u = float(column.u[0])
    if u <= CANCELLED * math.hypot(*(float(row.contribution[0]) for row in rows.values())):
        u = 0.0  # what is left of equal contributions that cancel is rounding
    u = unit.difference_from_si(u)
    dof = float(column.dof[0]) if u else math.inf
    second = second_order(evaluation, name)
    return Result(
        name=name,
        unit=unit,
        value=told(unit.from_si(float(column.value[0])), u),
        u=u,
        dof=dof,
        k=float(coverage_factor(coverage, dof)),
        linear_enough=bool(second.linear_enough()[0]),
        second_order_u=unit.difference_from_si(float(second.u[0])),
        second_order_bias=unit.difference_from_si(float(second.bias[0])),
        rows=tuple(
            row_of(each, rows[each.name], spec, each.name in evaluation.sensitivities[name])
            for each in columns.given
        ),
        certificates=certificates_of(name, spec, columns, evaluation) if u else (),
    )


def told(x: float, u: float) -> float:
    """A value without the noise that its way through SI units leaves in the last digit: 15 significant ones, and more
    where u is so small that they matter."""
    rounded = float(f"{x:.15g}")
    return rounded if abs(rounded - x) <= 1e-3 * u or u == 0 else x


def row_of(given: Given, row: InputRow, output: OutputSpec, used: bool) -> Row:
    """A row of the budget in the units of the file."""
    c = float(row.sensitivity[0]) * given.unit.scale / output.unit.scale
    share = float(row.share[0])
    # of an input that is one variable because it is correlated, the effects share what it has as their variances do
    shares = [float(each.share[0]) for each in row.effects]
    if len(shares) != len(given.effects):
        shares = [share * (effect.u / given.u) ** 2 for effect in given.effects]
    effects = [
        Effect(e.name, e.source, e.u, e.kind, e.distribution, e.dof, c * e.u, part)
        for e, part in zip(given.effects, shares, strict=True)
    ]
    return Row(
        given.shown, given.value, given.unit, given.u, given.dof, c, c * given.u, share, tuple(effects), used
    )


def certificates_of(
    name: str, spec: OutputSpec, columns: Columns, evaluation: Evaluation
) -> tuple[Certificate, ...]:
    """What each named source has in a result, the largest first."""
    rows = by_certificate(evaluation[name], lambda source: columns.certificates.get(source, NO_CERTIFICATE))
    named = [
        Certificate(row.name, spec.unit.difference_from_si(float(row.u[0])), float(row.share[0]))
        for row in rows
        if row.name != NO_CERTIFICATE
    ]
    return tuple(sorted(named, key=lambda each: (-each.share, each.name)))


def correlation(evaluation: Evaluation, names: list[str]) -> Float:
    """Correlation coefficients (q, q) of outputs; NaN where one is exact."""
    r = np.array([[float(evaluation.correlation(a, b)[0]) for b in names] for a in names])
    # the two halves differ by rounding
    return np.asarray(np.triu(r) + np.triu(r, 1).T)


# ---- decisions ---------------------------------------------------------------------------------------------------


def decision_of(
    file: BudgetFile, spec: ConformitySpec, results: tuple[Result, ...], monte_carlo: MonteCarlo | None
) -> Decision:
    """The verdict on one output. BadBudget for an output that has no limits: complex, or exact."""
    result = next((each for each in results if each.name == spec.output), None)
    if result is None:
        raise file.fault(
            ("conformity", spec.output),
            f"{spec.output} 是复数，没有上下限；请另设 abs({spec.output}) 等实数输出"
            f" / {spec.output} is complex and has no limits; add a real output such as abs({spec.output})",
        )
    if result.u == 0:
        raise file.fault(
            ("conformity", spec.output),
            f"{spec.output} 的不确定度为 0，无从判定 / u of {spec.output} is 0: nothing to decide by",
        )
    try:
        found = decide(
            result.value,
            result.u,
            lower=spec.lower,
            upper=spec.upper,
            rule=spec.rule,
            coverage=file.coverage,
            dof=result.dof,
            w=spec.w,
            r=spec.r,
            risk=spec.risk,
        )
    except InvalidLimits as error:
        raise file.fault(("conformity", spec.output), str(error)) from error
    return Decision(
        spec,
        Verdict(int(found.verdict)),
        float(found.probability),
        math.nan if monte_carlo is None else monte_carlo.outputs[spec.output].conforming,
        (float(found.acceptance_lower), float(found.acceptance_upper)),
        float(found.specific_risk),
    )
