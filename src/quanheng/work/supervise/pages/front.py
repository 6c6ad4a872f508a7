"""The front page: what was decided, why, and what it rests on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from quanheng.work.supervise.pages import balance, markup, plots, words
from quanheng.work.supervise.pages.balance import Balance
from quanheng.work.supervise.pages.markup import count, number, paragraph, percent, say, tip
from quanheng.work.supervise.pages.summary import OUTCOMES, Lot, Summary
from quanheng.work.supervise.pages.words import Words

LISTED_ORDERS = 200
LISTED_AREAS = 100
LISTED_LOTS = 24
FACTS_LISTED = 6
SMALL_CITY = 2_000  # areas that can each have a tile with a sign and a link of its own
BAD_LOT = 0.5  # p_bad beyond which a batch is named

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cycle:
    """All that the front page shows."""

    summary: Summary
    areas: Sequence[Row]  # rows of areas.parquet, by district and id
    orders: Sequence[Row]  # rows of orders.parquet, by rank
    lots: Sequence[Lot]  # the worst first
    figures: Mapping[str, Balance]  # areas whose balance stands on the front page
    address: Mapping[str, str]  # area → where its balance is found, relative to the page
    facts: Mapping[str, Any]  # of the run


def write(cycle: Cycle) -> str:
    """The page as HTML."""
    sections = [
        ("results", Words("结果", "Results"), _results(cycle)),
        ("areas", Words("台区", "Areas"), _areas(cycle)),
        ("work", Words("工单", "Orders"), _orders(cycle)),
        ("errors", Words("误差与批次", "Errors and batches"), _errors(cycle)),
        ("balance", Words("电量平衡", "Balance"), _balance(cycle)),
        ("changes", Words("与上期相比", "Since the last cycle"), _changes(cycle.facts)),
        ("evidence", Words("依据", "Evidence"), _evidence(cycle.facts)),
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


# ── what was decided ─────────────────────────────────────────────────────────────────────────────────────────


def _lead(cycle: Cycle) -> str:
    n = cycle.summary.outcomes
    zh = (
        f"本期共判定 <b>{count(cycle.summary.meters)}</b> 只计量器具：<b class=replace>{count(n['replace'])}</b> 只应更换，"
        f"<b class=cleared>{count(n['cleared'])}</b> 只合格，<b class=undetermined>{count(n['undetermined'])}</b> 只尚不能判定。"
    )
    en = (
        f"Of <b>{count(cycle.summary.meters)}</b> meters, <b class=replace>{count(n['replace'])}</b> should be replaced, "
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
    zh = f"声明的误判风险：应更换的 {count(replaced)} 只中，预期有 {percent(float(expected))}（约 {wrong} 只）其实并未超差"
    en = f"Stated risk: of the {count(replaced)} to be replaced, {percent(float(expected))} (about {wrong}) are expected to be within tolerance after all"
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


# ── areas ────────────────────────────────────────────────────────────────────────────────────────────────────


def standing(row: Row) -> str:
    """`sound`, `repaired` (a cause was modelled: there are verdicts) or `unjudged`."""
    if row["health"] == "ok":
        return "sound"
    return "repaired" if row["repaired"] else "unjudged"


def _areas(cycle: Cycle) -> str:
    stand = Counter(standing(row) for row in cycle.areas)
    zh = (
        f"{count(len(cycle.areas))} 个台区中，{count(stand['sound'])} 个数据正常；{count(stand['repaired'])} 个有故障但已在模型中修复，"
        f"照常判定；{count(stand['unjudged'])} 个不能判定，其中的电表一律为未定。"
    )
    en = (
        f"Of {count(len(cycle.areas))} areas, {count(stand['sound'])} are sound; in {count(stand['repaired'])} a fault was "
        f"modelled and verdicts stand; {count(stand['unjudged'])} cannot carry verdicts, and their meters stay undetermined."
    )
    return paragraph(zh, en) + _map(cycle) + _causes(cycle.areas) + _sick(cycle)


def _map(cycle: Cycle) -> str:
    districts: dict[str, list[Row]] = {}
    for row in cycle.areas:
        districts.setdefault(row["district"] or "–", []).append(row)
    tiles = _tiles if len(cycle.areas) <= SMALL_CITY else _mosaic
    blocks = "".join(
        f'<div class="district"><h4>{escape(name)} <span>{count(len(rows))}</span></h4>{tiles(rows, cycle.address)}</div>'
        for name, rows in districts.items()
    )
    key = "".join(
        f'<li><i class="tile {kind}"></i>{say(name)}</li>'
        for kind, name in (
            ("sound", Words("正常", "sound")),
            ("repaired", Words("有故障，已修复", "faulty, repaired in the model")),
            ("unjudged", Words("不能判定", "no verdicts")),
        )
    )
    title = Words("各区台区的健康状况", "Health of the areas by district")
    note = Words(
        "每格一个台区，按编号排列，位置各期不变。有字的格点开可看电量平衡。",
        "One tile is one area, in the order of their ids, in the same place every cycle. A marked tile opens its balance.",
    )
    return (
        f'<figure class="map"><figcaption><b>{say(title)}</b> {say(note)}</figcaption>'
        f'<ul class="legend">{key}</ul><div class="districts">{blocks}</div></figure>'
    )


def _area_words(row: Row) -> tuple[str, str]:
    cause = words.cause(row["health"])
    zh = f"{row['area']}：{cause.name.zh}" + ("（已修复）" if standing(row) == "repaired" else "")
    en = f"{row['area']}: {cause.name.en}" + (" (repaired)" if standing(row) == "repaired" else "")
    return (
        f"{zh}，{count(row['meters'])} 只表，残差 {number(row['residual_kwh'], 2)} kWh/d",
        f"{en}, {count(row['meters'])} meters, residual {number(row['residual_kwh'], 2)} kWh/d",
    )


def _tiles(rows: Sequence[Row], address: Mapping[str, str]) -> str:
    marks = []
    for row in rows:
        href = address.get(row["area"])
        sign = say(words.cause(row["health"]).sign)
        link = f' href="{escape(href)}" data-keep-language' if href else ""
        tag = "a" if href else "span"
        marks.append(f'<{tag} class="tile {standing(row)}"{link} {tip(*_area_words(row))}>{sign}</{tag}>')
    return f'<div class="tiles">{"".join(marks)}</div>'


def _mosaic(rows: Sequence[Row], address: Mapping[str, str]) -> str:
    """Tiles of 8 units, 60 in a row; sound areas are one path, the others answer one by one."""
    across = 60
    sound, marks = [], []
    for k, row in enumerate(rows):
        x, y = 8 * (k % across), 8 * (k // across)
        if standing(row) == "sound":
            sound.append(f"M{x} {y}h7v7h-7z")
            continue
        tile = (
            f'<rect class="{standing(row)}" x="{x}" y="{y}" width="7" height="7" {tip(*_area_words(row))}/>'
        )
        href = address.get(row["area"])
        marks.append(f'<a href="{escape(href)}" data-keep-language>{tile}</a>' if href else tile)
    tall = 8 * -(-len(rows) // across)
    return (
        f'<svg class="mosaic" viewBox="0 0 {8 * across} {tall}" style="max-width:{8 * across}px">'
        f'<path class="sound" d="{"".join(sound)}"/>{"".join(marks)}</svg>'
    )


def _causes(areas: Sequence[Row]) -> str:
    found = Counter(row["health"] for row in areas if row["health"] != "ok")
    if not found:
        return ""
    repaired = Counter(row["health"] for row in areas if standing(row) == "repaired")
    head = (
        (say(Words("原因", "Cause")), ""),
        (say(Words("台区数", "Areas")), "n"),
        (say(Words("已修复", "Repaired")), "n"),
        (say(Words("说明", "What it means")), "wide-text"),
    )
    rows = [
        (
            f'<i class="tile unjudged">{say(words.cause(code).sign)}</i>{say(words.cause(code).name)}',
            count(n),
            count(repaired[code]),
            say(words.cause(code).meaning),
        )
        for code, n in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]
    return markup.table(
        say(Words("有故障的台区，按首要原因", "Areas with a fault, by first cause")), head, rows, kind="stack"
    )


def _sick(cycle: Cycle) -> str:
    """The areas without verdicts first, then those with the largest unexplained energy."""
    sick = [row for row in cycle.areas if row["health"] != "ok"]
    sick.sort(key=lambda row: (bool(row["repaired"]), -(row["residual_kwh"] or 0.0), row["area"]))
    if not sick:
        return ""
    head = (
        (say(Words("台区", "Area")), "id"),
        (say(Words("原因", "Cause")), ""),
        (say(Words("判定", "Verdicts")), ""),
        (say(Words("残差 kWh/d", "Residual kWh/d")), "n"),
        (say(Words("抄读率", "Read")), "n"),
        (say(Words("查明的事实", "What was found")), "wide-text"),
    )
    rows = [
        (
            _linked(row["area"], cycle.address),
            say(words.cause(row["health"]).name),
            say(Words("照常", "stand") if row["repaired"] else Words("无", "none")),
            number(row["residual_kwh"], 2),
            percent(row["read_rate"], 2),
            f"<small>{facts_in_words(row['detail'])}</small>",
        )
        for row in sick[:LISTED_AREAS]
    ]
    shown = f"（{len(rows)} / {count(len(sick))}）"
    caption = Words(
        f"有故障的台区{shown}", f"Areas with a fault {shown.replace('（', '(').replace('）', ')')}"
    )
    return f"<details{' open' if len(rows) <= 12 else ''}><summary>{say(caption)}</summary>{markup.table(say(caption), head, rows)}</details>"


def _linked(area: str, address: Mapping[str, str]) -> str:
    href = address.get(area)
    return f'<a href="{escape(href)}" data-keep-language>{escape(area)}</a>' if href else escape(area)


def facts_in_words(detail: str | None) -> str:
    """The JSON-able facts behind an area's causes as short markup; other text as it stands."""
    if not detail:
        return ""
    try:
        facts = json.loads(detail)
    except ValueError:
        return escape(detail)
    if not isinstance(facts, dict):
        return escape(str(facts))
    return "; ".join(f"{say(words.cause(cause).name)}: {_plain(found)}" for cause, found in facts.items())


