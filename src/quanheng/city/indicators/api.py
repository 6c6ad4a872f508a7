"""The API of the office of indicators, below /api/indicators.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from quanheng.city.indicators import shown
from quanheng.city.indicators.catalogue import indicators

router = Router(tags=["indicators"])


class Kept(Schema):
    """An indicator as it was kept last. value null: not shown; a share is a fraction of 1."""

    key: str
    title: str
    title_english: str
    unit: str
    source: str
    target: list[float]
    by: int | None
    version: int | None
    value: float | None
    count: int | None
    of: int | None
    population: str
    on: date | None
    known: int | None


@router.get("", response=list[Kept], operation_id="indicators_list", summary="all indicators")
def listed(request: HttpRequest, on: date | None = None) -> Any:
    """As they were kept last, up to a day."""
    return [shown.as_json(each) for each in shown.table(on)[1]]


@router.get("/{key}", response=list[Kept], operation_id="indicators_series", summary="one, day by day")
def day_by_day(request: HttpRequest, key: str) -> Any:
    """By every version of its definition."""
    if key not in indicators():
        raise Http404
    indicator = indicators()[key]
    return [
        shown.as_json(shown.Row(indicator, figure, None))
        for definition in indicator.definitions
        for figure in shown.series(key, definition.version)
    ]
