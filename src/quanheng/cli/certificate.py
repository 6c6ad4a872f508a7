"""`quanheng certificate`: issue, verify, show, compare certificates; write the page that verifies them."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from quanheng.cli import issue
from quanheng.evidence import procedures, proof_file, qr_proof
from quanheng.evidence.answer import Answer, Standing, because
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Checked, Rules, day_of
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.figures import figures
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc import check as dcc
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.formats.paper.attached import attached
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.page.page import write_page
from quanheng.evidence.proof_check import check_proof, overall
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.trust import Trust, read_trust, trust
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import Fault
from quanheng.ground.files import read_bytes, write_out
from quanheng.work.trace.proof import judge_proof

WORDS = {
    Standing.VALID: "有效 / valid",
    Standing.NOT_SHOWN: "未得证明 / not shown",
    Standing.INVALID: "无效 / invalid",
}
DAYS = "签发到登记的天数 / days to log (%(default)s)"
JSON = "只输出一个 JSON 对象 / print one JSON object and nothing else"
FINDING = "business_finding"  # remarks on style: counted for people, listed for machines
NOBODY = trust(b"quorum none\n", [])  # whoever verifies without TRUST trusts nobody


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the jobs of `certificate`."""
    parser = subparsers.add_parser("certificate", help="证书：签发、查验、查看、比较 / certificates")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    issue.add_parser(jobs)
    verify = jobs.add_parser(
        "verify",
        help="查验一个文件 / verify one file, offline",
        epilog="退出状态 / exit status: 0 有效 / valid，1 无效 / invalid，3 未得证明 / not shown",
    )
    verify.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="证明文件、证书 XML、PDF、二维码文字 / proof file, certificate (XML), paper copy (PDF), QR text",
    )
    verify.add_argument("--trust", metavar="DIR", type=Path, help="信任文件夹 / folder of trust")
    verify.add_argument(
        "--on", metavar="DATE", type=day, help="哪一天有效（今天）/ the day it is to hold (today)"
    )
    verify.add_argument(
        "--schema-dir", metavar="DIR", type=Path, help="官方 XSD，一并核对 / official schemas"
    )
    verify.add_argument(
        "--procedures", metavar="FILE", type=Path, help="本地的规程（TOML）/ procedures of your own"
    )
    verify.add_argument(
        "--grace",
        metavar="DAYS",
        type=int,
        default=GRACE,
        help=DAYS,
    )
    verify.add_argument("--json", action="store_true", help=JSON)
    show = jobs.add_parser("show", help="一份证书说什么 / what a certificate says")
    show.add_argument(
        "file", metavar="FILE", type=Path, help="证明文件或证书 XML / proof file or certificate (XML)"
    )
    show.add_argument("--json", action="store_true", help=JSON)
    diff = jobs.add_parser(
        "diff",
        help="两份证书说的有何不同 / where two certificates differ",
        epilog="退出状态 / exit status: 0 相同 / the same，1 不同 / they differ",
    )
    diff.add_argument(
        "old", metavar="OLD", type=Path, help="证明文件或证书 XML / proof file or certificate (XML)"
    )
    diff.add_argument("new", metavar="NEW", type=Path, help="同上 / the same")
    page = jobs.add_parser("page", help="写出查验网页 / write the page that verifies proof files")
    page.add_argument("out", metavar="OUT", type=Path, help="网页文件 / its file")
    page.add_argument(
        "--trust", metavar="DIR", type=Path, required=True, help="写进网页的信任 / the trust inside it"
    )
    page.add_argument(
        "--grace",
        metavar="DAYS",
        type=int,
        default=GRACE,
        help=DAYS,
    )
    parser.set_defaults(run=run)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} 不是日期，应如 2026-03-01 / is no date") from error


def run(args: argparse.Namespace) -> int:
    """Do a job; its exit status. Raises Fault, NotShown."""
    match args.job:
        case "issue":
            return issue.run(args)
        case "verify":
            return _verify(args)
        case "show":
            return _show(args)
        case "diff":
            return _diff(args)
        case _:
            return _page(args)


# ---- verify ----------------------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> int:
    data = read_bytes(args.file, Fault, at_most=proof_file.LARGEST)
    if args.schema_dir and not args.schema_dir.is_dir():
        raise Fault(f"{args.schema_dir}：没有这个文件夹 / {args.schema_dir}: no such folder")
    known = read_trust(args.trust) if args.trust else NOBODY
    on = args.on or day_of(int(time.time()))
    found: tuple[Checked, ...] = ()
    if data.startswith(qr_proof.PREFIX.encode()):
        answer = _code(data, known, args.grace)
    else:
        rules = Rules(partial(sealed.read, schema_dir=args.schema_dir), args.grace)
        regulations = procedures.read(args.procedures) if args.procedures else procedures.regulations()
        answer, found = verified(data, known, rules, regulations, on=on)
    if args.json:
        print(json.dumps(_machine(answer, found, on), ensure_ascii=False))
    else:
        print("\n".join(_lines(answer, found, on)))
    return answer.standing.exit_status


def verified(
    data: bytes, known: Trust, rules: Rules, regulations: procedures.Regulations, *, on: date
) -> tuple[Answer, tuple[Checked, ...]]:
    """A proof file, a certificate alone, or a paper copy: the answer, and what was found of each document."""
    try:
        proof = opened(data)
    except BadDocument as error:
        return because("proof_file_malformed", detail=str(error)), ()
    found = judge_proof(check_proof(proof, known, rules, on=on), regulations, on=on)
    return overall(found), found


