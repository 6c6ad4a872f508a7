"""The front page: what was decided, why, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from quanheng.work.supervise.pages import areas, balance, errors, evidence, markup, orders, words
from quanheng.work.supervise.pages.cycle import Cycle, Row
from quanheng.work.supervise.pages.markup import count, number, paragraph, percent, say
from quanheng.work.supervise.pages.summary import OUTCOMES, Summary
from quanheng.work.supervise.pages.words import Words


def write(cycle: Cycle) -> str:
    """The page as HTML."""
    sections = [
        ("results", Words("结果", "Results"), _results(cycle)),
        ("areas", Words("台区", "Areas"), areas.write(cycle)),
        ("work", Words("工单", "Orders"), orders.write(cycle)),
        ("errors", Words("误差与批次", "Errors and batches"), errors.write(cycle)),
        ("balance", Words("电量平衡", "Balance"), _balance(cycle)),
        ("changes", Words("与上期相比", "Since the last cycle"), _changes(cycle.facts)),
        ("evidence", Words("依据", "Evidence"), evidence.write(cycle.facts)),
    ]
    contents = "".join(f'<li><a href="#{name}">{say(title)}</a></li>' for name, title, _ in sections)
    body = "".join(
        f'<section id="{name}"><h2>{say(title)}</h2>{text}</section>' for name, title, text in sections
    )
    title = Words("计量器具在线监督报告", "In-service supervision report")
    return markup.page(
        title,
        f'<div class="page"><nav aria-label="目录 / Contents"><ol>{contents}</ol></nav>'
        f'<main id="main"><header><h1>{say(title)}</h1>{_lead(cycle)}</header>{body}</main></div>',
    )


def _lead(cycle: Cycle) -> str:
    n = cycle.summary.outcomes
    zh = (
        f"本期共判定 <b>{count(cycle.summary.meters)}</b> 只计量器具：<b class=replace>"
        f"{count(n['replace'])}</b> 只应更换，"
        f"<b class=cleared>{count(n['cleared'])}</b> 只合格，<b class=undetermined>"
        f"{count(n['undetermined'])}</b> 只尚不能判定。"
    )
    en = (
        f"Of <b>{count(cycle.summary.meters)}</b> meters, <b class=replace>{count(n['replace'])}</b> "
        "should be replaced, "
        f"<b class=cleared>{count(n['cleared'])}</b> are cleared and "
        f"<b class=undetermined>{count(n['undetermined'])}</b> cannot be judged yet."
    )
    return (
        f'<div class="lead">{markup.say_html(zh, en, "p")}</div>{_bar(cycle.summary)}'
        f'<p class="screening">{say(words.SCREENING)}</p>'
    )


def _bar(summary: Summary) -> str:
    total = max(summary.meters, 1)
    parts = "".join(
        f'<i class="{o}" style="flex-grow:{max(summary.outcomes[o] / total, 0.004):.5f}"></i>'
        for o in OUTCOMES
        if summary.outcomes[o]
    )
    return f'<div class="bar-whole" aria-hidden="true">{parts}</div>'


def _results(cycle: Cycle) -> str:
    head = (
        (say(Words("判定", "Verdict")), "verdict"),
        (say(Words("只数", "Meters")), "n"),
        (say(Words("占比", "Share")), "n"),
        (say(Words("电量 kWh/d", "Energy kWh/d")), "n"),
        (say(Words("含义", "What it means")), "wide-text"),
    )
    summary = cycle.summary
    rows = [
        (
            f'<i class="dot {o}"></i>{say(words.verdict(o))}',
            count(summary.outcomes[o]),
            percent(summary.outcomes[o] / max(summary.meters, 1), 2),
            count(summary.energy[o]),
            say(words.VERDICT_MEANINGS[o]),
        )
        for o in OUTCOMES
    ]
    caption = say(Words("判定结果", "Verdicts"))
    return markup.table(caption, head, rows, kind="stack") + _risk(cycle) + _reasons(summary)


def _risk(cycle: Cycle) -> str:
    alpha = _alpha(cycle.facts)
    expected = cycle.facts.get("expected_false_share")
    replaced = cycle.summary.outcomes["replace"]
    if not replaced or expected is None:
        return ""
    wrong = number(float(expected) * replaced, 1)
    dated = cycle.summary.dated
    zh = (
        f"声明的误判风险：应更换的 {count(replaced)} 只中，预期有 {percent(float(expected))}（约 {wrong} "
        "只）其实并未超差"
    )
    en = (
        f"Stated risk: of the {count(replaced)} to be replaced, {percent(float(expected))} (about "
        f"{wrong}) are expected to be within tolerance after all"
    )
    if alpha is not None:
        zh, en = f"{zh}；上限为 {percent(alpha)}。", f"{en}; the limit is {percent(alpha)}."
    else:
        zh, en = zh + "。", en + "."
    if dated:
        zh += f"其中 {count(dated)} 只的误差始于本期之内，起始日期见工单。"
        en += f" {count(dated)} of their errors began within the period; the orders say when."
    return paragraph(zh, en, "note")


def _alpha(facts: Mapping[str, Any]) -> float | None:
    parameters = facts.get("parameters") or {}
    value = parameters.get("alpha", facts.get("stated_false_share"))
    return None if value is None else float(value)


def _reasons(summary: Summary) -> str:
    if not summary.reasons:
        return ""
    most = max(n for _, n, _ in summary.reasons)
    head = (
        (say(Words("原因", "Reason")), ""),
        (say(Words("只数", "Meters")), "n"),
        ("", "length"),
        (say(Words("电量 kWh/d", "Energy kWh/d")), "n"),
    )
    rows = [
        (
            say(words.reason(code)),
            count(n),
            f'<i class="length" style="width:{100 * n / most:.1f}%"></i>',
            count(kwh),
        )
        for code, n, kwh in summary.reasons
    ]
    return markup.table(say(Words("为什么尚不能判定", "Why some are undetermined")), head, rows)


def _balance(cycle: Cycle) -> str:
    rows = {row["area"]: row for row in cycle.areas}
    figures = "".join(
        balance.figure(area, areas.caption(rows[area]), drawn, _found(rows[area]))
        for area, drawn in cycle.figures.items()
    )
    zh = (
        "上图是总表与各分表之和，两线之差为线损；下图是扣除线损与各表误差之后仍未解释的电量，"
        "应当围绕零线而无规律。"
    )
    en = (
        "Above, the master meter and the sum of the meters: what lies between is lost in the lines. Below, "
        "what stays "
        "unexplained after losses and meter errors: it should scatter about zero without a pattern."
    )
    others = [href for area, href in cycle.address.items() if area not in cycle.figures]
    more = _more(others)
    return paragraph(zh, en) + balance.legend() + f'<div class="figures">{figures}</div>' + more


def _found(row: Row) -> str:
    text = areas.facts_in_words(row["detail"])
    return f'<p class="found"><small>{text}</small></p>' if text else ""


def _more(addresses: Sequence[str]) -> str:
    pages = list(dict.fromkeys(a.split("#")[0] for a in addresses))
    if not pages:
        return ""
    links = " ".join(f'<a href="{escape(p)}" data-keep-language>{k + 1}</a>' for k, p in enumerate(pages))
    text = Words(
        f"其余 {count(len(addresses))} 个台区的电量平衡：", f"Balance of {count(len(addresses))} more areas: "
    )
    return f'<p class="more">{say(text)} {links}</p>'


def _changes(facts: Mapping[str, Any]) -> str:
    changes = facts.get("changes")
    if not changes:
        return paragraph("没有提供上一期的结果，无从比较。", "No previous cycle was given to compare with.")
    head = (
        (say(Words("变化", "Change")), ""),
        (say(Words("只数", "Meters")), "n"),
        (say(Words("表号", "Meters by id")), "wide-text"),
    )
    rows = [
        (say(words.CHANGES.get(key, Words(key, key))), *_counted(meters))
        for key, meters in changes.items()
        if isinstance(meters, (list, tuple, int))
    ]
    return markup.table(
        say(Words("与上一期判定的比较", "Against the verdicts of the last cycle")), head, rows
    )


def _counted(meters: Sequence[str] | int) -> tuple[str, str]:
    if isinstance(meters, int):
        return count(meters), ""
    listed = ", ".join(escape(str(m)) for m in meters[:24]) + (" …" if len(meters) > 24 else "")
    return count(len(meters)), f'<small class="id">{listed}</small>'
