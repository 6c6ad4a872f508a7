"""A budget over a population: one model, many instruments; which certificate or bench dominates all of them?

The budget file says the model and what all instruments share; a table has a row for each instrument. Its columns are
inputs by name (`x`: values; `x.u`: standard uncertainties; `x.source`: the bench or certificate of that row), and
`name` and `weight` where wanted; units are those of the file. What the file says of an input's u is the same cause
for all rows where it has a `source`, and each row's own where it has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from quanheng.ground.errors import BadTable
from quanheng.ground.workbook import BadWorkbook, first_sheet
from quanheng.measure.budget import PopulationRow, over_population
from quanheng.measure.errors import MeasureError
from quanheng.measure.quantity.contributions import Sparse
from quanheng.measure.quantity.model import Evaluation
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.uncertain import Uncertain
from quanheng.measure.quantity.units import Unit
from quanheng.work.budget.budget_file import BudgetFile, InputSpec, Title
from quanheng.work.budget.columns import columns_of
from quanheng.work.budget.evaluate import check_units, model_of, outputs_of, told
from quanheng.work.budget.grid import LARGEST_UNPACKED
from quanheng.work.budget.names import identifier
from quanheng.work.budget.sources import Variables, variables_of

Float = NDArray[np.float64]
KEYS = ("name", "weight")
WORST = 10  # instruments that are named
OWN = "{} †"  # a cause that is each row's own


@dataclass(frozen=True)
class Instrument:
    """One row, as it is named, and its result."""

    name: str
    value: float
    u: float


@dataclass(frozen=True)
class Over:
    """One output over the population, in its unit."""

    name: str
    unit: Unit
    total: float  # Σ w·y
    total_u: float
    independent_u: float  # what u of the total would be were all rows independent
    mean: float  # weighted
    mean_u: float
    u: tuple[float, float, float, float]  # least, median, 95th percentile, largest
    causes: tuple[PopulationRow, ...]  # the largest in the total first
    worst: tuple[Instrument, ...]  # those of the largest u


@dataclass(frozen=True)
class Population:
    """A model over a population."""

    title: Title
    models: Mapping[str, str]
    size: int
    weighted: bool
    outputs: tuple[Over, ...]


def evaluate(file: BudgetFile, path: Path) -> Population:
    """The budget over the instruments of a table. Raises BadBudget for the file, BadTable for the table."""
    if file.correlations:
        raise file.fault(
            ("correlation",), "总体预算不用 correlation；用共同的 source / over a population use sources"
        )
    table = read_table(path)
    _check_columns(file, table, path)
    columns = columns_of(file)
    model = model_of(file, columns)
    check_units(file, columns, model)
    n = len(next(iter(table.values())))
    variables = variables_of(file.inputs)
    inputs = {name: _column(spec, variables, table, n, path) for name, spec in file.inputs.items()}
    weights = _numbers(table["weight"], path, "weight") if "weight" in table else np.ones(n)
    if not weights.sum() > 0 or (weights < 0).any():
        raise BadTable(f"{path}：weight 应不为负，且不全为 0 / weights must not be negative, nor all 0")
    names = [str(each) for each in table["name"]] if "name" in table else [str(k) for k in range(1, n + 1)]
    try:
        with np.errstate(all="ignore"):  # rows without a result are told below, not warned of
            evaluation = model(inputs)
        found = tuple(
            _over(name, spec.unit, _by_cause(evaluation, name), weights, names)
            for name, spec in outputs_of(file, model).items()
        )
    except MeasureError as error:  # undefined in some row, or a source that is another one in the file
        raise BadTable(f"{path}：{error}") from error
    return Population(file.title, {k: s.model for k, s in file.outputs.items()}, n, "weight" in table, found)


def _over(name: str, unit: Unit, column: Uncertain, weights: Float, names: Sequence[str]) -> Over:
    total, u = column.total(weights), unit.difference_from_si(column.u)
    order = np.argsort(-u, kind="stable")[:WORST]
    value, total_u = unit.from_si(column.value), unit.difference_from_si(float(total.u[0]))
    return Over(
        name,
        unit,
        told(float(weights @ value), total_u),
        total_u,
        float(np.sqrt(np.sum((weights * u) ** 2))),
        told(float(weights @ value / weights.sum()), total_u / float(weights.sum())),
        total_u / float(weights.sum()),
        (float(u.min()), float(np.median(u)), float(np.quantile(u, 0.95)), float(u.max())),
        tuple(over_population(column, weights, _cause)),
        tuple(Instrument(names[k], told(float(value[k]), float(u[k])), float(u[k])) for k in order.tolist()),
    )


def _by_cause(evaluation: Evaluation, name: str) -> Uncertain:
    """An output with what is each row's own kept apart by input: the core puts it together."""
    column, private = evaluation[name], {}
    for each, c in evaluation.sensitivities[name].items():
        for source, part in evaluation.inputs[each].private.items():
            private[source] = c * part
    return Uncertain(column.value, column.shared, private)


def _cause(source: Source) -> str:
    return source.name if source.identity == source.name else OWN.format(source.name)


# ---- inputs ----------------------------------------------------------------------------------------------------


