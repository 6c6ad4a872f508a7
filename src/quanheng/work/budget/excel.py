"""The report as an Excel workbook: numbers as numbers, a sheet for each result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from quanheng.ground.paper.markup import Words
from quanheng.ground.workbook import workbook_bytes
from quanheng.work.budget import remarks, tables, words
from quanheng.work.budget.figures import coverage_of, dof_of, line_of
from quanheng.work.budget.result import Budget, Effect, Result, Row
from quanheng.work.budget.words import Language, printable, said

Cell = str | float | None
HEAD = PatternFill("solid", fgColor="DDE6EE")
WIDEST = 60
BUDGET = (
    words.INPUT, words.VALUE, words.UNIT, Words("u", "u"), words.TYPE, words.DISTRIBUTION, words.DOF,
    words.SENSITIVITY, words.CONTRIBUTION, words.SHARE, words.SOURCE,
)  # fmt: skip


def write(budget: Budget, language: Language = "both") -> bytes:
    """The workbook. The same budget gives the same bytes."""
    book = Workbook()
    first = book.worksheets[0]
    first.title = said(words.RESULT, language)
    taken = {first.title.casefold()}
    _summary(first, budget, language)
    for result in budget.results:
        _result(book.create_sheet(_title(result.name, taken)), result, language)
    if len(budget.results) > 1:
        _correlation(book.create_sheet(_title(said(words.CORRELATION, language), taken)), budget, language)
    for sheet in book.worksheets:
        fit(sheet)
    return workbook_bytes(book)


def _summary(sheet: Worksheet, budget: Budget, language: Language) -> None:
    title = Words(printable(budget.title.zh), printable(budget.title.en))
    line(sheet, [said(title, language, " / ") or said(words.TITLE, language)], bold=True)
    line(sheet, [])
    head = (
        words.OUTPUT, words.MODEL, words.VALUE, words.UNIT, Words("u", "u"), words.DOF, Words("k", "k"),
        Words("U", "U"), Words("p", "p"), words.RESULT,
    )  # fmt: skip
    _head(sheet, head, language)
    for each in budget.results:
        model = printable(budget.models[each.name.partition(".")[0]])
        dof = _number(each.dof) or dof_of(each.dof, language)
        figures = (each.value, each.unit.symbol, each.u, dof, each.k, each.U, budget.coverage)
        line(sheet, [each.name, model, *figures, line_of(each, language)])
    _monte_carlo(sheet, budget, language)
    _conformity(sheet, budget, language)
    if budget.notes:
        section(sheet, words.NOTES, language)
        for note in budget.notes:
            line(sheet, [said(Words(printable(note.zh), printable(note.en)), language)])


def _monte_carlo(sheet: Worksheet, budget: Budget, language: Language) -> None:
    if budget.monte_carlo is None:
        return
    section(sheet, words.COMPARISON, language)
    interval = said(words.INTERVAL, language)
    head = (words.OUTPUT, Words("", ""), words.VALUE, words.UNIT, Words("u", "u"))
    _head(sheet, head, language, (f"{interval} {coverage_of(budget.coverage)}", ""))
    for result in budget.results:
        trials = budget.monte_carlo.outputs[result.name]
        unit = result.unit.symbol
        linear = (result.value, unit, result.u, *result.interval)
        line(sheet, [result.name, said(words.LINEAR, language), *linear])
        line(sheet, ["", said(words.MONTE_CARLO, language), trials.value, unit, trials.u, *trials.interval])
    for text in (
        remarks.trials_of(budget, budget.monte_carlo),
        *(remarks.validation(each, budget.monte_carlo.outputs[each.name]) for each in budget.results),
    ):
        line(sheet, [said(text, language)])
    joint = budget.monte_carlo.joint
    if joint is None:
        return
    section(sheet, words.JOINT, language)
    _head(sheet, tables.REGION_HEAD, language)
    for region, (name, _, _, extent) in zip(
        joint.regions, tables.region_lines(budget, joint, language), strict=True
    ):
        line(sheet, [name, _number(region.k) or "", region.volume, extent])
    line(sheet, [said(remarks.together(budget, joint), language)])


def _conformity(sheet: Worksheet, budget: Budget, language: Language) -> None:
    if not budget.conformity:
        return
    section(sheet, words.CONFORMITY, language)
    head = (words.OUTPUT, words.VERDICT, words.RULE, words.PROBABILITY, words.BY_TRIALS)
    extra = [said(each, language) for each in (words.LIMITS, words.ACCEPTANCE)]
    _head(sheet, head, language, (extra[0], "", extra[1], "", said(words.SPECIFIC_RISK, language)))
    for name, each in budget.conformity.items():
        verdict = said(words.VERDICTS[each.verdict], language)
        rule = tables.rule_of(each.spec, language)
        limits = (each.spec.lower, each.spec.upper, *each.acceptance)
        line(sheet, [name, verdict, rule, each.probability, each.by_trials, *limits, each.specific_risk])


def _result(sheet: Worksheet, result: Result, language: Language) -> None:
    line(sheet, [line_of(result, language)], bold=True)
    line(sheet, [said(remarks.linearity(result), language)])
    line(sheet, [])
    _head(sheet, BUDGET, language)
    for row in (each for each in result.rows if each.used):
        line(sheet, _row(row, language))
        for effect in row.effects if row.is_sum else ():
            line(sheet, _effect(effect, row, language), pale=True)
    line(
        sheet,
        [f"u({result.name})", None, result.unit.symbol, *[None] * 5, result.u, 1.0 if result.u else 0.0],
    )
    for (cell,) in sheet.iter_rows(
        min_col=BUDGET.index(words.SHARE) + 1, max_col=BUDGET.index(words.SHARE) + 1
    ):
        cell.number_format = "0.0 %"
    if result.certificates:
        section(sheet, words.SOURCES, language)
        _head(sheet, (words.SOURCE, Words("u", "u"), words.SHARE), language)
        for each in result.certificates:
            line(sheet, [printable(each.name), each.u, each.share])


def _row(row: Row, language: Language) -> list[Cell]:
    distribution = said(words.DISTRIBUTIONS[row.distribution], language)
    dof = (_number(row.dof) or dof_of(row.dof, language)) if row.effects else None
    sources = dict.fromkeys(effect.source for effect in row.effects if effect.source)
    return [
        *(row.input, row.value, row.unit.symbol, row.u, row.kind, distribution, dof),
        *(row.sensitivity, row.contribution, row.share, ", ".join(map(printable, sources)) or None),
    ]


def _effect(effect: Effect, row: Row, language: Language) -> list[Cell]:
    distribution = said(words.DISTRIBUTIONS[effect.distribution], language)
    dof = _number(effect.dof) or dof_of(effect.dof, language)
    name = "   " + (printable(effect.name) or row.input)
    return [
        *(name, None, row.unit.symbol, effect.u, effect.kind, distribution, dof),
        *(None, effect.contribution, effect.share, printable(effect.source or "") or None),
    ]


def _correlation(sheet: Worksheet, budget: Budget, language: Language) -> None:
    names = [each.name for each in budget.results]
    matrices = [(words.LINEAR, budget.correlation)]
    if budget.monte_carlo is not None:
        matrices.append((words.MONTE_CARLO, budget.monte_carlo.correlation))
    for title, matrix in matrices:
        line(sheet, [said(title, language), *names], head=True)
        for name, row in zip(names, matrix, strict=True):
            line(sheet, [name, *map(float, row)])
        line(sheet, [])


# ---- cells -------------------------------------------------------------------------------------------------------


def _number(x: float) -> float | None:
    """A cell's number; nothing where it is not finite."""
    return x if math.isfinite(x) else None


