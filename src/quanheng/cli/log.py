"""`quanheng log`: a transparency log on the disk: append, publish, prove, verify, audit, watch."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from quanheng.cli.keys import add_passphrase, opened
from quanheng.evidence import registry
from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.document_check import included
from quanheng.evidence.errors import BadKey, BadLog, BadNote
from quanheng.evidence.keys import LARGEST, PublicKey, raw_ed25519, read_public
from quanheng.evidence.log import policy as policies
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import cosigned, has_cosigned
from quanheng.evidence.log.witness_http import ask
from quanheng.evidence.monitor import GRACE, Monitor
from quanheng.ground.errors import Fault, NotShown
from quanheng.ground.files import read_bytes, write_out


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the jobs of `log`."""
    parser = subparsers.add_parser("log", help="透明日志 / the transparency log")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    for name, help_text in (
        ("create", "新的日志 / a new log"),
        ("append", "登记若干文件 / log some files"),
        ("publish", "签发检查点，请见证人见证 / sign a checkpoint, have it witnessed"),
        ("prove", "一个条目的登记证明 / the proof of an entry"),
        ("verify", "凭登记证明核对一个文件 / check a file by its proof, offline"),
        ("show", "日志有多大、由谁签 / how large it is, and who signs it"),
        ("audit", "全部重新求摘要 / hash everything again"),
        ("monitor", "查找不该登记的 / find what should not have been logged"),
    ):
        job = jobs.add_parser(name, help=help_text)
        if name == "verify":
            job.add_argument("proof", metavar="PROOF", type=Path, help="登记证明 / a .tlog-proof")
            job.add_argument("file", metavar="FILE", type=Path, help="登记的文件 / the file that was logged")
        else:
            job.add_argument("log", metavar="LOG", type=Path, help="日志所在的文件夹 / folder of the log")
        _add_options(name, job)
    parser.set_defaults(run=run)


def _add_options(name: str, job: argparse.ArgumentParser) -> None:
    if name in ("create", "publish"):
        job.add_argument("--key", metavar="KEY", type=Path, required=True, help="日志的密钥 / key of the log")
        add_passphrase(job)
    if name == "create":
        job.add_argument(
            "--origin", required=True, help="日志的名称 / name of the log, such as log.example/city"
        )
    if name == "append":
        job.add_argument("files", metavar="FILE", type=Path, nargs="+", help="各成一条 / one entry each")
    if name == "prove":
        job.add_argument("index", metavar="INDEX", type=int, help="条目的序号 / index of the entry")
        job.add_argument("--out", metavar="FILE", type=Path, help="写入文件 / write it there")
    if name in ("publish", "prove", "verify", "monitor"):
        needed = name in ("verify", "monitor")
        job.add_argument(
            "--policy",
            metavar="FILE",
            type=Path,
            required=needed,
            help="信任策略 / trust policy (tlog-policy)",
        )
    if name == "monitor":
        job.add_argument(
            "--authority",
            metavar="PEM",
            type=Path,
            nargs="+",
            default=[],
            help="主管部门的公钥 / its public keys",
        )
        job.add_argument(
            "--grace",
            metavar="DAYS",
            type=int,
            default=GRACE,
            help="签发到登记的天数 / days to log (%(default)s)",
        )


def run(args: argparse.Namespace) -> int:
    """Do a job; 0, or 1 where a proof does not hold or a monitor finds something. Raises Fault, NotShown."""
    return {
        "create": _create,
        "append": _append,
        "publish": _publish,
        "prove": _prove,
        "verify": _verify,
        "show": _show,
        "audit": _audit,
        "monitor": _monitor,
    }[args.job](args)


def _create(args: argparse.Namespace) -> int:
    key = opened(args.key, args)
    with Log.create(args.log, args.origin, raw_ed25519(key.public), key) as log:
        print(log.key)
    return 0


