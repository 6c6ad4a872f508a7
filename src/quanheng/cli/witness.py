"""`quanheng witness`: cosign the checkpoints of logs, over HTTP, for whoever asks."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from quanheng.cli.keys import add_passphrase, opened
from quanheng.evidence.keys import raw_ed25519
from quanheng.evidence.log.note import NO_NAME, VerifierKey, is_name, parse_key
from quanheng.evidence.log.witness import Witness
from quanheng.evidence.log.witness_http import server
from quanheng.ground.errors import Fault
from quanheng.ground.files import held


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `witness`."""
    parser = subparsers.add_parser("witness", help="做见证人 / be a witness")
    parser.add_argument("state", metavar="STATE", type=Path, help="存放状态的文件夹 / folder of its state")
    parser.add_argument("--name", required=True, help="见证人的名称 / name of the witness")
    parser.add_argument(
        "--key", metavar="KEY", type=Path, required=True, help="见证人的密钥 / its key (ed25519)"
    )
    parser.add_argument(
        "--log",
        metavar="VKEY",
        action="append",
        required=True,
        help="日志的验证密钥，可重复 / verifier key of a log, repeatable",
    )
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="127.0.0.1:8460", help="监听地址 / address (%(default)s)"
    )
    add_passphrase(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted. Raises Fault."""
    key = opened(args.key, args)
    if not is_name(args.name):
        raise Fault(f"{args.name!a}：{NO_NAME}")
    logs: dict[str, list[VerifierKey]] = {}
    for each in map(parse_key, args.log):
        logs.setdefault(each.name, []).append(each)
    try:
        args.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"{args.state}：不能建立：{error.strerror} / cannot be made: {error.strerror}") from error
    witness = Witness(args.state, args.name, raw_ed25519(key.public), key, logs)
    with held(args.state / "lock"):
        try:
            serving = server(witness, address(args.listen), time.time)
        except OSError as error:
            raise Fault(
                f"{args.listen}：不能监听：{error.strerror} / cannot listen: {error.strerror}"
            ) from error
        host, port = serving.server_address[:2]
        print(witness.key, flush=True)
        print(f"http://{host!s}:{port}", flush=True)
        with serving:
            serving.serve_forever()
    return 0


def address(text: str) -> tuple[str, int]:
    """Host and port. Fault where they are none."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise Fault(f"{text!r} 不是 HOST:PORT / is no HOST:PORT, such as 127.0.0.1:8460")
    return host or "127.0.0.1", int(port)
