"""`quanheng chain`: judge all chains of a registry's holdings, recall a standard, draw a chain up to the SI."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from quanheng.cli.certificate import DAYS, JSON, WORDS, day, opened
from quanheng.evidence import holdings, procedures
from quanheng.evidence.answer import Answer, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.columns import NONE
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules, day_of
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.reasons import REASONS
from quanheng.evidence.trust import read_trust
from quanheng.ground.errors import Fault
from quanheng.ground.files import read_bytes, write_durably
from quanheng.work.supervise.hit import Hit as Verdict
from quanheng.work.supervise.hit import verdicts_behind
from quanheng.work.trace import drawing, tree
from quanheng.work.trace.holdings_check import Whole, check_holdings
from quanheng.work.trace.part import Asked
from quanheng.work.trace.recall import Dependants, Hit, find, recall

TOLD = 30  # places that are printed
CITED = "摘要、证书编号或器具标识 / digest, number of a certificate, or item"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the jobs of `chain`."""
    parser = subparsers.add_parser("chain", help="溯源链：核对、召回、画出 / chains: check, recall, draw")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    check = jobs.add_parser(
        "check",
        help="核对全部溯源链 / judge every chain",
        epilog="退出状态 / exit status: 0 全部有效 / all valid，1 有无效 / some invalid，3 有未得证明 / some not shown",
    )
    _common(check)
    back = jobs.add_parser(
        "recall", help="某标准自某日起有误：波及什么 / a standard was wrong: what rests on it"
    )
    _common(back)
    back.add_argument("standard", metavar="STANDARD", help=CITED)
    back.add_argument("--since", metavar="DATE", type=day, required=True, help="自哪一天起 / since which day")
    back.add_argument(
        "--run", dest="supervised", metavar="OUT", type=Path, help="一次监督的结果 / a supervision run"
    )
    back.add_argument("--lake", metavar="LAKE", type=Path, help="那次监督的数据湖 / the lake of that run")
    back.add_argument("--csv", metavar="PATH", type=Path, help="写成表格 / write a table")
    show = jobs.add_parser("show", help="画出一条溯源链 / draw a chain up to the SI")
    _common(show)
    show.add_argument("certificate", metavar="CERTIFICATE", nargs="?", help=CITED)
    show.add_argument("--svg", metavar="PATH", type=Path, help="写成图 / write a drawing")
    parser.set_defaults(run=run)


def _common(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "holdings", metavar="HOLDINGS", type=Path, help="馆藏或证明文件 / holdings, or a proof file"
    )
    job.add_argument("--trust", metavar="DIR", type=Path, required=True, help="信任文件夹 / folder of trust")
    job.add_argument(
        "--on", metavar="DATE", type=day, help="哪一天有效（今天）/ the day they are to hold (today)"
    )
    job.add_argument(
        "--known", metavar="DATE", type=day, help="按哪一天所知（今天）/ as known on which day (today)"
    )
    job.add_argument(
        "--procedures", metavar="FILE", type=Path, help="本地的规程（TOML）/ procedures of your own"
    )
    job.add_argument("--grace", metavar="DAYS", type=int, default=GRACE, help=DAYS)
    job.add_argument("--json", action="store_true", help=JSON)


def run(args: argparse.Namespace) -> int:
    """Do a job; its exit status. Raises Fault, BadDocument."""
    return {"check": _check, "recall": _recall, "show": _show}[args.job](args)


def judged(args: argparse.Namespace) -> Whole:
    """The holdings of the command line, judged."""
    today = day_of(int(time.time()))
    regulations = procedures.read(args.procedures) if args.procedures else procedures.regulations()
    asked = Asked(args.on or today, args.known or today, regulations)
    rules = Rules(sealed.read, args.grace)
    with _progress() as progress:
        return check_holdings(
            _documents(args.holdings), read_trust(args.trust), rules, asked, progress=progress
        )


