"""`quanheng seal`: sign the bundle of a run and enter it into the log; hand out an order with its proof.

1 run.json and its files are as they were  2 signed (the signature is kept)  3 stated and entered, once
4 published and witnessed where the log's key is given  5 OUT/run.proof
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

from quanheng.cli.certificate import day
from quanheng.cli.keys import add_passphrase, opened
from quanheng.cli.log import witnessed
from quanheng.evidence import bundle, holdings, procedures, proof_file, registry, signature
from quanheng.evidence.answer import Standing
from quanheng.evidence.bundle import PROOF, SIGNATURE
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules, day_of
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.keys import PrivateKey
from quanheng.evidence.log.store import Log
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.trust import read_trust
from quanheng.ground.errors import BadOutput, NotShown
from quanheng.ground.files import write_out
from quanheng.work.supervise.order_proof import prove, read_proof
from quanheng.work.trace.admit import admit


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `seal run` and `seal order`."""
    parser = subparsers.add_parser(
        "seal", help="给监督运行签名、登记；证明工单 / sign and log a run; prove an order"
    )
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    run_ = jobs.add_parser("run", help="给一次运行签名、登记 / sign a run and enter it into the log")
    run_.add_argument("out", metavar="OUT", type=Path, help="运行的结果 / folder of a run")
    run_.add_argument("--key", metavar="KEY", type=Path, required=True, help="签名的密钥 / key that signs")
    run_.add_argument("--issuer", metavar="ID", required=True, help="谁做的这次运行 / who made the run")
    run_.add_argument("--log", metavar="LOG", type=Path, required=True, help="日志 / the log")
    run_.add_argument("--trust", metavar="DIR", type=Path, required=True, help="信任文件夹 / folder of trust")
    run_.add_argument(
        "--log-key", metavar="KEY", type=Path, help="日志的密钥：随即发布 / its key: publish at once"
    )
    run_.add_argument("--issued", metavar="DATE", type=day, help="签发日期（今天）/ day of issue (today)")
    add_passphrase(run_)
    order = jobs.add_parser("order", help="一张工单连同证明 / an order with its proof")
    order.add_argument("out", metavar="OUT", type=Path, help="已登记的运行 / folder of a run that was sealed")
    order.add_argument("order", metavar="ORDER", help="工单号 / number of the order")
    order.add_argument(
        "--out", dest="file", metavar="FILE", type=Path, required=True, help="写入文件 / file to write"
    )
    for job in (run_, order):
        job.add_argument(
            "--with",
            dest="behind",
            metavar="PATH",
            type=Path,
            action="append",
            default=[],
            help="密钥绑定、总表证书：证明文件或馆藏 / key binding, master's certificate: proof files, holdings",
        )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Seal a run, or prove an order; 0, or 1 or 3 where it is refused. Raises Fault, NotShown."""
    return _run(args) if args.job == "run" else _order(args)


def _run(args: argparse.Namespace) -> int:
    path = args.out / bundle.NAME
    found = bundle.read_bundle(path)
    changed = bundle.differences(args.out, found.outputs, bundle.sealed_files(args.out))
    if changed:
        listed = "\n".join(f"  {each.what} {each.path}" for each in changed)
        raise BadOutput(
            f"{args.out}：运行之后被改动，不予签名 / was changed after the run, and is not signed:\n{listed}"
        )
    key, known, behind = opened(args.key, args), read_trust(args.trust), holdings.gather(args.behind)
    issued = args.issued or day_of(int(time.time()))
    document = _signed(args, path.read_bytes(), key, issued)
    rules = Rules(sealed.read, GRACE)
    listed_documents = behind.behind(document)
    answer = admit(document, listed_documents, known, rules, procedures.regulations(), now=int(time.time()))
    if answer.standing != Standing.VALID:
        print("不予登记 / refused")
        for reason in answer.reasons:
            print(f"  {reason}")
        return answer.standing.exit_status
    write_out(args.out / SIGNATURE, document.signature)
    with Log.open(args.log, write=True) as log:
        (index,) = registry.enter(log, [document])
        if args.log_key:
            log.publish(opened(args.log_key, args))
            if known.policy.urls:
                witnessed(log, known.policy)
        print(f"已登记 / logged: {index}  SHA-256 {document.digest}")
        try:
            document = registry.proven(log, document, index, known.policy)
        except NotShown as error:
            print(f"quanheng: {error}")
            return NotShown.status
    write_out(args.out / PROOF, proof_file.write(behind.behind(document)))
    print(args.out / PROOF)
    return 0


def _signed(args: argparse.Namespace, data: bytes, key: PrivateKey, issued: date) -> Document:
    """Signed and stated; with the signature that an interrupted sealing has kept, if it is of these bytes."""
    made = registry.bundle(data, args.issuer, issued, key)
    kept = args.out / SIGNATURE
    if kept.exists():
        try:
            old = signature.read(kept.read_bytes())
        except BadDocument:
            return made
        if (old.key, old.sha256) == (key.public.identifier, made.digest):
            return registry.bundle(data, args.issuer, issued, key, kept.read_bytes())
    return made


def _order(args: argparse.Namespace) -> int:
    data = prove(args.out, args.order, read_proof(args.out / PROOF).documents, holdings.gather(args.behind))
    write_out(args.file, data)
    print(f"{args.file}  {len(data)} 字节 / bytes")
    return 0
