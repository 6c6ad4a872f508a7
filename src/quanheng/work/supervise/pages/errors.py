"""The section about errors: how they are distributed, and which batches are off as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quanheng.work.supervise.pages import plots, words
from quanheng.work.supervise.pages.cycle import Cycle
from quanheng.work.supervise.pages.markup import paragraph, percent, say
from quanheng.work.supervise.pages.summary import OUTCOMES, Lot
from quanheng.work.supervise.pages.words import Words

LISTED_LOTS = 24
BAD_LOT = 0.5  # p_bad beyond which a batch is named


def write(cycle: Cycle) -> str:
    """The section as markup."""
    histogram = plots.error_histogram(cycle.summary.histogram, _limits(cycle.facts))
    key = "".join(f'<li><i class="dot {o}"></i>{say(words.verdict(o))}</li>' for o in OUTCOMES)
    title = Words("电表误差的估计值分布", "Distribution of the estimated errors")
    note = Words(
        "横轴：相对误差，正为多计；纵轴：只数，对数刻度。两端包含更大的误差。虚线：最大允许误差。",
        "Across: relative error, positive means over-registering; up: meters, on a logarithmic scale. "
        "Both ends hold whatever lies beyond. Dashed: the maximum permissible error.",
    )
    return (
        f'<figure><figcaption><b>{say(title)}</b> {say(note)}</figcaption><ul class="legend">{key}</ul>'
        f"{histogram}</figure>" + _lots(cycle.lots)
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
        f"细线：5–95 % 的电表；宽条：25–75 %；粗线与菱形：批次平均误差及其 95 % 区间。列出 {len(shown)} / "
        f"{len(lots)} 批，最差的在前。",
        "Thin line: 5–95 % of the meters; band: 25–75 %; thick line and diamond: the batch's mean with "
        "its 95 % interval. "
        f"{len(shown)} of {len(lots)} batches, the worst first.",
    )
    plot = plots.lot_intervals(shown, bad=BAD_LOT)
    return f"{verdict}<figure><figcaption><b>{say(title)}</b> {say(note)}</figcaption>{plot}</figure>"