def _documents(path: Path) -> Iterator[Document]:
    if path.is_dir():
        yield from holdings.read(path)
    else:
        yield from opened(read_bytes(path, Fault)).documents


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("核对 / checking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda n: bars.update(task, completed=n)


# ---- check -----------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    whole = judged(args)
    answers = {digest: whole.answer(digest) for digest in whole.certificates if _at_hand(whole, digest)}
    unread = [each for digest, each in whole.certificates.items() if digest not in answers]
    standings = [whole.standing(digest) for digest in answers] + [each.answer.standing for each in unread]
    standings += [each.answer.standing for each in whole.others]
    worst = max(standings, default=Standing.VALID)
    told = [*answers.values(), *(each.answer for each in (*unread, *whole.others))]
    counts = _counts(told)
    if args.json:
        listed = [
            {"sha256": digest, "standing": whole.standing(digest).name.lower(), "codes": sorted(answer.codes)}
            for digest, answer in answers.items()
            if answer.reasons
        ]
        facts = {"certificates": len(whole.certificates), "records": len(whole.others), "counts": counts}
        print(json.dumps({**facts, "found": listed}, ensure_ascii=False))
        return worst.exit_status
    print(f"证书 certificates {len(whole.certificates)}，记录 records {len(whole.others)}")
    for each in Standing:
        print(f"  {WORDS[each]}: {standings.count(each)}")
    for code, number in sorted(counts.items(), key=lambda each: (REASONS[each[0]].rule, each[0])):
        meaning = REASONS[code]
        if meaning.forces != "VALID":
            print(f"{meaning.rule:4} {code:24} {number:7}  {meaning.chinese} / {meaning.english}")
    grave = [reason for answer in told for reason in answer.reasons if reason.standing == Standing.INVALID]
    for reason in grave[:TOLD]:
        print(f"  {reason}")
    if len(grave) > TOLD:
        print(f"  … {len(grave) - TOLD}")
    return worst.exit_status


def _at_hand(whole: Whole, digest: str) -> bool:
    return whole.judged.chain.row(digest) != NONE


def _counts(answers: list[Answer]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for answer in answers:
        for code in answer.codes:
            counts[code] = counts.get(code, 0) + 1
    return counts


# ---- recall ----------------------------------------------------------------------------------------------------


def _recall(args: argparse.Namespace) -> int:
    if (args.supervised is None) != (args.lake is None):
        raise Fault("--run 与 --lake 同用 / --run and --lake go together")
    whole = judged(args)
    chain = whole.judged.chain
    row = _found(whole, args.standard)
    hit = recall(Dependants.of(chain), row, args.since)
    verdicts = _verdicts(args, whole, row, hit)
    rows = list(_hit_rows(whole, hit))
    if args.csv:
        _write(args.csv, _table(rows, verdicts))
    if args.json:
        print(json.dumps({"standard": chain.digest(row), "since": args.since.isoformat(), "certificates": rows,
                          "verdicts": [each.said() for each in verdicts]}, ensure_ascii=False))  # fmt: skip
        return 0
    items = {item for each in rows for item in each["items"]}
    print(f"{chain.numbers[row]}，自 / since {args.since}")
    print(f"证书 certificates {len(rows)}，器具 instruments {len(items)}，判定 verdicts {len(verdicts)}")
    for each in rows[:TOLD]:
        print(f"  {each['number']}  {' '.join(each['items'])}  {each['ended']}  ← {' ← '.join(each['path'])}")
    if len(rows) > TOLD:
        print(f"  … {len(rows) - TOLD}")
    for verdict in verdicts[:TOLD]:
        print(f"  {verdict}")
    if len(verdicts) > TOLD:
        print(f"  … {len(verdicts) - TOLD}")
    if rows:
        print(
            "重新校准该标准；对波及的证书逐一撤销、修改或确认，再重新判定。\n"
            "Calibrate the standard again; revoke, amend or confirm each certificate hit; then decide again."
        )
    return 0


def _found(whole: Whole, asked: str | None) -> int:
    chain = whole.judged.chain
    row = find(chain, asked) if asked else (0 if len(chain) == 1 else NONE)
    if row == NONE:
        raise Fault(
            f"{asked}：馆藏中没有这份证书 / no such certificate is here: give digest, number, or item"
        )
    return row


def _hit_rows(whole: Whole, hit: Hit) -> Iterator[dict[str, Any]]:
    chain = whole.judged.chain
    through = dict(zip(hit.certificates.tolist(), hit.through.tolist(), strict=True))
    for row in hit.certificates.tolist():
        path, here = [], row
        while here in through:
            here = through[here]
            path.append(chain.numbers[here])
        yield {
            "number": chain.numbers[row],
            "sha256": chain.digest(row),
            "items": list(chain.items[row]),
            "ended": date.fromordinal(int(chain.certificates.ended[row])).isoformat(),
            "path": path,
        }


def _verdicts(args: argparse.Namespace, whole: Whole, row: int, hit: Hit) -> list[Verdict]:
    if args.lake is None:
        return []
    chain = whole.judged.chain
    items = {item for each in (row, *hit.certificates.tolist()) for item in chain.items[each]}
    return verdicts_behind(args.lake, args.supervised, items)


def _table(rows: list[dict[str, Any]], verdicts: list[Verdict]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["kind", "number", "sha256", "item", "ended", "path"])
    for each in rows:
        for item in each["items"]:
            writer.writerow(
                [
                    "certificate",
                    each["number"],
                    each["sha256"],
                    item,
                    each["ended"],
                    " <- ".join(each["path"]),
                ]
            )
    for verdict in verdicts:
        writer.writerow(["verdict", verdict.verdict, "", verdict.meter, "", verdict.master])
    return out.getvalue().encode("utf-8-sig")


# ---- show ------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    whole = judged(args)
    chain = whole.judged.chain
    row = _found(whole, args.certificate) if args.certificate else _subject(args, whole)

    def content(digest: str) -> Certificate | None:
        found = whole.certificates[digest].content
        return found if isinstance(found, Certificate) else None

    node = tree.tree(
        chain,
        row,
        content,
        lambda n: whole.answer(chain.digest(n)),
        lambda n: whole.standing(chain.digest(n)),
    )
    if args.svg:
        _write(args.svg, drawing.svg(node))
    if args.json:
        print(json.dumps(_said(node), ensure_ascii=False))
    else:
        width = Console().width if sys.stdout.isatty() else 100
        print("\n".join(tree.lines(node, width=max(width, 60))))
    return node.standing.exit_status


def _subject(args: argparse.Namespace, whole: Whole) -> int:
    """Of a proof file its subject; of holdings one must be named."""
    if args.holdings.is_dir():
        raise Fault("请说出是哪一份证书 / name a certificate: digest, number, or item")
    subject = opened(read_bytes(args.holdings, Fault)).subject
    row = whole.judged.chain.row(subject.digest)
    if row == NONE:
        raise BadDocument(
            f"{args.holdings}：主体不是可读的证书 / its subject is no certificate that can be read"
        )
    return row


def _said(node: tree.Node) -> dict[str, Any]:
    return {
        "title": node.title,
        "sha256": node.digest,
        "issuer": node.issuer,
        "standing": node.standing.name.lower().replace("_", " "),
        "codes": sorted(node.answer.codes),
        "national": node.national,
        "above": [_said(each) for each in node.above],
    }


def _write(path: Path, data: bytes) -> None:
    try:
        write_durably(path, data)
    except OSError as error:
        raise Fault(f"{path}：写不了：{error.strerror} / cannot be written: {error.strerror}") from error
