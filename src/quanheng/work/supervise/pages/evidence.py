"""The section about evidence: what the verdicts rest on, and how anybody can compute them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from quanheng.work.supervise.pages import markup
from quanheng.work.supervise.pages.markup import paragraph, say
from quanheng.work.supervise.pages.words import Words


def write(facts: Mapping[str, Any]) -> str:
    """The section as markup."""
    zh = (
        "本页只是给人看的摘要，凭据是旁边的 run.json：每个输入与结果的摘要值、方法、参数与种子。"
        "任何人都可以用原始数据重算："
    )
    en = (
        "This page is a summary for people. The evidence is run.json beside it: the digest of every input "
        "and result, "
        "method, parameters and seeds. Anybody who holds the readings can compute it again:"
    )
    return (
        paragraph(zh, en)
        + "<pre><code>quanheng recompute run.json --lake LAKE\nquanheng explain METER . --lake LAKE --html "
        "METER.html</code></pre>" + f'<p><a href="run.json">run.json</a> · {say(Words("方法", "method"))} '
        f"{escape(str(facts.get('method', '–')))} · "
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