def section(sheet: Worksheet, title: Words, language: Language) -> None:
    """An empty line and a heading."""
    line(sheet, [])
    line(sheet, [said(title, language)], bold=True)


def _head(sheet: Worksheet, titles: Iterable[Words], language: Language, more: Sequence[str] = ()) -> None:
    line(sheet, [*(said(each, language) for each in titles), *more], head=True)


def line(
    sheet: Worksheet, cells: Sequence[Cell], *, bold: bool = False, head: bool = False, pale: bool = False
) -> None:
    """One more line of cells."""
    row = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value is not None else 1
    if not cells:
        sheet.cell(row, 1, " ")
    for column, content in enumerate(cells, 1):
        cell = sheet.cell(row, column)
        if isinstance(content, str):
            # text is text, also where it begins like a formula
            cell.value, cell.data_type = content, "s"
        elif content is not None:
            cell.value = _number(float(content))
        if head:
            cell.fill = HEAD
        if bold or head:
            cell.font = Font(bold=True)
        elif pale:
            cell.font = Font(color="5A6472")
        cell.alignment = Alignment(vertical="top", wrap_text=head)


def _title(name: str, taken: set[str]) -> str:
    """A sheet's title that Excel takes, and that is not taken."""
    base = re.sub(r"[\[\]:*?/\\']", "_", name)[:26] or "_"
    title, k = base, 2
    while title.casefold() in taken:
        title, k = f"{base} {k}", k + 1
    taken.add(title.casefold())
    return title


def fit(sheet: Worksheet) -> None:
    """Columns as wide as what stands in them; the first is not asked by the lines that run over all of them."""
    for column in range(1, sheet.max_column + 1):
        lengths = [
            _length(sheet.cell(row, column).value)
            for row in range(1, sheet.max_row + 1)
            if sheet.cell(row, 2).value is not None
        ]
        sheet.column_dimensions[get_column_letter(column)].width = min(max([*lengths, 8]) + 2, WIDEST)


def _length(value: object) -> int:
    if isinstance(value, float):
        return 10
    return sum(2 if ord(each) > 0x2E80 else 1 for each in str(value or ""))