def _append(args: argparse.Namespace) -> int:
    entries = [read_bytes(path, BadLog) for path in args.files]
    with Log.open(args.log, write=True) as log:
        for index, path in zip(log.append(entries), args.files, strict=True):
            print(index, path)
    return 0


def _publish(args: argparse.Namespace) -> int:
    key = opened(args.key, args)
    with Log.open(args.log, write=True) as log:
        published = log.publish(key)
        if args.policy:
            published = witnessed(log, _policy(args.policy))
        print(f"{published.size} 条 / entries，{published.root.hex()}")
        return 0


def witnessed(log: Log, policy: Policy) -> Checkpoint:
    """Ask every witness that has an address and has not cosigned; one out of reach is told, and the others go on."""
    for name, key in policy.witnesses.items():
        if name in policy.urls and not has_cosigned(key, log.published):
            try:
                log.attach(cosigned(log.published, ask(policy.urls[name], log), [key]))
            except NotShown as error:
                print(f"quanheng: {error}", file=sys.stderr)
    if policy.seen(log.published) is None:
        raise NotShown("见证人不足（witnesses_too_few）/ too few witnesses have cosigned (witnesses_too_few)")
    return log.published


def _prove(args: argparse.Namespace) -> int:
    policy = _policy(args.policy) if args.policy else None
    with Log.open(args.log) as log:
        if not 0 <= args.index < log.size:
            raise Fault(
                f"没有第 {args.index} 条，日志有 {log.size} 条 / there is no entry {args.index}: the log has {log.size}"
            )
        first = registry.earliest(log, args.index, policy)
        data = str(log.prove(args.index, first)).encode()
    if args.out:
        write_out(args.out, data)
    else:
        sys.stdout.write(data.decode())
    return 0


def _verify(args: argparse.Namespace) -> int:
    answer = verified(read_bytes(args.proof, BadLog), read_bytes(args.file, BadLog), _policy(args.policy))
    for reason in answer.reasons:
        print(reason)
    if not answer.reasons:
        print("有效：已登记并有见证 / valid: logged and witnessed")
    return answer.standing.exit_status


def verified(proof: bytes, entry: bytes, policy: Policy) -> Answer:
    """Whether an entry is in a trusted log, seen by the quorum: judged as any document's is."""
    try:
        reason, _ = included(entry, proofs.parse(proof), policy)
    except BadNote as error:
        return because("proof_wrong", detail=str(error))
    return Answer((reason,)) if reason else VALID


def _show(args: argparse.Namespace) -> int:
    with Log.open(args.log) as log:
        print(log.key)
        print(f"{log.published.size} 条已发布 / published，{len(log.pending)} 条待发布 / pending")
    return 0


def _audit(args: argparse.Namespace) -> int:
    with Log.open(args.log) as log:
        log.audit()
        print(f"{log.published.size} 条，全部相符 / entries, all as the checkpoint says")
    return 0


def _monitor(args: argparse.Namespace) -> int:
    policy = _policy(args.policy)
    authority = {_public(path).identifier for path in args.authority}
    monitor, found = Monitor(authority, args.grace), 0
    with Log.open(args.log) as log:
        times = [(each.size, seen) for each in log.checkpoints() if (seen := policy.seen(each))]
        for index, entry in enumerate(log.entries()):
            while times and times[0][0] <= index:
                times.pop(0)
            # what no witness has seen yet is judged as if it were seen now
            for finding in monitor.see(entry, times[0][1] if times else int(time.time())):
                print(finding.reason)
                found += 1
    print(f"{monitor.size} 条，{found} 处发现 / entries, {found} findings")
    return 1 if found else 0


def _policy(path: Path) -> Policy:
    try:
        return policies.parse(read_bytes(path, BadLog, at_most=policies.LARGEST))
    except BadNote as error:
        raise BadNote(f"{path}：{error}") from error


def _public(path: Path) -> PublicKey:
    try:
        return read_public(read_bytes(path, BadLog, at_most=LARGEST))
    except BadKey as error:
        raise BadKey(f"{path}：{error}") from error
