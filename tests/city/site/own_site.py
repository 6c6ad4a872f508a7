"""A site of a test's own: a folder, a database, and real processes."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LONG = 300  # seconds


class OwnSite:
    """A folder and a database, as the environment of every command."""

    def __init__(self, home: Path, database: str = "", **more: str) -> None:
        self.home = home
        names = {name: value for name, value in os.environ.items() if not name.startswith("QUANHENG_")}
        paths = os.pathsep.join([*sys.path, str(HERE), str(HERE.parent)])
        more = {"QUANHENG_HOME": str(home), "QUANHENG_SECOND_FACTOR": "optional", **more}
        self.environment = {**names, "PYTHONPATH": paths, **more}
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        if database:
            self.environment["QUANHENG_DATABASE"] = database

    def begin(self, *words: object, **how: Any) -> subprocess.Popen[str]:
        """A Python process in this site."""
        return subprocess.Popen(
            [sys.executable, *map(str, words)], env=self.environment, text=True, start_new_session=True, **how
        )

    def quanheng(self, *words: object, status: int = 0, largest: int = 0) -> str:
        """What a command says; it ends with this status. largest: bytes of a file, beyond which there is no room."""
        how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if largest:
            how["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        with self.begin("-m", "quanheng.cli.main", *words, **how) as process:
            said, complained = process.communicate(timeout=LONG)
        assert process.returncode == status, said + complained
        assert "Traceback" not in complained, complained
        return said + complained

    def inside(self, doing: str, *words: object) -> Any:
        """Do something of inside_site.py; what it found."""
        pipe = subprocess.PIPE
        with self.begin(HERE / "inside_site.py", doing, *words, stdout=pipe, stderr=pipe) as process:
            said, complained = process.communicate(timeout=LONG)
        assert process.returncode == 0, complained
        return json.loads(said)

    @contextmanager
    def served(self, *words: object) -> Iterator[Served]:
        """The site, answering; killed at the end, if not before."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = self.begin(
            "-m", "quanheng.cli.main", "serve", "--port", port, *words, stdout=subprocess.DEVNULL
        )
        try:
            yield Served(process, f"http://127.0.0.1:{port}")
        finally:
            kill(process)


class Served:
    """A site that answers at an address."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address
        until = time.monotonic() + LONG
        while True:
            try:
                with urllib.request.urlopen(f"{address}/healthz") as answer:
                    self.health = json.load(answer)
                return
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def reader(self, name: str, password: str) -> Reader:
        """Somebody who signed in."""
        return Reader(self.address, name, password)


class Reader:
    """A browser without windows: cookies, forms, uploads."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        page = self.get("/sign-in/")
        assert "csrfmiddlewaretoken" in page
        self.post("/sign-in/", {"username": name, "password": password})
        assert any(each.name == "sessionid" for each in self.cookies)

    def get(self, path: str) -> str:
        """A page. Raises HTTPError."""
        with self.opener.open(self.address + path, timeout=LONG) as answer:
            return str(answer.read().decode())

    def post(self, path: str, facts: dict[str, str], **files: bytes) -> str:
        """Hand in a form; the address it leads to. Raises HTTPError, OSError."""
        token = next(each.value for each in self.cookies if each.name == "csrftoken") or ""
        headers = {"X-CSRFToken": token, "Referer": self.address}
        if files:
            border = "a-border-that-no-file-holds"
            headers["Content-Type"] = f"multipart/form-data; boundary={border}"
            data = b"".join(
                f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.csv"\r\n\r\n'.encode()
                + file
                + b"\r\n"
                for name, file in files.items()
            )
            data += f"--{border}--\r\n".encode()
        else:
            data = urllib.parse.urlencode(facts).encode()
        asked = urllib.request.Request(self.address + path, data, headers)
        with self.opener.open(asked, timeout=LONG) as answer:
            return str(answer.geturl()).removeprefix(self.address)


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9 of a process and all that it began; waits until they are gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while alive(process.pid):
        time.sleep(0.02)


def alive(group: int) -> bool:
    """Whether any process of a group still runs; one that nobody has waited for does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found = re.match(r"\d+ \(.*\) (\S) \d+ (\d+)", stat.read_text(), re.DOTALL)
        except OSError:
            continue
        if found and int(found[2]) == group and found[1] not in "ZX":
            return True
    return False
