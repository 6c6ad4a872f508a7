"""The pages beside the front page: balances of the other areas, some hundred to a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from quanheng.work.supervise.pages import areas, balance, markup, words
from quanheng.work.supervise.pages.balance import Balance
from quanheng.work.supervise.pages.cycle import Row
from quanheng.work.supervise.pages.markup import percent, say
from quanheng.work.supervise.pages.words import Words

AREAS_PER_PAGE = 100


def write(
    number: int, rows: Sequence[Row], balances: Mapping[str, Balance], orders: Mapping[str, Sequence[Row]]
) -> str:
    """One page of balances as HTML. `orders`: by area."""
    figures = "".join(
        balance.figure(
            row["area"],
            areas.caption(row),
            balances.get(row["area"]),
            _notes(row, orders.get(row["area"], ())),
        )
        for row in rows
    )
    districts = "、".join(dict.fromkeys(str(row["district"] or "–") for row in rows))
    title = Words(f"电量平衡 · 第 {number} 页", f"Balance · page {number}")
    return markup.page(
        title,
        f'<div class="page annex"><main id="main"><header><h1>{say(title)}</h1><p>{escape(districts)}</p>'
        "</header>"
        f'{balance.legend()}<div class="figures">{figures}</div></main></div>',
        home="../report.html",
    )


def _notes(row: Row, orders: Sequence[Row]) -> str:
    found = areas.facts_in_words(row["detail"])
    lines = [f"<li>{found}</li>"] if found else []
    lines += [
        f"<li>{say(words.kind(order['kind']))} <span class=id>{escape(order['meter'] or '')}</span> "
        f"{_chance(order)}</li>"
        for order in orders
    ]
    return f'<ul class="notes">{"".join(lines)}</ul>' if lines else ""


def _chance(order: Row) -> str:
    return "" if order["p_out"] is None else percent(order["p_out"], 1)