def _plain(found: object, key: str = "") -> str:
    match found:
        case dict():
            shown = [(str(k), v) for k, v in list(found.items())[:FACTS_LISTED] if v is not None]
            return ", ".join(
                f"{say(words.FACTS.get(k, Words(k, k)))} {_plain(v, k)}".strip() for k, v in shown
            )
        case list() if key == "days":
            return count(len(found))
        case list():
            return "; ".join(_plain(v) for v in found[:FACTS_LISTED]) + (
                " …" if len(found) > FACTS_LISTED else ""
            )
        case float():
            return f"{found:.4g}".replace("-", "−")
        case _:
            return escape(str(found))


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────


def _orders(cycle: Cycle) -> str:
    kinds = Counter(row["kind"] for row in cycle.orders)
    if not kinds:
        return paragraph("本期没有工单。", "There are no orders in this cycle.")
    listed = cycle.orders[:LISTED_ORDERS]
    district = {row["area"]: row["district"] or "–" for row in cycle.areas}
    zh = f"共 {count(len(cycle.orders))} 张，按每次到场的预期收益排序，此处列出前 {len(listed)} 张；全部工单见 orders.parquet。"
    en = (
        f"{count(len(cycle.orders))} in all, ranked by expected benefit per visit. The first {len(listed)} are listed; "
        "orders.parquet holds every one."
    )
    return (
        paragraph(zh, en)
        + _kinds(kinds)
        + _filters(listed, district)
        + _order_table(listed, district, cycle.address)
    )


