"""A witness over HTTP (C2SP tlog-witness), and how a log asks one."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log.note import Signature, parse_signature
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import Refused, Request, Witness
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import NotShown

LARGEST = 64 * 1024  # bytes of a request
DIGITS = 19  # of a length: int() refuses thousands of them, and nobody sends so much
SECONDS = 10.0


def server(witness: Witness, address: tuple[str, int], clock: Callable[[], float]) -> ThreadingHTTPServer:
    """A server of the witness on (host, port), not yet serving; port 0: any that is free."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS
        server_version = "quanheng-witness"
        sys_version = ""

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self.say(404, b"")
            elif not length.isascii() or not length.isdigit() or len(length) > DIGITS:
                self.say(400, b"")
            elif int(length) > LARGEST:
                self.say(413, b"")
            else:
                self.add(self.rfile.read(int(length)))

        def add(self, data: bytes) -> None:
            try:
                line = witness.add_checkpoint(data, int(clock()))
            except Refused as refused:
                kind = "text/x.tlog.size" if refused.status == 409 else "text/plain; charset=utf-8"
                self.say(refused.status, f"{refused}\n".encode(), kind)
            else:
                self.say(200, str(line).encode())

        def do_GET(self) -> None:
            known = {f"/{sha256_bytes(origin.encode())}/checkpoint": origin for origin in witness.logs}
            latest = witness.latest(known[self.path]) if self.path in known else None
            self.say(404, b"") if latest is None else self.say(200, str(latest).encode())

        def say(self, status: int, data: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing: who asked is nobody's business."""

    return ThreadingHTTPServer(address, Handler)


def ask(url: str, log: Log) -> list[Signature]:
    """Have the witness at a submission prefix cosign the log's latest checkpoint.

    The old size is guessed as 0; a witness that has seen more says so (409), and is asked again with a proof.
    Raises NotShown where the witness cannot be reached or refuses.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotShown(f"{url}：不是 http(s) 地址 / {url}: is no http(s) address")
    old = 0
    for _ in range(3):
        proof = log.consistency(old, log.published.size)
        status, body = _post(
            f"{url.rstrip('/')}/add-checkpoint", str(Request(old, tuple(proof), log.published)).encode()
        )
        said = body.decode("utf-8", "replace").strip()
        if status == 200:
            try:
                return [parse_signature(line) for line in said.split("\n")]
            except BadNote as error:
                raise NotShown(f"{url}：答复不是见证签名 / {url}: the answer is no cosignature") from error
        if status != 409 or not said.isascii() or not said.isdigit() or int(said) > log.published.size:
            break
        old = int(said)
    raise NotShown(
        f"{url}：见证人拒绝（{status}）：{said[:200]} / {url}: the witness refuses ({status}): {said[:200]}"
    )


def _post(url: str, data: bytes) -> tuple[int, bytes]:
    request = HttpRequest(url, data, {"Content-Type": "text/plain; charset=utf-8"}, method="POST")
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read(LARGEST)
    except HTTPError as error:
        with error:
            return error.code, error.read(LARGEST)
    except (URLError, OSError, http.client.HTTPException) as error:
        raise NotShown(
            f"{url}：连不上见证人：{error} / {url}: the witness cannot be reached: {error}"
        ) from error
