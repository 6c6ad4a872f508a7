"""Reports of a budget over a population: text, page, LaTeX, Excel, and JSON for machines, all of the same tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from openpyxl import Workbook
from rich.console import Group
from rich.text import Text

from quanheng.ground.paper import markup
from quanheng.ground.paper.markup import Words, say
from quanheng.ground.workbook import workbook_bytes
from quanheng.work.budget import excel, latex, text, words
from quanheng.work.budget.figures import percent, plain, value_of, with_unit
from quanheng.work.budget.population import Over, Population
from quanheng.work.budget.words import Language, printable, said

MOST = 30  # causes that are listed
HERE = "quanheng.work.budget"
OWN = Words("† 各行自己的；其余为各行共有", "† each row's own; the others are shared by rows")


@dataclass(frozen=True)
class Section:
    """A table with its title."""

    title: Words
    head: tuple[Words, ...]
    lines: tuple[tuple[str, ...], ...]


def sections(found: Population) -> Iterator[Section]:
    """The tables of a report, for each output three."""
    for over in found.outputs:
        yield _summary(found, over)
        yield Section(
            Words(f"{over.name}：哪个来源占主导", f"{over.name}: which cause dominates"),
            (
                Words("来源", "cause"),
                Words("涉及", "rows"),
                Words("占总和", "of the total"),
                Words("占每台（平均）", "of each (mean)"),
            ),
            tuple(
                (printable(row.name), f"{row.rows}", percent(row.of_total), percent(row.of_each))
                for row in over.causes[:MOST]
            ),
        )
        yield Section(
            Words(f"{over.name}：不确定度最大的", f"{over.name}: the least certain"),
            (Words("器具", "instrument"), words.VALUE, Words("u", "u")),
            tuple(
                (
                    printable(e.name),
                    with_unit(value_of(e.value, e.u), over.unit),
                    with_unit(plain(e.u, 3), over.unit),
                )
                for e in over.worst
            ),
        )


def _summary(found: Population, over: Over) -> Section:
    def shown(x: float) -> str:
        return with_unit(plain(x, 3), over.unit)

    least, median, most, largest = over.u
    total = Words("加权总和", "weighted total") if found.weighted else Words("总和", "total")
    lines = (
        (total, with_unit(value_of(over.total, over.total_u), over.unit), shown(over.total_u)),
        (Words("若各台独立", "were all independent"), "", shown(over.independent_u)),
        (Words("平均值", "mean"), with_unit(value_of(over.mean, over.mean_u), over.unit), shown(over.mean_u)),
        (Words("每台：最小、中位", "each: least, median"), "", f"{shown(least)}, {shown(median)}"),
        (Words("每台：95 %、最大", "each: 95 %, largest"), "", f"{shown(most)}, {shown(largest)}"),
    )
    return Section(
        Words(f"{over.name}：{found.size} 台", f"{over.name}: {found.size} instruments"),
        (Words("", ""), words.VALUE, Words("u", "u")),
        tuple((f"{name.zh} {name.en}", *rest) for name, *rest in lines),
    )


def title_of(found: Population) -> Words:
    """The title of the file, or what the report is."""
    default = Words("总体的不确定度预算", "uncertainty budget over a population")
    return Words(printable(found.title.zh) or default.zh, printable(found.title.en) or default.en)


def as_text(found: Population, language: Language = "both") -> Group:
    """For a terminal."""
    parts: list[object] = [Text(said(title_of(found), language, " / "), style="bold")]
    for each in sections(found):
        parts += [
            text.heading(each.title, language),
            text.table(each.head, each.lines, language, worded=(0,)),
        ]
    return Group(*parts, text.heading(OWN, language))  # type: ignore[arg-type]


def as_page(found: Population, language: Language = "both") -> bytes:
    """One page that asks for nothing."""
    body = ""
    for n, each in enumerate(sections(found), 1):
        head = [(say(title), "n" if k else "") for k, title in enumerate(each.head)]
        rows = [[escape(cell) for cell in line] for line in each.lines]
        body += f'<section id="s{n}"><h2>{say(each.title)}</h2>{markup.table(say(each.title), head, rows)}</section>'
    title = title_of(found)
    page = markup.page(
        title,
        f'<div class="page"><main id="main"><header><h1>{say(title)}</h1></header>{body}'
        f"{markup.paragraph(*OWN)}</main></div>",
        language="en" if language == "en" else "zh-CN",
        style=markup.resource(HERE, "page.css"),
    )
    return page.encode()


def as_latex(found: Population, language: Language = "both") -> bytes:
    """A document that stands alone."""
    parts = [f"\\section*{{{latex.escape(said(title_of(found), language, ' / '))}}}"]
    for each in sections(found):
        parts.append(latex.heading(each.title, language))
        parts.append(latex.table(each.head, each.lines, "l" + "r" * (len(each.head) - 1), language))
    return latex.document("\n\n".join([*parts, latex.escape(said(OWN, language))]))


def as_excel(found: Population, language: Language = "both") -> bytes:
    """A workbook: numbers as numbers. The same population gives the same bytes."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = said(words.RESULT, language)[:31]
    excel.line(sheet, [said(title_of(found), language, " / ")], bold=True)
    for over in found.outputs:
        unit = over.unit.symbol
        heading = Words(f"{over.name}（{unit}），{found.size} 台", f"{over.name} ({unit}), n = {found.size}")
        excel.section(sheet, heading, language)
        for name, value in (
            (Words("总和", "total"), over.total),
            (Words("总和的 u", "u of the total"), over.total_u),
            (Words("若各台独立", "u were all independent"), over.independent_u),
            (Words("平均值", "mean"), over.mean),
            (Words("u 的中位数", "median of u"), over.u[1]),
            (Words("最大的 u", "largest u"), over.u[3]),
        ):
            excel.line(sheet, [said(name, language), value])
        excel.section(sheet, Words("来源", "causes"), language)
        for row in over.causes:
            excel.line(sheet, [printable(row.name), row.rows, row.of_total, row.of_each])
    excel.fit(sheet)
    return workbook_bytes(book)


def as_json(found: Population) -> bytes:
    """One object for machines."""
    outputs = {
        over.name: {
            "unit": over.unit.symbol,
            "total": over.total,
            "total_u": over.total_u,
            "independent_u": over.independent_u,
            "mean": over.mean,
            "mean_u": over.mean_u,
            "u": dict(zip(("least", "median", "p95", "largest"), over.u, strict=True)),
            "causes": [
                {"cause": row.name, "rows": row.rows, "of_total": row.of_total, "of_each": row.of_each}
                for row in over.causes
            ],
            "worst": [{"name": each.name, "value": each.value, "u": each.u} for each in over.worst],
        }
        for over in found.outputs
    }
    facts = {"population": {"size": found.size, "weighted": found.weighted, "outputs": outputs}}
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


REPORTS = {"html": as_page, "latex": as_latex, "excel": as_excel}
