"""`quanheng serve`: the site, and a worker beside it."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import threading
import webbrowser
from contextlib import nullcontext
from typing import Any

from quanheng.city.environment import home
from quanheng.cli.beside import Beside
from quanheng.cli.site import bring_up_to_date, set_up
from quanheng.ground.errors import Fault


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `serve` and its options."""
    parser = subparsers.add_parser(
        "serve",
        help="网站：登记册、监督、公众查验 / the site: registers, supervision, the public face",
        description="在前台运行网站和一个后台工作进程。设置取自环境变量，见 docs/operation.md。\n"
        "Run the site and a worker in the foreground. Settings come from the environment: docs/operation.md.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="监听的地址 / address to listen on (%(default)s)")
    add(
        "--port",
        type=int,
        default=int(os.environ.get("PORT", "8000")),
        help="端口 / port (PORT, %(default)s)",
    )
    add(
        "--processes",
        metavar="N",
        type=int,
        default=2,
        help="网站进程数 / processes of the site (%(default)s)",
    )
    add("--open", action="store_true", help="有显示器时打开浏览器 / open a browser where there is a display")
    add("--no-worker", action="store_true", help="不带工作进程 / without a worker beside it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; 0. Raises Fault for a port or number out of its range."""
    if not 0 < args.port < 65536 or args.processes < 1:
        raise Fault("--port 应在 1 至 65535，--processes 至少为 1 / should be 1 to 65535, and at least 1")
    _check_free(args.host, args.port)
    _share_metrics()
    set_up()
    bring_up_to_date()
    address = f"http://{args.host}:{args.port}/"
    print(f"{address}  （Ctrl-C 结束 / Ctrl-C ends it）", flush=True)
    if args.open and (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin"
    ):
        threading.Timer(2.0, webbrowser.open, [address]).start()
    worker = Beside([sys.executable, "-m", "quanheng.cli.main", "worker"])
    with nullcontext() if args.no_worker else worker:
        _serve(args)
    return 0


def _check_free(host: str, port: int) -> None:
    """Raises Fault where the port is taken, or the address is none of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Fault(
                f"{host}:{port}：不能监听（{error.strerror}）；用 --port 或 PORT 换一个"
                f" / cannot be listened on: choose another by --port or PORT"
            ) from error


def _share_metrics() -> None:
    """Give the processes of the site a folder, empty at first, in which they count together."""
    folder = home() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _serve(args: argparse.Namespace) -> None:
    from gunicorn.app.base import BaseApplication
    from prometheus_client.multiprocess import mark_process_dead

    from quanheng.city.site.wsgi import application

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": f"{args.host}:{args.port}",
                "workers": args.processes,
                "worker_class": "gthread",
                "threads": 8,
                "accesslog": None,
                "loglevel": "warning",
                "graceful_timeout": 20,
                "child_exit": lambda _server, worker: mark_process_dead(worker.pid),
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return application

    Server().run()
