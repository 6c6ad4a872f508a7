"""`quanheng chain`: judge all chains of a registry's holdings, recall a standard, draw a chain up to the SI."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from quanheng.cli import recall
from quanheng.cli.certificate import WORDS, reasons_said
from quanheng.cli.holdings import CITED, Judged, add_options, judged
from quanheng.evidence.answer import Answer, Reason, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document_check import name_of
from quanheng.evidence.reasons import REASONS
from quanheng.ground.errors import Fault
from quanheng.ground.files import write_out
from quanheng.work.trace import drawing, tree

PLACES = 3  # that are told of a code
NARROWEST, WIDEST = 60, 120  # columns of text
COLOURS = {Standing.VALID: "green", Standing.NOT_SHOWN: "yellow", Standing.INVALID: "red"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the jobs of `chain`."""
    parser = subparsers.add_parser("chain", help="溯源链：核对、召回、画出 / chains: check, recall, draw")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    check = jobs.add_parser(
        "check",
        help="核对全部溯源链 / judge every chain",
        epilog="退出状态 / exit status: 0 全部有效 / all valid，1 有无效 / some invalid，3 有未得证明 / some not shown",
    )
    add_options(check)
    recall.add_parser(jobs)
    show = jobs.add_parser(
        "show",
        help="画出一条溯源链 / draw a chain up to the SI",
        epilog="退出状态 / exit status: 0 有效 / valid，1 无效 / invalid，3 未得证明 / not shown",
    )
    add_options(show)
    show.add_argument("certificate", metavar="CERTIFICATE", nargs="?", help=CITED)
    show.add_argument("--svg", metavar="PATH", type=Path, help="写成图 / write a drawing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do a job; its exit status. Raises Fault, BadDocument."""
    return {"check": _check, "recall": recall.run, "show": _show}[args.job](args)


# ---- check -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """A document, and what was found of it."""

    kind: str
    name: str
    digest: str
    standing: Standing
    answer: Answer


def _check(args: argparse.Namespace) -> int:
    found = judged(args)
    findings = list(_findings(found))
    worst = max((each.standing for each in findings), default=Standing.VALID)
    if args.json:
        print(json.dumps(_summary(found, findings, worst), ensure_ascii=False))
    else:
        print("\n".join(_lines(found, findings)))
    return worst.exit_status


def _findings(found: Judged) -> Iterator[Finding]:
    whole = found.whole
    for digest, each in whole.certificates.items():
        name = name_of(each.document, each.content)
        yield Finding("certificate", name, digest, whole.standing(digest), whole.answer(digest))
    for each in whole.others:
        name, digest = name_of(each.document, each.content), each.document.digest
        yield Finding(each.document.kind, name, digest, each.answer.standing, each.answer)


def _summary(found: Judged, findings: Sequence[Finding], worst: Standing) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for each in findings:
        for code in each.answer.codes:
            counts[code] = counts.get(code, 0) + 1
    return {
        "on": found.asked.on.isoformat(),
        "known": found.asked.known.isoformat(),
        "standing": _said(worst),
        "certificates": len(found.whole.certificates),
        "others": len(found.whole.others),
        "standings": {_said(each): sum(f.standing == each for f in findings) for each in Standing},
        "counts": dict(sorted(counts.items())),
        "found": [
            {
                "kind": each.kind,
                "name": each.name,
                "sha256": each.digest,
                "standing": _said(each.standing),
                "codes": sorted(each.answer.codes),
                "reasons": reasons_said(each.answer),
            }
            for each in findings
            if each.standing != Standing.VALID
        ],
    }


def _said(standing: Standing) -> str:
    return standing.name.lower().replace("_", " ")


def _lines(found: Judged, findings: Sequence[Finding]) -> Iterator[str]:
    yield found.when
    certificates = [each for each in findings if each.kind == "certificate"]
    for title, listed in (
        ("证书 certificates", certificates),
        ("其他文书 other documents", [each for each in findings if each.kind != "certificate"]),
    ):
        counts = "，".join(f"{WORDS[s]} {sum(each.standing == s for each in listed)}" for s in Standing)
        yield f"{title} {len(listed)}：{counts}"
    for standing in (Standing.INVALID, Standing.NOT_SHOWN):
        by_code = _by_code(findings, standing)
        if by_code:
            yield f"{WORDS[standing]}（规则 rule，代码 code，文书数 documents）"
        for code, places in sorted(by_code.items(), key=lambda each: (-len(each[1]), REASONS[each[0]].rule)):
            meaning = REASONS[code]
            yield f"{meaning.rule or '–':>4} {code:24} {len(places):7}  {meaning.chinese} / {meaning.english}"
            yield from (f"{'':6}{each}" for each in places[:PLACES])
            if len(places) > PLACES:
                yield f"{'':6}… {len(places) - PLACES}"


def _by_code(findings: Sequence[Finding], standing: Standing) -> Mapping[str, list[str]]:
    """By code that forces a standing: each document once, with the first place where it was met."""
    found: dict[str, dict[str, str]] = {}
    for each in findings:
        for reason in each.answer.reasons:
            if reason.standing == standing:
                found.setdefault(reason.code, {}).setdefault(each.digest, _place(reason))
    return {code: sorted(places.values()) for code, places in found.items()}


def _place(reason: Reason) -> str:
    return f"{reason.where}：{reason.detail}" if reason.detail else reason.where


# ---- show ------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    found = judged(args)
    chain, whole = found.chain, found.whole
    asked = args.certificate or found.subject
    if asked is None:
        raise Fault("请说出是哪一份证书（CERTIFICATE） / name a certificate (CERTIFICATE)")

    def content(digest: str) -> Certificate:
        said = whole.certificates[digest].content
        assert isinstance(said, Certificate)  # a row of the chain was read
        return said

    node = tree.tree(
        chain,
        found.find(asked),
        content,
        lambda row: whole.answer(chain.digest(row)),
        lambda row: whole.standing(chain.digest(row)),
    )
    if args.svg:
        write_out(args.svg, drawing.svg(node, judged=found.when))
    if args.json:
        print(json.dumps(_drawn(node), ensure_ascii=False))
    else:
        _print(node)
    return node.standing.exit_status


def _print(node: tree.Node) -> None:
    """In colour on a terminal, as plain text elsewhere."""
    if not sys.stdout.isatty():
        print("\n".join(line.text for line in tree.lines(node)))
        return
    console = Console(highlight=False)
    for line in tree.lines(node, width=min(max(console.width, NARROWEST), WIDEST)):
        console.print(Text(line.text, COLOURS[line.standing] if line.standing is not None else ""))


def _drawn(node: tree.Node) -> dict[str, Any]:
    return {
        "number": node.number,
        "sha256": node.digest,
        "name": node.name,
        "issuer": node.issuer,
        "days": node.days,
        "figures": list(node.figures),
        "standing": _said(node.standing),
        "codes": sorted({each.code for each in node.reasons}),
        "national": node.national,
        "above": [_drawn(each) for each in node.above],
    }
