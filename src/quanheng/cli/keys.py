"""`quanheng keys`: make a key that is encrypted at rest; show its public half."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from quanheng.evidence import key_file
from quanheng.evidence.errors import BadKey
from quanheng.evidence.keys import ALGORITHMS, ED25519, MemoryKey, generate, raw_ed25519
from quanheng.evidence.log import note
from quanheng.ground.files import read_bytes

VARIABLE = "QUANHENG_PASSPHRASE"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `keys new` and `keys public`."""
    parser = subparsers.add_parser("keys", help="签名密钥 / keys that sign")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    new = jobs.add_parser("new", help="新的密钥，加密保存 / a new key, encrypted at rest")
    new.add_argument(
        "key", metavar="KEY", type=Path, help="密钥文件（不会覆盖）/ its file, never overwritten"
    )
    new.add_argument(
        "--algorithm", choices=ALGORITHMS, default=ED25519, help="算法 / algorithm (%(default)s)"
    )
    add_passphrase(new)
    public = jobs.add_parser("public", help="公钥，不需口令 / the public key; no passphrase is needed")
    public.add_argument("key", metavar="KEY", type=Path, help="密钥文件 / file of a key")
    form = public.add_mutually_exclusive_group()
    form.add_argument("--log", metavar="ORIGIN", help="作为日志的验证密钥 / as verifier key of a log")
    form.add_argument("--witness", metavar="NAME", help="作为见证人的验证密钥 / as verifier key of a witness")
    parser.set_defaults(run=run)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Where a passphrase comes from: never from the command line itself."""
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        type=Path,
        help=f"口令所在的文件；否则用 {VARIABLE}，或询问 / file with the passphrase; else {VARIABLE}, or asked",
    )


def run(args: argparse.Namespace) -> int:
    """Make or show a key; 0. Raises BadKey."""
    if args.job == "new":
        made = generate(args.algorithm)
        key_file.write(args.key, made, passphrase(args))
        print(made.public.identifier)
        return 0
    public = key_file.public_of(args.key)
    if args.log is not None or args.witness is not None:
        kind, name = (note.ED25519, args.log) if args.log is not None else (note.COSIGNATURE, args.witness)
        if not note.is_name(name):
            raise BadKey(f"{name!a}：{note.NO_NAME}")
        print(note.VerifierKey(name, kind, raw_ed25519(public)))
    else:
        sys.stdout.write(public.pem().decode())
    return 0


def opened(path: Path, args: argparse.Namespace) -> MemoryKey:
    """The private key of a file, by the passphrase of the command line. BadKey."""
    return key_file.read(path, passphrase(args))


def passphrase(args: argparse.Namespace) -> bytes:
    """The passphrase: of a file (its first line), of the environment, or asked. BadKey where there is none."""
    if args.passphrase_file is not None:
        return read_bytes(args.passphrase_file, BadKey).split(b"\n")[0].rstrip(b"\r")
    if VARIABLE in os.environ:
        return os.environb[VARIABLE.encode()]
    if sys.stdin.isatty():
        return getpass.getpass("口令 / passphrase: ").encode()
    raise BadKey(
        f"没有口令：给出 --passphrase-file 或 {VARIABLE} / no passphrase: give --passphrase-file or {VARIABLE}"
    )
