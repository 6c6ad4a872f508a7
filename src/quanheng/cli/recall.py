"""`quanheng chain recall`: a standard was wrong since a day. What rests on it, by which path, what to do."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from quanheng.cli.certificate import day
from quanheng.cli.holdings import CITED, Judged, add_options, judged
from quanheng.ground.errors import Fault
from quanheng.ground.files import write_out
from quanheng.work.supervise.hit import Hit as Verdict
from quanheng.work.supervise.hit import check_lake_of, verdicts_behind
from quanheng.work.trace.recall import Dependants, recall

TOLD = 20  # certificates, and verdicts, that are printed
COLUMNS = ("kind", "number", "sha256", "item", "ended", "area", "verdict", "reason", "path")


@dataclass(frozen=True)
class Hit:
    """A certificate that rests on the standard. path: numbers of the certificates between, the standard's last."""

    number: str
    sha256: str
    items: tuple[str, ...]
    ended: str
    path: tuple[str, ...]


def add_parser(jobs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job."""
    job = jobs.add_parser(
        "recall", help="某标准自某日起有误：波及什么 / a standard was wrong: what rests on it"
    )
    add_options(job)
    job.add_argument("standard", metavar="STANDARD", help=CITED)
    job.add_argument("--since", metavar="DATE", type=day, required=True, help="自哪一天起 / since which day")
    job.add_argument(
        "--run", dest="supervised", metavar="OUT", type=Path, help="一次监督的结果 / a supervision run"
    )
    job.add_argument(
        "--lake",
        metavar="LAKE",
        type=Path,
        help="核对它就是那次监督的数据湖 / check that it is the run's lake",
    )
    job.add_argument("--csv", metavar="PATH", type=Path, help="全部写成表格 / write all as a table")


def run(args: argparse.Namespace) -> int:
    """Tell what is hit; 0. Raises Fault, BadDocument, BadLake, BadOutput."""
    if args.lake and not args.supervised:
        raise Fault("--lake 须与 --run 同用 / --lake goes with --run")
    if args.lake:
        check_lake_of(args.supervised, args.lake)
    found = judged(args)
    row = found.find(args.standard)
    hits = list(_hits(found, row, args.since))
    masters = {*found.chain.items[row], *(item for each in hits for item in each.items)}
    verdicts = verdicts_behind(args.supervised, masters) if args.supervised else []
    standard = str(found.chain.numbers[row])
    if args.csv:
        write_out(args.csv, table(hits, verdicts))
    if args.json:
        facts = {
            "standard": found.chain.digest(row),
            "number": standard,
            "since": args.since.isoformat(),
            "certificates": [asdict(each) for each in hits],
            "verdicts": [asdict(each) for each in verdicts],
        }
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print("\n".join(_lines(standard, args.since, hits, verdicts)))
    return 0


def _hits(found: Judged, row: int, since: date) -> Iterator[Hit]:
    """Certificates that are hit, the nearest first, then by number."""
    chain, hit = found.chain, recall(Dependants.of(found.chain), row, since)
    through = dict(zip(hit.certificates.tolist(), hit.through.tolist(), strict=True))
    rows = zip(hit.distance.tolist(), hit.certificates.tolist(), strict=True)
    for _, each in sorted(rows, key=lambda place: (place[0], chain.numbers[place[1]], place[1])):
        path, here = [], each
        while here in through:
            here = through[here]
            path.append(str(chain.numbers[here]))
        ended = date.fromordinal(int(chain.certificates.ended[each])).isoformat()
        yield Hit(str(chain.numbers[each]), chain.digest(each), tuple(chain.items[each]), ended, tuple(path))


def _lines(standard: str, since: date, hits: Sequence[Hit], verdicts: Sequence[Verdict]) -> Iterator[str]:
    items = {item for each in hits for item in each.items}
    yield f"{standard}，自 / since {since}"
    yield f"证书 certificates {len(hits)}，器具 instruments {len(items)}，判定 verdicts {len(verdicts)}"
    for distance, number in sorted(Counter(len(each.path) for each in hits).items()):
        yield f"  第 {distance} 级 / step {distance}: {number}"
    for each in hits[:TOLD]:
        yield f"  {each.number}  {' '.join(each.items)}  {each.ended}  ← {' ← '.join(each.path)}"
    if len(hits) > TOLD:
        yield f"  … {len(hits) - TOLD}（--csv、--json 给出全部 / give all）"
    for kind, number in sorted(Counter(each.verdict for each in verdicts).items()):
        yield f"  {kind} {number}"
    for verdict in verdicts[:TOLD]:
        yield f"  {verdict.meter}  {verdict.area}  {verdict.verdict} {verdict.reason}  ← {verdict.master}"
    if len(verdicts) > TOLD:
        yield f"  … {len(verdicts) - TOLD}"
    yield from _to_do(standard, hits, verdicts)


def _to_do(standard: str, hits: Sequence[Hit], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What is to be done, in order."""
    if not hits and not verdicts:
        yield "没有波及什么 / nothing is hit"
        return
    yield "该做什么 / what to do:"
    yield f"1 停用 {standard}，重新校准 / take {standard} out of use, and calibrate it again"
    if hits:
        yield (
            f"2 {len(hits)} 份证书逐一撤销、修改或确认 / revoke, amend or confirm each of {len(hits)} certificates"
        )
    if verdicts:
        areas = len({each.area for each in verdicts})
        yield (
            f"3 {areas} 个台区的工单暂缓，以总表的新不确定度重新监督"
            f" / hold the orders of {areas} areas, and supervise them again with the masters' new uncertainty"
        )


def table(hits: Sequence[Hit], verdicts: Sequence[Verdict]) -> bytes:
    """All as a table: a row for each instrument of a certificate, and for each verdict."""
    through = {item: each for each in hits for item in each.items}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in hits:
        path = _path(each.path)
        writer.writerows(
            map(_text, ("certificate", each.number, each.sha256, item, each.ended, "", "", "", path))
            for item in each.items
        )
    for verdict in verdicts:
        of = through.get(verdict.master)
        path = _path((verdict.master, of.number, *of.path) if of else (verdict.master,))
        row = ("verdict", "", "", verdict.meter, "", verdict.area, verdict.verdict, verdict.reason, path)
        writer.writerow(map(_text, row))
    return out.getvalue().encode("utf-8-sig")


def _path(steps: Sequence[str]) -> str:
    return " <- ".join(steps)


def _text(cell: str) -> str:
    """A text that a spreadsheet would run as a formula is shown as text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