def _column(
    spec: InputSpec, variables: Variables, table: Mapping[str, Sequence[Any]], n: int, path: Path
) -> Uncertain:
    """An input over all rows, in SI."""
    if not isinstance(spec.value, float | int):
        raise BadTable(f"{spec.name}：复数输入不能用于总体 / a complex input cannot go over a population")
    given = (
        _numbers(table[spec.name], path, spec.name) if spec.name in table else np.full(n, float(spec.value))
    )
    value = spec.unit.to_si(given)
    if f"{spec.name}.u" in table:
        u = spec.unit.difference_to_si(_numbers(table[f"{spec.name}.u"], path, f"{spec.name}.u"))
        if (u < 0).any():
            row = int(np.flatnonzero(u < 0)[0]) + 1
            raise BadTable(
                f"{path}，第 {row} 行，{spec.name}.u：不确定度为负 / row {row}: a negative uncertainty"
            )
        return _by_row(spec, value, u, variables, table)
    shared: dict[Source, Float] = {}
    private: dict[Source, Float] = {}
    for effect in spec.effects:
        u = effect.u * np.abs(given / spec.value) if effect.relative else np.full(n, effect.u)
        if not (u > 0).all():
            row = int(np.flatnonzero(~(u > 0))[0]) + 1
            raise BadTable(
                f"{path}，第 {row} 行，{spec.name}：值为 0，没有相对的 u；请写 {spec.name}.u 列"
                f" / row {row}: the value is 0 and no u is relative to it; add a column {spec.name}.u"
            )
        part = spec.unit.difference_to_si(u)
        label = effect.name or spec.name
        if effect.source:
            source = named(
                variables[effect.source, effect.name], dof=effect.dof, shape=effect.shape, kind=effect.kind
            )
            shared[source] = shared.get(source, np.zeros(n)) + part
        else:
            private[Source(label, effect.dof, effect.shape, effect.kind)] = part
    return Uncertain(value, shared, private)


def _by_row(
    spec: InputSpec, value: Float, u: Float, variables: Variables, table: Mapping[str, Sequence[Any]]
) -> Uncertain:
    """u by row: shared within each source that the table names, each row's own where it names none."""
    key = f"{spec.name}.source"
    if key not in table:
        return Uncertain(value, {}, {Source(spec.name): u})
    sources = np.array([str(each or "") for each in table[key]])
    shared: dict[Source, Any] = {}
    for name in dict.fromkeys(sources.tolist()):
        rows = np.flatnonzero(sources == name) if name else None
        if rows is not None:
            shared[named(variables.get((name, ""), name))] = Sparse(rows, u[rows])
    own = np.where(sources == "", u, 0.0)
    return Uncertain(value, shared, {Source(spec.name): own} if own.any() else {})


# ---- the table -------------------------------------------------------------------------------------------------


def read_table(path: Path) -> dict[str, Sequence[Any]]:
    """Columns by title, of .csv, .parquet or .xlsx. Raises BadTable."""
    try:
        match path.suffix.lower():
            case ".csv":
                table = pyarrow.csv.read_csv(path)
            case ".parquet":
                table = pyarrow.parquet.read_table(path)
            case ".xlsx":
                return _sheet(path)
            case _:
                raise BadTable(f"{path}：应为 .csv、.parquet 或 .xlsx / should be .csv, .parquet or .xlsx")
        names = [identifier(name) for name in table.column_names]
        columns = [each.to_pylist() for each in table.columns]
    except (OSError, ValueError, pa.ArrowException) as error:  # also of texts that are not UTF-8
        raise BadTable(f"{path}：读不出来：{error} / cannot be read") from error
    if not table.num_rows:
        raise BadTable(f"{path}：没有一行 / has no row")
    twice = "、".join(sorted({name for name in names if names.count(name) > 1}))[:80]
    if twice:
        raise BadTable(f"{path}：列 {twice} 出现不止一次 / {twice} stands more than once")
    return dict(zip(names, columns, strict=True))


def _sheet(path: Path) -> dict[str, Sequence[Any]]:
    try:
        rows = [
            row for row in first_sheet(path.read_bytes(), LARGEST_UNPACKED) if any(c is not None for c in row)
        ]
    except BadWorkbook as error:
        raise BadTable(f"{path}：{error}") from error
    if len(rows) < 2:
        raise BadTable(f"{path}：没有一行 / has no row")
    titles = [(k, identifier(str(title))) for k, title in enumerate(rows[0]) if title is not None]
    return {title: [row[k] for row in rows[1:]] for k, title in titles}


def _check_columns(file: BudgetFile, table: Mapping[str, Any], path: Path) -> None:
    known = {*KEYS, *(f"{name}{part}" for name in file.inputs for part in ("", ".u", ".source"))}
    strange = sorted(set(table) - known)
    alone = [name for name in file.inputs if f"{name}.source" in table and f"{name}.u" not in table]
    if strange or alone:
        raise BadTable(
            f"{path}：不认识的列 {'、'.join(strange) or '–'}；有 source 而无 u：{'、'.join(alone) or '–'}"
            f" / unknown columns {', '.join(strange) or '–'}; a source without u: {', '.join(alone) or '–'}."
            f" {', '.join(sorted(known)[:20])}"
        )
    if not set(table) - set(KEYS):
        raise BadTable(f"{path}：没有一列是输入 / no column is an input: {', '.join(file.inputs)}")


def _numbers(cells: Sequence[Any], path: Path, column: str) -> Float:
    found = np.empty(len(cells))
    for k, cell in enumerate(cells):
        number = isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)
        if not number:
            told_ = repr(cell)[:40]
            raise BadTable(
                f"{path}，第 {k + 1} 行，{column}：{told_} 不是数 / row {k + 1}: {told_} is no number"
            )
        found[k] = cell
    return found