def _kinds(kinds: Mapping[str, int]) -> str:
    head = ((say(Words("类别", "Kind")), ""), (say(Words("张数", "Orders")), "n"))
    rows = [
        (say(words.kind(k)), count(n)) for k, n in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    ]
    return markup.table(say(Words("工单类别", "Kinds of orders")), head, rows, kind="slim")


def _filters(listed: Sequence[Row], district: Mapping[str, str]) -> str:
    kinds = sorted({row["kind"] for row in listed})
    districts = sorted({district.get(row["area"], "–") for row in listed})
    every = '<option value="" data-zh="{0}" data-en="{1}">{0}</option>'
    kind_options = "".join(
        f'<option value="{escape(k)}" data-zh="{words.kind(k).zh}" data-en="{words.kind(k).en}">{words.kind(k).zh}</option>'
        for k in kinds
    )
    district_options = "".join(f'<option value="{escape(d)}">{escape(d)}</option>' for d in districts)
    return (
        '<div id="filters" hidden>'
        f'<label>{say(Words("查找", "Find"))}<input id="find" type="search" placeholder="表号、台区" '
        'data-zh="表号、台区" data-en="meter, area"></label>'
        f'<label>{say(Words("类别", "Kind"))}<select id="kind">{every.format("全部", "all")}{kind_options}</select></label>'
        f'<label>{say(Words("区", "District"))}<select id="district">{every.format("全部", "all")}{district_options}'
        f'</select></label><span class="shown" aria-live="polite"><b id="shown">{len(listed)}</b> {say(Words("张", "shown"))}'
        "</span></div>"
    )


