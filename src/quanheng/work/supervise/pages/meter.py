"""The page about one meter: its verdict, and why."""

from __future__ import annotations

from html import escape

import numpy as np

from quanheng.work.supervise.explain import Explanation, Residual
from quanheng.work.supervise.pages import balance, markup, plots, words
from quanheng.work.supervise.pages.markup import count, number, percent, say, say_html
from quanheng.work.supervise.pages.words import Words

LOW = 120


def write(e: Explanation) -> str:
    """The page as HTML."""
    title = Words(f"电表 {e.meter}", f"Meter {e.meter}")
    body = "".join((_posterior(e), _residual(e.residual), _facts(e), _neighbours(e), _master(e)))
    return markup.page(
        title,
        f'<div class="page single"><main id="main"><header><h1>{say(title)}</h1>{_lead(e)}</header>'
        f"{body}</main></div>",
    )


def _lead(e: Explanation) -> str:
    name, reason = words.verdict(e.verdict), words.reason(e.reason)
    zh = f'判定：<b class="verdict-{e.verdict}">{name.zh}</b>'
    en = f'Verdict: <b class="verdict-{e.verdict}">{name.en}</b>'
    if e.reason != "ok":
        zh, en = f"{zh}，{escape(reason.zh)}", f"{en}, {escape(reason.en)}"
    if np.isfinite(e.error):
        error, chance = f"<b>{percent(e.error, 2, sign=True)}</b>", percent(e.p_out, 2)
        zh += f"。误差 {error}，95 % 区间 {_interval(e)}；超差概率 {chance}"
        en += f". Error {error}, 95 % interval {_interval(e)}; out of tolerance with {chance}"
    if e.since is not None:
        zh, en = f"{zh}；始于 {e.since}", f"{en}; since {e.since}"
    return (
        f'<div class="lead">{say_html(zh + "。", en + ".", "p")}</div><p>{say(e.outlook)}</p>'
        f'<p class="screening">{say(words.SCREENING)}</p>'
    )


def _interval(e: Explanation) -> str:
    return f"{percent(e.lower, 2, sign=True)} … {percent(e.upper, 2, sign=True)}"


def _posterior(e: Explanation) -> str:
    heading = f"<section><h2>{say(Words('误差的后验分布', 'Posterior of the error'))}</h2>"
    if e.curve is None:
        text = Words("数据没有提供关于此表误差的信息。", "The data say nothing about this meter's error.")
        return f"{heading}<p>{say(text)}</p></section>"
    drawn = plots.posterior_curve(e.curve.error, e.curve.posterior, e.curve.prior, e.mpe)
    note = Words(
        "横轴：相对误差，正为多计。实线：得到数据之后；虚线：之前（先验）。直虚线：最大允许误差 "
        f"±{100 * e.mpe:g} %；红色部分的面积是超差概率。",
        "Across: relative error, positive means over-registering. Full line: after the data; dashed: "
        "before (the prior). "
        f"Upright dashes: the maximum permissible error ±{100 * e.mpe:g} %; the red area is the "
        "probability to be beyond it.",
    )
    return f"{heading}<figure><figcaption>{say(note)}</figcaption>{drawn}</figure></section>"


def _residual(residual: Residual | None) -> str:
    heading = f"<section><h2>{say(Words('假如这只表没有误差', 'If this meter were right'))}</h2>"
    if residual is None:
        text = Words("没有可以比较的平衡。", "There is no balance to compare.")
        return f"{heading}<p>{say(text)}</p></section>"
    now, then = spread(residual)
    low, high = balance.span(residual.explained, residual.if_right)
    days = len(residual.explained)
    zero = round(min(max(high / (high - low), 0.0), 1.0) * LOW)
    paths = (
        f'<path class="without" d="{balance.line(residual.if_right, low, high, LOW)}"/>'
        f'<path class="with" d="{balance.line(residual.explained, low, high, LOW)}"/>'
        f'<path class="zero" d="M0 {zero}h{days}"/>'
    )
    text = Words(
        f"台区每日未解释电量的均方根是 {number(now, 2)} kWh；假如此表没有误差，会是 {number(then, 2)} kWh。",
        f"The daily unexplained energy of the area has a root mean square of {number(now, 2)} kWh; "
        f"if this meter had no error, it would be {number(then, 2)} kWh.",
    )
    key = (
        '<ul class="legend"><li><i class="key with"></i>'
        f"{say(Words('按估计的误差', 'with the estimated error'))}</li>"
        f'<li><i class="key"></i>{say(Words("假如此表没有误差", "if this meter were right"))}</li>'
        f"<li>{say(Words('单位：每日 kWh', 'in kWh a day'))}</li></ul>"
    )
    plot = balance.panel(paths, residual.start, days, LOW, number(high, 1), number(low, 1))
    return (
        f"{heading}<p>{say(text)}</p><figure>{key}{plot}{balance.dates(residual.start, days)}</figure>"
        "</section>"
    )


