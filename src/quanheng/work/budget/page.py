"""The report as one page that asks for nothing: results, budgets, Monte Carlo, correlation, decisions, notes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from quanheng.ground.paper import markup
from quanheng.ground.paper.markup import Words, say
from quanheng.measure.conformity import Verdict
from quanheng.work.budget import plots, remarks, tables, words
from quanheng.work.budget.figures import coverage_of, line_of, plain, with_unit
from quanheng.work.budget.result import Budget, Decision, Joint, Result, Trials
from quanheng.work.budget.tables import Line
from quanheng.work.budget.words import Language, printable

HERE = "quanheng.work.budget"
LONGEST = 5.0  # rem, of a share of 100 %
STANDING = {
    Verdict.CONFORMING: "conforming",
    Verdict.NOT_CONFORMING: "not",
    Verdict.UNDETERMINED: "undetermined",
}


def write(budget: Budget, language: Language = "both") -> bytes:
    """The page as HTML, which opens in Chinese or in English."""
    sections = list(_sections(budget))
    contents = "".join(f'<li><a href="#{name}">{say(title)}</a></li>' for name, title, _ in sections)
    body = "".join(
        f'<section id="{name}"><h2>{say(title)}</h2>{text}</section>' for name, title, text in sections
    )
    title = Words(printable(budget.title.zh) or words.TITLE.zh, printable(budget.title.en) or words.TITLE.en)
    page = markup.page(
        title,
        f'<div class="page"><nav aria-label="目录 / Contents"><ol>{contents}</ol></nav>'
        f'<main id="main"><header><h1>{say(title)}</h1>{_lead(budget)}</header>{body}</main></div>',
        language="en" if language == "en" else "zh-CN",
        style=markup.resource(HERE, "page.css"),
    )
    return page.encode()


def _lead(budget: Budget) -> str:
    """Each result in one line, and its verdict."""
    lines = []
    for result in budget.results:
        decision = budget.conformity.get(result.name)
        verdict = "" if decision is None else " " + _verdict(decision)
        zh, en = (_unbroken(line_of(result, language)) for language in ("zh", "en"))
        p = f"<small>p = {coverage_of(budget.coverage)}</small>"
        lines.append(f'<p class="answer">{markup.say_html(zh, en) if zh != en else zh} {p}{verdict}</p>')
    return "".join(lines)


def _unbroken(line: str) -> str:
    """A result whose equations stay on one line each."""
    return escape(line.replace(" = ", "\u00a0=\u00a0"))


def _verdict(decision: Decision) -> str:
    return (
        f'<span class="verdict {STANDING[decision.verdict]}">{say(words.VERDICTS[decision.verdict])}</span>'
    )


def _sections(budget: Budget) -> Iterator[tuple[str, Words, str]]:
    for k, result in enumerate(budget.results, 1):
        title = Words(f"{words.BUDGET.zh}：{result.name}", f"{words.BUDGET.en}: {result.name}")
        yield f"budget-{k}", title, _budget(budget, result)
    if budget.monte_carlo is not None:
        yield "monte-carlo", words.COMPARISON, _monte_carlo(budget)
        if budget.monte_carlo.joint is not None:
            yield "joint", words.JOINT, _joint(budget, budget.monte_carlo.joint)
    if len(budget.results) > 1:
        yield "correlation", words.CORRELATION, _correlation(budget)
    if budget.conformity:
        yield "conformity", words.CONFORMITY, _conformity(budget)
    if budget.notes:
        items = "".join(
            f"<li>{say(Words(printable(note.zh), printable(note.en)))}</li>" for note in budget.notes
        )
        yield "notes", words.NOTES, f'<ul class="notes">{items}</ul>'


# ---- one result --------------------------------------------------------------------------------------------------


def _budget(budget: Budget, result: Result) -> str:
    output = result.name.partition(".")[0]
    model = f'<p class="model">{escape(output)} = {escape(printable(budget.models[output]))}</p>'
    u = with_unit(plain(result.u, 3), result.unit)
    chart = plots.contributions(result)
    caption = Words(
        f"各输入量占 u² 的份额；u({result.name}) = {u}。份额之和为 1，相关的输入量可有负的份额。",
        f"Share of each input in u²; u({result.name}) = {u}. Shares add up to 1; correlated inputs may have a "
        "negative one.",
    )
    figure = f"<figure><figcaption>{say(caption)}</figcaption>{chart}</figure>" if chart else ""
    return f"{model}<p>{say(remarks.linearity(result))}</p>{_table(result)}{figure}{_sources(result)}"


def _table(result: Result) -> str:
    zh, en = tables.budget_lines(result, "zh"), tables.budget_lines(result, "en")
    classes = ["" if k in tables.WORDED else "n" for k in range(len(tables.BUDGET_HEAD))]
    classes[-1] = "share"
    unit = "" if result.unit.symbol == "1" else f" / {result.unit.symbol}"
    head = [*tables.BUDGET_HEAD[:-2], Words(f"c·u{unit}", f"c·u{unit}"), words.SHARE]
    top = "".join(
        f'<th scope="col" class="{kind}">{say(title)}</th>' for title, kind in zip(head, classes, strict=True)
    )
    body = "".join(_row(a, b, head, classes) for a, b in zip(zh, en, strict=True))
    caption = say(Words(f"{result.name} 的不确定度预算", f"Uncertainty budget of {result.name}"))
    return (
        f'<div class="scroll" tabindex="0" role="group"><table class="budget"><caption>{caption}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(zh: Line, en: Line, head: list[Words], classes: list[str]) -> str:
    """One row; a phone shows each cell with its own label."""
    name = say(Words(zh.name, en.name))
    cells = []
    for k in range(1, len(head)):
        text = say(Words(zh.cells[k], en.cells[k]))
        if k == len(head) - 1:
            text = _extent(zh.share) + text
        elif text:
            text = f'<i class="label">{say(head[k])}</i>{text}'
        cells.append(f'<td class="{classes[k]}">{text}</td>')
    kind = ' class="effect"' if zh.is_effect else ""
    return f'<tr{kind}><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _extent(share: float) -> str:
    width = LONGEST * min(abs(share), 1.0)
    return f'<i class="extent{" below" if share < 0 else ""}" style="width:{width:.3f}rem"></i>'


def _sources(result: Result) -> str:
    lines = tables.source_lines(result)
    if not lines:
        return ""
    head = ((say(words.SOURCE), ""), ("u", "n"), (say(words.SHARE), "n"))
    rows = [(escape(name), escape(u), share) for name, u, share in lines]
    caption = Words(
        "按来源：同一证书或装置的各项合在一起", "By source: what one certificate or device has in all"
    )
    return markup.table(say(caption), head, rows, kind="slim")


# ---- all results -------------------------------------------------------------------------------------------------


def _monte_carlo(budget: Budget) -> str:
    monte_carlo = budget.monte_carlo
    assert monte_carlo is not None
    head = [(say(title), "" if k < 2 else "n") for k, title in enumerate(tables.comparison_head(budget))]
    zh, en = tables.comparison_lines(budget, "zh"), tables.comparison_lines(budget, "en")
    rows = [[say(Words(a, b)) for a, b in zip(*both, strict=True)] for both in zip(zh, en, strict=True)]
    table = markup.table(say(remarks.trials_of(budget, monte_carlo)), head, rows)
    figures = []
    for result in budget.results:
        trials = monte_carlo.outputs[result.name]
        bad = "" if trials.linear_validated or trials.undecided else " bad"
        figures.append(f'<p class="note{bad}">{say(remarks.validation(result, trials))}</p>')
        if len(trials.density):
            figures.append(_distribution(budget, result, trials))
    return table + "".join(figures)


def _distribution(budget: Budget, result: Result, trials: Trials) -> str:
    decision = budget.conformity.get(result.name)
    drawn = plots.distribution(result, trials, budget.coverage, decision)
    from_value = with_unit(plain(float(f"{result.value:.10g}")), result.unit)
    unit = result.unit.symbol
    caption = Words(
        f"{result.name} 的分布。横轴：与 {from_value} 之差，单位 {unit}。",
        f"Distribution of {result.name}. Across: distance from {from_value}, in {unit}.",
    )
    keys = [
        ("trials", Words("蒙特卡洛的密度", "density by Monte Carlo")),
        ("curve", Words("传播律的密度", "density by the law of propagation")),
        ("mc", Words("蒙特卡洛的区间", "interval by Monte Carlo")),
        ("gum", Words("传播律的区间", "interval by the law of propagation")),
    ]
    if decision is not None:
        keys += [("limit", words.LIMITS), ("zone", words.ACCEPTANCE)]
    legend = "".join(f'<li><i class="key {kind}"></i>{say(text)}</li>' for kind, text in keys)
    return f'<figure><figcaption>{say(caption)}</figcaption><ul class="legend">{legend}</ul>{drawn}</figure>'


def _joint(budget: Budget, joint: Joint) -> str:
    head = [(say(title), "n" if k in (1, 2) else "") for k, title in enumerate(tables.REGION_HEAD)]
    zh, en = tables.region_lines(budget, joint, "zh"), tables.region_lines(budget, joint, "en")
    rows = [[say(Words(a, b)) for a, b in zip(*both, strict=True)] for both in zip(zh, en, strict=True)]
    return markup.table(say(remarks.together(budget, joint)), head, rows, kind="slim")


def _correlation(budget: Budget) -> str:
    head = [(say(words.OUTPUT), ""), *((escape(each.name), "n") for each in budget.results)]
    rows = [[escape(cell) for cell in line] for line in tables.correlation_lines(budget)]
    caption = Words("结果之间的相关系数（传播律）", "Correlation of results (law of propagation)")
    return markup.table(say(caption), head, rows, kind="slim")


def _conformity(budget: Budget) -> str:
    results = {each.name: each for each in budget.results}
    parts = []
    for name, decision in budget.conformity.items():
        zh = tables.decision_lines(decision, results[name], "zh")
        en = tables.decision_lines(decision, results[name], "en")
        items = "".join(
            f"<dt>{say(label)}</dt><dd>{say(Words(a, b))}</dd>"
            for (label, a), (_, b) in zip(zh, en, strict=True)
        )
        parts.append(f'<h3>{escape(name)} {_verdict(decision)}</h3><dl class="facts">{items}</dl>')
    return "".join(parts)
