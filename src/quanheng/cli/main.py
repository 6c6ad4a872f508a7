"""`quanheng`: one command, a job for each file beside this one."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from quanheng import __version__
from quanheng.ground.errors import QuanhengError

# Only the job that is asked for is loaded: plots and solvers take their time.
JOBS = {
    "simulate": "生成样例城市及其真值 / make a sample city and its truth",
    "lake": "检查、化简数据湖 / check or reduce a lake",
    "supervise": "由读数得出判定、工单和证据 / from readings to verdicts, orders and evidence",
    "explain": "说明一块表为何如此判定 / explain the verdict on one meter",
    "learn": "把现场核查结果带回来 / bring back what field checks found",
    "recompute": "由凭据重算一次运行 / compute a run again from its bundle",
    "keys": "签名密钥：新建、公钥 / keys that sign: make one, show its public half",
    "log": "透明日志：登记、证明、核对、审计、监视 / the transparency log: append, prove, verify, audit, watch",
    "witness": "做日志的见证人 / witness logs",
    "certificate": "证书：签发、查验、查看、比较 / certificates: issue, verify, show, compare",
    "chain": "溯源链：核对、召回、画出 / chains: check, recall, draw",
    "seal": "给监督运行签名、登记；工单连同证明 / sign and log a run; an order with its proof",
    "serve": "网站：登记册、监督、公众查验 / the site: registers, supervision, the public face",
    "worker": "网站的后台工作进程 / the worker of the site",
    "indicators": "由登记册计算指标 / compute the indicators from the registers",
    "audit": "核对网站的事件与日志 / compare the site's events with the log",
    "user": "网站的用户：新建、给新口令 / users of the site: make one, give a new password",
    "house": "网站的密钥、日志与信任 / keys, log and trust of the site",
    "catalogue": "强检目录：装入各版本 / the catalogue of compulsory items: load its versions",
    "backup": "备份网站：数据库与文件 / back up the site: its database and files",
    "restore": "由备份恢复网站 / restore the site from a backup",
    "sample": "样例城市的网站 / the site of a sample city",
    "uncertainty": "由测量模型得出不确定度报告 / from a measurement model to an uncertainty report",
}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; returns its exit status (0 done or yes, 1 no, 2 input at fault, 3 cannot be shown)."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that has no Chinese, a name that is no text
    try:
        args = read_arguments(arguments)
        status: int = args.run(args)
        print(end="", flush=True)
    except QuanhengError as error:
        print(f"quanheng: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("quanheng: 已中断 / interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; nothing more may be written there, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}："
        told = error.strerror or error
        print(f"quanheng: {where}读写不了：{told} / cannot be read or written: {told}", file=sys.stderr)
        return QuanhengError.status
    return status


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; a wrong one ends the program with status 2, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="quanheng",
        description="权衡：计量器具的在用监督。\nQuanheng: supervision of measuring instruments in service.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"quanheng {__version__}")
    subparsers = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for name, help_text in JOBS.items():
        if name == asked:
            job(name).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=help_text)
    return parser.parse_args(arguments)


def job(name: str) -> ModuleType:
    """The module of a job: `add_parser(subparsers)` declares it, `run(args)` does it."""
    return importlib.import_module(f"quanheng.cli.{name}")


if __name__ == "__main__":
    sys.exit(main())