def spread(residual: Residual) -> tuple[float, float]:
    """Root mean square of the residual with the estimated error and without, over days that have both."""
    both = np.isfinite(residual.explained) & np.isfinite(residual.if_right)
    if not both.any():
        return float("nan"), float("nan")
    squares = (np.mean(series[both] ** 2) for series in (residual.explained, residual.if_right))
    now, then = (float(np.sqrt(square)) for square in squares)
    return now, then


def _list(title: Words, entries: list[tuple[Words, str]]) -> str:
    items = "".join(f"<dt>{say(name)}</dt><dd>{value}</dd>" for name, value in entries)
    return f'<section><h2>{say(title)}</h2><dl class="facts">{items}</dl></section>'


def _facts(e: Explanation) -> str:
    loss = "–" if e.line_loss is None else f"{number(e.line_loss, 3)} kWh/d"
    likelihood = f"N({percent(e.location, 3)}, {percent(e.scale, 3)})"
    prior = (
        f"{percent(1 - e.prior.share, 2)} N({percent(e.prior.mean, 2)}, {percent(e.prior.spike, 2)}) + "
        f"{percent(e.prior.share, 2)} N({percent(e.prior.mean, 2)}, {percent(e.prior.slab, 2)})"
    )
    return _list(
        Words("依据", "What it rests on"),
        [
            (Words("所用天数", "days used"), count(e.days)),
            (Words("用电量", "energy"), f"{number(e.kwh_day, 2)} kWh/d"),
            (Words("标准不确定度", "standard uncertainty"), percent(e.u, 2)),
            (
                Words("修正值的似然", "likelihood of the correction"),
                likelihood,
            ),
            (Words("修正值的先验", "prior of the correction"), prior),
            (Words("为它损失的电量", "lost in the lines for it"), loss),
            (Words("批次", "batch"), escape(e.batch or "–") + _lot(e)),
            (Words("制造商", "maker"), escape(e.maker or "–")),
            (Words("上次检定", "last verified"), str(e.verified or "–")),
            (Words("相", "phase"), escape(e.phase or "–")),
            (Words("分辨力", "resolution"), f"{e.resolution:g} kWh"),
        ],
    )


def _lot(e: Explanation) -> str:
    if not e.lot or e.lot.get("mean") is None:
        return ""
    mean, u = float(e.lot["mean"]), float(e.lot["u"] or 0.0)
    interval = f"{percent(mean, 2, sign=True)} ± {percent(1.96 * u, 2)}"
    return f" <small>{say(Words('批次平均误差', 'mean error of the batch'))} {interval}</small>"


def _neighbours(e: Explanation) -> str:
    posterior = f"{escape(e.neighbour)} <small>r = {number(e.correlation, 2)}</small>" if e.neighbour else "–"
    alike = ", ".join(f"{escape(name)} <small>r = {number(r, 2)}</small>" for name, r in e.alike) or "–"
    return _list(
        Words("可能与谁混淆", "What it could be confused with"),
        [
            (Words("后验中最相关的电表", "most correlated in the posterior"), posterior),
            (Words("每日用电最相似的电表", "most alike in daily consumption"), alike),
        ],
    )


def _master(e: Explanation) -> str:
    a = e.area
    cause = words.cause(e.health).name
    health = say(cause) + (say(Words("，已修复", ", repaired")) if e.repaired else "")
    return _list(
        Words("台区与总表", "Area and master meter"),
        [
            (Words("台区", "area"), f"{escape(a.area)} <small>{escape(a.district or '')}</small>"),
            (Words("台区状况", "how it stands"), health),
            (Words("总表", "master meter"), escape(a.master)),
            (
                Words("证书给出的标准不确定度", "standard uncertainty by its certificate"),
                percent(a.master_u, 2),
            ),
            (Words("最大允许误差", "maximum permissible error"), f"± {percent(a.master_mpe, 2)}"),
            (Words("分辨力", "resolution"), f"{a.master_resolution:g} kWh"),
        ],
    )