def opened(data: bytes) -> ProofFile:
    """The documents of a file: a proof file, a certificate alone, or a paper copy with either. Raises BadDocument."""
    if data.startswith(b"%PDF"):
        original, proof = attached(data)
        if not proof:
            return opened(original)
        found = proof_file.read(proof)
        if found.subject.data != original:
            told = "PDF 中的证书与证明文件不是一份 / certificate and proof file in the PDF are not of one"
            raise BadDocument(told)
        return found
    if data.startswith(b"PK\3\4"):
        return proof_file.read(data)
    return ProofFile((Document(CERTIFICATE, data),))


def _code(data: bytes, known: Trust, grace: int) -> Answer:
    try:
        code = qr_proof.read_text(data.decode("ascii").strip())
    except (BadDocument, UnicodeDecodeError) as error:
        return because("proof_file_malformed", detail=str(error))
    return qr_proof.check(code, known.policy, grace=grace)[0]


def _lines(answer: Answer, found: Sequence[Checked], on: date) -> Iterator[str]:
    yield f"{WORDS[answer.standing]}  {on}"
    for each in found[:1]:
        if isinstance(each.content, Certificate):
            yield from headline(each.content)
        yield f"SHA-256     {each.document.digest}"
        if each.logged is not None:
            yield f"登记 logged {day_of(each.logged)}"
    if len(found) > 1:
        yield f"文件 documents  {len(found)}"
    for reason in answer.reasons:
        if reason.code != FINDING:
            yield f"  {reason}"
    if findings := sum(reason.code == FINDING for reason in answer.reasons):
        yield f"  {FINDING}  {findings} 处，见 --json / {findings}, listed by --json"


def headline(content: Certificate) -> Iterator[str]:
    """Number, issuer, instruments and day of a certificate."""
    yield f"证书 number {content.number}  {content.issuer.name} {content.issuer.name_english}".rstrip()
    for item in content.items[:5]:
        yield f"器具 item   {item.name} {item.model} {item.serial}（{item.identifier}）"
    until = f" – {content.due}" if content.due else ""
    yield f"日期 dates  {content.ended}{until}  {content.procedure}"


def _machine(answer: Answer, found: Sequence[Checked], on: date) -> dict[str, object]:
    return {
        "standing": answer.standing.name.lower().replace("_", " "),
        "on": on.isoformat(),
        "reasons": reasons_said(answer),
        "documents": [
            {
                "kind": each.document.kind,
                "sha256": each.document.digest,
                "standing": each.answer.standing.name.lower().replace("_", " "),
                "logged": None if each.logged is None else day_of(each.logged).isoformat(),
                "codes": sorted(each.answer.codes),
            }
            for each in found
        ],
    }


def reasons_said(answer: Answer) -> list[dict[str, str]]:
    """Reasons as JSON has them."""
    return [{"code": each.code, "where": each.where, "detail": each.detail} for each in answer.reasons]


# ---- show, diff, page ------------------------------------------------------------------------------------------


def content_of(path: Path) -> Certificate:
    """What the certificate of a file says, whatever it is worth. Raises Fault where none can be read."""
    data = read_bytes(path, Fault, at_most=proof_file.LARGEST)
    try:
        subject = opened(data).subject
    except BadDocument as error:
        raise Fault(f"{path}：{error}") from error
    content, answer = dcc.check(subject.data)
    if content is None:
        told = "\n".join(f"  {each}" for each in answer.reasons)
        raise Fault(f"{path}：读不出证书 / holds no certificate that can be read\n{told}")
    return content


def _show(args: argparse.Namespace) -> int:
    content = content_of(args.file)
    if args.json:
        print(json.dumps(form.said(content), ensure_ascii=False))
        return 0
    print("\n".join(headline(content)))
    for point in content.points:
        sign = "" if point.outcome is None else f"  {point.outcome}"
        nominal, value, U, k, allowed = figures(point)
        limits = f", {allowed}" if allowed else ""
        print(
            f"  {point.identifier:8} {point.quantity} {nominal}: {value}, U = {U} "
            f"(k = {k}, p = {point.coverage_probability:g}){limits}{sign}"
        )
    for digest in content.standards:
        print(f"标准 standard {digest}")
    print(
        "只是证书所说；是否可信，用 quanheng certificate verify / what it says, not whether it holds: see verify"
    )
    return 0


def _diff(args: argparse.Namespace) -> int:
    old, new = (form.said(content_of(path)) for path in (args.old, args.new))
    lines = list(differences(old, new))
    print("\n".join(lines) or "相同 / the same")
    return 1 if lines else 0


def differences(old: object, new: object, key: str = "") -> Iterator[str]:
    """Where two values of JSON differ: key, before, after. Points and items are compared by their identifiers."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from differences(old.get(name), new.get(name), f"{key}.{name}" if key else str(name))
    elif isinstance(old, list) and isinstance(new, list) and _named(old) and _named(new):
        left, right = ({each["identifier"]: each for each in side} for side in (old, new))
        for name in dict.fromkeys((*left, *right)):
            yield from differences(left.get(name), right.get(name), f"{key}[{name}]")
    elif old != new:
        yield f"{key}: {json.dumps(old, ensure_ascii=False)} → {json.dumps(new, ensure_ascii=False)}"


def _named(side: list[object]) -> bool:
    return bool(side) and all(isinstance(each, dict) and "identifier" in each for each in side)


def _page(args: argparse.Namespace) -> int:
    try:
        page = write_page(read_trust(args.trust), grace=args.grace)
    except UnicodeDecodeError as error:
        raise Fault(f"{args.trust / 'policy'}：不是 UTF-8 / is not UTF-8") from error
    write_out(args.out, page)
    print(f"{args.out}  SHA-256 {sha256_bytes(page)}")
    return 0
