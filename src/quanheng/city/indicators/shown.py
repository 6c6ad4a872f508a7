"""Indicators as pages, sheets and the API show them: the figures that were kept last, beside their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from quanheng.city.indicators.catalogue import Indicator, indicators, said
from quanheng.city.indicators.compute import Computed
from quanheng.city.indicators.models import Entered, Figure
from quanheng.measure.quantity.rounding import number as digits


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    indicator: Indicator
    figure: Figure | None  # by the definition of the day; None: never computed
    before: Figure | None  # the one before it

    @property
    def value(self) -> str:
        """The figure with its unit, or "not shown"."""
        return number(self.indicator, self.figure)

    @property
    def parts(self) -> str:
        """What it is a share of."""
        figure = self.figure
        return f"{figure.count} / {figure.of}" if figure and figure.of is not None else ""

    @property
    def target(self) -> str:
        """What the policy asks for."""
        return target(self.indicator)

    @property
    def reached(self) -> str:
        """ "good", "bad" or "" where that cannot be said."""
        if self.figure is None or self.figure.value is None or not self.indicator.target:
            return ""
        scale = 100 if self.indicator.share else 1
        return "good" if self.figure.value * scale >= self.indicator.target[0] else "bad"

    @property
    def trend(self) -> str:
        """Since the figure before."""
        now, then = self.figure, self.before
        if now is None or then is None or now.value is None or then.value is None:
            return ""
        return "→" if now.value == then.value else "↗" if now.value > then.value else "↘"


def number(indicator: Indicator, figure: Figure | Computed | None) -> str:
    """A figure in words; never 0 where nothing is known."""
    if figure is None or figure.value is None:
        return _("未示出")
    if indicator.share:
        return f"{100 * figure.value:.2f} %"
    return f"{digits(figure.value)} {said(indicator.unit, indicator.unit_english)}"


def target(indicator: Indicator) -> str:
    """The target in words."""
    if not indicator.target:
        return ""
    least, *most = (digits(each) for each in indicator.target)
    span = f"{least}–{most[0]}" if most else f"≥ {least}"
    unit = "%" if indicator.share else said(indicator.unit, indicator.unit_english)
    return _("%(by)s 年底前 %(span)s %(unit)s") % {"by": indicator.by, "span": span, "unit": unit}


def table(on: date | None = None) -> tuple[date | None, list[Row]]:
    """The latest day up to `on` for which figures are kept, and a row for each indicator."""
    held = Figure.objects.filter(on__lte=on) if on else Figure.objects.all()
    days = list(held.order_by("-on").values_list("on", flat=True).distinct()[:2])
    latest = {
        (each.key, each.version, each.on): each
        for each in Figure.objects.filter(on__in=days).order_by("known")
    }
    found = []
    for indicator in indicators().values():
        figures = []
        for day in days:
            definition = indicator.on(day)
            figures.append(latest.get((indicator.key, definition.version, day)) if definition else None)
        figure, before, *_rest = [*figures, None, None]
        found.append(Row(indicator, figure, before))
    return (days[0] if days else None), found


def series(key: str, version: int) -> list[Figure]:
    """An indicator's figures day by day, by one version; of a day, the last that was known."""
    by_day = {
        each.on: each for each in Figure.objects.filter(key=key, version=version).order_by("on", "known")
    }
    return list(by_day.values())


def entered(key: str) -> Sequence[Entered]:
    """What was entered, the latest first."""
    return list(Entered.objects.filter(key=key).select_related("author").order_by("-on", "-id")[:50])


def as_json(row: Row) -> dict[str, Any]:
    """A row as the API gives it."""
    indicator, figure = row.indicator, row.figure
    return {
        "key": indicator.key,
        "title": indicator.title,
        "title_english": indicator.english,
        "unit": "1" if indicator.share else indicator.unit,
        "source": indicator.source,
        "target": list(indicator.target),
        "by": indicator.by,
        "version": figure.version if figure else None,
        "value": figure.value if figure else None,
        "count": figure.count if figure else None,
        "of": figure.of if figure else None,
        "population": figure.population if figure else "",
        "on": figure.on if figure else None,
        "known": figure.known if figure else None,
    }
