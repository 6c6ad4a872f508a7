"""The section about orders: what is to be done, by expected benefit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from quanheng.work.supervise.pages import markup, words
from quanheng.work.supervise.pages.cycle import Cycle, Row, linked
from quanheng.work.supervise.pages.markup import count, number, paragraph, percent, say
from quanheng.work.supervise.pages.words import Words

LISTED_ORDERS = 200


def write(cycle: Cycle) -> str:
    """The section as markup."""
    kinds = Counter(row["kind"] for row in cycle.orders)
    if not kinds:
        return paragraph("本期没有工单。", "There are no orders in this cycle.")
    listed = cycle.orders[:LISTED_ORDERS]
    district = {row["area"]: row["district"] or "–" for row in cycle.areas}
    zh = (
        f"共 {count(len(cycle.orders))} 张，按每次到场的预期收益排序，此处列出前 {len(listed)} 张；"
        "全部工单见 orders.parquet。"
    )
    en = (
        f"{count(len(cycle.orders))} in all, ranked by expected benefit per visit. The first {len(listed)} "
        "are listed; "
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
        f'<option value="{escape(k)}" data-zh="{words.kind(k).zh}" data-en="{words.kind(k).en}">'
        f"{words.kind(k).zh}</option>"
        for k in kinds
    )
    district_options = "".join(f'<option value="{escape(d)}">{escape(d)}</option>' for d in districts)
    return (
        '<div id="filters" hidden>'
        f'<label>{say(Words("查找", "Find"))}<input id="find" type="search" placeholder="表号、台区" '
        'data-zh="表号、台区" data-en="meter, area"></label>'
        f'<label>{say(Words("类别", "Kind"))}<select id="kind">'
        f"{every.format('全部', 'all')}{kind_options}</select></label>"
        f'<label>{say(Words("区", "District"))}<select id="district">'
        f"{every.format('全部', 'all')}{district_options}"
        f'</select></label><span class="shown" aria-live="polite"><b id="shown">{len(listed)}</b> '
        f"{say(Words('张', 'shown'))}"
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
        linked(row["area"], address) + to + f"<small> {place}</small>",
        percent(row["p_out"], 1),
        energy,
        number(row["expected_benefit"], 0),
        f"<small>{say(Words(row.get('text_zh') or '', row.get('text_en') or ''))}</small>",
    )
