"""What the front page shows, as its sections receive it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from quanheng.work.supervise.pages.balance import Balance
from quanheng.work.supervise.pages.summary import Lot, Summary

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


def standing(row: Row) -> str:
    """`sound`, `repaired` (a cause was modelled: there are verdicts) or `unjudged`."""
    if row["health"] == "ok":
        return "sound"
    return "repaired" if row["repaired"] else "unjudged"


def linked(area: str, address: Mapping[str, str]) -> str:
    """An area's id, leading to its balance where that is drawn."""
    href = address.get(area)
    return f'<a href="{escape(href)}" data-keep-language>{escape(area)}</a>' if href else escape(area)
