"""The report on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quanheng.ground.paper.markup import Words
from quanheng.measure.conformity import Verdict
from quanheng.work.budget import remarks, tables, words
from quanheng.work.budget.figures import coverage_of, line_of, plain, with_unit
from quanheng.work.budget.result import Budget, Result
from quanheng.work.budget.words import Language, printable, said

BAR = 10  # cells for a share of 100 %
EIGHTHS = " ▏▎▍▌▋▊▉"
COLOURS = {Verdict.CONFORMING: "green", Verdict.NOT_CONFORMING: "red", Verdict.UNDETERMINED: "yellow"}


def report(budget: Budget, language: Language = "both") -> Group:
    """Title, each result with its budget, Monte Carlo beside it, correlation, decisions, notes."""
    return Group(*_parts(budget, language))


def _parts(budget: Budget, language: Language) -> Iterator[RenderableType]:
    title = Words(printable(budget.title.zh), printable(budget.title.en))
    if title.zh:
        yield Text(said(title, language, " / "), style="bold")
    for result in budget.results:
        yield from _result(budget, result, language)
    yield from _monte_carlo(budget, language)
    if len(budget.results) > 1:
        names = [each.name for each in budget.results]
        head = [words.OUTPUT, *(Words(name, name) for name in names)]
        yield heading(words.CORRELATION, language)
        yield table(head, tables.correlation_lines(budget), language, worded=(0,))
    yield from _conformity(budget, language)
    if budget.notes:
        yield heading(words.NOTES, language)
        for note in budget.notes:
            yield from _sentences(Words(printable(note.zh), printable(note.en)), language, mark="· ")


def _result(budget: Budget, result: Result, language: Language) -> Iterator[RenderableType]:
    yield Text("")
    model = budget.models[result.name.partition(".")[0]]
    yield Text(f"{result.name.partition('.')[0]} = {printable(model)}", style="dim")
    yield Text.assemble((line_of(result, language), "bold"), f"  (p = {coverage_of(budget.coverage)})")
    yield Text(f"u({result.name}) = {with_unit(plain(result.u, 3), result.unit)}")
    yield from _sentences(remarks.linearity(result), language)
    yield _budget(result, language)
    sources = tables.source_lines(result)
    if sources:
        head = (words.SOURCE, Words("u", "u"), words.SHARE)
        yield table(head, sources, language, worded=(0,))


def _budget(result: Result, language: Language) -> Table:
    table = _empty(tables.BUDGET_HEAD, language, tables.WORDED)
    table.add_column("")
    for line in tables.budget_lines(result, language):
        first, *rest = line.cells
        style = "dim" if line.is_effect else ""
        name = Text(("  " if line.is_effect else "") + first, style=style)
        table.add_row(name, *(Text(each, style=style) for each in rest), Text(bar(line.share), style=style))
    return table


def bar(share: float) -> str:
    """A share of 0 to 1 as a bar of at most BAR cells; none of a negative one."""
    eighths = round(8 * BAR * min(max(share, 0.0), 1.0))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _monte_carlo(budget: Budget, language: Language) -> Iterator[RenderableType]:
    monte_carlo = budget.monte_carlo
    if monte_carlo is None:
        return
    yield heading(words.COMPARISON, language)
    yield table(
        tables.comparison_head(budget), tables.comparison_lines(budget, language), language, worded=(0, 1)
    )
    yield from _sentences(remarks.trials_of(budget, monte_carlo), language)
    for result in budget.results:
        yield from _sentences(remarks.validation(result, monte_carlo.outputs[result.name]), language)
    if monte_carlo.joint is not None:
        yield heading(words.JOINT, language)
        lines = tables.region_lines(budget, monte_carlo.joint, language)
        yield table(tables.REGION_HEAD, lines, language, worded=(0, 3))
        yield from _sentences(remarks.together(budget, monte_carlo.joint), language)


def _conformity(budget: Budget, language: Language) -> Iterator[RenderableType]:
    results = {each.name: each for each in budget.results}
    if budget.conformity:
        yield heading(words.CONFORMITY, language)
    for name, decision in budget.conformity.items():
        verdict = said(words.VERDICTS[decision.verdict], language)
        yield Text.assemble(f"{name}: ", (verdict, f"bold {COLOURS[decision.verdict]}"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for label, value in tables.decision_lines(decision, results[name], language):
            table.add_row(said(label, language), Text(value))
        yield table


def heading(title: Words, language: Language) -> Text:
    """A heading between parts."""
    return Text("\n" + said(title, language), style="bold")


def _sentences(text: Words, language: Language, mark: str = "") -> Iterator[Text]:
    """Chinese, and English below it, paler where it repeats the Chinese."""
    if language != "en":
        yield Text(mark + text.zh)
    if language != "zh":
        indent = " " * len(mark) if language == "both" else mark
        yield Text(indent + text.en, style="dim" if language == "both" else "")


def table(
    head: Sequence[Words], lines: Iterable[Sequence[str]], language: Language, *, worded: Sequence[int]
) -> Table:
    """A table of cells as they are."""
    table = _empty(head, language, worded)
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    return table


def _empty(head: Sequence[Words], language: Language, worded: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for k, title in enumerate(head):
        justify: Literal["left", "right"] = "left" if k in worded else "right"
        table.add_column(said(title, language, "\n"), justify=justify, overflow="fold")
    return table