def _order_table(listed: Sequence[Row], district: Mapping[str, str], address: Mapping[str, str]) -> str:
    head = (
        (say(Words("序", "Rank")), "n"),
        (say(Words("类别", "Kind")), "kind"),
        (say(Words("表号", "Meter")), "id"),
        (say(Words("台区", "Area")), "id"),
        (say(Words("超差概率", "P(out)")), "n"),
        (say(Words("多计电量 kWh", "Over-registered kWh")), "n"),
        (say(Words("收益", "Benefit")), "n"),
        (say(Words("要做的事", "What to do")), "wide-text"),
    )
    rows = [_order_row(row, district, address) for row in listed]
    return markup.table(
        say(Words("工单，按收益排序", "Orders by expected benefit")), head, rows, identity="orders"
    )


def _order_row(row: Row, district: Mapping[str, str], address: Mapping[str, str]) -> tuple[str, ...]:
    place = escape(district.get(row["area"], "–"))
    to = f" → {escape(row['to_area'])}" if row.get("to_area") else ""
    energy = "–"
    if row.get("energy_kwh") is not None:
        energy = f"{number(row['energy_kwh'], 0)} <small>± {number(2 * (row['energy_u'] or 0.0), 0)}</small>"
    return (
        str(row["rank"]),
        f'<span data-k="{escape(row["kind"])}" data-d="{place}">{say(words.kind(row["kind"]))}</span>',
        escape(row["meter"] or "–"),
        _linked(row["area"], address) + to + f"<small> {place}</small>",
        percent(row["p_out"], 1),
        energy,
        number(row["expected_benefit"], 0),
        f"<small>{say(Words(row.get('text_zh') or '', row.get('text_en') or ''))}</small>",
    )


# ── errors, balance, changes, evidence ───────────────────────────────────────────────────────────────────────


def _errors(cycle: Cycle) -> str:
    histogram = plots.error_histogram(cycle.summary.histogram, _limits(cycle.facts))
    key = "".join(f'<li><i class="dot {o}"></i>{say(words.verdict(o))}</li>' for o in OUTCOMES)
    title = Words("电表误差的估计值分布", "Distribution of the estimated errors")
    note = Words(
        "横轴：相对误差，正为多计；纵轴：只数，对数刻度。两端包含更大的误差。虚线：最大允许误差。",
        "Across: relative error, positive means over-registering; up: meters, on a logarithmic scale. "
        "Both ends hold whatever lies beyond. Dashed: the maximum permissible error.",
    )
    return (
        f'<figure><figcaption><b>{say(title)}</b> {say(note)}</figcaption><ul class="legend">{key}</ul>{histogram}</figure>'
        + _lots(cycle.lots)
    )


def _limits(facts: Mapping[str, Any]) -> list[float]:
    return [float(m) for m in facts.get("mpe") or []]


def _lots(lots: Sequence[Lot]) -> str:
    if not lots:
        return paragraph("数据中没有批次信息。", "The lake names no batches.")
    bad = [lot for lot in lots if lot.p_bad > BAD_LOT]
    names = "、".join(f"{lot.batch}（{percent(lot.mean, 2, sign=True)}）" for lot in bad[:12])
    names_en = ", ".join(f"{lot.batch} ({percent(lot.mean, 2, sign=True)})" for lot in bad[:12])
    verdict = (
        paragraph(f"整批偏离的批次：{names}。", f"Batches that are off as a whole: {names_en}.", "note bad")
        if bad
        else paragraph("没有整批偏离的批次。", "No batch is off as a whole.", "note")
    )
    shown = lots[:LISTED_LOTS]
    title = Words("各批次的误差", "Errors by batch")
    note = Words(
        f"细线：5–95 % 的电表；宽条：25–75 %；粗线与菱形：批次平均误差及其 95 % 区间。列出 {len(shown)} / {len(lots)} 批，最差的在前。",
        f"Thin line: 5–95 % of the meters; band: 25–75 %; thick line and diamond: the batch's mean with its 95 % interval. "
        f"{len(shown)} of {len(lots)} batches, the worst first.",
    )
    plot = plots.lot_intervals(shown, bad=BAD_LOT)
    return f"{verdict}<figure><figcaption><b>{say(title)}</b> {say(note)}</figcaption>{plot}</figure>"


