"""A real Chromium, driven over its debugging pipe: no port, no network, no waiting by the clock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REASON = "Chromium is not installed: the page is not tried in a browser"


class Browser:
    """One page in one browser."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, os.fdopen(back, "rb")
        self._count = 0
        self._session: str | None = None

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._count += 1
        said: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            said["sessionId"] = self._session
        self._send(said)
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return answer["result"]

    def _send(self, said: Any) -> None:
        data = json.dumps(said).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]

    def _read(self) -> Any:
        octets = bytearray()
        while (one := self._back.read(1)) not in (b"\0", b""):
            octets += one
        if not octets:
            raise RuntimeError("the browser has ended")
        return json.loads(octets)

    def open(self, path: Path) -> None:
        """Open a page from a file and wait until it has loaded."""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.navigate", url=path.as_uri())
        while self.run("document.readyState") != "complete" or self.run("location.protocol") != "file:":
            pass

    def run(self, expression: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        found = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description"))
        return found["result"].get("value")


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser that ends with the block. profile: an empty folder for what it keeps."""
    there, to = os.pipe()
    back, here = os.pipe()

    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={profile}", "--remote-debugging-pipe", "--no-first-run",
    ]  # fmt: skip
    shell = f'exec 3<&{there} 4>&{here}; exec "$@"'
    process = subprocess.Popen(
        ["/bin/bash", "-c", shell, "chromium", *command], pass_fds=(there, here), stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(there)
    os.close(here)
    driven = Browser(to, back)
    try:
        yield driven
    finally:
        driven._session = None
        driven._send({"id": 0, "method": "Browser.close"})
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(to)
        driven._back.close()
