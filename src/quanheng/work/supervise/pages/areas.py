"""The section about areas: which of them can carry verdicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from quanheng.work.supervise.pages import markup, words
from quanheng.work.supervise.pages.cycle import Cycle, Row, linked, standing
from quanheng.work.supervise.pages.markup import count, number, paragraph, percent, say, tip
from quanheng.work.supervise.pages.words import Words

LISTED_AREAS = 100
FACTS_LISTED = 6
SMALL_CITY = 2_000  # areas that can each have a tile with a sign and a link of its own


def write(cycle: Cycle) -> str:
    """The section as markup."""
    stand = Counter(standing(row) for row in cycle.areas)
    zh = (
        f"{count(len(cycle.areas))} 个台区中，{count(stand['sound'])} 个数据正常；"
        f"{count(stand['repaired'])} 个有故障但已在模型中修复，"
        f"照常判定；{count(stand['unjudged'])} 个不能判定，其中的电表一律为未定。"
    )
    en = (
        f"Of {count(len(cycle.areas))} areas, {count(stand['sound'])} are sound; in "
        f"{count(stand['repaired'])} a fault was "
        f"modelled and verdicts stand; {count(stand['unjudged'])} cannot carry verdicts, and their meters "
        "stay undetermined."
    )
    return paragraph(zh, en) + _map(cycle) + _causes(cycle.areas) + _sick(cycle)


def _map(cycle: Cycle) -> str:
    districts: dict[str, list[Row]] = {}
    for row in cycle.areas:
        districts.setdefault(row["district"] or "–", []).append(row)
    tiles = _tiles if len(cycle.areas) <= SMALL_CITY else mosaic
    blocks = "".join(
        f'<div class="district"><h4>{escape(name)} <span>{count(len(rows))}</span></h4>'
        f"{tiles(rows, cycle.address)}</div>"
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
        "每格一个台区，按编号排列，位置各期不变；点开可看电量平衡。",
        "One tile is one area, in the order of their ids and in the same place every cycle; it opens its "
        "balance.",
    )
    if tiles is mosaic:
        note = Words(
            "每格一个台区，按编号排列，位置各期不变；有故障的格点开可看电量平衡。",
            "One tile is one area, in the order of their ids and in the same place every cycle; "
            "those with a fault open their balance.",
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


def _short(row: Row) -> str:
    """As `tip`, in few bytes: the script adds the label that is read aloud."""
    name, repaired = words.cause(row["health"]).name, standing(row) == "repaired"
    zh = f"{row['area']} {name.zh}{'，已修复' if repaired else ''}"
    en = f"{row['area']} {name.en}{', repaired' if repaired else ''}"
    return f'data-zh="{escape(zh)}" data-en="{escape(en)}"'


def mosaic(rows: Sequence[Row], address: Mapping[str, str]) -> str:
    """Tiles of 8 units, 60 in a row; sound areas are one path, the others answer one by one."""
    across = 60
    sound, marks = [], []
    for k, row in enumerate(rows):
        x, y = 8 * (k % across), 8 * (k // across)
        if standing(row) == "sound":
            sound.append(f"M{x} {y}h7v7h-7z")
            continue
        tile = f'<rect class="{standing(row)}" x="{x}" y="{y}" width="7" height="7" {_short(row)}/>'
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
            linked(row["area"], cycle.address),
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
    return (
        f"<details{' open' if len(rows) <= 12 else ''}><summary>{say(caption)}</summary>"
        f"{markup.table(say(caption), head, rows)}</details>"
    )


def caption(row: Row) -> str:
    """Heading of an area's balance: its id, how it stands, and its figures."""
    cause = words.cause(row["health"])
    repaired = say(Words("，已修复", ", repaired")) if standing(row) == "repaired" else ""
    data = words.DATA.get(row["data"], Words(str(row["data"]), str(row["data"])))
    items = (
        f"{count(row['meters'])} {say(Words('只表', 'meters'))}",
        f"{count(row['days'])} {say(Words('天', 'days'))}",
        say(data),
        f"{say(Words('线损', 'loss'))} {number(row['loss_kwh'], 1)} kWh/d",
        f"{say(Words('残差', 'residual'))} {number(row['residual_kwh'], 2)} kWh/d",
    )
    return (
        f"<b>{escape(row['area'])}</b> "
        f'<span class="health {standing(row)}">{say(cause.name)}{repaired}</span>'
        f'<small class="items">{"".join(f"<span>{item}</span>" for item in items)}</small>'
    )


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
