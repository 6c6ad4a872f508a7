"""A site of its own with the sample city in it, and its server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from site_addresses import FRAGMENTS

HERE = Path(__file__).parent
SIZE = {
    "--areas": "3",
    "--meters": "12",
    "--days": "40",
    "--seed": "7",
    "--struck": "0.3",
    "--fault": "theft",
}


def simulate(folder: Path) -> Path:
    """A sample city of three small areas, and the chains of its instruments."""
    command = [sys.executable, "-m", "quanheng.cli.main", "simulate", folder, "--chain", "300"]
    subprocess.run([*command, *chain.from_iterable(SIZE.items())], check=True, capture_output=True)
    return folder


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """The environment of a site whose home is there."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith(("QUANHENG_", "DJANGO_"))}
    return {**ours, "QUANHENG_HOME": str(home), "QUANHENG_DEMO": "1", **more}


@dataclass(frozen=True)
class Site:
    """A site that was built: who is answered what there."""

    environment: dict[str, str]
    answers: list[dict[str, Any]]
    sessions: dict[str, str]
    roles: dict[str, str]
    words: frozenset[str]
    rows: dict[str, list[list[str]]]  # of docs/permissions.md

    def seen(self) -> list[dict[str, Any]]:
        """Pages that somebody is shown."""
        return [
            each
            for each in self.answers
            if each["status"] == 200
            and each["type"].startswith("text/html")
            and each["method"] == "GET"
            and each["name"] not in FRAGMENTS
        ]


def build(city: Path, home: Path, **more: str) -> Site:
    """Fill a new site and ask everything of it."""
    environment = surroundings(home, **more)
    command = [sys.executable, HERE / "site_world.py", city]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-4000:]
    world = json.loads(built.stdout)
    return Site(environment, **{**world, "words": frozenset(world["words"])})


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Its address, while it is served."""
    port = free_port()
    command = [sys.executable, "-m", "quanheng.cli.main", "serve", "--no-worker", "--processes", "1"]
    log = (Path(site.environment["QUANHENG_HOME"]) / "served.log").open("wb")
    with (
        log,
        subprocess.Popen([*command, "--port", port], env=site.environment, stdout=log, stderr=log) as running,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/healthz", running)
            yield address
        finally:
            running.terminate()


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    """Return once the site answers."""
    for _ in range(600):
        assert running.poll() is None, "the site ended"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(address)
