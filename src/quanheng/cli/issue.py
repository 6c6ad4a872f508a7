"""`quanheng certificate issue`: from a form to a signed and logged document with its proof file.

1 the form  2 what it rests on  3 signed and stated  4 admitted, or refused with nothing written
5 the signature is kept, so that an interrupted issue goes on with the same one  6 entered into the log
7 published and witnessed, where the log's key is given  8 proof file, paper, QR code
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from quanheng.cli.keys import add_passphrase, opened
from quanheng.cli.log import witnessed
from quanheng.evidence import (
    holdings,
    key_file,
    procedures,
    proof_file,
    qr_proof,
    records,
    registry,
    signature,
)
from quanheng.evidence.answer import Answer, Standing, together
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.errors import BadDocument, BadForm
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc import check as dcc
from quanheng.evidence.formats.dcc import sealed, writing
from quanheng.evidence.formats.paper import paper
from quanheng.evidence.formats.paper.words import Standard
from quanheng.evidence.holdings import Holdings
from quanheng.evidence.keys import PrivateKey
from quanheng.evidence.log.store import Log
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.records import RECORDS, Record
from quanheng.evidence.trust import Trust, read_trust
from quanheng.ground.digest import read_toml, sha256_bytes
from quanheng.ground.errors import BadOutput, Fault, NotShown
from quanheng.ground.files import read_bytes, write_out
from quanheng.work.trace.admit import admit

SIGNATURE = "signature.json"


def add_parser(jobs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `certificate issue`."""
    parser = jobs.add_parser(
        "issue",
        help="签发证书或主管部门的记录 / issue a certificate, or a record of the authority",
        description="由 TOML 表单签发证书或主管部门的记录：签名、登记、证明文件。先核对，不合格则什么也不写。\n"
        "From a form (TOML) to a signed, logged document with its proof file; refused before anything is written.",
        epilog="退出状态 / exit status: 0 已签发 / issued，1 不予签发 / refused: it would be invalid，"
        "3 不予签发 / refused: it would not be shown",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("form", metavar="FORM", type=Path, nargs="?", help="表单 / the form; --template prints one")
    add("--key", metavar="KEY", type=Path, help="签发者的密钥 / key of the issuer")
    add("--log", metavar="LOG", type=Path, help="日志 / the log")
    add("--trust", metavar="DIR", type=Path, help="信任文件夹 / folder of trust")
    add("--secret", metavar="FILE", type=Path, help="登记处导出盐的秘密 / the registry's secret for salts")
    add(
        "--with",
        dest="behind",
        metavar="PATH",
        type=Path,
        action="append",
        default=[],
        help="所依据的：证明文件、其文件夹或馆藏，可重复 / what it rests on: proof files, a folder of them, holdings",
    )
    add("--out", metavar="OUT", type=Path, help="写入的文件夹 / folder to write to")
    add("--log-key", metavar="KEY", type=Path, help="日志的密钥：随即发布 / the log's key: publish at once")
    add("--pdf", action="store_true", help="并写出纸质副本 / write the paper copy as well")
    add("--procedures", metavar="FILE", type=Path, help="本地的规程（TOML）/ procedures of your own")
    add(
        "--grace",
        metavar="DAYS",
        type=int,
        default=GRACE,
        help="签发到登记的天数 / days to log (%(default)s)",
    )
    add(
        "--template",
        choices=("certificate", *RECORDS),
        help="打印一份表单的样例 / print a form to begin with",
    )
    add_passphrase(parser)


def run(args: argparse.Namespace) -> int:
    """Issue; 0, or 1 or 3 where it is refused. Raises Fault, NotShown."""
    if args.template:
        print(_template(args.template), end="")
        return 0
    missing = [name for name in ("form", "key", "log", "trust", "out") if getattr(args, name) is None]
    if missing:
        listed = ", ".join(name if name == "form" else f"--{name}" for name in missing)
        raise Fault(f"缺少 {listed} / {listed} missing")
    known, key = read_trust(args.trust), opened(args.key, args)
    content, issuer, issued = read_form(args.form)
    behind = holdings.gather(args.behind)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{args.out}：不是能写的文件夹 / {args.out}: is no folder to write to") from error
    document = _signed(args, content, issuer, issued, key)
    with Log.open(args.log, write=True) as log:
        answer = _admitted(args, document, content, behind, known, log)
        if answer.standing != Standing.VALID:
            print("不予签发 / refused")
            for reason in answer.reasons:
                print(f"  {reason}")
            return answer.standing.exit_status
        place = args.out / _name(content, document)
        if isinstance(content, Certificate):
            place.mkdir(exist_ok=True)
            write_out(place / SIGNATURE, document.signature)
        (index,) = registry.enter(log, [document])
        if args.log_key:
            _publish(args, log, known)
        return _handed_out(args, place, document, content, behind, known, log, index)


# ---- forms -----------------------------------------------------------------------------------------------------


def read_form(path: Path) -> tuple[Certificate | Record, str, date]:
    """What a form states, who issues it, and on which day. Raises BadForm."""
    data = read_bytes(path, BadForm)
    try:
        tree = read_toml(data)
    except ValueError as error:
        raise BadForm(f"{path}：不是 TOML：{error} / {path}: is not TOML: {error}") from error
    if "record" not in tree:
        content = form.read(data, str(path))
        return content, content.issuer.identifier, content.issued
    return _record(path, tree)


def _record(path: Path, tree: Mapping[str, Any]) -> tuple[Record, str, date]:
    facts = dict(tree)
    kind, issuer, issued = facts.pop("record"), facts.pop("issuer", None), facts.pop("issued", None)
    named = isinstance(kind, str) and kind in RECORDS
    named = named and isinstance(issuer, str) and bool(issuer.strip())
    if not named or type(issued) is not date:  # a date and time is no date
        listed = ", ".join(RECORDS)
        raise BadForm(
            f"{path}：应有 record（{listed}）、issuer（文字）、issued（日期）"
            f" / should have record ({listed}), issuer (text), issued (a date)"
        )
    if "key_file" in facts:
        public = key_file.public_of(path.parent / str(facts.pop("key_file")))
        facts |= records.of_key(public)
    names = {each.name: each for each in dataclasses.fields(RECORDS[kind])}
    strange = sorted(set(facts) - set(names))
    missing = [n for n, each in names.items() if n not in facts and each.default is dataclasses.MISSING]
    if strange or missing:
        raise BadForm(
            f"{path}：缺少 {'、'.join(missing) or '–'}，多余 {'、'.join(strange) or '–'}"
            f" / is missing {', '.join(missing) or '–'}; has unknown keys {', '.join(strange) or '–'}"
        )
    try:
        said = {name: form.said(value) for name, value in facts.items()}
        defaults = {n: form.said(each.default) for n, each in names.items() if n not in facts}
        record = records.parse({"format": records.FORMAT, "kind": kind, **defaults, **said})
        records.check(record)
        return record, issuer, issued
    except BadDocument as error:
        raise BadForm(f"{path}：{error}") from error


def _template(kind: str) -> str:
    if kind == "certificate":
        return form.template().decode()
    lines = [f'record = "{kind}"', 'issuer = "bureau"', "issued = 2026-01-02"]
    return "\n".join([*lines, *RECORD_FORMS[kind], ""])


RECORD_FORMS = {
    "key binding": (
        'key_file = "laboratory.key"   # 密钥文件，只读其公钥 / file of the key: only its public half is read',
        'party = "city-institute"',
        'role = "certificates"         # certificates | bundles | registry | authority',
        "since = 2026-01-02",
        "until = 2028-12-31",
    ),
    "scope": (
        'party = "city-institute"',
        'quantity = "energy"',
        'unit = "kW·h"',
        "lower = 0.1",
        "upper = 100.0",
        "absolute = 0.0                # U (k = 2) = absolute + relative·|x|",
        "relative = 0.0002",
        "# basis: national standard | cmc | accreditation | authorisation | examined standard | other",
        'basis = "accreditation"',
        'reference = "[样例] 1"',
        "since = 2026-01-02",
        "until = 2028-12-31",
    ),
    "status": (
        'change = "revoke"             # revoke | supersede | suspend | resume | revoke key',
        'target = "0000000000000000000000000000000000000000000000000000000000000000"',
        "since = 2026-01-02",
        'why = "[样例] 原因 / reason"',
    ),
    "type approval": (
        'number = "PA-2026-1"',
        'maker = "样例仪表厂"',
        'model = "DDS-1"',
        'instrument = "energy meter"',
        "since = 2026-01-02",
        "until = 2031-12-31",
    ),
}


# ---- steps -----------------------------------------------------------------------------------------------------


def _signed(
    args: argparse.Namespace, content: Certificate | Record, issuer: str, issued: date, key: PrivateKey
) -> Document:
    """Signed and stated; with the signature of an interrupted issue of the same bytes, if there is one."""
    if not isinstance(content, Certificate):
        return registry.record(content, issuer, issued, key)
    if args.secret is None:
        raise Fault("签发证书要用 --secret / a certificate needs --secret, the registry's secret for salts")
    data, secret = writing.write(content), read_bytes(args.secret, Fault).strip()
    kept = args.out / _file_name(content.number) / SIGNATURE
    made = registry.certificate(content, data, key, secret)
    if kept.exists():
        again = registry.certificate(content, data, key, secret, kept.read_bytes())
        if _same_signer(again, made):
            return again
    return made


def _same_signer(again: Document, made: Document) -> bool:
    """Whether a kept signature is of the same bytes by the same key."""
    try:
        old, new = signature.read(again.signature), signature.read(made.signature)
    except BadDocument:
        return False
    return (old.key, old.sha256) == (new.key, new.sha256)


def _admitted(
    args: argparse.Namespace,
    document: Document,
    content: Certificate | Record,
    behind: Holdings,
    known: Trust,
    log: Log,
) -> Answer:
    regulations = procedures.read(args.procedures) if args.procedures else procedures.regulations()
    rules = Rules(sealed.read, args.grace)
    answers = [
        admit(document, _behind(behind, document, content), known, rules, regulations, now=int(time.time()))
    ]
    if isinstance(content, Certificate):
        answers.append(registry.versions(log, document))
    return together(answers)


def _behind(behind: Holdings, document: Document, content: Certificate | Record) -> list[Document]:
    approvals = [item.type_approval for item in content.items] if isinstance(content, Certificate) else []
    return behind.behind(document, [each for each in approvals if each])


def _publish(args: argparse.Namespace, log: Log, known: Trust) -> None:
    log.publish(opened(args.log_key, args))
    if known.policy.urls:
        witnessed(log, known.policy)


def _handed_out(
    args: argparse.Namespace,
    place: Path,
    document: Document,
    content: Certificate | Record,
    behind: Holdings,
    known: Trust,
    log: Log,
    index: int,
) -> int:
    print(f"已登记 / logged: {index}  SHA-256 {document.digest}")
    try:
        document = registry.proven(log, document, index, known.policy)
    except NotShown as error:
        print(f"quanheng: {error}")
        return NotShown.status
    listed = _behind(behind, document, content)
    proof = proof_file.write(listed)
    target = place.parent / f"{place.name}.proof"
    write_out(target, proof)
    if isinstance(content, Certificate):
        write_out(place / "certificate.xml", document.data)
        drawn = _code(place, document, content, known)
        if args.pdf:
            standards = _standards(listed)
            pdf = paper.write(content, document.data, standards=standards, code=drawn, proof=proof)
            write_out(place / "certificate.pdf", pdf)
    print(target)
    return 0


def _code(place: Path, document: Document, content: Certificate, known: Trust) -> bytes:
    """Write the QR code; its drawing. Nothing where the document is too much for one: then paper goes without."""
    try:
        text = qr_proof.text(qr_proof.of_document(document, content, known.policy))
    except BadDocument as error:
        print(f"quanheng: 不做二维码 / no QR code is made: {error}", file=sys.stderr)
        return b""
    drawn = qr_proof.draw(text)
    write_out(place / "qr.txt", text.encode())
    write_out(place / "qr.svg", drawn)
    return drawn


def _standards(listed: list[Document]) -> dict[str, Standard]:
    found = {}
    for each in listed[1:]:
        content = dcc.check(each.data)[0] if each.kind == CERTIFICATE else None
        if content is not None and content.items:
            found[each.digest] = Standard(content.number, content.issuer.name, content.due)
    return found


def _name(content: Certificate | Record, document: Document) -> str:
    if isinstance(content, Certificate):
        return _file_name(content.number)
    return f"{content.kind.replace(' ', '-')}-{document.digest[:8]}"


def _file_name(number: str) -> str:
    """A number as the name of a file: letters and digits of any script, and -; two numbers never share one."""
    plain = "".join(each if each.isalnum() or each in "-_" else "_" for each in number)[:80]
    return plain if plain == number else f"{plain}-{sha256_bytes(number.encode())[:8]}"
