"""The paper the pages are printed on: escaping, saying things twice, tables, and the shell of a page.

A page is one file that asks for nothing: its policy forbids all requests and names its only script by digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

HERE = "quanheng.ground.paper"


class Words(NamedTuple):
    """One thing said twice."""

    zh: str
    en: str


def say(words: Words | tuple[str, str]) -> str:
    """Both languages, one of which the page shows. The text is escaped."""
    zh, en = words
    if zh == en:
        return escape(zh)
    return f'<span lang="zh-CN">{escape(zh)}</span><span lang="en">{escape(en)}</span>'


def say_html(zh: str, en: str, tag: str = "span") -> str:
    """As `say`, for text that is markup already."""
    return f'<{tag} lang="zh-CN">{zh}</{tag}><{tag} lang="en">{en}</{tag}>'


def paragraph(zh: str, en: str, kind: str = "") -> str:
    """A paragraph in both languages; plain text."""
    mark = f' class="{kind}"' if kind else ""
    return f'<p{mark} lang="zh-CN">{escape(zh)}</p><p{mark} lang="en">{escape(en)}</p>'


def tip(zh: str, en: str) -> str:
    """Attributes of a mark that answers to the pointer and is read aloud."""
    return f'data-zh="{escape(zh)}" data-en="{escape(en)}" aria-label="{escape(zh)}"'


def table(
    caption: str,
    head: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[str]],
    *,
    identity: str = "",
    kind: str = "",
) -> str:
    """A table. `head`: (markup, class) of each column; the first cell of each row heads the row.

    kind: `stack` (a phone puts the words below the figures), `slim` (no wider than it must).
    """
    top = "".join(f'<th scope="col" class="{column}">{text}</th>' for text, column in head)
    body = "".join(
        f'<tr><th scope="row" class="{head[0][1]}">{row[0]}</th>'
        + "".join(
            f'<td class="{column}">{cell}</td>' for cell, (_, column) in zip(row[1:], head[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    name = (f' id="{identity}"' if identity else "") + (f' class="{kind}"' if kind else "")
    return (
        f'<div class="scroll" tabindex="0" role="group"><table{name}><caption>{caption}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def count(n: int | float) -> str:
    """A whole number with thin spaces, as GB/T 15835 and ISO 80000-1 write it: 12 345."""
    return f"{round(n):,}".replace(",", "\u202f")


def percent(x: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """A ratio as per cent with a true minus; a dash where it is not known."""
    if x is None or x != x:
        return "–"
    return f"{100 * x:{'+' if sign else ''}.{digits}f}".replace("-", "−") + "\u202f%"


def number(x: float | None, digits: int = 1) -> str:
    """A number with a true minus; a dash where it is not known."""
    if x is None or x != x:
        return "–"
    return f"{x:,.{digits}f}".replace(",", "\u202f").replace("-", "−")


def resource(package: str, name: str) -> str:
    """Text of a file of ours."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def page(
    title: Words,
    body: str,
    *,
    language: str = "zh-CN",
    home: str = "",
    style: str = "",
    script: str = "",
    forms: str = "'none'",
) -> str:
    """A whole page. `home`: relative address of the page it belongs to, "" for the front page.

    language: that in which it opens, zh-CN or en.
    style, script: what this kind of page has beyond the paper's. forms: source to which forms may be sent.
    """
    script = resource(HERE, "paper.js") + script
    style = resource(HERE, "paper.css") + style
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        f"base-uri 'none'; form-action {forms}"
    )
    crumb = (
        f'<a href="{escape(home)}" data-keep-language>{say(Words("← 返回报告", "← back to the report"))}</a>'
        if home
        else ""
    )
    return (
        "<!doctype html>\n"
        f'<html lang="{language}" data-title-zh="{escape(title.zh)}" data-title-en="{escape(title.en)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title.en if language == 'en' else title.zh)}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">{say(Words("跳到正文", "Skip to the text"))}</a>\n'
        f'<div class="bar"><span class="mark"><span lang="zh-Hans">权衡</span> <i>Quanheng</i></span>{crumb}'
        '<button type="button" id="language" hidden><span lang="zh-CN">English</span>'
        '<span lang="en"><span lang="zh-Hans">中文</span></span></button></div>\n'
        f'{body}\n<div id="tip" role="status" hidden></div>\n<script>{script}</script>\n</body>\n</html>\n'
    )