def caption(row: Row) -> str:
    """Heading of an area's balance: its id, how it stands, and its figures."""
    cause = words.cause(row["health"])
    repaired = say(Words("，已修复", ", repaired")) if standing(row) == "repaired" else ""
    data = say(words.DATA.get(row["data"], Words(str(row["data"]), str(row["data"]))))
    return (
        f'<b>{escape(row["area"])}</b> <span class="health {standing(row)}">{say(cause.name)}{repaired}</span> '
        f"<small>{count(row['meters'])} {say(Words('只表', 'meters'))} · {count(row['days'])} {say(Words('天', 'days'))} · "
        f"{data} · {say(Words('线损', 'loss'))} {number(row['loss_kwh'], 1)} kWh/d · "
        f"{say(Words('残差', 'residual'))} {number(row['residual_kwh'], 2)} kWh/d</small>"
    )


def _balance(cycle: Cycle) -> str:
    rows = {row["area"]: row for row in cycle.areas}
    figures = "".join(
        balance.figure(area, caption(rows[area]), drawn, _found(rows[area]))
        for area, drawn in cycle.figures.items()
    )
    zh = "上图是总表与各分表之和，两线之差为线损；下图是扣除线损与各表误差之后仍未解释的电量，应当围绕零线而无规律。"
    en = (
        "Above, the master meter and the sum of the meters: what lies between is lost in the lines. Below, what stays "
        "unexplained after losses and meter errors: it should scatter about zero without a pattern."
    )
    others = [href for area, href in cycle.address.items() if area not in cycle.figures]
    more = _more(others)
    return paragraph(zh, en) + balance.legend() + f'<div class="figures">{figures}</div>' + more


def _found(row: Row) -> str:
    text = facts_in_words(row["detail"])
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


def _evidence(facts: Mapping[str, Any]) -> str:
    zh = "本页只是给人看的摘要，凭据是旁边的 run.json：每个输入与结果的摘要值、方法、参数与种子。任何人都可以用原始数据重算："
    en = (
        "This page is a summary for people. The evidence is run.json beside it: the digest of every input and result, "
        "method, parameters and seeds. Anybody who holds the readings can compute it again:"
    )
    return (
        paragraph(zh, en)
        + "<pre><code>quanheng recompute run.json --lake LAKE\nquanheng explain METER . --lake LAKE --html METER.html</code></pre>"
        + f'<p><a href="run.json">run.json</a> · {say(Words("方法", "method"))} {escape(str(facts.get("method", "–")))} · '
        f"{say(Words('版本', 'version'))} {escape(str(facts.get('version', '–')))}</p>"
        + _digests(facts)
        + _settings(facts)
    )


def _digests(facts: Mapping[str, Any]) -> str:
    head = ((say(Words("文件", "File")), "id"), (say(Words("", "")), ""), ("SHA-256", "digest"))
    sides = (("inputs", Words("输入", "input")), ("outputs", Words("结果", "result")))
    rows = [
        (escape(name), say(side), f"<code>{escape(str(digest))}</code>")
        for key, side in sides
        for name, digest in list((facts.get(key) or {}).items())[:40]
    ]
    return markup.table(say(Words("摘要值", "Digests")), head, rows) if rows else ""


def _settings(facts: Mapping[str, Any]) -> str:
    names = (
        ("parameters", Words("参数", "Parameters")),
        ("costs", Words("费用", "Costs")),
        ("priors", Words("先验", "Priors")),
        ("seeds", Words("种子", "Seeds")),
    )
    rows = [
        (say(name), f"<code>{escape(json.dumps(facts[key], ensure_ascii=False, sort_keys=True))}</code>")
        for key, name in names
        if facts.get(key)
    ]
    head = ((say(Words("项目", "Item")), ""), (say(Words("取值", "Value")), "digest"))
    return markup.table(say(Words("运行的设定", "Settings of the run")), head, rows) if rows else ""
